//! A world becomes whole again and comes to rest.

use vestnik_core::machine::{
    engine::{Command, Phase},
    session::Standing,
};

use super::World;
use crate::{
    device::{Habit, Mode},
    disk,
    time::{At, HOUR, MINUTE, SECOND},
};

/// Within this time everything has to be told and shown.
const BOUND: At = 6 * HOUR;

impl World {
    /// Everything that was broken is whole again, and each device belongs to a user.
    pub(crate) fn heal(&mut self, users: &[usize]) {
        let now = self.now;
        self.trace.add(now, || "* healed".to_owned());
        self.is_calm = true;
        for (number, user) in (0..self.devices.len()).zip(users.iter().cycle()) {
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
        // Whoever sleeps wakes, whoever is dead is started.
        let asleep = self.devices.iter().filter_map(|device| device.asleep_until);
        let until = asleep.fold(now, At::max) + 10 * MINUTE;
        self.run_until(until);
        for number in 0..self.devices.len() {
            self.devices[number].asleep_until = None;
            self.start(number);
            self.command(number, Command::Resume);
            let standing = self.standing(number);
            let wanted = self.devices[number].wanted.clone();
            let is_wanted = matches!((&standing, &wanted), (Some(Standing::LoggedIn { user }), Some(wanted)) if user == wanted);
            if !is_wanted {
                self.log_in(number);
            }
        }
        self.come_to_rest();
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
        (0..self.devices.len()).find_map(|number| self.unrest_of(number))
    }

    fn unrest_of(&mut self, number: usize) -> Option<String> {
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
