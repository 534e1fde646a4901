//! Which toasts are on the screen, and whose the daemon's signals are.

use std::collections::BTreeMap;

use vestnik_model::NotificationId;

use super::super::ToastEvent;

/// What the daemon says of a toast, by its own number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// The person clicked it.
    Invoked(u32),
    /// The person put it away.
    Dismissed(u32),
    /// It left in another way: it expired, or we took it back.
    Gone(u32),
    /// The daemon ended, and all toasts with it.
    DaemonGone,
}

/// The toasts on the screen, each with the handle that keeps it there.
#[derive(Debug)]
pub(super) struct Board<H> {
    /// Toasts on the screen by the daemon's number.
    placed: BTreeMap<u32, (NotificationId, H)>,
    /// Toasts on their way, and whether each was withdrawn meanwhile.
    coming: BTreeMap<NotificationId, bool>,
    /// Signals for numbers not known yet: a fast person answers before the daemon has told us the
    /// toast's number.
    early: BTreeMap<u32, Signal>,
}

/// What follows from a toast's being up.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placed<H> {
    /// It stays, and this was already heard of it, if anything.
    Stays(Option<ToastEvent>),
    /// It was withdrawn on its way: close it.
    Leaves(H),
}

impl<H> Default for Board<H> {
    fn default() -> Self {
        Self {
            placed: BTreeMap::new(),
            coming: BTreeMap::new(),
            early: BTreeMap::new(),
        }
    }
}

impl<H> Board<H> {
    /// A toast is given to the daemon.
    pub(super) fn begin(&mut self, id: NotificationId) {
        self.coming.insert(id, false);
    }

    /// The daemon took a toast and gave it a number.
    pub(super) fn place(&mut self, id: NotificationId, number: u32, handle: H) -> Placed<H> {
        let is_withdrawn = self.coming.remove(&id).unwrap_or(false);
        let early = self.early.remove(&number);
        self.forget_early();
        if is_withdrawn {
            return Placed::Leaves(handle);
        }
        self.placed.insert(number, (id, handle));
        Placed::Stays(early.and_then(|signal| self.hear(signal)))
    }

    /// The daemon did not take a toast.
    pub(super) fn give_up(&mut self, id: NotificationId) {
        self.coming.remove(&id);
        self.forget_early();
    }

    /// Takes toasts off; returns the handles to close.
    pub(super) fn withdraw(&mut self, ids: &[NotificationId]) -> Vec<H> {
        for id in ids {
            self.coming
                .entry(*id)
                .and_modify(|withdrawn| *withdrawn = true);
        }
        self.placed
            .extract_if(.., |_, (id, _)| ids.contains(id))
            .map(|(_, (_, handle))| handle)
            .collect()
    }

    /// Takes every toast off; returns the handles to close.
    pub(super) fn withdraw_all(&mut self) -> Vec<H> {
        self.coming
            .values_mut()
            .for_each(|withdrawn| *withdrawn = true);
        std::mem::take(&mut self.placed)
            .into_values()
            .map(|(_, handle)| handle)
            .collect()
    }

    /// Hears the daemon; says what became of which toast, if it is one of ours. Whatever becomes of
    /// a toast, it leaves the board with it: daemons that close a clicked toast say so as if the
    /// person had put it away.
    pub(super) fn hear(&mut self, signal: Signal) -> Option<ToastEvent> {
        let number = match signal {
            Signal::Invoked(number) | Signal::Dismissed(number) | Signal::Gone(number) => number,
            Signal::DaemonGone => {
                self.placed.clear();
                return None;
            }
        };
        let Some((id, _)) = self.placed.remove(&number) else {
            self.keep_early(number, signal);
            return None;
        };
        match signal {
            Signal::Invoked(_) => Some(ToastEvent::Opened(id)),
            Signal::Dismissed(_) => Some(ToastEvent::Dismissed(id)),
            Signal::Gone(_) | Signal::DaemonGone => None,
        }
    }

    /// The first thing heard of a toast is what counts.
    fn keep_early(&mut self, number: u32, signal: Signal) {
        if !self.coming.is_empty() {
            self.early.entry(number).or_insert(signal);
        }
    }

    /// Signals for unknown numbers can only be ours while a toast is on its way.
    fn forget_early(&mut self) {
        if self.coming.is_empty() {
            self.early.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> NotificationId {
        format!("ntf_{number:032x}").parse().unwrap()
    }

    fn board_with(number: u32) -> Board<&'static str> {
        let mut board = Board::default();
        board.begin(id(1));
        assert_eq!(board.place(id(1), number, "handle"), Placed::Stays(None));
        board
    }

    #[test]
    fn what_becomes_of_a_toast_is_told_once() {
        for (signal, told) in [
            (Signal::Invoked(7), Some(ToastEvent::Opened(id(1)))),
            (Signal::Dismissed(7), Some(ToastEvent::Dismissed(id(1)))),
            (Signal::Gone(7), None),
        ] {
            let mut board = board_with(7);
            assert_eq!(board.hear(signal), told);
            assert_eq!(board.hear(Signal::Dismissed(7)), None, "after {signal:?}");
            assert_eq!(board.withdraw_all(), Vec::<&str>::new());
        }
    }

    #[test]
    fn what_others_show_is_not_ours() {
        assert_eq!(board_with(7).hear(Signal::Invoked(8)), None);
    }

    #[test]
    fn an_answer_faster_than_the_number_is_not_lost() {
        let mut board = Board::default();
        board.begin(id(1));
        assert_eq!(board.hear(Signal::Invoked(7)), None);
        assert_eq!(board.hear(Signal::Gone(7)), None);
        let heard = Some(ToastEvent::Opened(id(1)));
        assert_eq!(board.place(id(1), 7, "handle"), Placed::Stays(heard));
    }

    #[test]
    fn early_signals_are_kept_only_while_a_toast_is_on_its_way() {
        let mut board = Board::<&str>::default();
        board.begin(id(1));
        assert_eq!(board.hear(Signal::Invoked(9)), None);
        board.give_up(id(1));
        board.begin(id(2));
        assert_eq!(board.place(id(2), 9, "handle"), Placed::Stays(None));
    }

    #[test]
    fn a_toast_withdrawn_on_its_way_leaves_as_soon_as_it_is_up() {
        let mut board = Board::default();
        board.begin(id(1));
        assert_eq!(board.withdraw(&[id(1)]), Vec::<&str>::new());
        assert_eq!(board.place(id(1), 7, "handle"), Placed::Leaves("handle"));
    }

    #[test]
    fn withdrawing_gives_back_the_handles_once() {
        let mut board = board_with(7);
        assert_eq!(board.withdraw(&[id(1), id(2)]), ["handle"]);
        assert_eq!(board.withdraw_all(), Vec::<&str>::new());
        assert_eq!(board_with(3).withdraw_all(), ["handle"]);
    }

    #[test]
    fn the_end_of_the_daemon_is_the_end_of_its_toasts() {
        let mut board = board_with(7);
        assert_eq!(board.hear(Signal::DaemonGone), None);
        assert_eq!(board.withdraw_all(), Vec::<&str>::new());
    }
}
