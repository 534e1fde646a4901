//! Sending deliveries: what a look needs of the tables, and what follows from it.

mod case;
mod cost;
mod due;
mod gateway;
mod letter;
mod message;
mod opening;
mod pushed;
mod turn;
mod view;
mod withdrawal;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{
    AppId, Channel, GatewayName, InstallationId, Notification, Open, PushAddress, publish::Steps,
};
use vestnik_rules::{
    address::{hash_email, moved},
    attempt::{Attempt, Bounds, Known, State, kills, settle_try},
    cascade::{Course, Looked, Target, channel_of, outside},
    cost::{Prices, is_charged_late},
    delivery::{Event, advance, contacted},
    device::Wanted,
    gateway::{Reaches, bound},
    identity::{attempt_id, delivery_id},
    installation::Change,
    patience::{begin_at, lease, leased_until},
    schedule::Hours,
};
use vestnik_store::{
    contacts::Email,
    dispatch::{Begun, Sends, Tried},
    effect::{Grown, News},
};

use self::case::Case;
use super::{
    attempt,
    calendar::Calendar,
    change::{Changes, Told},
    delivery::{self, Key},
    email_address, meta, notification, provider, push_address, user, withdrawal as withdrawals,
};
use crate::{seal::Seal, value::Unreadable};

/// Every statement of this folder.
#[cfg(test)]
pub(crate) use self::case::ALL;
pub(crate) use self::{
    due::{make_due, next_due, wake},
    turn::Started,
};

/// What a dispatch works with.
pub(crate) struct Desk<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) seal: &'a Seal,
    pub(crate) unreadable: &'a Unreadable,
    pub(crate) sending: Sending,
    pub(crate) now: Timestamp,
    pub(crate) changes: Changes,
    /// Whose logs have grown.
    pub(crate) grown: Vec<Grown>,
}

/// A notification that is sent, with what all of its deliveries share.
pub(crate) struct Sending {
    pub(crate) found: notification::Found,
    steps: Steps,
    wanted: Wanted,
    content: Option<Arc<Notification>>,
    /// Where the App has credentials, and what is known of them.
    pub(crate) providers: BTreeMap<Channel, provider::Known>,
    /// What messages cost.
    prices: Prices,
    /// At which hours it is sent.
    calendar: Option<Calendar>,
    epoch: u32,
}

impl Sending {
    /// A notification that is there and may still be sent.
    pub(crate) fn load(
        db: &Connection,
        row: i64,
        unreadable: &Unreadable,
    ) -> Result<Option<Self>, rusqlite::Error> {
        let found = notification::find_row(db, row)?;
        found
            .map(|found| Self::of(db, found, unreadable))
            .transpose()
    }

    /// The same of a notification that was found.
    pub(crate) fn of(
        db: &Connection,
        found: notification::Found,
        unreadable: &Unreadable,
    ) -> Result<Self, rusqlite::Error> {
        let row = found.subject.row;
        let read = notification::content(db, row);
        let content = unreadable.pass_over("notification", read)?;
        let providers = provider::of_app(db, &found.subject.app)?.into_iter();
        let providers: BTreeMap<_, _> = providers
            .filter_map(|known| Some((known.channel.known()?, known)))
            .collect();
        Ok(Self {
            prices: cost::prices(db, &found.subject.app, &providers)?,
            steps: notification::steps(db, row)?,
            calendar: Calendar::load(db, &found.subject, content.as_ref().map(|(of, _)| of))?,
            wanted: notification::wanted(db, row)?,
            content: content.map(|(content, _)| Arc::new(content)),
            providers,
            epoch: meta::epoch(db)?,
            found,
        })
    }

    fn app(&self) -> &AppId {
        &self.found.subject.app
    }
}

/// What is known of the addresses that a try could go to.
struct Used {
    /// Whether there is one by now that it did not go to.
    has_other: bool,
    /// What it proves of the one that it went to.
    lesson: Option<Lesson>,
}

/// What a try proves of an address.
enum Lesson {
    /// That of an installation at a push service is dead.
    Dead(InstallationId, push_address::Found),
    /// The user's mailbox is dead.
    DeadMailbox,
    /// The user's number or chat is dead at a gateway.
    DeadAtGateway(GatewayName, Reaches),
    /// That of an installation belongs to another environment of its service, and is kept with it.
    Moved(InstallationId, PushAddress),
}

impl Desk<'_> {
    /// Looks at the deliveries that are due, opens those that others are meant for now, and begins what is
    /// to be tried. Gives the tries, and whether deliveries that are due were left. The tags of entries are
    /// derived from the seed.
    pub(crate) fn begin_due(
        &mut self,
        rows: u32,
        seed: &[u8; 32],
    ) -> Result<(Vec<Begun>, bool), rusqlite::Error> {
        let row = self.sending.found.subject.row;
        let due = delivery::due(self.db, row, self.now, rows)?;
        let mut is_more = due.len() >= rows as usize;
        let mut begun = Vec::new();
        for (user, course) in due {
            // A person can have many devices: what is left is due in the next part.
            if begun.len() >= rows as usize {
                is_more = true;
                break;
            }
            let key = Key {
                notification: row,
                user,
            };
            let Some(mut case) = self.case((key, course))? else {
                let course = Course {
                    due_at: None,
                    ..course
                };
                delivery::set_course(self.db, key, &course)?;
                continue;
            };
            let hours = self.hours(&case)?;
            let looked = self.look(&case, &hours);
            self.open(&mut case, &looked, seed)?;
            self.save(&case, &looked)?;
            for (target, ended) in &looked.ends {
                attempt::put(self.db, key, *target, ended, self.now)?;
            }
            for target in &looked.tries {
                begun.extend(self.begin(&case, *target)?);
            }
        }
        Ok((begun, is_more))
    }

    /// Saves where a delivery stands, and its end if it ends.
    fn save(&mut self, case: &Case, looked: &Looked) -> Result<(), rusqlite::Error> {
        delivery::set_course(self.db, case.key, &looked.course)?;
        self.book_saved(case, looked)?;
        for switch in &looked.switches {
            let whose = (case.key.user, &case.name);
            let subject = &self.sending.found.subject;
            self.changes
                .happened(subject, whose, News::Switched(*switch));
        }
        let Some(reason) = looked.end else {
            return Ok(());
        };
        let advanced = advance(case.delivery.state.clone(), Event::Ended(reason), self.now);
        if advanced.is_changed {
            delivery::update(self.db, case.key, &advanced.state)?;
            let told = Told::of(case.key.user, &case.name, &advanced);
            self.changes.moved(&self.sending.found.subject, told);
        }
        Ok(())
    }

    /// Begins a try. Without content or address, which only damaged rows can cause, none begins.
    fn begin(&self, case: &Case, target: Target) -> Result<Option<Begun>, rusqlite::Error> {
        let (Some(content), Some(recipient)) = (&self.sending.content, case.recipient(target))
        else {
            return Ok(None);
        };
        let known = case.attempts.iter().find(|found| found.target == target);
        let lease_until = leased_until(target, self.now);
        let attempt = begin_at(target, known.map(|found| &found.attempt), lease_until)
            .sealed(recipient.key(), self.now);
        attempt::put(self.db, case.key, target, &attempt, self.now)?;
        attempt::set_tried(self.db, case.key, target, self.now)?;
        let id = attempt_id(delivery_id(content.id, &case.name), target);
        self.mark_push((case.key, target), id)?;
        let noted = known.and_then(|found| found.provider);
        Ok(Some(Begun {
            attempt: id,
            user: case.name.clone(),
            notification: case.content(content),
            sends: Sends::Notification,
            recipient,
            lease_until,
            provider: bound(&attempt, noted),
        }))
    }

    /// Notes what became of a try, if it is still the one that is on its way. Gives the delivery, and the
    /// channel that took it, if it did.
    pub(crate) fn settle(
        &mut self,
        tried: &Tried,
        random: f64,
    ) -> Result<Option<(Key, Option<Channel>)>, rusqlite::Error> {
        let Some(head) = user::find(self.db, self.sending.app(), &tried.user)? else {
            return Ok(None);
        };
        let key = Key {
            notification: self.sending.found.subject.row,
            user: head.row,
        };
        let attempts = attempt::of_delivery(self.db, key, self.unreadable)?;
        let mut attempts = attempts.into_iter();
        let Some(found) = attempts.find(|found| found.target == tried.target) else {
            return Ok(None);
        };
        // One that was given up or begun anew meanwhile may be reported, too.
        let is_first_proof = match &tried.message {
            Some(message) => attempt::set_first_message(self.db, key, tried.target, message)?,
            None => false,
        };
        let used = self.used(key, tried)?;
        let bounds = Bounds {
            until: self.until(key)?,
            collapses: tried.collapses,
            on_unproven: self.sending.steps.on_unproven(tried.target.step()),
            random,
            now: self.now,
        };
        let Some(settled) = self.settled(&found.attempt, tried, &used, bounds) else {
            if is_charged_late(found.attempt.state, is_first_proof, tried.collapses) {
                self.charge(key, &found, tried)?;
            }
            return Ok(None);
        };
        attempt::put(self.db, key, tried.target, &settled, self.now)?;
        if let Some(said) = &tried.said {
            attempt::set_said(self.db, key, tried.target, said)?;
        }
        attempt::set_passed_over(self.db, key, &found, &tried.passed_over)?;
        if let Some(message) = &tried.message {
            attempt::set_message(self.db, key, tried.target, message)?;
        }
        self.charge(key, &found, tried)?;
        if let Some(lesson) = used.lesson {
            self.learn(key, lesson)?;
        }
        let is_taken = settled.state == State::Sent;
        Ok(Some((key, is_taken.then(|| tried.target.channel()))))
    }

    /// What an attempt is after a try of it, if that is the one that is on its way.
    fn settled(
        &self,
        attempt: &Attempt,
        tried: &Tried,
        used: &Used,
        bounds: Bounds,
    ) -> Option<Attempt> {
        let provider = self.sending.providers.get(&tried.target.channel());
        let known = Known {
            has_other: used.has_other,
            set_at: provider.map(|known| known.set_at),
            lease: lease(tried.target),
        };
        settle_try(attempt, (&tried.outcome, tried.lease_until), known, bounds)
    }

    /// Until when a try of a delivery makes sense.
    fn until(&self, key: Key) -> Result<Timestamp, rusqlite::Error> {
        let own = delivery::own_expiry(self.db, key)?;
        let expires_at = own.unwrap_or(self.sending.found.expires_at);
        let course = delivery::course(self.db, key, self.now)?;
        Ok(course.map_or(expires_at, |course| {
            course.tries_until(&self.sending.steps, expires_at)
        }))
    }

    /// What is known by now of the addresses that a try could go to.
    fn used(&self, key: Key, tried: &Tried) -> Result<Used, rusqlite::Error> {
        match tried.target {
            Target::Device {
                installation,
                channel,
            } => self.used_at((installation, channel), tried),
            Target::Mailbox => {
                let email = self.email(key)?.filter(|email| email.died_at.is_none());
                let is_it = |email: &Email| hash_email(&email.address) == tried.address;
                Ok(Used {
                    has_other: email.as_ref().is_some_and(|email| !is_it(email)),
                    lesson: email
                        .filter(is_it)
                        .filter(|email| kills(&tried.outcome, email.set_at, tried.began_at))
                        .map(|_| Lesson::DeadMailbox),
                })
            }
            Target::Gateway(gateway) => self.used_at_gateway((key, gateway), tried),
            Target::Backend => Ok(Used {
                has_other: false,
                lesson: None,
            }),
        }
    }

    /// The same of the addresses of an installation at a service.
    fn used_at(
        &self,
        (installation, channel): (InstallationId, Channel),
        tried: &Tried,
    ) -> Result<Used, rusqlite::Error> {
        let app = self.sending.app();
        let mut addresses = push_address::of_installation(
            self.db,
            (self.seal, self.unreadable),
            app,
            installation,
        )?;
        addresses.retain(|found| {
            let kind = Open::read(&found.kind);
            kind.known().and_then(channel_of) == Some(channel)
        });
        let (it, others): (Vec<_>, Vec<_>) = addresses
            .into_iter()
            .partition(|found| found.hash == tried.address);
        let has_other = others.iter().any(|found| found.address.is_some());
        let mut it = it.into_iter();
        Ok(Used {
            has_other,
            lesson: it.find_map(|found| lesson(installation, found, tried)),
        })
    }

    /// Notes what a try proved of its address.
    fn learn(&mut self, key: Key, lesson: Lesson) -> Result<(), rusqlite::Error> {
        let app = self.sending.app();
        match lesson {
            Lesson::Dead(installation, found) => {
                let is_killed = push_address::kill(self.db, (app, installation), &found, self.now)?;
                let user = user::name(self.db, key.user)?;
                if let Some(user) = user.filter(|_| is_killed) {
                    let change = Change::TokenInvalidated(Open::read(&found.kind));
                    self.changes.happened_to(app, (installation, user), change);
                }
                Ok(())
            }
            Lesson::DeadMailbox => email_address::kill(self.db, key.user, self.now),
            Lesson::DeadAtGateway(gateway, reaches) => self.kill_at_gateway(key, gateway, reaches),
            Lesson::Moved(installation, kept) => {
                push_address::keep(self.db, self.seal, (app, installation), &kept)
            }
        }
    }

    /// Brings a delivery on after tries of it were settled, one of which a channel took, if so.
    pub(crate) fn go_on(
        &mut self,
        key: Key,
        handed: Option<Channel>,
    ) -> Result<(), rusqlite::Error> {
        let Some(course) = delivery::course(self.db, key, self.now)? else {
            return Ok(());
        };
        let Some(mut case) = self.case((key, course))? else {
            return Ok(());
        };
        if let Some(by) = handed {
            self.advance(&mut case, Event::HandedOver(by), self.now)?;
        }
        // Tries begin in the next part.
        let looked = self
            .look(&case, &Hours::Open)
            .left_to_dispatch(course, self.now);
        self.save(&case, &looked)
    }

    /// Saves what becomes of a delivery of which a channel, or a device, has proven something.
    fn advance(
        &mut self,
        case: &mut Case,
        event: Event,
        at: Timestamp,
    ) -> Result<(), rusqlite::Error> {
        let advanced = advance(case.delivery.state.clone(), event, at);
        let attempts = case.attempts.iter();
        let outside = outside(attempts.map(|found| (found.target, &found.attempt)));
        let known = (outside.as_slice(), &case.reported());
        let advanced = contacted(advanced, &self.sending.steps, known);
        if advanced.is_changed {
            delivery::update(self.db, case.key, &advanced.state)?;
            let told = Told::of(case.key.user, &case.name, &advanced);
            self.changes.moved(&self.sending.found.subject, told);
            case.delivery.state = advanced.state;
        }
        Ok(())
    }
}

/// What a try proves of the address of an installation that it went to.
fn lesson(
    installation: InstallationId,
    found: push_address::Found,
    tried: &Tried,
) -> Option<Lesson> {
    if kills(&tried.outcome, found.refreshed_at, tried.began_at) {
        return Some(Lesson::Dead(installation, found));
    }
    let kept = moved(found.address.as_ref()?, found.refreshed_at, tried.moved()?)?;
    Some(Lesson::Moved(installation, kept))
}
