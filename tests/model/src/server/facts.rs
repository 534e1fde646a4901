//! What devices report.

use vestnik_model::{
    Entry, FactKind, FactRefusal, FactResult, Flag, InstallationId, NotificationId, Open,
    ReceiptKind, Report, Reported, StateChange, UserId,
    fact::{Claim, ParsedFact},
};

use super::{answer::Server, log::Standing, session::Access, state::Accepted};
use crate::time::{At, time_of_day};

impl Server {
    pub(super) fn take_facts(&mut self, now: At, access: &Access, report: &Report) -> Reported {
        let results = report.facts.iter().map(|fact| match fact.parse() {
            Ok(parsed) => self.take_fact(now, access, &parsed),
            Err(why) => FactResult::refused(fact.id.clone(), why),
        });
        Reported {
            results: results.collect(),
        }
    }

    fn take_fact(&mut self, now: At, access: &Access, fact: &ParsedFact) -> FactResult {
        let id = (access.installation, fact.id.as_str().to_owned());
        if self.state.facts.contains(&id) {
            return FactResult::taken(&fact.id, false);
        }
        match self.claim(now, access, &fact.claim) {
            Ok(()) => {
                self.state.facts.insert(id);
                FactResult::taken(&fact.id, true)
            }
            Err(why) => FactResult::refused(fact.id.as_str(), why),
        }
    }

    fn claim(&mut self, now: At, access: &Access, claim: &Claim) -> Result<(), FactRefusal> {
        let (installation, user) = (access.installation, &access.user);
        match claim {
            Claim::Receipt {
                notification, kind, ..
            } => {
                self.of(user, *notification)?;
                self.note(installation, fact_kind(*kind), *notification);
                match kind {
                    ReceiptKind::Read | ReceiptKind::Clicked | ReceiptKind::Actioned => {
                        self.read(now, *notification);
                    }
                    ReceiptKind::Delivered | ReceiptKind::Displayed | ReceiptKind::Dismissed => {}
                }
            }
            Claim::ReadUpTo(cursor) => {
                let log = self.state.logs.get(user);
                let standing = log.map(|log| log.standing(Some(cursor)));
                let Some(Standing::Known(seq)) = standing else {
                    return Err(FactRefusal::UnknownCursor);
                };
                let own = self.state.notifications.iter();
                let is_covered = |one: &Accepted| {
                    let place = one.place_for(installation);
                    one.user == *user && !one.is_recalled && place.is_some_and(|at| at <= seq)
                };
                let covered: Vec<_> = own
                    .filter(|(_, one)| is_covered(one))
                    .map(|(id, _)| *id)
                    .collect();
                for id in covered {
                    self.read(now, id);
                }
            }
            Claim::Flag {
                notification,
                flag,
                value,
                version,
            } => {
                self.of(user, *notification)?;
                self.flag(now, *notification, (*flag, *value, *version));
            }
            Claim::Reply { notification, .. } => {
                self.of(user, *notification)?;
                self.note(installation, FactKind::Reply, *notification);
                self.read(now, *notification);
            }
            Claim::NotShown { notification, .. } => {
                self.of(user, *notification)?;
                self.note(installation, FactKind::NotShown, *notification);
            }
        }
        Ok(())
    }

    fn of(&self, user: &UserId, id: NotificationId) -> Result<(), FactRefusal> {
        let known = self.state.notifications.get(&id);
        let is_own = known.is_some_and(|known| known.user == *user);
        is_own.then_some(()).ok_or(FactRefusal::UnknownNotification)
    }

    fn note(&mut self, installation: InstallationId, kind: FactKind, id: NotificationId) {
        self.ever.facts.insert((installation, kind, id));
    }

    /// The first time that a notification is read is an entry of the log.
    fn read(&mut self, now: At, id: NotificationId) {
        self.ever.read.entry(id).or_insert(now);
        let Some(known) = self.state.notifications.get_mut(&id) else {
            return;
        };
        if known.read_at.is_some() {
            return;
        }
        known.read_at = Some(now);
        let user = known.user.clone();
        let version = time_of_day(now).as_millisecond();
        let change = (Flag::Read, true, u64::try_from(version).unwrap_or_default());
        self.append(&user, &state_entry(now, id, change));
    }

    fn flag(&mut self, now: At, id: NotificationId, change: (Flag, bool, u64)) {
        let (flag, value, version) = change;
        if flag == Flag::Read {
            if value {
                self.read(now, id);
            }
            return;
        }
        let Some(known) = self.state.notifications.get_mut(&id) else {
            return;
        };
        let kept = known.flags.entry(flag.as_str().to_owned()).or_default();
        if (version, value) > *kept {
            *kept = (version, value);
            let user = known.user.clone();
            self.append(&user, &state_entry(now, id, change));
        }
    }
}

fn state_entry(now: At, id: NotificationId, (flag, value, version): (Flag, bool, u64)) -> Entry {
    Entry::State(StateChange {
        id,
        at: time_of_day(now),
        flag: Open::Known(flag),
        value,
        version,
    })
}

const fn fact_kind(kind: ReceiptKind) -> FactKind {
    match kind {
        ReceiptKind::Delivered => FactKind::Delivered,
        ReceiptKind::Displayed => FactKind::Displayed,
        ReceiptKind::Read => FactKind::Read,
        ReceiptKind::Clicked => FactKind::Clicked,
        ReceiptKind::Actioned => FactKind::Actioned,
        ReceiptKind::Dismissed => FactKind::Dismissed,
    }
}
