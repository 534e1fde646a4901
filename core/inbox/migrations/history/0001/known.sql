-- Notifications that are not in the history and must not be shown (again).
CREATE TABLE known (
    id BLOB NOT NULL PRIMARY KEY,
    -- 'recalled': never comes back. 'pruned': left the history by its age or number, comes back only
    -- after the history was wiped. 'settled': comes, or comes back, quietly.
    state TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX known_by_age ON known (at);

