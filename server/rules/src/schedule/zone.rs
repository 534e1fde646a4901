//! The time zones.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The database that is compiled in. The machine's is not asked: it may be older, or missing, and two
/// servers have to decide alike.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The zone of an IANA name, in any case; `None` if there is no such zone.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok().filter(|zone| !zone.is_unknown())
}

/// The names of all zones.
pub fn zone_names() -> impl Iterator<Item = String> {
    ZONES.available().map(|name| name.as_str().to_owned())
}
