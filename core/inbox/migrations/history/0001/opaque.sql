-- Entries of the log that this version cannot read, bounded in number.
CREATE TABLE opaque (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of `raw`: one entry is kept once.
    digest BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    -- The notification it is about, if it names one.
    notification BLOB,
    at INTEGER NOT NULL,
    -- The entry's JSON.
    raw TEXT NOT NULL
) STRICT;

CREATE INDEX opaque_by_notification ON opaque (notification) WHERE notification IS NOT NULL;

