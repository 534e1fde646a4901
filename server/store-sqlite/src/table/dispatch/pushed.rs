//! What a push service reports of pushes that it took.

use jiff::Timestamp;
use vestnik_model::{AttemptId, Channel, InstallationId, Open};
use vestnik_rules::{
    cascade::{Target, channel_of},
    gateway_report::{Reported, Standing, reported},
    push_receipt::{ends_address, is_reported, push_hash},
    receipt::possible,
};
use vestnik_store::dispatch::PushReceipt;

use super::{
    super::{attempt, delivery::Key, push_address, taken},
    Desk, Lesson,
};

impl Desk<'_> {
    /// Writes what the receipts about an attempt are matched by, if its service sends any.
    pub(super) fn mark_push(
        &self,
        (key, target): (Key, Target),
        id: AttemptId,
    ) -> Result<(), rusqlite::Error> {
        if !is_reported(target) {
            return Ok(());
        }
        let push = push_hash(self.sending.app(), id);
        attempt::set_first_message(self.db, key, target, &push).map(drop)
    }

    /// Notes what became of a push to an installation; tells whether it is news.
    pub(crate) fn note_push(
        &mut self,
        key: Key,
        to: (InstallationId, Channel),
        receipt: &PushReceipt,
    ) -> Result<bool, rusqlite::Error> {
        let (installation, channel) = to;
        let target = Target::Device {
            installation,
            channel,
        };
        let mut attempts = attempt::of_delivery(self.db, key, self.unreadable)?.into_iter();
        let Some(found) = attempts.find(|found| found.target == target) else {
            return Ok(false);
        };
        let address = self.its_address(to, receipt)?;
        if receipt.fate.reason().is_some() && address.is_none() {
            return Ok(false);
        }
        let known = Standing {
            attempt: found.attempt.clone(),
            delivered_at: found.delivered_at.or(found.arrived_at),
            read_at: found.read_at,
        };
        let at = possible(receipt.at, self.sending.found.accepted_at, self.now);
        let Some(told) = reported(&known, receipt.fate, at) else {
            return Ok(false);
        };
        self.put_arrival((key, target), to, &told)?;
        let alive = address.filter(|address| address.died_at.is_none());
        if let Some(address) = alive
            && ends_address(receipt.fate, address.refreshed_at, found.last_tried_at())
        {
            self.learn(key, Lesson::Dead(installation, address))?;
        }
        self.go_on_reported((key, target), &told, (receipt.fate, at))?;
        Ok(true)
    }

    /// The address that a push went to, if it is still the one of the installation at the service, dead or alive.
    fn its_address(
        &self,
        (installation, channel): (InstallationId, Channel),
        receipt: &PushReceipt,
    ) -> Result<Option<push_address::Found>, rusqlite::Error> {
        let (app, with) = (self.sending.app(), (self.seal, self.unreadable));
        let known = push_address::of_installation(self.db, with, app, installation)?;
        let at_service = |kind: &str| Open::read(kind).known().and_then(channel_of);
        let mut known = known.into_iter();
        Ok(known.find(|found| {
            found.hash == receipt.address && at_service(&found.kind) == Some(channel)
        }))
    }

    fn put_arrival(
        &self,
        (key, target): (Key, Target),
        to: (InstallationId, Channel),
        told: &Reported,
    ) -> Result<(), rusqlite::Error> {
        let now: Timestamp = self.now;
        attempt::put(self.db, key, target, &told.standing.attempt, now)?;
        taken::set_arrived(self.db, key, to, told.standing.delivered_at)?;
        if told.is_lost {
            attempt::set_returned(self.db, key, target, now)?;
        }
        Ok(())
    }
}
