-- What is due when.
CREATE TABLE work (
    -- Never given again: claims name it after its end.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    -- `_` for the whole database.
    app TEXT NOT NULL,
    -- The row of the notification, topic or user that it is about; 0 for the whole App or database.
    target INTEGER NOT NULL,
    -- When it is due, and from when on it can be claimed: later while a claim holds.
    due_at INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    -- Grows with each claim: what an older claim would do is refused.
    fence INTEGER NOT NULL DEFAULT 0,
    -- Whether a claim moved ready_at. When the file is opened nobody can hold one.
    is_claimed INTEGER NOT NULL DEFAULT 0,
    -- How often in a row it failed, and how.
    tries INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    -- The JSON of where the next part begins.
    position TEXT
) STRICT;

CREATE INDEX work_by_app ON work (kind, app, ready_at);
CREATE INDEX work_by_time ON work (kind, ready_at);
CREATE INDEX work_claimed ON work (is_claimed) WHERE is_claimed = 1;
CREATE INDEX work_failing ON work (kind, due_at) WHERE tries > 0;
CREATE INDEX work_of_asked ON work (target, app) WHERE kind = 'ask_anew';
CREATE INDEX work_of_reader ON work (target) WHERE kind = 'mark_read';

INSERT INTO work (kind, app, target, due_at, ready_at) VALUES ('sweep', '_', 0, 0, 0);
