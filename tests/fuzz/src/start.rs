//! Where virtual time begins.

use std::time::Instant;

/// Any instant will do; machines only look at differences.
#[expect(
    clippy::disallowed_methods,
    reason = "virtual time has to begin somewhere"
)]
pub(crate) fn start() -> Instant {
    Instant::now()
}
