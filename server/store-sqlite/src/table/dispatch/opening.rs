//! Deliveries that are opened to further installations.

use vestnik_model::{InstallationId, ReceiptKind};
use vestnik_rules::{
    cascade::{Device, Looked, brought_by, came_by},
    delivery::Event,
};
use vestnik_store::effect::Grown;

use super::{
    super::{
        attempt, delivery,
        delivery::Key,
        fact::{self, FlagRow},
        log,
        user::{self, Head},
    },
    Desk,
    case::Case,
};

impl Desk<'_> {
    /// Opens a delivery to further installations, if a look says so: its entry is taken out of the log and
    /// appended for them, and behind it what the person did with it.
    pub(super) fn open(
        &mut self,
        case: &mut Case,
        looked: &Looked,
        seed: &[u8; 32],
    ) -> Result<(), rusqlite::Error> {
        let Some(opens) = looked.opens else {
            return Ok(());
        };
        let Some((mut head, user)) = user::find_row(self.db, case.key.user)? else {
            return Ok(());
        };
        self.prove(case, &looked.proven)?;
        let candidates = case.devices.iter().map(Device::candidate);
        let addressed = case.delivery.addressed.clone();
        let addressed = addressed.open(opens, &self.sending.wanted, candidates);
        if let Some(former) = case.delivery.seq {
            log::delete(self.db, case.key.user, former)?;
        }
        let new = log::New {
            notification: case.key.notification,
            at: self.now,
            only: addressed.only.as_deref(),
            body: None,
        };
        log::append(self.db, &mut head, seed, &new)?;
        delivery::open(self.db, case.key, &addressed, head.seq)?;
        let only = addressed.only.as_deref();
        self.move_flags(case.key, only, (&mut head, seed))?;
        self.grown.push(Grown { user, gained: None });
        Ok(())
    }

    /// Notes of installations that they have a delivery.
    fn prove(&mut self, case: &mut Case, proven: &[InstallationId]) -> Result<(), rusqlite::Error> {
        for installation in proven {
            let attempts = case.attempts.iter();
            let attempts = attempts.map(|found| (found.target, &found.attempt));
            let by = came_by(attempts.clone(), *installation);
            let brought = brought_by(attempts, *installation);
            attempt::confirm(self.db, case.key, &brought, (self.now, false))?;
            self.advance(case, Event::Receipt(ReceiptKind::Delivered, by), self.now)?;
        }
        Ok(())
    }

    /// Appends the entries of a delivery's flags anew, for all that it is for now.
    fn move_flags(
        &self,
        key: Key,
        only: Option<&[InstallationId]>,
        (head, seed): (&mut Head, &[u8; 32]),
    ) -> Result<(), rusqlite::Error> {
        for row in fact::flags(self.db, key)? {
            let Some(former) = row.seq else { continue };
            let read = log::entry(self.db, key.user, former);
            let Some(entry) = self.unreadable.pass_over("log", read)?.flatten() else {
                continue;
            };
            log::delete(self.db, key.user, former)?;
            let new = log::New {
                notification: key.notification,
                at: self.now,
                only,
                body: Some(&entry),
            };
            log::append(self.db, head, seed, &new)?;
            let seq = Some(head.seq);
            fact::put_flag(self.db, key, FlagRow { seq, ..row })?;
        }
        Ok(())
    }
}
