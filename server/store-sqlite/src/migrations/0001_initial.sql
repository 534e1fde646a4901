-- Times are milliseconds since 1970 in UTC. Ids of ours are the 16 bytes of their UUID.

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE app (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    app TEXT NOT NULL REFERENCES app (id),
    -- SHA-256 of the key's whole text: the key itself is stored nowhere.
    secret_hash BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Words separated by spaces.
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Rounded to the hour, so that a busy key is not written at each use.
    last_used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_key (
    app TEXT NOT NULL REFERENCES app (id),
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    key BLOB NOT NULL,
    PRIMARY KEY (app, kid)
) STRICT, WITHOUT ROWID;

-- A user and the end of his log.
CREATE TABLE user (
    row INTEGER PRIMARY KEY,
    app TEXT NOT NULL REFERENCES app (id),
    id TEXT NOT NULL,
    last_seq INTEGER NOT NULL DEFAULT 0,
    UNIQUE (app, id)
) STRICT;

CREATE TABLE installation (
    id BLOB NOT NULL,
    app TEXT NOT NULL,
    user INTEGER NOT NULL REFERENCES user (row),
    -- The JSON of its last report; absent until the first.
    state TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (app, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX installation_by_user ON installation (user);

CREATE TABLE refresh_token (
    hash BLOB NOT NULL PRIMARY KEY,
    app TEXT NOT NULL,
    installation BLOB NOT NULL,
    -- The token of the family's first login.
    family BLOB NOT NULL,
    -- The token that this one was given for.
    previous BLOB,
    is_used INTEGER NOT NULL DEFAULT 0,
    -- Counts the exchanges since the login.
    generation INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (app, installation) REFERENCES installation (app, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX refresh_token_by_family ON refresh_token (family);
CREATE INDEX refresh_token_by_previous ON refresh_token (previous);
CREATE INDEX refresh_token_by_installation ON refresh_token (app, installation);
CREATE INDEX refresh_token_by_expiry ON refresh_token (expires_at);

CREATE TABLE topic (
    row INTEGER PRIMARY KEY,
    app TEXT NOT NULL REFERENCES app (id),
    name TEXT NOT NULL,
    self_subscribe INTEGER NOT NULL,
    UNIQUE (app, name)
) STRICT;

CREATE TABLE subscription (
    topic INTEGER NOT NULL REFERENCES topic (row) ON DELETE CASCADE,
    user INTEGER NOT NULL REFERENCES user (row),
    PRIMARY KEY (topic, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE notification (
    id BLOB NOT NULL PRIMARY KEY,
    app TEXT NOT NULL REFERENCES app (id),
    -- The JSON that devices are sent.
    content TEXT NOT NULL,
    external_id TEXT,
    correlation_id TEXT,
    accepted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- Deliveries by status, changed in the same transaction as they are.
    pending INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    read INTEGER NOT NULL DEFAULT 0,
    undelivered INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0,
    -- Its deliveries are being taken away, part by part; nobody sees it any more.
    is_forgotten INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX notification_by_app ON notification (app, id);
CREATE INDEX notification_by_expiry ON notification (expires_at) WHERE NOT is_forgotten;
CREATE INDEX notification_forgotten ON notification (id) WHERE is_forgotten;

-- Who is still to be written out, of audiences that were not done in one transaction.
CREATE TABLE recipient (
    notification BLOB NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
    user INTEGER NOT NULL REFERENCES user (row),
    -- A JSON array of installation ids when only these are meant.
    installations TEXT,
    PRIMARY KEY (notification, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
    id BLOB NOT NULL PRIMARY KEY,
    notification BLOB NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
    user INTEGER NOT NULL REFERENCES user (row),
    status TEXT NOT NULL,
    reason TEXT,
    late INTEGER NOT NULL DEFAULT 0,
    -- Words separated by spaces.
    engagement TEXT NOT NULL DEFAULT '',
    sent_at INTEGER,
    delivered_at INTEGER,
    read_at INTEGER,
    expires_at INTEGER NOT NULL,
    UNIQUE (notification, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_due ON delivery (expires_at) WHERE status = 'pending';

CREATE TABLE log (
    user INTEGER NOT NULL REFERENCES user (row),
    seq INTEGER NOT NULL,
    -- 'notification' or 'read'.
    kind TEXT NOT NULL,
    delivery BLOB NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    -- A JSON array of installation ids when only these are meant.
    installations TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (user, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX log_by_delivery ON log (delivery);

CREATE TABLE attempt (
    id BLOB NOT NULL PRIMARY KEY,
    delivery BLOB NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    installation BLOB NOT NULL,
    started_at INTEGER NOT NULL,
    delivered_at INTEGER,
    read_at INTEGER,
    UNIQUE (delivery, installation)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
    delivery BLOB NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    installation BLOB NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (delivery, installation, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    app TEXT NOT NULL REFERENCES app (id),
    key TEXT NOT NULL,
    body_hash BLOB NOT NULL,
    notification BLOB NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (app, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_notification ON idempotency (notification);
