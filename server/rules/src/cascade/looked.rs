//! What a look comes to.

use jiff::Timestamp;
use vestnik_model::{InstallationId, Reason, publish::StepChannel};

use super::{Course, Target};
use crate::{
    attempt::{Attempt, State},
    device::Opens,
};

/// A step gave way to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Switch {
    /// The route of the step.
    pub from: StepChannel,
    /// The route of the next one.
    pub to: StepChannel,
    /// Why.
    pub reason: Reason,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// What is to be tried now.
    pub tries: Vec<Target>,
    /// To whom the delivery is to be opened first.
    pub opens: Option<Opens>,
    /// The installations that have it, which is to be noted before it is opened: its entry gets another place
    /// in the log, and that they have read up to the former one says nothing then.
    pub proven: Vec<InstallationId>,
    /// Where the delivery stands, and when to look again.
    pub course: Course,
    /// Which steps gave way to the next, in order.
    pub switches: Vec<Switch>,
    /// The attempts that have no further try, as they are from now on: nobody needs it any more, or their
    /// sender wants none after one of which nobody knows whether it was taken.
    pub ends: Vec<(Target, Attempt)>,
    /// Why the delivery ends, if it does.
    pub end: Option<Reason>,
    /// Whether its step reached its goal in time: the steps behind it do not begin.
    pub is_reached: bool,
}

impl Looked {
    /// A look that finds nothing to do.
    #[must_use]
    pub const fn at(course: Course) -> Self {
        Self {
            tries: Vec::new(),
            opens: None,
            proven: Vec::new(),
            course,
            switches: Vec::new(),
            ends: Vec::new(),
            end: None,
            is_reached: false,
        }
    }

    /// Ends the attempts at these targets that wait for a try: their step had no time for it. One that may have been
    /// taken is left to whoever settles it.
    pub(super) fn drop_tries(&mut self, targets: &[Target], attempts: &[(Target, &Attempt)]) {
        let its = attempts.iter().filter(|(to, _)| targets.contains(to));
        let waiting = its.filter(|(_, attempt)| match attempt.state {
            State::Begun | State::Retrying => true,
            State::Sending | State::Sent | State::Failed => false,
        });
        let ended = waiting.map(|(to, attempt)| (*to, Attempt::clone(attempt).dropped()));
        self.ends.extend(ended);
    }

    /// The same for somebody who opens no delivery, begins no tries and takes the hours of its schedule for
    /// open: what is to be done is left to a dispatch, which looks at once at the delivery as it stood
    /// `before`. What ends with nothing left to be done ends.
    #[must_use]
    pub fn left_to_dispatch(self, before: Course, now: Timestamp) -> Self {
        let goes_on = self.course.step != before.step && self.end.is_none();
        let changes = self.opens.is_some() || !self.ends.is_empty() || !self.tries.is_empty();
        if !changes && !goes_on {
            return self;
        }
        Self::at(Course {
            due_at: Some(now),
            is_put_off: false,
            ..before
        })
    }
}
