-- Times are milliseconds since 1970 in UTC. Ids are the 16 bytes of their UUID. Words are text.
-- Tables that a mailing writes once per recipient (delivery, log) and those that a report writes
-- (attempt, fact, flag) declare no foreign keys: each would cost a look-up per row. The integrity
-- check of the store does what they would do.

-- A user and the head of the user's log. A user that is being erased has no name any more: a new
-- user may take it at once.
CREATE TABLE user (
    -- Never given again: positions of work and rows of events name it after its end.
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    id TEXT,
    -- The hash of the name that ids of deliveries are derived from.
    hash INTEGER NOT NULL,
    -- The random number of the log's last new epoch, and when it got it. 0 until then.
    renewal INTEGER NOT NULL DEFAULT 0,
    renewed_at INTEGER,
    last_seq INTEGER NOT NULL DEFAULT 0,
    last_tag INTEGER NOT NULL DEFAULT 0,
    -- What the App says of the user: the name of a time zone, and the times of day, HH:MM:SS, between
    -- which they want quiet.
    zone TEXT,
    quiet_from TEXT,
    quiet_to TEXT,
    -- The zone of their telephone number, as the numbering plan said it when the number was set.
    phone_zone TEXT,
    -- What the user does not want, in JSON; absent for who wants everything.
    opt_out TEXT,
    UNIQUE (app, id)
) STRICT;

CREATE INDEX user_by_hash ON user (app, hash);

-- Users who were erased: audiences that were accepted before may still list the name.
CREATE TABLE erased_user (
    app TEXT NOT NULL,
    -- The hash of the name, under a key of the database.
    hash BLOB NOT NULL,
    -- When a user of the name was last erased.
    at INTEGER NOT NULL,
    PRIMARY KEY (app, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX erased_user_by_app ON erased_user (app, at);
CREATE INDEX erased_user_by_time ON erased_user (at);

-- Where a user gets e-mail. One that is dead stays, so that it is recognised when it is set again.
CREATE TABLE email_address (
    user INTEGER NOT NULL PRIMARY KEY REFERENCES user (row),
    -- The address, sealed: see seal.rs.
    value BLOB NOT NULL,
    -- What it is found by: a hash under a key of the database.
    hash BLOB NOT NULL,
    set_at INTEGER NOT NULL,
    died_at INTEGER
) STRICT;

CREATE INDEX email_address_by_hash ON email_address (hash, user);

-- The telephone number of a user.
CREATE TABLE phone_number (
    user INTEGER NOT NULL PRIMARY KEY REFERENCES user (row),
    -- The number, sealed: see seal.rs.
    value BLOB NOT NULL,
    -- What it is found by: a hash under a key of the database.
    hash BLOB NOT NULL,
    set_at INTEGER NOT NULL
) STRICT;

CREATE INDEX phone_number_by_hash ON phone_number (hash, user);

-- Gateways that say that the number of a user is dead.
CREATE TABLE dead_number (
    user INTEGER NOT NULL REFERENCES user (row),
    gateway TEXT NOT NULL,
    died_at INTEGER NOT NULL,
    PRIMARY KEY (user, gateway)
) STRICT, WITHOUT ROWID;

-- The chat of a user at a gateway. One that is blocked stays, so that it is recognised when it is set again.
CREATE TABLE chat (
    user INTEGER NOT NULL REFERENCES user (row),
    gateway TEXT NOT NULL,
    -- The id of the chat, sealed: see seal.rs.
    value BLOB NOT NULL,
    -- What it is found by: a hash under a key of the database, over the App and the gateway too.
    hash BLOB NOT NULL,
    set_at INTEGER NOT NULL,
    died_at INTEGER,
    -- Whether the gateway told no time of that: it is when the report came.
    is_undated INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (user, gateway)
) STRICT, WITHOUT ROWID;

CREATE INDEX chat_by_hash ON chat (hash);

-- A link by which a user is to open a chat at a gateway: a new one takes the place of a former one.
CREATE TABLE chat_link (
    user INTEGER NOT NULL REFERENCES user (row),
    gateway TEXT NOT NULL,
    -- The hash of what the link carries.
    hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (user, gateway)
) STRICT, WITHOUT ROWID;

CREATE INDEX chat_link_by_hash ON chat_link (hash);
