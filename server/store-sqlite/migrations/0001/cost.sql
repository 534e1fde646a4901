-- What the messages of a notification cost and saved, changed by differences. Amounts are millionths of the
-- currency's unit.
CREATE TABLE notification_cost (
    notification INTEGER NOT NULL,
    currency TEXT NOT NULL,
    -- How many messages were taken whose cost is known, and what they cost.
    messages INTEGER NOT NULL DEFAULT 0,
    cost INTEGER NOT NULL DEFAULT 0,
    -- How many messages were not sent because a step before them had reached its goal, and their price.
    spared INTEGER NOT NULL DEFAULT 0,
    saved INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (notification, currency)
) STRICT, WITHOUT ROWID;

-- The same of an App in a month of UTC. It is kept when notifications and users go.
CREATE TABLE month_cost (
    app TEXT NOT NULL,
    -- Such as 2026-11.
    month TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- The provider of a gateway; empty of what has none.
    provider TEXT NOT NULL,
    currency TEXT NOT NULL,
    messages INTEGER NOT NULL DEFAULT 0,
    cost INTEGER NOT NULL DEFAULT 0,
    spared INTEGER NOT NULL DEFAULT 0,
    saved INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (app, month, channel, provider, currency)
) STRICT, WITHOUT ROWID;
