CREATE TABLE app (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    -- The name of the time zone of users whose own is not known.
    zone TEXT,
    -- What messages cost by its settings: a JSON object by the channel of a step; absent if nothing has a price.
    prices TEXT,
    -- The number of its last event that was deleted because of its age; 0 before the first.
    swept INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    app TEXT NOT NULL REFERENCES app (id),
    id TEXT NOT NULL,
    -- SHA-256 of the key's whole text: the key itself is stored nowhere.
    secret_hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Words separated by spaces.
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Rounded to the hour, so that a busy key is not written at each use.
    last_used_at INTEGER,
    PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_key (
    app TEXT NOT NULL REFERENCES app (id),
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    -- Sealed: see seal.rs.
    key BLOB NOT NULL,
    PRIMARY KEY (app, kid)
) STRICT, WITHOUT ROWID;

-- The credentials of an App at a service that notifications pass.
CREATE TABLE provider (
    app TEXT NOT NULL REFERENCES app (id),
    channel TEXT NOT NULL,
    -- The JSON of the credentials, sealed: see seal.rs.
    account BLOB NOT NULL,
    set_at INTEGER NOT NULL,
    -- Whether the service takes them, and since when that is known; changed with the state only.
    state TEXT NOT NULL,
    since INTEGER NOT NULL,
    -- Why it does not, and what it said.
    reason TEXT,
    said TEXT,
    -- What those for a gateway say of it: what it reaches people by, the most that it can prove, and what a message
    -- costs at the provider that is tried first, a JSON object.
    reaches TEXT,
    proves TEXT,
    price TEXT,
    PRIMARY KEY (app, channel)
) STRICT, WITHOUT ROWID;

-- Where an App's events are sent.
CREATE TABLE webhook (
    -- Never given again: rows of work name it.
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL REFERENCES app (id),
    id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- The JSON of the address and the signing keys, sealed: see seal.rs.
    target BLOB NOT NULL,
    -- The kinds of events, words separated by spaces; every kind if absent.
    events TEXT,
    -- Events up to the one with this id were taken or not wanted.
    cursor TEXT NOT NULL,
    -- Why and since when nothing is sent.
    disabled TEXT,
    disabled_at INTEGER,
    -- How often in a row the next event failed, since when, and when it is tried again.
    failures INTEGER NOT NULL DEFAULT 0,
    failing_since INTEGER,
    retry_at INTEGER,
    -- What the last request came to.
    last_at INTEGER,
    last_status INTEGER,
    last_trouble TEXT,
    -- The row of work, while it is enabled.
    work INTEGER,
    UNIQUE (app, id)
) STRICT;
