-- What there is one of. Times are milliseconds since 1970 in UTC; ids of ours are the 16 bytes of
-- their UUID.
CREATE TABLE meta (
    -- life.epoch, life.generation, life.lives: see life.rs. secret.access, secret.refresh: the server's secrets,
    -- sealed. seal.check: a known text, sealed, if secrets are encrypted. seal.remnants: present
    -- while plain secrets may be left in unused places. backup.at: when the last backup was taken.
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
