//! Which toasts are on the screen, and which of them a signal of the service is about.

use std::collections::BTreeMap;

use vestnik_model::NotificationId;

use super::super::ToastEvent;

/// What the service says of a toast, by its own number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// The person clicked it.
    Invoked(u32),
    /// The person put it away.
    Dismissed(u32),
    /// It left in another way: it expired, or was taken back.
    Gone(u32),
    /// The service ended, and all toasts with it.
    ServiceGone,
}

/// The toasts on the screen.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// Toasts on the screen by the service's number.
    placed: BTreeMap<u32, NotificationId>,
    /// Toasts on their way.
    coming: BTreeMap<NotificationId, Coming>,
    /// Signals for numbers that are not known yet: a click can come before the answer that has the
    /// toast's number.
    early: BTreeMap<u32, Signal>,
}

/// A toast on its way, perhaps more than once.
#[derive(Debug, Default)]
struct Coming {
    times: u32,
    is_withdrawn: bool,
}

/// What follows from a toast that is on the screen now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Placed {
    /// What came of it already.
    pub(super) heard: Option<ToastEvent>,
    /// The numbers to take back: its own if it was withdrawn on its way, that of the one it replaced
    /// if the service does not replace.
    pub(super) leaving: Vec<u32>,
}

impl Board {
    /// A toast is given to the service.
    pub(super) fn begin(&mut self, id: NotificationId) {
        let coming = self.coming.entry(id).or_default();
        coming.times += 1;
        coming.is_withdrawn = false;
    }

    /// Whether a notification's toast is on the screen or on its way there.
    pub(super) fn holds(&self, id: NotificationId) -> bool {
        let is_coming = self
            .coming
            .get(&id)
            .is_some_and(|coming| !coming.is_withdrawn);
        is_coming || self.number(id).is_some()
    }

    /// The number of a notification's toast on the screen.
    pub(super) fn number(&self, id: NotificationId) -> Option<u32> {
        let mut placed = self.placed.iter();
        placed
            .find(|(_, placed)| **placed == id)
            .map(|(number, _)| *number)
    }

    /// The service took a toast and gave it a number.
    pub(super) fn place(&mut self, id: NotificationId, number: u32) -> Placed {
        let is_withdrawn = self.arrive(id);
        let early = self.early.remove(&number);
        self.forget_early();
        let mut leaving: Vec<u32> = self
            .placed
            .extract_if(.., |other, placed| *placed == id && *other != number)
            .map(|(other, _)| other)
            .collect();
        if is_withdrawn {
            self.placed.remove(&number);
            leaving.push(number);
            return Placed {
                heard: None,
                leaving,
            };
        }
        self.placed.insert(number, id);
        let heard = early.and_then(|signal| self.on_signal(signal));
        Placed { heard, leaving }
    }

    /// The service did not take a toast.
    pub(super) fn give_up(&mut self, id: NotificationId) {
        self.arrive(id);
        self.forget_early();
    }

    /// Takes toasts off; gives the numbers to close.
    pub(super) fn withdraw(&mut self, ids: &[NotificationId]) -> Vec<u32> {
        for id in ids {
            self.coming
                .entry(*id)
                .and_modify(|coming| coming.is_withdrawn = true);
        }
        self.placed
            .extract_if(.., |_, id| ids.contains(id))
            .map(|(number, _)| number)
            .collect()
    }

    /// Takes every toast off; gives the numbers to close.
    pub(super) fn withdraw_all(&mut self) -> Vec<u32> {
        for coming in self.coming.values_mut() {
            coming.is_withdrawn = true;
        }
        std::mem::take(&mut self.placed).into_keys().collect()
    }

    /// Takes a signal; gives what became of which toast, if it is one of ours. Whatever becomes of a
    /// toast, it leaves the board with it: services that close a clicked toast say so as if the person
    /// had put it away.
    pub(super) fn on_signal(&mut self, signal: Signal) -> Option<ToastEvent> {
        let number = match signal {
            Signal::Invoked(number) | Signal::Dismissed(number) | Signal::Gone(number) => number,
            Signal::ServiceGone => {
                self.placed.clear();
                return None;
            }
        };
        let Some(id) = self.placed.remove(&number) else {
            self.keep_early(number, signal);
            return None;
        };
        match signal {
            Signal::Invoked(_) => Some(ToastEvent::Opened(id)),
            Signal::Dismissed(_) => Some(ToastEvent::Dismissed(id)),
            Signal::Gone(_) | Signal::ServiceGone => None,
        }
    }

    /// One of the toasts on their way ended it; gives whether it was withdrawn meanwhile.
    fn arrive(&mut self, id: NotificationId) -> bool {
        let Some(coming) = self.coming.get_mut(&id) else {
            return false;
        };
        coming.times = coming.times.saturating_sub(1);
        let is_withdrawn = coming.is_withdrawn;
        if coming.times == 0 {
            self.coming.remove(&id);
        }
        is_withdrawn
    }

    /// The first signal of a toast is what counts.
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

    fn board_with(number: u32) -> Board {
        let mut board = Board::default();
        board.begin(id(1));
        assert_eq!(board.place(id(1), number), Placed::default());
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
            assert_eq!(board.on_signal(signal), told);
            let again = board.on_signal(Signal::Dismissed(7));
            assert_eq!(again, None, "after {signal:?}");
            assert_eq!(board.withdraw_all(), Vec::<u32>::new());
        }
    }

    #[test]
    fn what_others_show_is_not_ours() {
        assert_eq!(board_with(7).on_signal(Signal::Invoked(8)), None);
    }

    #[test]
    fn an_answer_faster_than_the_number_is_not_lost() {
        let mut board = Board::default();
        board.begin(id(1));
        assert_eq!(board.on_signal(Signal::Invoked(7)), None);
        assert_eq!(board.on_signal(Signal::Gone(7)), None);
        let placed = Placed {
            heard: Some(ToastEvent::Opened(id(1))),
            leaving: Vec::new(),
        };
        assert_eq!(board.place(id(1), 7), placed);
        assert!(!board.holds(id(1)));
    }

    #[test]
    fn early_signals_are_kept_only_while_a_toast_is_on_its_way() {
        let mut board = Board::default();
        board.begin(id(1));
        assert_eq!(board.on_signal(Signal::Invoked(9)), None);
        board.give_up(id(1));
        board.begin(id(2));
        assert_eq!(board.place(id(2), 9), Placed::default());
    }

    #[test]
    fn a_toast_withdrawn_on_its_way_leaves_as_soon_as_it_is_there() {
        let mut board = Board::default();
        board.begin(id(1));
        assert_eq!(board.withdraw(&[id(1)]), Vec::<u32>::new());
        assert!(!board.holds(id(1)));
        assert_eq!(board.place(id(1), 7).leaving, [7]);
        assert_eq!(board.withdraw_all(), Vec::<u32>::new());
    }

    #[test]
    fn a_toast_that_is_shown_again_after_it_was_withdrawn_stays() {
        let mut board = board_with(7);
        board.begin(id(1));
        assert_eq!(board.withdraw(&[id(1)]), [7]);
        board.begin(id(1));
        assert_eq!(board.place(id(1), 7), Placed::default());
        assert_eq!(board.place(id(1), 7), Placed::default());
        assert_eq!(board.number(id(1)), Some(7));
    }

    #[test]
    fn where_the_service_does_not_replace_the_older_toast_leaves() {
        let mut board = board_with(7);
        board.begin(id(1));
        assert_eq!(board.place(id(1), 8).leaving, [7]);
        assert_eq!(board.number(id(1)), Some(8));
    }

    #[test]
    fn withdrawing_gives_the_numbers_once() {
        let mut board = board_with(7);
        assert_eq!(board.withdraw(&[id(1), id(2)]), [7]);
        assert_eq!(board.withdraw_all(), Vec::<u32>::new());
        assert_eq!(board_with(3).withdraw_all(), [3]);
    }

    #[test]
    fn the_end_of_the_service_is_the_end_of_its_toasts() {
        let mut board = board_with(7);
        assert_eq!(board.on_signal(Signal::ServiceGone), None);
        assert_eq!(board.withdraw_all(), Vec::<u32>::new());
    }
}
