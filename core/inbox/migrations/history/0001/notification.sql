CREATE TABLE notification (
    -- The order in which notifications came; what pages are cut by.
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    -- Of the content; the higher one replaces it.
    revision INTEGER NOT NULL,
    category TEXT,
    accepted_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- When it was read; absent while it is unread.
    read_at INTEGER,
    -- Flags, each with the version that set it: the higher version wins; -1 was never set. What is
    -- deleted is hidden, because that may be taken back, and removed after some weeks.
    is_read INTEGER NOT NULL DEFAULT 0,
    read_version INTEGER NOT NULL DEFAULT -1,
    is_archived INTEGER NOT NULL DEFAULT 0,
    archived_version INTEGER NOT NULL DEFAULT -1,
    is_deleted INTEGER NOT NULL DEFAULT 0,
    deleted_version INTEGER NOT NULL DEFAULT -1,
    -- 'due' -> 'taken' -> 'shown', or 'suppressed'.
    show TEXT NOT NULL,
    -- When it is due; 0 at once.
    show_at INTEGER NOT NULL DEFAULT 0,
    -- How often it was taken.
    show_attempts INTEGER NOT NULL DEFAULT 0,
    -- It was taken before, and it is not known whether it was drawn.
    show_again INTEGER NOT NULL DEFAULT 0,
    -- Why it is suppressed, or why the last attempt failed.
    show_reason TEXT,
    -- The mark of the process that took it.
    taken_by INTEGER,
    -- It came by a push service and was not read in the log yet.
    is_ahead INTEGER NOT NULL DEFAULT 0,
    -- The notification's JSON. The last column, so that the others are read without it.
    content TEXT NOT NULL
) STRICT;

CREATE INDEX notification_due ON notification (show_at, row) WHERE show = 'due';
CREATE INDEX notification_taken ON notification (row) WHERE show = 'taken';
CREATE INDEX notification_listed ON notification (row) WHERE is_deleted = 0 AND is_archived = 0;
-- With what else is asked for, so that what is not wanted is passed over within the index.
CREATE INDEX notification_unread ON notification (row, is_archived, category)
    WHERE is_read = 0 AND is_deleted = 0;
CREATE INDEX notification_archived ON notification (row, category)
    WHERE is_archived = 1 AND is_deleted = 0;
CREATE INDEX notification_ahead ON notification (row) WHERE is_ahead = 1;
CREATE INDEX notification_deleted ON notification (deleted_version) WHERE is_deleted = 1;
CREATE INDEX notification_by_category ON notification (category, row) WHERE category IS NOT NULL;
CREATE INDEX notification_by_time ON notification (received_at);

