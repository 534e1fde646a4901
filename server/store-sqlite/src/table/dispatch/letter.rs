//! Letters that come back after a mail server had taken them.

use jiff::Timestamp;
use vestnik_model::Reason;
use vestnik_rules::{
    bounce::{Fate, end, kills_mailbox, reported},
    cascade::{Looked, Target},
};
use vestnik_store::dispatch::LetterReport;

use super::{
    super::{
        attempt::{self, Found},
        delivery::{self, Key},
        email_address,
    },
    Desk,
};
/// What a report about a letter came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) is_lost: bool,
    pub(crate) is_dead: bool,
}

impl Desk<'_> {
    /// Notes what became of a delivery's letter; `None` if it has none.
    pub(crate) fn note_letter(
        &mut self,
        key: Key,
        report: &LetterReport,
    ) -> Result<Option<Noted>, rusqlite::Error> {
        let mut attempts = attempt::of_delivery(self.db, key, self.unreadable)?.into_iter();
        let Some(letter) = attempts.find(|found| found.target == Target::Mailbox) else {
            return Ok(None);
        };
        let is_lost = self.put_report(key, &letter, report)?;
        let is_dead = self.kill_mailbox(key, report, letter.last_tried_at())?;
        if is_lost {
            self.go_on_without_letter(key)?;
        }
        Ok(Some(Noted { is_lost, is_dead }))
    }

    /// Notes a report of a letter; tells whether the letter is lost by it.
    fn put_report(
        &self,
        key: Key,
        letter: &Found,
        report: &LetterReport,
    ) -> Result<bool, rusqlite::Error> {
        let Some(after) = reported(&letter.attempt, report.fate) else {
            return Ok(false);
        };
        attempt::put(self.db, key, Target::Mailbox, &after, self.now)?;
        if let Some(said) = &report.said {
            attempt::set_said(self.db, key, Target::Mailbox, said)?;
        }
        let is_lost = report.fate.is_lost();
        if is_lost {
            attempt::set_returned(self.db, key, Target::Mailbox, self.now)?;
        }
        Ok(is_lost)
    }

    /// Notes that the mailbox of a user is dead, if the report proves it; tells whether it died.
    fn kill_mailbox(
        &self,
        key: Key,
        report: &LetterReport,
        tried_at: Timestamp,
    ) -> Result<bool, rusqlite::Error> {
        let Fate::Lost { reason } = report.fate else {
            return Ok(false);
        };
        let said = (reason, report.mailbox.as_ref());
        let email = self.email(key)?.filter(|email| email.died_at.is_none());
        let dies = email
            .is_some_and(|email| kills_mailbox(said, (&email.address, email.set_at), tried_at));
        if dies {
            email_address::kill(self.db, key.user, self.now)?;
        }
        Ok(dies)
    }

    /// Brings a delivery on whose letter came back.
    fn go_on_without_letter(&mut self, key: Key) -> Result<(), rusqlite::Error> {
        let Some(course) = delivery::course(self.db, key, self.now)? else {
            return Ok(());
        };
        let Some(case) = self.case((key, course))? else {
            return Ok(());
        };
        // Tries begin in the next part, when the hours are open. What is over goes on by none.
        let hours = self.hours(&case)?.or_open();
        let looked = self.look(&case, &hours).left_to_dispatch(course, self.now);
        let others = case.attempts.iter();
        let others = others.filter(|found| found.target != Target::Mailbox);
        let others = others.map(|found| &found.attempt);
        let whose = (case.delivery.state.status, Reason::EmailBounced);
        let ended = end(whose, others, (&course, &looked));
        let looked = Looked {
            end: ended.or(looked.end),
            ..looked
        };
        self.save(&case, &looked)
    }
}
