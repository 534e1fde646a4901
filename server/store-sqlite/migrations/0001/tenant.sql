CREATE TABLE app (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
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
    PRIMARY KEY (app, channel)
) STRICT, WITHOUT ROWID;
