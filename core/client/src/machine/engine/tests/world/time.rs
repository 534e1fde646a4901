//! How time passes in the world, and how everything works again.

use std::time::Duration;

use jiff::SignedDuration;
use vestnik_clock::Monotonic;

use super::{
    CallNumber, Command, Event, How, Input, Output, Phase, Standing, ToNetwork, World, place,
};

impl World {
    /// Lets time pass, with a tick at each deadline. A call that takes longer than it may is given up.
    pub(in super::super) fn pass(&mut self, time: Duration) {
        let end = self.now.monotonic + time;
        loop {
            self.settle();
            let late = self.late.filter(|(_, at)| *at <= end);
            let tick = self.engine.deadline().filter(|at| *at <= end);
            match (late, tick) {
                (Some((call, at)), tick) if tick.is_none_or(|tick| at <= tick) => {
                    self.move_to(at);
                    self.give_up(call);
                }
                (_, Some(at)) => {
                    self.move_to(at);
                    self.on(Input::Tick);
                }
                (_, None) => break,
            }
        }
        self.move_to(end);
    }

    fn give_up(&mut self, call: CallNumber) {
        self.late = None;
        let is_it = |output: &Output| match output {
            Output::Network(
                ToNetwork::Exchange { call: own, .. } | ToNetwork::Delete { call: own, .. },
            ) => *own == call,
            Output::Network(_) | Output::Storage(_) | Output::App(_) => false,
        };
        if let Some(index) = self.pending.iter().position(is_it) {
            self.answer(index, How::NoAnswer);
        }
    }

    /// Moves the clock to an instant, with both its times.
    fn move_to(&mut self, at: Monotonic) {
        let passed = at - self.now.monotonic;
        self.now.monotonic = self.now.monotonic.max(at);
        self.now.wall = self.now.wall.saturating_add(passed).unwrap();
        if let Some(since) = self.leaving_since {
            let waited = self.now.monotonic - since;
            assert!(
                waited <= Duration::from_secs(3),
                "a logout waits {waited:?}"
            );
        }
    }

    /// Steps the time of day.
    pub(in super::super) fn step_clock(&mut self, seconds: i64) {
        let step = SignedDuration::from_secs(seconds);
        self.now.wall = self.now.wall.saturating_add(step).unwrap();
    }

    /// A deadline that has passed is over after a few ticks.
    pub(in super::super) fn settle(&mut self) {
        for _ in 0..8 {
            match self.engine.deadline() {
                Some(at) if at <= self.now.monotonic => self.on(Input::Tick),
                Some(_) | None => return,
            }
        }
        panic!("it is woken without end: {:?}", self.engine);
    }

    /// The machine falls asleep: once the storage has done what it was asked, nothing wakes it.
    pub(in super::super) fn fall_asleep(&mut self) {
        self.command(Command::Suspend);
        // What waited for the storage before is no sign of being awake.
        for _ in 0..100 + self.pending.len() {
            self.settle();
            let is_storage = |output: &Output| matches!(output, Output::Storage(_));
            if let Some(index) = self.pending.iter().position(is_storage) {
                self.answer(index, How::Well);
            } else if let Some(at) = self.engine.deadline() {
                self.pass(at - self.now.monotonic);
            } else {
                return;
            }
        }
        panic!("it does not sleep: {:?}", self.engine);
    }

    /// Everything works again; gives how long it took until nothing is left to do.
    pub(in super::super) fn heal(&mut self) -> Duration {
        let begin = self.now.monotonic;
        if self.is_suspended {
            self.command(Command::Resume);
        }
        if self.engine.snapshot().phase == Phase::Off {
            self.command(Command::GoOnline);
        }
        self.look_again();
        while self.now.monotonic - begin < Duration::from_secs(3_600) {
            self.settle();
            if !self.pending.is_empty() {
                self.answer(0, How::Well);
            } else if self.repeats_wish() {
                // The person said it again.
            } else if self.is_well() {
                return self.now.monotonic - begin;
            } else {
                let at = self.engine.deadline();
                let at = at.unwrap_or_else(|| panic!("it stands still: {:?}", self.engine));
                self.pass(at - self.now.monotonic);
            }
        }
        panic!("an hour is not enough: {:?}", self.engine);
    }

    /// The server looks at the connection again, as it does every half minute.
    fn look_again(&mut self) {
        let number = self.connection;
        match self.server.of(number) {
            Some(name) => {
                let end = place(&name, self.server.head(&name));
                self.event(number, Event::Behind(end));
            }
            None => self.event(number, Event::Lost { may_return: true }),
        }
    }

    /// What the person wanted may have been lost with a program or a session that ended.
    fn repeats_wish(&mut self) -> bool {
        match (self.wish, self.engine.snapshot().standing) {
            (Some(name), Standing::NeedsIdentity { .. } | Standing::Nobody) => self.login(name),
            (Some(name), Standing::LoggedIn { user }) if user.as_str() != name => self.login(name),
            (None, Standing::NeedsIdentity { .. } | Standing::LoggedIn { .. }) => self.logout(),
            (Some(_), Standing::LoggedIn { .. })
            | (None, Standing::Nobody)
            | (_, Standing::LoggingIn { .. } | Standing::LoggingOut) => return false,
        }
        true
    }

    /// Whether the device is what its person wants, has everything and told everything.
    fn is_well(&self) -> bool {
        let snapshot = self.engine.snapshot();
        let is_right = match (self.wish, &snapshot.standing) {
            (Some(name), Standing::LoggedIn { user }) => {
                user.as_str() == name
                    && snapshot.phase == Phase::Online
                    && self.device.cursor == self.server.head(name)
                    && self.device.has_told_all()
            }
            (None, Standing::Nobody) => true,
            _ => false,
        };
        is_right && self.device.logouts.is_empty() && self.logins.is_empty()
    }

    /// The most that was asked in any minute; the times are in order.
    pub(in super::super) fn most_in_a_minute(times: &[Monotonic]) -> usize {
        let (mut first, mut most) = (0, 0);
        for (last, at) in times.iter().enumerate() {
            while *at - times[first] >= Duration::from_secs(60) {
                first += 1;
            }
            most = most.max(last + 1 - first);
        }
        most
    }
}
