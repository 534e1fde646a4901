-- Times are milliseconds since 1970 in UTC. Ids are the 16 bytes of their UUID.

-- What there is one of. 'installation', 'user', 'refresh_token', 'pending_logout', 'cursor',
-- 'registered_state', 'registered_at', 'unread'.
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
    -- The order in which notifications came; what pages are cut by.
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    -- The notification's JSON.
    content TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    -- Absent while it is unread.
    read_at INTEGER,
    expires_at INTEGER NOT NULL,
    -- 'due' -> 'showing' (handed to the shell) -> 'shown'; 'never' when there is nothing to show.
    show TEXT NOT NULL,
    -- It was handed to the shell before, and nobody knows whether it was drawn.
    again INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX history_due ON history (row) WHERE show = 'due';
CREATE INDEX history_unread ON history (row) WHERE read_at IS NULL;

-- Ids of notifications that are not in the history any more, so that none is shown again.
CREATE TABLE seen (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Receipts still to be told to the server.
CREATE TABLE outbox (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    notification BLOB NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (notification, kind)
) STRICT;
