//! Tries that have their turn.

use vestnik_rules::{
    address::hash_email,
    cascade::{Course, Start, Turn, start},
};
use vestnik_store::dispatch::{Recipient, TryStart};

use super::{
    super::{
        attempt,
        delivery::{self, Key},
        user,
    },
    Desk,
    case::Case,
};

/// What became of a try that has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Started {
    /// It is to be made.
    Made,
    /// It is not made. Its delivery is due.
    PutBack,
    /// It waits no more.
    Gone,
}

impl Desk<'_> {
    /// Notes that a try has its turn, or puts it back if it is not to be made any more.
    pub(crate) fn start(&self, of: &TryStart) -> Result<Started, rusqlite::Error> {
        let Some(head) = user::find(self.db, self.sending.app(), &of.user)? else {
            return Ok(Started::Gone);
        };
        let key = Key {
            notification: self.sending.found.subject.row,
            user: head.row,
        };
        let Some(course) = delivery::course(self.db, key, self.now)? else {
            return Ok(Started::Gone);
        };
        let Some(case) = self.case((key, course))? else {
            return Ok(Started::Gone);
        };
        let noted = case.attempts.iter().find(|found| found.target == of.target);
        let turn = Turn {
            target: of.target,
            lease_until: of.lease_until,
            has_address: case.is_reached_at(of),
            choice: of.choice,
            noted: noted.and_then(|found| found.provider),
        };
        let hours = self.hours(&case)?;
        match self.with_view(&case, &hours, |view| start(view, turn)) {
            Start::Made(attempt) => {
                attempt::put(self.db, key, of.target, &attempt, self.now)?;
                if let Some(choice) = of.choice {
                    attempt::set_provider(self.db, key, of.target, choice.provider)?;
                }
                Ok(Started::Made)
            }
            Start::PutBack(attempt) => {
                attempt::put(self.db, key, of.target, &attempt, self.now)?;
                let course = Course {
                    due_at: Some(self.now),
                    ..course
                };
                delivery::set_course(self.db, key, &course)?;
                Ok(Started::PutBack)
            }
            Start::Gone => Ok(Started::Gone),
        }
    }
}

impl Case {
    /// Whether the target of a try is still reached at the address that it was begun for.
    fn is_reached_at(&self, of: &TryStart) -> bool {
        self.recipient(of.target).is_some_and(|to| match to {
            Recipient::Mailbox { address, .. } => hash_email(&address) == of.address,
            Recipient::Gateway { to, .. } => to.hash() == of.address,
            Recipient::Device { .. } | Recipient::Backend => true,
        })
    }
}
