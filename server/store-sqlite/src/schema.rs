//! The schema: numbered migrations, each made of one file per group of tables.

use vestnik_sqlite::Schema;

/// The mark of the server's store in a file's header: `Vstn`.
const APPLICATION_ID: i32 = 0x5673_746e;

const MIGRATION_1: &str = concat!(
    include_str!("../migrations/0001/meta.sql"),
    include_str!("../migrations/0001/tenant.sql"),
    include_str!("../migrations/0001/user.sql"),
    include_str!("../migrations/0001/installation.sql"),
    include_str!("../migrations/0001/topic.sql"),
    include_str!("../migrations/0001/audience.sql"),
    include_str!("../migrations/0001/notification.sql"),
    include_str!("../migrations/0001/delivery.sql"),
    include_str!("../migrations/0001/cost.sql"),
    include_str!("../migrations/0001/log.sql"),
    include_str!("../migrations/0001/event.sql"),
    include_str!("../migrations/0001/work.sql"),
);

/// The tables of this version, and how older files get them.
pub(crate) const SCHEMA: Schema = Schema {
    application_id: APPLICATION_ID,
    migrations: &[MIGRATION_1],
};
