//! Windows: `Instant` is the performance counter, which runs on while the machine sleeps.

use std::{sync::LazyLock, time::Instant};

use crate::Monotonic;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place of the workspace that reads the monotonic clock"
)]
pub(super) fn since_origin() -> Monotonic {
    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let origin = *ORIGIN;
    Monotonic::from_origin(Instant::now().saturating_duration_since(origin))
}
