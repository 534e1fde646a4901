//! Entries as calls to devices, encoded once for all devices that are sent the same.

use std::collections::VecDeque;

use vestnik_model::{
    Entry,
    contract::{Entries, device},
};
use vestnik_rules::log::Place;
use vestnik_signalr::server::Frame;
use vestnik_store::logs::StretchEntry;

/// How many frames of a stretch are kept for the user's other devices.
const KEPT: usize = 8;

/// What a device is sent of a stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) after: Place,
    pub(super) to: Place,
    /// Indexes into the stretch.
    pub(super) given: Vec<usize>,
}

/// The frames of one stretch that were sent last.
#[derive(Debug, Default)]
pub(super) struct Frames(VecDeque<(Share, Frame)>);

impl Frames {
    /// The frame of a share.
    pub(super) fn of(&mut self, share: &Share, stretch: &[StretchEntry]) -> Frame {
        if let Some((_, frame)) = self.0.iter().find(|(kept, _)| kept == share) {
            return frame.clone();
        }
        let frame = frame(share, stretch);
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((share.clone(), frame.clone()));
        frame
    }
}

fn frame(share: &Share, stretch: &[StretchEntry]) -> Frame {
    let entries: Vec<Entry> = share
        .given
        .iter()
        .filter_map(|index| stretch.get(*index)?.entry.clone())
        .collect();
    let entries = Entries {
        after: share.after.cursor(),
        cursor: share.to.cursor(),
        entries,
    };
    Frame::new(device::ENTRIES, (entries,))
}
