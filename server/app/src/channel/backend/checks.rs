//! Bounds on the checks of accounts that are under way: an administrator who asks about addresses that never answer
//! must not take the place of others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use vestnik_model::{AppId, Problem, ProblemCode};

use crate::refusal::Refusal;

/// The most checks of one App at a time.
const OF_APP: usize = 2;

/// About as long as the longest check takes, in seconds.
const RETRY_AFTER: u32 = 15;

/// How many checks of each App are under way. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks {
    under_way: Arc<Mutex<HashMap<AppId, usize>>>,
}

/// A check that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Check {
    all: Checks,
    app: AppId,
}

impl Checks {
    /// Begins a check.
    ///
    /// # Errors
    /// The App has as many under way as it may.
    pub(super) fn begin(&self, app: &AppId) -> Result<Check, Refusal> {
        let mut under_way = self.lock();
        let of_app = under_way.entry(app.clone()).or_default();
        if *of_app >= OF_APP {
            let detail = "the App checks too many accounts at a time";
            let problem = Problem::new(ProblemCode::RequestRateLimited, detail);
            return Err(problem.retry_after(RETRY_AFTER).into());
        }
        *of_app += 1;
        Ok(Check {
            all: self.clone(),
            app: app.clone(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AppId, usize>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        let mut under_way = self.all.lock();
        if let Some(of_app) = under_way.get_mut(&self.app) {
            *of_app -= 1;
            if *of_app == 0 {
                under_way.remove(&self.app);
            }
        }
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
        assert!(checks.lock().is_empty());
    }
}
