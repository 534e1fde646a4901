-- Times are milliseconds since 1970 in UTC by the server's clock. Ids are the 16 bytes of their UUID.

-- What there is one of: 'schema', 'user', 'cursor', 'quiet_before', 'quiet_reason', 'quiet_by_device',
-- 'begun', 'restored', 'reader', 'wiped', 'recovering', and the counters 'rows', 'unread', 'facts_waiting'.
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The schema's version once more: it tells a newer file from one whose header is damaged. Every
-- migration updates it.
INSERT INTO meta (name, value) VALUES ('schema', '1');

