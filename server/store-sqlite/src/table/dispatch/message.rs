//! What gateways report of messages that they took.

use jiff::Timestamp;
use vestnik_model::GatewayName;
use vestnik_rules::{
    bounce::end,
    cascade::{Course, Looked, Target},
    delivery::Event,
    gateway_report::{Fate, Reported, Standing, ending, kills_address, reported, waits},
    receipt::possible,
};
use vestnik_store::dispatch::{MessageReport, Tried};

use super::{
    super::{
        attempt,
        delivery::{self, Key},
        message_report, taken,
    },
    Desk,
    case::Case,
};

impl Desk<'_> {
    /// Notes what became of the message of an attempt; tells whether it is news.
    pub(crate) fn note_message(
        &mut self,
        (key, gateway): (Key, GatewayName),
        report: &MessageReport,
    ) -> Result<bool, rusqlite::Error> {
        let target = Target::Gateway(gateway);
        let mut attempts = attempt::of_delivery(self.db, key, self.unreadable)?.into_iter();
        let Some(found) = attempts.find(|found| found.target == target) else {
            return Ok(false);
        };
        let known = Standing {
            attempt: found.attempt.clone(),
            delivered_at: found.delivered_at,
            read_at: found.read_at,
        };
        let at = possible(report.at, self.sending.found.accepted_at, self.now);
        let Some(told) = reported(&known, report.fate, at) else {
            if waits(&known, report.fate) {
                let app = &self.sending.found.subject.app;
                message_report::keep(self.db, (app, gateway), report, self.now)?;
            }
            return Ok(false);
        };
        self.put_told(key, target, &told)?;
        self.kill_reported((key, gateway), (report.fate, found.last_tried_at()))?;
        self.go_on_reported((key, target), &told, (report.fate, at))?;
        Ok(true)
    }

    /// Notes the reports that came before the try that they are about was settled.
    pub(crate) fn note_kept(&mut self, tried: &Tried) -> Result<(), rusqlite::Error> {
        let Some(message) = tried.message else {
            return Ok(());
        };
        let Some((key, gateway)) = taken::of_message(self.db, &message)? else {
            return Ok(());
        };
        if key.notification != self.sending.found.subject.row {
            return Ok(());
        }
        for report in message_report::take(self.db, message, self.now, self.unreadable)? {
            self.note_message((key, gateway), &report)?;
        }
        Ok(())
    }

    fn put_told(&self, key: Key, target: Target, told: &Reported) -> Result<(), rusqlite::Error> {
        let Standing {
            attempt,
            delivered_at,
            read_at,
        } = &told.standing;
        attempt::put(self.db, key, target, attempt, self.now)?;
        attempt::set_evidence(self.db, key, target, (*delivered_at, *read_at))?;
        if told.is_lost {
            attempt::set_returned(self.db, key, target, self.now)?;
        }
        Ok(())
    }

    /// Notes that the address of a user at a gateway is dead, if a report proves it.
    fn kill_reported(
        &self,
        (key, gateway): (Key, GatewayName),
        (fate, tried_at): (Fate, Timestamp),
    ) -> Result<(), rusqlite::Error> {
        let at = self.at_gateway(key, gateway)?;
        let alive = at.known.filter(|known| known.died_at.is_none());
        let dies = alive.is_some_and(|known| kills_address(fate, known.set_at, tried_at));
        match at.traits.filter(|_| dies) {
            Some(traits) => self.kill_at_gateway(key, gateway, traits.reaches),
            None => Ok(()),
        }
    }

    /// Brings a delivery on of whose message or push something became known.
    pub(super) fn go_on_reported(
        &mut self,
        (key, target): (Key, Target),
        told: &Reported,
        (fate, at): (Fate, Timestamp),
    ) -> Result<(), rusqlite::Error> {
        let course = delivery::course(self.db, key, self.now)?;
        let stands = course.unwrap_or_else(|| Course::new(self.now));
        let Some(mut case) = self.case((key, stands))? else {
            return Ok(());
        };
        if let Some(kind) = told.proof {
            let event = Event::Receipt(kind, target.channel());
            self.advance(&mut case, event, at)?;
        }
        match course {
            Some(course) => self.go_on_after(&case, course, (target, fate)),
            None => Ok(()),
        }
    }

    fn go_on_after(
        &mut self,
        case: &Case,
        course: Course,
        (target, fate): (Target, Fate),
    ) -> Result<(), rusqlite::Error> {
        // Tries begin in the next part, when the hours are open. What is over goes on by none.
        let hours = self.hours(case)?.or_open();
        let looked = self.look(case, &hours).left_to_dispatch(course, self.now);
        let others = case.attempts.iter();
        let others = others.filter(|found| found.target != target);
        let others = others.map(|found| &found.attempt);
        let ended = fate.reason().and_then(|reason| {
            let status = case.delivery.state.status;
            end((status, ending(reason)), others, (&course, &looked))
        });
        let looked = Looked {
            end: ended.or(looked.end),
            ..looked
        };
        self.save(case, &looked)
    }
}
