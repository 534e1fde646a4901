-- An audience that is uploaded as a file. One that is being deleted has no id any more: its lines go in
-- parts.
CREATE TABLE audience (
    -- Never given again: work names it after its end.
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    id BLOB UNIQUE,
    name TEXT NOT NULL,
    -- The JSON of the form of its file.
    shape TEXT NOT NULL,
    -- How far it is, and why its file cannot be used if it cannot.
    state TEXT NOT NULL DEFAULT 'uploading',
    failure TEXT,
    -- How many bytes of the file were read, the JSON of where its reader is, and the beginning of the line
    -- that it has not read yet, sealed: see seal.rs.
    bytes INTEGER NOT NULL DEFAULT 0,
    reader TEXT NOT NULL DEFAULT '{}',
    rest BLOB,
    -- How many lines name somebody for the first time, nobody, and somebody anew.
    good INTEGER NOT NULL DEFAULT 0,
    bad INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    ready_at INTEGER,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX audience_by_app ON audience (app, row) WHERE id IS NOT NULL;
CREATE INDEX audience_by_expiry ON audience (expires_at) WHERE id IS NOT NULL;

-- Which audiences are named by notifications that are still to be expanded: these stay.
CREATE TABLE planned_audience (
    -- Its id.
    audience BLOB NOT NULL,
    notification INTEGER NOT NULL,
    PRIMARY KEY (audience, notification)
) STRICT, WITHOUT ROWID;

CREATE INDEX planned_audience_by_notification ON planned_audience (notification);

-- The users whom its lines name. Audiences are expanded in the order of the primary key.
CREATE TABLE audience_user (
    audience INTEGER NOT NULL,
    user INTEGER NOT NULL,
    PRIMARY KEY (audience, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX audience_user_by_user ON audience_user (user, audience);

-- The lines that name users otherwise.
CREATE TABLE audience_line (
    audience INTEGER NOT NULL,
    -- Whether it names an installation; else an address.
    is_installation INTEGER NOT NULL,
    -- Its number in the file.
    line INTEGER NOT NULL,
    -- The id of the installation, or what the address is found by: a hash under a key of the database.
    value BLOB NOT NULL,
    PRIMARY KEY (audience, is_installation, line),
    UNIQUE (value, audience)
) STRICT, WITHOUT ROWID;

-- The lines that name nobody.
CREATE TABLE audience_problem (
    audience INTEGER NOT NULL,
    line INTEGER NOT NULL,
    field TEXT,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (audience, line)
) STRICT, WITHOUT ROWID;
