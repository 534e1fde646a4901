-- What was committed, for those who must not miss it. The last row is never deleted: it keeps the
-- numbers from being given again.
CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    app TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- For changes of a notification; the user and the status when one delivery changed.
    notification INTEGER,
    user INTEGER,
    status TEXT,
    -- JSON: what else the kind says.
    body TEXT
) STRICT;

-- What changed about a notification after a version.
CREATE INDEX event_by_notification ON event (notification, number) WHERE notification IS NOT NULL;
