//! A world becomes whole again and comes to rest.

use vestnik_core::machine::{Trouble, engine::Phase, session::Standing};

use super::World;
use crate::{
    device::{Habit, Mode},
    disk,
    time::{At, DAY, HOUR, MINUTE, SECOND},
};

/// Within this time everything has to be told and shown.
const BOUND: At = 6 * HOUR;

/// How a world is made whole.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    /// Whom the devices belong to.
    pub(crate) users: Vec<usize>,
    /// Whether the app comes to the front, so that nothing waits.
    pub(crate) is_nudged: bool,
    /// Whether something is published for each user while their devices are greeted.
    pub(crate) is_surprised: bool,
}

impl World {
    /// Everything that was broken is whole again, and each device belongs to a user.
    pub(crate) fn heal(&mut self, ending: &Ending) {
        let now = self.now;
        self.trace.add(now, || "* healed".to_owned());
        self.is_calm = true;
        if ending.is_surprised {
            let users = 0..self.users.len();
            self.surprises.extend(users.map(|user| (user, DAY)));
        }
        for (number, user) in (0..self.devices.len()).zip(ending.users.iter().cycle()) {
            let device = &mut self.devices[number];
            disk::mend(device.disk);
            device.secrets.lock(false);
            device.network.mode = Mode::Up;
            device.network.loss = 0;
            device.network.lost_answers = 0;
            device.habit = Habit::Draws;
            device.wanted = Some(self.users[*user].clone());
            self.go_online(number, true);
            self.permit(number, true);
        }
        self.wake_all();
        for number in 0..self.devices.len() {
            self.start(number);
            if self.devices[number]
                .process
                .as_ref()
                .is_some_and(|process| process.is_suspended)
            {
                self.suspend(number, false);
            }
            if !self.is_as_wanted(number) {
                self.log_in(number);
            }
            if ending.is_nudged {
                self.open_app(number);
            }
        }
        self.come_online(ending.is_nudged);
        self.come_to_rest();
        if self.failures.is_empty() {
            self.doubt_keys();
            self.come_to_rest();
        }
    }

    /// Whoever sleeps wakes by itself.
    fn wake_all(&mut self) {
        let asleep = self.devices.iter().filter_map(|device| device.asleep_until);
        let until = asleep.fold(self.now, At::max) + SECOND;
        self.run_until(until);
    }

    /// Each device is connected within minutes, unless something asked it to wait or its pages have to
    /// become smaller first.
    fn come_online(&mut self, is_nudged: bool) {
        self.pass(if is_nudged { 3 * MINUTE } else { 6 * MINUTE });
        for number in 0..self.devices.len() {
            let device = &self.devices[number];
            // An answer that was on its way when the app was nudged asks again.
            let may_wait = device.was_asked_to_wait && (!is_nudged || self.waits(number));
            let limit = if may_wait || device.network.narrow.is_some() {
                30 * MINUTE
            } else {
                0
            };
            let until = self.now + limit;
            while self.unrest_of(number, true).is_some() && self.now < until {
                self.pass(30 * SECOND);
            }
            if let Some(what) = self.unrest_of(number, true) {
                self.fail(what);
                return;
            }
        }
    }

    /// Whether a device waits because the server asked it to.
    fn waits(&self, number: usize) -> bool {
        let process = self.devices[number].process.as_ref();
        let error = process.and_then(|process| process.engine.snapshot().last_error);
        matches!(error, Some(Trouble::ServerBusy | Trouble::Throttled))
    }

    fn is_as_wanted(&self, number: usize) -> bool {
        let wanted = self.devices[number].wanted.as_ref();
        matches!(self.standing(number), Some(Standing::LoggedIn { user }) if Some(&user) == wanted)
    }

    /// Waits until nothing is left to do.
    fn come_to_rest(&mut self) {
        let until = self.now + BOUND;
        let mut quiet = 0;
        while self.now < until && self.failures.is_empty() {
            self.pass(30 * SECOND);
            quiet = if self.unrest().is_none() {
                quiet + 1
            } else {
                0
            };
            if quiet >= 4 && !self.finish_logouts() {
                return;
            }
        }
        if self.failures.is_empty()
            && let Some(what) = self.unrest()
        {
            self.fail(what);
        }
    }

    /// A logout whose end could not be written down is told once more after the next start. Gives whether
    /// any had to be.
    fn finish_logouts(&mut self) -> bool {
        let mut any = false;
        for number in 0..self.devices.len() {
            let process = self.devices[number].process.as_mut();
            let seed = process.and_then(|process| process.files.seed().ok());
            let is_pending = seed.is_some_and(|seed| !seed.logouts.is_empty());
            let is_first = self.restarted.insert(number);
            if is_pending && !is_first {
                self.fail(format!("device {number}: a logout is never told"));
            } else if is_pending {
                self.stop(number);
                any = true;
            }
        }
        any
    }

    pub(crate) fn standing(&self, number: usize) -> Option<Standing> {
        let process = self.devices[number].process.as_ref()?;
        Some(process.engine.snapshot().standing)
    }

    /// What is still left to do.
    fn unrest(&mut self) -> Option<String> {
        (0..self.devices.len()).find_map(|number| self.unrest_of(number, false))
    }

    /// What is still left to do on a device, or only what is in the way of a connection.
    fn unrest_of(&mut self, number: usize, of_connection: bool) -> Option<String> {
        let device = &mut self.devices[number];
        let wanted = device.wanted.clone();
        let Some(process) = &mut device.process else {
            return Some(format!("device {number}: the app cannot be started"));
        };
        let snapshot = process.engine.snapshot();
        let is_wanted = matches!(&snapshot.standing, Standing::LoggedIn { user } if Some(user) == wanted.as_ref());
        if !is_wanted || snapshot.phase != Phase::Online {
            return Some(format!(
                "device {number}: it does not come online: {snapshot:?}"
            ));
        }
        if of_connection {
            return None;
        }
        if process.logouts > 0 {
            return Some(format!("device {number}: a logout is never answered"));
        }
        if !process.jobs.is_empty() || !process.shell.shows.is_empty() {
            return Some(format!(
                "device {number}: its storage or its shell does not rest"
            ));
        }
        let counts = process.files.counts();
        let next = process.files.next_show();
        self.publish(number);
        match (counts, next) {
            (Ok((_, 0)), Ok(None)) => None,
            (counts, next) => Some(format!(
                "device {number}: (unread, outbox) {counts:?}, next show {next:?}"
            )),
        }
    }
}
