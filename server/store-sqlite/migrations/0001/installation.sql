-- The row of an installation outlives its session, so that its id stays bound to its secret.
CREATE TABLE installation (
    app TEXT NOT NULL REFERENCES app (id),
    id BLOB NOT NULL,
    -- Absent when nobody is logged in.
    user TEXT,
    -- The row of the user who had it before.
    former INTEGER,
    -- SHA-256 of the secret that the installation made at its first run.
    secret_hash BLOB NOT NULL,
    -- Grows with each login, logout and takeover.
    generation INTEGER NOT NULL,
    -- The JSON of the last whole report, without what stands in the columns below; absent until the
    -- first report and after a logout.
    state TEXT,
    platform TEXT,
    app_version TEXT,
    locale TEXT,
    zone TEXT,
    permission TEXT,
    -- The last place of its user's log that it is known to have reached.
    confirmed_epoch INTEGER,
    confirmed_seq INTEGER,
    confirmed_tag INTEGER,
    -- When the app was last brought to the front while its user was logged in; absent until it tells.
    opened_at INTEGER,
    -- When its address was imported; absent of an installation that has logged in. It has one address, of
    -- which no device has said that it is its own.
    imported_at INTEGER,
    last_seen_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX installation_by_user ON installation (app, user) WHERE user IS NOT NULL;
CREATE INDEX installation_logged_out ON installation (updated_at) WHERE user IS NULL;

-- Where push services reach an installation. One that is dead keeps its hash and loses its value, so
-- that it is recognised when it comes again.
CREATE TABLE push_address (
    app TEXT NOT NULL,
    installation BLOB NOT NULL,
    kind TEXT NOT NULL,
    -- SHA-256 of the address.
    hash BLOB NOT NULL,
    -- The JSON of the address, sealed: see seal.rs. Absent when it is dead.
    value BLOB,
    -- When the installation last said that this is its address; 0 if none ever did.
    refreshed_at INTEGER NOT NULL,
    died_at INTEGER,
    PRIMARY KEY (app, installation, kind),
    FOREIGN KEY (app, installation) REFERENCES installation (app, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX push_address_by_hash ON push_address (app, hash);

-- Refresh tokens of one login: numbers only, the tokens are derived from them.
CREATE TABLE refresh_family (
    id BLOB NOT NULL PRIMARY KEY,
    app TEXT NOT NULL,
    installation BLOB NOT NULL,
    -- The installation's generation that the login made; void with any other.
    generation INTEGER NOT NULL,
    -- The number of the newest token.
    counter INTEGER NOT NULL,
    -- When the newest token was first given for its predecessor.
    exchanged_at INTEGER,
    -- Whether the newest token was exchanged or its access token seen.
    is_used INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (app, installation) REFERENCES installation (app, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_family_by_installation ON refresh_family (app, installation);
CREATE INDEX refresh_family_by_expiry ON refresh_family (expires_at);

-- Identity tokens that may be used once and were.
CREATE TABLE token_use (
    app TEXT NOT NULL REFERENCES app (id),
    jti_hash BLOB NOT NULL,
    -- Until when the token would be accepted.
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (app, jti_hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX token_use_by_expiry ON token_use (expires_at);

-- Where installations are connected.
CREATE TABLE presence (
    app TEXT NOT NULL,
    user TEXT NOT NULL,
    installation BLOB NOT NULL,
    node TEXT NOT NULL,
    connection TEXT NOT NULL,
    -- Until when the connection is taken to stand.
    lease_until INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    PRIMARY KEY (app, user, installation, node, connection),
    FOREIGN KEY (app, installation) REFERENCES installation (app, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX presence_by_node ON presence (node);
