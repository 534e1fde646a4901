//! The schema of the history: numbered migrations, each made of one file per table.

use vestnik_sqlite::Schema;

/// The mark of a history in a file's header: `Vsth`.
const APPLICATION_ID: i32 = 0x5673_7468;

const MIGRATION_1: &str = concat!(
    include_str!("../../migrations/history/0001/meta.sql"),
    include_str!("../../migrations/history/0001/notification.sql"),
    include_str!("../../migrations/history/0001/known.sql"),
    include_str!("../../migrations/history/0001/opaque.sql"),
    include_str!("../../migrations/history/0001/outbox.sql"),
    include_str!("../../migrations/history/0001/early.sql"),
    include_str!("../../migrations/history/0001/boundary.sql"),
    include_str!("../../migrations/history/0001/search.sql"),
);

/// The tables of this version, and how older files get them.
pub(super) const SCHEMA: Schema = Schema {
    application_id: APPLICATION_ID,
    migrations: &[MIGRATION_1],
};
