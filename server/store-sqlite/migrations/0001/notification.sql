-- A notification as it was accepted. Only its sender changes this row, and only while it is scheduled.
CREATE TABLE notification (
    -- Never given again: rows of events name it after its end.
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    app TEXT NOT NULL,
    -- The JSON that devices are sent.
    content TEXT NOT NULL,
    -- The size of its entry, the larger of the JSON and MessagePack forms.
    bytes INTEGER NOT NULL,
    external_id TEXT,
    correlation_id TEXT,
    -- What it is about: it takes the place of earlier ones with the same key.
    collapse TEXT,
    -- The JSON of whom it is for.
    plan TEXT NOT NULL,
    -- The JSON of its cascade; absent for the user's devices.
    steps TEXT,
    -- Which of each person's devices are meant; absent for all.
    devices TEXT,
    -- The JSON of the oldest version of the app by platform; absent if no platform has one.
    min_app_version TEXT,
    -- How many lost deliveries make it an error; absent if any does.
    error_policy TEXT,
    -- The JSON of when it is sent; absent if at once.
    schedule TEXT,
    -- For how many seconds it is worth delivering, counted from its start.
    ttl INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    -- From when on anybody may be notified; later than accepted_at if it is scheduled.
    opens_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- From when on it is deleted.
    forget_at INTEGER NOT NULL
) STRICT;

CREATE INDEX notification_by_app ON notification (app, row);

-- What changes about a notification.
CREATE TABLE notification_state (
    notification INTEGER NOT NULL PRIMARY KEY,
    -- The number of the last event that changed it.
    version INTEGER NOT NULL,
    -- The status that an event told last; absent before the first.
    told TEXT,
    -- The JSON of where the expansion goes on; absent when it has ended.
    position TEXT,
    is_cancelled INTEGER NOT NULL DEFAULT 0,
    is_recalled INTEGER NOT NULL DEFAULT 0,
    -- Its deliveries are being deleted: nobody sees it any more.
    is_forgotten INTEGER NOT NULL DEFAULT 0,
    -- The work row of its life: expand, then expire, then settle, then retain.
    work INTEGER NOT NULL,
    -- The work row that sends its deliveries, while some wait.
    dispatch INTEGER,
    -- The work row that asks the schedule about deliveries, while some wait for that.
    release INTEGER,
    -- How far the pace of its schedule is: microseconds since 1970.
    pace INTEGER,
    -- Since when its sender has it paused; absent if it is not.
    paused_at INTEGER,
    -- Since when nothing is waited for any more; absent before.
    settled_at INTEGER
) STRICT;

-- Those whose audience is still to be expanded.
CREATE INDEX notification_planned ON notification_state (notification)
    WHERE position IS NOT NULL AND is_cancelled = 0;
CREATE INDEX notification_releasing ON notification_state (notification) WHERE release IS NOT NULL;

-- How many deliveries of a notification stand where, changed by differences. The statuses
-- `double_contact`, `late` and `clicked` count some of them once more.
CREATE TABLE notification_count (
    notification INTEGER NOT NULL,
    -- Empty for what was handed over by none.
    channel TEXT NOT NULL,
    status TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (notification, channel, status)
) STRICT, WITHOUT ROWID;

-- How the repetition of a publish request is recognised.
CREATE TABLE idempotency (
    app TEXT NOT NULL,
    key TEXT NOT NULL,
    -- SHA-256 of the request's canonical form.
    body_hash BLOB NOT NULL,
    -- The JSON that the first request was answered with.
    answer TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (app, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
