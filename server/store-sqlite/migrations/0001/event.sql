-- What was committed, for those who must not miss it. The last row is never deleted: it keeps the
-- numbers from being given again.
CREATE TABLE event (
    number INTEGER PRIMARY KEY,
    app TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- For what is about a notification; the user and the status when one delivery changed. What is about a
    -- user alone has the user.
    notification INTEGER,
    user INTEGER,
    status TEXT,
    -- The status that the notification came to, if it changed.
    became TEXT,
    -- JSON: what else the kind says.
    body TEXT
) STRICT;

-- What an App's backend is told.
CREATE INDEX event_by_app ON event (app, number) WHERE kind <> 'revoked';

-- What changed about a notification after a version.
CREATE INDEX event_by_notification ON event (notification, number) WHERE notification IS NOT NULL;
