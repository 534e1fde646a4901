-- Flags of notifications that have not come yet, from other devices or of the person, bounded in number.
CREATE TABLE early (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,
    flag TEXT NOT NULL,
    value INTEGER NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (id, flag)
) STRICT;
