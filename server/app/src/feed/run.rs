//! Entries as calls to a device, written once for all of a user's devices that are told the same.

use std::collections::VecDeque;

use vestnik_model::Cursor;
use vestnik_model::contract::{Entry, Envelope, StateChange, device};
use vestnik_signalr::server::Frame;

/// How many frames are kept for a user's other devices.
const KEPT: usize = 8;

/// The frames that a user's devices were told last.
#[derive(Debug, Default)]
pub(super) struct Frames(VecDeque<(Run, Frame)>);

impl Frames {
    /// The frame of a run.
    pub(super) fn of(&mut self, run: &Run) -> Frame {
        if let Some((_, frame)) = self.0.iter().find(|(kept, _)| kept == run) {
            return frame.clone();
        }
        let frame = run.frame();
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((run.clone(), frame.clone()));
        frame
    }
}

/// Entries of one kind in a row: one call to the device.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Run {
    Notifications(Vec<Envelope>),
    States(Vec<StateChange>),
}

impl Run {
    fn frame(&self) -> Frame {
        match self {
            Self::Notifications(envelopes) => Frame::new(device::NOTIFY, (envelopes.clone(),)),
            Self::States(changes) => Frame::new(device::STATE_CHANGED, (changes.clone(),)),
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Notifications(envelopes) => envelopes.len() as u64,
            Self::States(changes) => changes.len() as u64,
        }
    }

    pub(super) fn cursor(&self) -> Cursor {
        let last = match self {
            Self::Notifications(envelopes) => envelopes.last().map(|envelope| envelope.cursor),
            Self::States(changes) => changes.last().map(|change| change.cursor),
        };
        last.expect("a run has at least the entry it began with")
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        match self {
            Self::Notifications(envelopes) => envelopes
                .into_iter()
                .map(|envelope| Entry::Notification(Box::new(envelope)))
                .collect(),
            Self::States(changes) => changes.into_iter().map(Entry::State).collect(),
        }
    }
}

/// Cuts entries into runs, in order.
pub(super) fn runs(entries: Vec<Entry>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for entry in entries {
        match (entry, runs.last_mut()) {
            (Entry::Notification(envelope), Some(Run::Notifications(run))) => run.push(*envelope),
            (Entry::State(change), Some(Run::States(run))) => run.push(change),
            (Entry::Notification(envelope), _) => runs.push(Run::Notifications(vec![*envelope])),
            (Entry::State(change), _) => runs.push(Run::States(vec![change])),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use vestnik_model::{Epoch, NotificationId, contract::HistoryState};
    use vestnik_signalr::protocol::Protocol;

    use super::*;

    fn state(seq: u64) -> Entry {
        Entry::State(StateChange {
            cursor: Cursor {
                epoch: Epoch(1),
                seq,
            },
            id: NotificationId::from_uuid(uuid::Uuid::from_u128(1)),
            state: HistoryState::Read,
            at: jiff::Timestamp::UNIX_EPOCH,
        })
    }

    #[test]
    fn entries_of_one_kind_in_a_row_are_one_call() {
        let runs = runs(vec![state(1), state(2)]);
        assert_eq!(runs.len(), 1);
        assert_eq!((runs[0].len(), runs[0].cursor().seq), (2, 2));
    }

    #[test]
    fn what_two_devices_are_told_is_written_once() {
        let mut frames = Frames::default();
        let [first] = &runs(vec![state(1), state(2)])[..] else {
            panic!("one run");
        };
        let [other] = &runs(vec![state(2)])[..] else {
            panic!("one run");
        };
        let written = |frame: &Frame| frame.bytes(Protocol::Json).unwrap().clone();
        let told = written(&frames.of(first));
        assert_eq!(written(&frames.of(first)).as_ptr(), told.as_ptr());
        assert_ne!(written(&frames.of(other)), told);
        assert_eq!(written(&frames.of(first)).as_ptr(), told.as_ptr());
        for seq in 3..100 {
            frames.of(&runs(vec![state(seq)])[0]);
        }
        assert!(frames.0.len() <= KEPT);
    }
}
