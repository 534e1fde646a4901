//! The shell of a device at work.

use vestnik_core::machine::{engine::Phase, session::Standing};
use vestnik_inbox::{Settled, Suppression, spool};
use vestnik_model::{NotificationId, UserId};

use super::{Item, World};
use crate::{
    device::{Draw, Habit, Job, Number, Show},
    time::{At, MINUTE, SECOND},
};

/// The pause after the storage failed, and the shortest before a show that is postponed.
const AGAIN: At = 5 * SECOND;
const LEAST: At = 100;
/// By so much a device may be wrong about the server's time.
const SLACK: At = 20 * SECOND;

impl World {
    /// Something may be due.
    pub(super) fn ask_what_to_draw(&mut self, number: Number) {
        let Some(process) = &mut self.devices[number].process else {
            return;
        };
        if process.shell.is_asking {
            process.shell.is_told = true;
            return;
        }
        if process.shell.shows.len() >= 3 {
            return;
        }
        process.shell.is_asking = true;
        self.push_job(number, Job::Take);
    }

    pub(super) fn on_ask(&mut self, number: Number, life: u64) {
        if self.devices[number].is_living(life) {
            self.ask_what_to_draw(number);
        }
    }

    /// The storage says what is to be drawn.
    pub(super) fn take_show(&mut self, number: Number) {
        let life = self.devices[number].life;
        let taken = self.with_files(number, "take", |files| {
            let taken = files.take_show()?;
            Ok((taken, files.next_show()?))
        });
        let drawn_before = self.devices[number].diary.draws.len();
        let Some(process) = &mut self.devices[number].process else {
            return;
        };
        process.shell.is_asking = false;
        let is_told = std::mem::take(&mut process.shell.is_told);
        let hidden = process.hidden;
        let is_void = process.forgotten != hidden;
        match taken {
            Some((Some((owner, taken)), _)) => {
                let show = Show {
                    owner,
                    taken,
                    hidden,
                    drawn_before,
                };
                if is_void {
                    self.push_job(number, Job::Return(Box::new(show)));
                } else {
                    self.begin_show(number, show);
                }
                self.ask_what_to_draw(number);
            }
            Some((None, next)) => {
                let millis = |pause: std::time::Duration| u64::try_from(pause.as_millis());
                let pause = next.map(|pause| millis(pause).unwrap_or(At::MAX / 4).max(LEAST));
                if let Some(pause) = pause {
                    self.after(pause, Item::Ask(number, life));
                }
                if is_told {
                    self.ask_what_to_draw(number);
                }
            }
            None => self.after(AGAIN, Item::Ask(number, life)),
        }
    }

    fn begin_show(&mut self, number: Number, show: Show) {
        let now = self.now;
        let id = show.taken.id();
        self.trace.add(now, || {
            format!("{number} ticket of {id}, again {}", show.taken.again)
        });
        if show.taken.item.is_read {
            self.fail(format!("device {number}: a ticket of {id}, which is read"));
        }
        self.check_fresh(number, id);
        let habit = self.devices[number].habit;
        let life = self.devices[number].life;
        self.serial += 1;
        let key = self.serial;
        let pause = match habit {
            Habit::Dawdles => MINUTE + self.some(5 * MINUTE),
            Habit::Draws
            | Habit::Fails
            | Habit::Drops
            | Habit::Suppresses
            | Habit::DiesAfter
            | Habit::DiesBefore => 1 + self.some(40),
        };
        if let Some(process) = &mut self.devices[number].process {
            process.shell.shows.insert(key, show);
        }
        self.after(pause, Item::Draw(number, life, key));
    }

    pub(super) fn on_draw(&mut self, number: Number, life: u64, key: u64) {
        let device = &mut self.devices[number];
        if !device.is_living(life) {
            return;
        }
        let (habit, Some(process)) = (device.habit, &mut device.process) else {
            return;
        };
        let Some(show) = process.shell.shows.get_mut(&key) else {
            return;
        };
        let id = show.taken.id();
        if process.forgotten != show.hidden {
            self.end_show(number, key, None);
            return;
        }
        match habit {
            Habit::DiesBefore => {
                device.habit = Habit::Draws;
                self.crash(number, false);
            }
            Habit::Drops => {
                device.habit = Habit::Draws;
                self.end_show(number, key, None);
            }
            Habit::Fails => {
                *device.diary.failed.entry(id).or_default() += 1;
                let failed = Settled::Failed("toast.refused".to_owned());
                self.end_show(number, key, Some(failed));
            }
            Habit::Suppresses => {
                device.diary.unwanted.insert(id);
                let suppressed = Settled::Suppressed(Suppression::BlockedApp);
                self.end_show(number, key, Some(suppressed));
            }
            Habit::DiesAfter => {
                device.habit = Habit::Draws;
                self.draw(number, key);
                self.crash(number, false);
            }
            Habit::Draws | Habit::Dawdles => {
                self.draw(number, key);
                let slow = self.random.percent(10);
                let pause = 1 + self.some(if slow { 20 * SECOND } else { 100 });
                self.after(pause, Item::Settle(number, life, key));
            }
        }
    }

    fn draw(&mut self, number: Number, key: u64) {
        let now = self.now;
        let device = &mut self.devices[number];
        let Some(process) = &mut device.process else {
            return;
        };
        let Some(show) = process.shell.shows.get_mut(&key) else {
            return;
        };
        let (id, revision) = (show.taken.id(), show.taken.revision());
        // Between the ticket and now the extension may have drawn it: no one can know.
        let since = device.diary.draws.iter().skip(show.drawn_before);
        let meanwhile = since.filter(|draw| draw.id == id).count() > 0;
        let (owner, again) = (show.owner.clone(), show.taken.again || meanwhile);
        let standing = process.engine.snapshot().standing;
        device.screen.insert(id, revision);
        device.diary.draws.push(Draw { id, again });
        self.trace.add(now, || {
            format!("{number} draws {id}:{revision}, again {again}")
        });
        self.check_loud(number, (id, &owner), again);
        self.check_drawn(number, (id, &owner), &standing);
    }

    /// Nothing is taken to be drawn that has expired by the clock of the server, if the device has heard it.
    fn check_fresh(&mut self, number: Number, id: NotificationId) {
        let device = &self.devices[number];
        let phase = device.process.as_ref();
        let phase = phase.map(|process| process.engine.snapshot().phase);
        let has_heard = phase == Some(Phase::Online) && device.diary.clock_steps.is_empty();
        let known = self.server.accepted().find(|(one, _)| *one == id);
        let expires_at = known.map(|(_, known)| known.expires_at);
        let has_expired = expires_at.is_some_and(|at| at + SLACK < self.now);
        if has_heard && has_expired {
            self.fail(format!(
                "device {number}: a ticket of {id}, which has expired"
            ));
        }
    }

    /// What was accepted before a login that found no history is quiet.
    fn check_loud(&mut self, number: Number, (id, owner): (NotificationId, &UserId), again: bool) {
        let diary = &self.devices[number].diary;
        let quiet = diary.quiet.iter().filter(|quiet| quiet.is_certain);
        let logins = quiet.filter(|quiet| quiet.user == *owner);
        let login = logins.map(|quiet| quiet.since.until(false)).max();
        let accepted = self.server.accepted().find(|(one, _)| *one == id);
        let accepted_at = accepted.map(|(_, accepted)| accepted.accepted_at);
        // The device knows the server's time as well as an answer took its way.
        let is_loud = accepted_at
            .zip(login)
            .is_some_and(|(at, login)| at + SLACK < login);
        if is_loud && !again && diary.clock_steps.is_empty() {
            self.fail(format!(
                "device {number}: {id} is drawn and was accepted before the login"
            ));
        }
    }

    fn check_drawn(
        &mut self,
        number: Number,
        (id, owner): (NotificationId, &UserId),
        standing: &Standing,
    ) {
        if self.server.ever.notifications.get(&id) != Some(owner) {
            self.fail(format!(
                "device {number}: {id} is drawn as {owner}'s, whose it is not"
            ));
        }
        let is_of = match standing {
            Standing::Nobody => false,
            Standing::LoggedIn { user } => user == owner,
            Standing::NeedsIdentity { user, .. } => user.as_ref() == Some(owner),
            Standing::LoggingIn { .. } | Standing::LoggingOut => true,
        };
        if !is_of {
            self.fail(format!(
                "device {number}: {id} of {owner} is drawn as {standing:?}"
            ));
        }
    }

    pub(super) fn on_settle(&mut self, number: Number, life: u64, key: u64) {
        if self.devices[number].is_living(life) {
            self.end_show(number, key, Some(Settled::Shown));
        }
    }

    /// A ticket is settled or dropped.
    fn end_show(&mut self, number: Number, key: u64, settled: Option<Settled>) {
        let Some(process) = &mut self.devices[number].process else {
            return;
        };
        let Some(show) = process.shell.shows.remove(&key) else {
            return;
        };
        let show = Box::new(show);
        let job = match settled {
            Some(settled) => Job::Settle { show, settled },
            None => Job::Return(show),
        };
        self.push_job(number, job);
        self.ask_what_to_draw(number);
    }

    pub(super) fn on_extension(&mut self, number: Number, ticket: spool::Ticket) {
        let now = self.now;
        let settled = ticket.shown().is_ok();
        self.trace
            .add(now, || format!("{number} extension settles: {settled}"));
    }
}
