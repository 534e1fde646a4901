//! The fault tests: real processes are killed and real connections cut, and what was acknowledged
//! is compared with what was shown.
//!
//! Three trials, each with figures that either hold or do not:
//! `server_kill` kills the server under load, `client_kill` kills devices at random and at
//! named points, `cuts` puts the chaos proxy between. Everything drawn comes from one seed, so
//! that a plan repeats; how far the processes had come when it struck does not, which is why each
//! fault is struck often.

mod client_kill;
mod cuts;
mod ground;
mod process;
mod progress;
mod publisher;
mod report;
mod role;
mod server_kill;
mod tier;

pub use report::{Figures, Outcome, Ready, Report};
pub use role::{DeviceRole, FailPoint, ServerRole};
pub use tier::{Tier, Trial};

/// What to run.
#[derive(Debug, Clone)]
pub struct Run {
    /// How much of it.
    pub tier: Tier,
    /// What everything is drawn from.
    pub seed: u64,
    /// The trials, in order.
    pub trials: Vec<Trial>,
}

impl Run {
    /// Runs the trials one after the other and reports their figures.
    ///
    /// # Errors
    /// When a trial could not be carried out; that its figures do not hold is no error but stands
    /// in the report.
    pub async fn execute(self) -> anyhow::Result<Report> {
        let mut report = Report::new(self.tier, self.seed);
        for trial in self.trials {
            let figures = match trial {
                Trial::ServerKill => server_kill::run(self.tier, self.seed).await?,
                Trial::ClientKill => client_kill::run(self.tier, self.seed).await?,
                Trial::Chaos => cuts::run(self.tier, self.seed).await?,
            };
            report.trials.push(figures);
        }
        Ok(report)
    }
}
