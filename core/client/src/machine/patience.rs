//! How long a machine waits for an answer. These pass only if an answer was lost on its way to the
//! machine: whoever carries the outputs out has shorter ones, or answers in any case.

use std::time::Duration;

/// How long an answer of the server may take.
pub(super) const SERVER: Duration = Duration::from_secs(45);
/// How long an answer of the storage may take. To write a large file anew takes a while.
pub(super) const STORAGE: Duration = Duration::from_secs(5 * 60);
