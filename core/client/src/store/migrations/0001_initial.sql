-- Times are milliseconds since 1970 in UTC. Ids are the 16 bytes of their UUID.

-- What there is one of. 'installation', 'installation_secret', 'user', 'refresh_token',
-- 'pending_logout', 'cursor', 'registered_state', 'registered_at', 'unread'.
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
    -- It was handed to the shell before, and it is not known whether it was drawn.
    again INTEGER NOT NULL DEFAULT 0,
    -- Flags of the user, each with the version that set it: the higher version wins. What is deleted
    -- is hidden, because the flag may be taken back.
    archived INTEGER NOT NULL DEFAULT 0,
    archived_version INTEGER NOT NULL DEFAULT -1,
    deleted INTEGER NOT NULL DEFAULT 0,
    deleted_version INTEGER NOT NULL DEFAULT -1
) STRICT;

CREATE INDEX history_due ON history (row) WHERE show = 'due';
CREATE INDEX history_unread ON history (row) WHERE read_at IS NULL;

-- Ids of notifications that left the history or were recalled, so that none is shown (again).
CREATE TABLE seen (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Entries of the log that this version cannot read, bounded in number.
CREATE TABLE opaque_entry (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    -- The notification it is about, if it names one.
    notification BLOB,
    -- The entry's JSON.
    raw TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- Facts to be reported to the server.
CREATE TABLE outbox (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    -- By which the server knows a repetition.
    id TEXT NOT NULL UNIQUE,
    notification BLOB NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (notification, kind)
) STRICT;
