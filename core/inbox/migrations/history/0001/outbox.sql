-- Facts to be reported to the server.
CREATE TABLE outbox (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    -- By which the server knows a repetition.
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    notification BLOB,
    up_to TEXT,
    version INTEGER,
    body TEXT,
    at INTEGER NOT NULL,
    -- Whether one waiting fact of this kind about this notification is enough.
    is_single INTEGER NOT NULL,
    -- How often a report with it was refused as a whole.
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL DEFAULT 0,
    -- The most facts of the report that it goes out in; halved at each refusal.
    batch INTEGER NOT NULL,
    -- The code with which the server refused it. It is not reported again.
    failed TEXT
) STRICT;

CREATE UNIQUE INDEX outbox_single ON outbox (notification, kind) WHERE is_single = 1 AND failed IS NULL;
CREATE INDEX outbox_waiting ON outbox (next_at, row) WHERE failed IS NULL;
CREATE INDEX outbox_failed ON outbox (row) WHERE failed IS NOT NULL;

