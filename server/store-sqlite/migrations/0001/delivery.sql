-- One notification to one user. Its id is derived from the notification's id and the user's name, and
-- leads back to both: no index by id is kept.
CREATE TABLE delivery (
    notification INTEGER NOT NULL,
    user INTEGER NOT NULL,
    -- Its place in the user's log, absent if it never came there, and the places of the entries that say
    -- that it was read and recalled.
    seq INTEGER,
    read_seq INTEGER,
    recall_seq INTEGER,
    status TEXT NOT NULL,
    reason TEXT,
    late INTEGER NOT NULL DEFAULT 0,
    -- Evidence came after a later step was handed over.
    double_contact INTEGER NOT NULL DEFAULT 0,
    -- The channel that it was handed over by last, or by which a device confirmed it first.
    channel TEXT,
    -- Words separated by spaces.
    engagement TEXT NOT NULL DEFAULT '',
    sent_at INTEGER,
    delivered_at INTEGER,
    read_at INTEGER,
    -- A JSON array of installation ids when only these are meant.
    only TEXT,
    -- If its notification has an oldest version of the app: a JSON array of installation ids when those of
    -- these are meant whose app is new enough.
    among TEXT,
    -- The number of its step, when that began, and when it is looked at again: absent when nothing waits.
    step INTEGER NOT NULL DEFAULT 0,
    began_at INTEGER,
    due_at INTEGER,
    -- It waits for hours that are closed.
    is_put_off INTEGER NOT NULL DEFAULT 0,
    -- When it was opened to further installations.
    opened_at INTEGER,
    -- Why the step before gave way; a reason.
    switched TEXT,
    -- When the schedule is asked about it again: while it is scheduled, when it may be due; then, when it
    -- expires, if that is before its notification does.
    release_at INTEGER,
    expires_at INTEGER,
    -- The collapse key of its notification, if that has one.
    collapse TEXT,
    -- What it saved, if a step reached its goal before one that has a price: a JSON object.
    saved TEXT,
    PRIMARY KEY (notification, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_due ON delivery (notification, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_release ON delivery (notification, release_at)
    WHERE release_at IS NOT NULL AND status = 'scheduled';
-- What expires by itself does not wait behind what waits for its turn.
CREATE INDEX delivery_expiry ON delivery (notification, release_at)
    WHERE release_at IS NOT NULL AND status <> 'scheduled';
-- What leads from a user to the deliveries that are in no log.
CREATE INDEX delivery_unlogged ON delivery (user) WHERE seq IS NULL;
-- What leads from a user to the deliveries that take each other's place.
CREATE INDEX delivery_collapse ON delivery (user, collapse, seq) WHERE collapse IS NOT NULL;
--- What is looked at when hours change.
CREATE INDEX delivery_put_off ON delivery (user, notification) WHERE is_put_off = 1;

-- A delivery was tried at an installation over a channel, at the user's mailbox, or at the App's backend.
CREATE TABLE attempt (
    notification INTEGER NOT NULL,
    user INTEGER NOT NULL,
    -- Empty for the mailbox, the backend and gateways.
    installation BLOB NOT NULL,
    channel TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    -- When the last try began; absent of what was written to a connection.
    tried_at INTEGER,
    -- When the push service reported that it reached the device; when the installation, or the gateway, reported it
    -- delivered and read.
    arrived_at INTEGER,
    delivered_at INTEGER,
    read_at INTEGER,
    -- When it became known that what was taken came back.
    returned_at INTEGER,
    -- How far the last try got, and why it went no further.
    state TEXT NOT NULL,
    reason TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    unproven INTEGER NOT NULL DEFAULT 0,
    -- Those that were written whole and had no answer.
    unanswered INTEGER NOT NULL DEFAULT 0,
    -- How many pushes the device could not decrypt.
    undecrypted INTEGER NOT NULL DEFAULT 0,
    -- The marks of the keys that its pushes were sealed for, with their times: see rules, decrypt/seal.rs.
    seals BLOB NOT NULL DEFAULT x'',
    -- The end of the lease of the present try, the time of the next, or the end of the wait for a key.
    until INTEGER,
    -- What the service said: its id of what it took, or its code.
    said TEXT,
    -- The provider of a gateway that the last try was started with, and what the reports about what a gateway or a
    -- push service took are matched by.
    provider TEXT,
    message BLOB,
    -- The providers that the last try went past, each with the reason: a JSON array.
    passed_over TEXT,
    -- What its tries that were taken cost, if that is known: a JSON array of amounts.
    cost TEXT,
    PRIMARY KEY (notification, user, installation, channel)
) STRICT, WITHOUT ROWID;

-- What is under way, by the end of its lease. When the file is opened nobody can hold one.
CREATE INDEX attempt_leased ON attempt (until) WHERE state IN ('begun', 'sending');

CREATE INDEX attempt_by_message ON attempt (message) WHERE message IS NOT NULL;

-- A gateway reported what became of a message, and no attempt is known that it is of: the report came before the
-- answer to the request was noted. A few of an App are kept for minutes.
CREATE TABLE message_report (
    row INTEGER PRIMARY KEY,
    app TEXT NOT NULL REFERENCES app (id),
    gateway TEXT NOT NULL,
    message BLOB NOT NULL,
    fate TEXT NOT NULL,
    reason TEXT,
    at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    UNIQUE (message, fate)
) STRICT;

CREATE INDEX message_report_by_gateway ON message_report (app, gateway, received_at);

-- A notification was withdrawn that can be on the screen of an installation that sleeps: it is to be told by a
-- push. The row ends with that, or when the installation has the entry of its log.
CREATE TABLE withdrawal (
    notification INTEGER NOT NULL,
    user INTEGER NOT NULL,
    installation BLOB NOT NULL,
    -- The place of the entry of the log that says so, and when it was written.
    seq INTEGER NOT NULL,
    since INTEGER NOT NULL,
    -- When it is looked at again.
    due_at INTEGER NOT NULL,
    -- How far the last try got, as of an attempt.
    state TEXT NOT NULL,
    reason TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    unproven INTEGER NOT NULL DEFAULT 0,
    until INTEGER,
    PRIMARY KEY (notification, user, installation)
) STRICT, WITHOUT ROWID;

CREATE INDEX withdrawal_due ON withdrawal (notification, due_at);
CREATE INDEX withdrawal_leased ON withdrawal (until) WHERE state = 'sending';

-- What is sent anew when its installation tells another key.
CREATE INDEX attempt_undecrypted ON attempt (installation, user, notification)
    WHERE state = 'failed' AND reason IN ('decrypt.failed', 'decrypt.unknown_key');

-- What waits for other credentials.
CREATE INDEX attempt_refused ON attempt (channel, notification, user)
    WHERE state = 'retrying' AND reason = 'config.provider_auth';

-- What a device reported. The order of columns in the key puts a notification's facts beside each
-- other; facts of no notification have 0.
CREATE TABLE fact (
    notification INTEGER NOT NULL,
    user INTEGER NOT NULL,
    installation BLOB NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- When it happened, and when it was taken.
    at INTEGER NOT NULL,
    taken_at INTEGER NOT NULL,
    -- JSON, for kinds that have more to say.
    body TEXT,
    PRIMARY KEY (notification, user, installation, id)
) STRICT, WITHOUT ROWID;

-- A flag of a notification in a user's history.
CREATE TABLE flag (
    user INTEGER NOT NULL,
    notification INTEGER NOT NULL,
    flag TEXT NOT NULL,
    value INTEGER NOT NULL,
    version INTEGER NOT NULL,
    -- The place of its entry in the user's log.
    seq INTEGER,
    PRIMARY KEY (user, notification, flag)
) STRICT, WITHOUT ROWID;
