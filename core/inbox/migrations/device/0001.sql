-- What there is one of: 'schema', 'installation', 'mark', 'user', 'session', 'generation', 'restored', 'restored_at',
-- 'restored_by_device', 'login_at', 'login_by_device', 'offset', 'registered_hash', 'registered_at', 'permission',
-- 'switched_off', 'locale', 'time_zone', and as JSON: 'wishes', 'opt_outs', 'opt_out_changes', 'sent_opt_outs',
-- 'push_addresses'.
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The schema's version once more: it tells a newer file from one whose header is damaged. Every
-- migration updates it.
INSERT INTO meta (name, value) VALUES ('schema', '1');

-- Logouts that the server has not confirmed. Their refresh tokens lie in the secret store.
CREATE TABLE pending_logout (
    generation INTEGER PRIMARY KEY,
    -- Absent if it was found in the secret store only.
    user TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    -- Milliseconds since 1970 by the device's clock.
    next_at INTEGER NOT NULL DEFAULT 0
) STRICT;
