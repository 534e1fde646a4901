//! Withdrawals that are due: pushes that take a notification off the screens of devices that sleep.

use std::sync::Arc;

use vestnik_model::{InstallationId, publish::OnUnproven};
use vestnik_rules::{
    attempt::{Bounds, State, begin},
    cascade::{Course, Target},
    identity::{delivery_id, withdrawal_id},
    patience::leased_until,
    withdrawal::{Step, View, look},
};
use vestnik_store::dispatch::{Begun, Sends, Tried};

use super::{
    super::{
        delivery::{self, Key},
        user,
        withdrawal::{self, Found, trace},
    },
    Desk,
    case::Case,
};

impl Desk<'_> {
    /// Looks at the withdrawals that are due, and begins the pushes of those that need one. Gives the tries,
    /// and whether withdrawals that are due were left.
    pub(crate) fn begin_withdrawals(
        &self,
        rows: u32,
    ) -> Result<(Vec<Begun>, bool), rusqlite::Error> {
        let row = self.sending.found.subject.row;
        let due = withdrawal::due(self.db, row, self.now, rows)?;
        let is_more = due.len() >= rows as usize;
        let mut begun = Vec::new();
        for found in due {
            begun.extend(self.look_at_withdrawal(&found)?);
        }
        Ok((begun, is_more))
    }

    fn look_at_withdrawal(&self, found: &Found) -> Result<Option<Begun>, rusqlite::Error> {
        let key = Key {
            notification: self.sending.found.subject.row,
            user: found.user,
        };
        let installation = found.installation;
        let case = self.case((key, Course::new(self.now)))?;
        let step = case
            .as_ref()
            .and_then(|case| self.step(case, found))
            .unwrap_or(Step::Done);
        match (step, case) {
            (Step::Push(channel), Some(case)) => {
                let target = Target::Device {
                    installation,
                    channel,
                };
                let begun = self.begin_withdrawal(&case, found, target)?;
                if begun.is_none() {
                    withdrawal::delete(self.db, key, installation)?;
                }
                Ok(begun)
            }
            (Step::Later(at), _) => {
                withdrawal::put(self.db, (key, installation), &found.attempt, at)?;
                Ok(None)
            }
            (Step::Done | Step::Push(_), _) => {
                withdrawal::delete(self.db, key, installation)?;
                Ok(None)
            }
        }
    }

    /// What is done about a withdrawal now; `None` if the installation is not the user's any more.
    fn step(&self, case: &Case, found: &Found) -> Option<Step> {
        let mut devices = case.devices.iter();
        let device = devices.find(|device| device.installation == found.installation)?;
        let attempts = case.attempts.iter();
        let there = attempts.filter(|one| one.target.installation() == Some(found.installation));
        let traces: Vec<_> = there.map(trace).collect();
        Some(look(&View {
            device,
            traces: &traces,
            has_entry: case.has_reached(found.installation, found.seq),
            since: found.since,
            expires_at: case.expires_at(&self.sending),
            own: &found.attempt,
            now: self.now,
        }))
    }

    /// Begins a push. Without content, address or key for envelopes, none begins.
    fn begin_withdrawal(
        &self,
        case: &Case,
        found: &Found,
        target: Target,
    ) -> Result<Option<Begun>, rusqlite::Error> {
        let recipient = case.recipient(target);
        let recipient = recipient.filter(|recipient| recipient.key().is_some());
        let (Some(content), Some(recipient)) = (&self.sending.content, recipient) else {
            return Ok(None);
        };
        let lease_until = leased_until(target, self.now);
        let attempt = begin(Some(&found.attempt), lease_until);
        let installation: InstallationId = found.installation;
        withdrawal::put(self.db, (case.key, installation), &attempt, lease_until)?;
        let delivery = delivery_id(content.id, &case.name);
        Ok(Some(Begun {
            attempt: withdrawal_id(delivery, installation),
            user: case.name.clone(),
            notification: case.content(&Arc::clone(content)),
            sends: Sends::Withdrawal,
            recipient,
            lease_until,
            provider: None,
        }))
    }

    /// Notes what became of a push that withdraws, if it is still the one that is on its way. Gives whether it
    /// was.
    pub(crate) fn settle_withdrawal(
        &mut self,
        tried: &Tried,
        random: f64,
    ) -> Result<bool, rusqlite::Error> {
        let head = user::find(self.db, self.sending.app(), &tried.user)?;
        let (Some(head), Some(installation)) = (head, tried.target.installation()) else {
            return Ok(false);
        };
        let key = Key {
            notification: self.sending.found.subject.row,
            user: head.row,
        };
        let found = withdrawal::find(self.db, key, installation)?;
        let Some(found) = found else {
            return Ok(false);
        };
        let used = self.used(key, tried)?;
        let own = delivery::own_expiry(self.db, key)?;
        let bounds = Bounds {
            until: own.unwrap_or(self.sending.found.expires_at),
            collapses: tried.collapses,
            on_unproven: OnUnproven::Repeat,
            random,
            now: self.now,
        };
        let Some(settled) = self.settled(&found.attempt, tried, &used, bounds) else {
            return Ok(false);
        };
        if let Some(lesson) = used.lesson {
            self.learn(key, lesson)?;
        }
        match (settled.state, settled.until) {
            (State::Begun | State::Retrying | State::Sending, Some(until)) => {
                withdrawal::put(self.db, (key, installation), &settled, until)?;
            }
            (State::Begun | State::Retrying | State::Sending, None)
            | (State::Sent | State::Failed, _) => {
                withdrawal::delete(self.db, key, installation)?;
            }
        }
        Ok(true)
    }
}
