//! Bounds on the checks of accounts that are under way: an administrator who asks about addresses that never answer
//! must not take the place of others.

use vestnik_model::{AppId, Problem, ProblemCode};

use crate::{
    refusal::Refusal,
    share::{Share, Shares},
};

/// The most checks of one App at a time.
const OF_APP: usize = 2;

/// About as long as the longest check takes, in seconds.
const RETRY_AFTER: u32 = 15;

/// The checks of each App that are under way. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Checks(Shares<AppId>);

/// A check that is under way, until it is dropped.
pub(super) type Check = Share<AppId>;

impl Default for Checks {
    fn default() -> Self {
        Self(Shares::new(usize::MAX, OF_APP))
    }
}

impl Checks {
    /// Begins a check.
    ///
    /// # Errors
    /// The App has as many under way as it may.
    pub(super) fn begin(&self, app: &AppId) -> Result<Check, Refusal> {
        self.0.take(app.clone()).ok_or_else(|| {
            let detail = "the App checks too many accounts at a time";
            let problem = Problem::new(ProblemCode::RequestRateLimited, detail);
            problem.retry_after(RETRY_AFTER).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_has_few_checks_at_a_time_and_takes_none_of_another() {
        let [shop, bank] = ["shop", "bank"].map(|name| AppId::parse(name).unwrap());
        let checks = Checks::default();
        let first = checks.begin(&shop).unwrap();
        let second = checks.begin(&shop).unwrap();
        let refused = checks.begin(&shop).unwrap_err().into_problem();
        assert_eq!(refused.code, ProblemCode::RequestRateLimited);
        let other = checks.begin(&bank).unwrap();
        drop(first);
        let third = checks.begin(&shop).unwrap();
        assert!(checks.begin(&shop).is_err());
        drop((second, third, other));
        assert!(checks.0.is_empty());
    }
}
