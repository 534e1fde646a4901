-- The logs of users. Numbers begin at 1 and have no gaps until entries are deleted.
CREATE TABLE log (
    user INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    tag INTEGER NOT NULL,
    -- The notification that the entry is about.
    notification INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- A JSON array of installation ids when it is for these only.
    only TEXT,
    -- The JSON of the entry; absent when the entry is the notification itself.
    body TEXT,
    PRIMARY KEY (user, seq)
) STRICT, WITHOUT ROWID;
