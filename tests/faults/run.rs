//! Runs trials one after the other.

use crate::{
    audience, client_kill, cut_after_commit, cuts, letters,
    report::Report,
    restore, revoke, server_kill,
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
            let (tier, seed) = (self.tier, self.seed);
            match trial {
                Trial::ServerKill => report.trials.push(server_kill::run(tier, seed).await?),
                Trial::ClientKill => report.trials.push(client_kill::run(tier, seed).await?),
                Trial::Chaos => report.trials.push(cuts::run(tier, seed).await?),
                Trial::CutAfterCommit => report
                    .tallies
                    .push(cut_after_commit::run(tier, seed).await?),
                Trial::Restore => report.tallies.push(restore::run(tier, seed).await?),
                Trial::Revoke => report.tallies.push(revoke::run(tier, seed).await?),
                Trial::Audience => report.tallies.push(audience::run(tier, seed).await?),
                Trial::Letters => report.tallies.push(letters::run(tier, seed).await?),
            }
        }
        Ok(report)
    }
}
