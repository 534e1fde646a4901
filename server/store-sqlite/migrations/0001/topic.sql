-- A topic. One that is being deleted has no name any more: its subscriptions go in parts.
CREATE TABLE topic (
    -- Never given again: plans of audiences name it after its end.
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    name TEXT,
    self_subscribe INTEGER NOT NULL,
    -- The number of its subscriptions, changed with them.
    subscribers INTEGER NOT NULL DEFAULT 0,
    UNIQUE (app, name)
) STRICT;

-- Audiences are expanded in the order of the primary key.
CREATE TABLE subscription (
    topic INTEGER NOT NULL,
    user INTEGER NOT NULL,
    PRIMARY KEY (topic, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX subscription_by_user ON subscription (user, topic);
