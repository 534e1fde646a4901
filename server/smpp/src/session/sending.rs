//! One message in a session: which of its parts is next, and what it comes to.

use std::{collections::VecDeque, time::Duration};

use rusmpp::pdus::SubmitSm;
use vestnik_clock::Monotonic;

use crate::{
    arrival::MessageId,
    message::Submission,
    outcome::{Outcome, Said, Verdict},
};

/// How long a message's parts wait after one was not taken for now, the first time in a row and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// One message in a session.
pub(super) struct Sending {
    parts: Vec<Part>,
    /// The parts that are to be written, by their numbers.
    waiting: VecDeque<usize>,
    asked: usize,
    /// Why a part was not taken at last.
    refused: Option<(Verdict, Said)>,
    /// Why a part was not taken for now.
    delayed: Option<(Verdict, Said)>,
    /// Until when parts are repeated that were not taken for now.
    until: Monotonic,
    /// When the next part is written at the earliest, and how often in a row one was not taken for now.
    pause: (Option<Monotonic>, u32),
}

struct Part {
    pdu: SubmitSm,
    end: Option<End>,
}

enum End {
    Taken(Option<MessageId>),
    /// It was written, and nobody knows.
    Unanswered,
}

impl Sending {
    /// A message whose first part is to be written.
    pub(super) fn new(submission: Submission) -> Self {
        let pdus = submission.into_parts().into_iter();
        Self {
            parts: pdus.map(|pdu| Part { pdu, end: None }).collect(),
            waiting: VecDeque::from([0]),
            asked: 0,
            refused: None,
            delayed: None,
            until: Monotonic::MAX,
            pause: (None, 0),
        }
    }

    /// Whether a part is to be written now.
    pub(super) fn is_due(&self, now: Monotonic) -> bool {
        let (next, _) = self.pause;
        self.is_waiting() && next.is_none_or(|next| next <= now)
    }

    /// When a part is to be written that waits for its time.
    pub(super) fn due(&self, now: Monotonic) -> Option<Monotonic> {
        let (next, _) = self.pause;
        self.is_waiting().then(|| next.unwrap_or(now))
    }

    /// Whether a part is to be written.
    fn is_waiting(&self) -> bool {
        self.refused.is_none() && !self.is_unanswered() && !self.waiting.is_empty()
    }

    /// The next part to be written, with its number.
    pub(super) fn take(&mut self, now: Monotonic) -> Option<(usize, SubmitSm)> {
        if !self.is_due(now) {
            return None;
        }
        let number = self.waiting.pop_front()?;
        self.asked += 1;
        Some((number, self.parts.get(number)?.pdu.clone()))
    }

    /// A part was taken. Once the first is, the others may follow until a time.
    pub(super) fn on_taken(&mut self, number: usize, id: Option<MessageId>, until: Monotonic) {
        self.asked = self.asked.saturating_sub(1);
        self.delayed = None;
        self.pause.1 = 0;
        self.end(number, End::Taken(id));
        if self.until == Monotonic::MAX {
            self.until = until;
            self.waiting.extend(1..self.parts.len());
        }
    }

    /// A part was refused.
    pub(super) fn on_refused(&mut self, number: usize, why: (Verdict, Said), now: Monotonic) {
        self.asked = self.asked.saturating_sub(1);
        let is_passing = match why.0 {
            Verdict::Retry { .. } | Verdict::Throttled { .. } => true,
            Verdict::Accepted { .. }
            | Verdict::Dead { .. }
            | Verdict::Rejected { .. }
            | Verdict::Refused { .. }
            | Verdict::Unproven { .. } => false,
        };
        let has_begun = self.until != Monotonic::MAX;
        if is_passing && has_begun && now < self.until {
            self.waiting.push_back(number);
            self.delayed = Some(why);
            self.pause(now);
        } else if self.refused.is_none() {
            self.refused = Some(why);
        }
    }

    /// Parts that were under way together do not make it longer.
    fn pause(&mut self, now: Monotonic) {
        let (next, row) = self.pause;
        if next.is_none_or(|next| next <= now) {
            let (first, most) = PAUSE;
            let pause = first.saturating_mul(1 << row.min(16)).min(most);
            self.pause = (Some(now + pause), row.saturating_add(1));
        }
    }

    /// A part was written, and its answer is not waited for any more.
    pub(super) fn on_unanswered(&mut self, number: usize) {
        self.asked = self.asked.saturating_sub(1);
        self.end(number, End::Unanswered);
    }

    /// A part was not written, and will not be.
    pub(super) fn on_unwritten(&mut self, number: usize) {
        self.asked = self.asked.saturating_sub(1);
        self.waiting.push_front(number);
    }

    fn end(&mut self, number: usize, end: End) {
        if let Some(part) = self.parts.get_mut(number) {
            part.end = Some(end);
        }
    }

    /// Until when parts are repeated, while nothing but that is waited for.
    pub(super) fn until(&self) -> Option<Monotonic> {
        let waits = self.asked == 0 && self.is_waiting() && self.delayed.is_some();
        waits.then_some(self.until)
    }

    /// Whether nothing of it is to come. A part that only waits for its turn is to come: who has paid for the first
    /// ones gets the message.
    pub(super) fn is_over(&self, now: Monotonic) -> bool {
        let is_too_late = self.delayed.is_some() && self.until <= now;
        self.asked == 0 && (!self.is_waiting() || is_too_late)
    }

    fn is_unanswered(&self) -> bool {
        let ends = self.parts.iter().filter_map(|part| part.end.as_ref());
        ends.into_iter().any(|end| matches!(end, End::Unanswered))
    }

    /// What it comes to.
    pub(super) fn into_outcome(self) -> Outcome {
        let (parts, is_unanswered) = (self.parts.len(), self.is_unanswered());
        let is_whole = self.parts.iter().all(|part| part.end.is_some());
        let ends = self.parts.into_iter().filter_map(|part| part.end);
        let ids: Vec<_> = ends
            .filter_map(|end| match end {
                End::Taken(id) => Some(id),
                End::Unanswered => None,
            })
            .collect();
        let (verdict, said) = match self.refused.or(self.delayed) {
            _ if is_whole && is_unanswered => (Verdict::UNPROVEN, None),
            _ if is_whole => {
                let id = ids.last().cloned().flatten();
                (Verdict::Accepted { id }, None)
            }
            Some((verdict, said)) => (verdict, Some(said)),
            None => (Verdict::UNAVAILABLE, None),
        };
        Outcome {
            verdict,
            said,
            ids,
            parts,
        }
    }
}

/// Shows how far it is.
impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending")
            .field("parts", &self.parts.len())
            .field("waiting", &self.waiting)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}
