//! Runs trials one after the other.

use crate::{
    client_kill, cuts,
    report::Report,
    server_kill,
    tier::{Tier, Trial},
};

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// How much of it.
    pub(crate) tier: Tier,
    /// What everything is drawn from.
    pub(crate) seed: u64,
    /// The trials, in order.
    pub(crate) trials: Vec<Trial>,
}

impl Run {
    /// Runs the trials one after the other and reports their figures.
    ///
    /// # Errors
    /// When a trial could not be carried out; that its figures do not hold is no error but stands
    /// in the report.
    pub(crate) async fn execute(self) -> anyhow::Result<Report> {
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
