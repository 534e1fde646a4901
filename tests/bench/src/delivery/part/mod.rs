//! The parts of a run.

mod cpu;
mod mailing;
mod peers;
mod sealing;

pub(super) use self::{cpu::cpu, mailing::mailing, peers::peers, sealing::sealing};
use super::size::Size;
use crate::setting::Cores;

/// What a part measures with.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) size: Size,
    pub(super) cores: Cores,
    /// This program, to be started in another role.
    pub(super) program: String,
}

/// Seconds for 100,000 of what so many took seconds for.
fn per_100_000(seconds: f64, count: usize) -> f64 {
    seconds / count as f64 * 1e5
}
