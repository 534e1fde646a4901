//! What becomes of a notification that arrives.

use jiff::{SignedDuration, Timestamp};

use super::{
    clock::{ServerTime, shifted},
    suppression::Suppression,
};
use crate::planted::Plant;

/// A notification that arrives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arriving {
    pub(crate) revision: u32,
    pub(crate) accepted_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// It was read on another device.
    pub(crate) is_read: bool,
    /// What a notification extension did with it.
    pub(crate) drawn: Drawn,
    /// It came by a push service and not in the log.
    pub(crate) is_ahead: bool,
}

/// Whether a notification extension has drawn it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drawn {
    No,
    /// The extension is about to.
    Perhaps,
    /// The extension was about to, and has ended.
    Unsettled,
    Yes,
    /// It was not let, for this reason.
    Blocked(Suppression),
}

/// What a device has of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Have {
    Nothing,
    /// It is in the history.
    Row {
        revision: u32,
        /// It came by a push service and was not read in the log yet.
        is_ahead: bool,
    },
    /// It is not in the history and was recalled.
    Recalled,
    /// It left the history because of its age or their number.
    Pruned,
    /// Its show was settled before the history was wiped.
    Settled,
}

/// What was accepted before a moment goes into the history quietly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quiet {
    pub(crate) before: Timestamp,
    pub(crate) reason: Suppression,
}

/// A login is followed by the first page within this time, unless a clock was set.
const LOGIN: SignedDuration = SignedDuration::from_hours(24);

/// Corrects a moment that was taken from the device's clock, once the server's time is known: `now`, and
/// by how much the device's clock is off. `is_first` says that nothing of the log was read yet.
///
/// Between the two the device's clock may have been set by years. A moment that lies in the future would
/// make the device mute until then, so it is now; one that lies long before the first page would show
/// the whole log, so it is now, too.
pub(crate) fn corrected(
    before: Timestamp,
    offset: SignedDuration,
    (now, is_first): (Timestamp, bool),
) -> Timestamp {
    let before = shifted(before, offset);
    if is_first && before < shifted(now, -LOGIN) {
        now
    } else {
        before.min(now)
    }
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Insert(FirstShow),
    /// Its content replaces that of the history, in its place.
    Replace,
    /// It is the log's word on what came by a push service, which may have cut it short. If it differs,
    /// it replaces the content of the history.
    Confirm,
    Duplicate,
    /// The history has a newer revision.
    Older,
    /// It never comes back.
    Drop,
}

/// How the show of a new row begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstShow {
    Due,
    /// An extension has the ticket.
    Taken,
    Shown,
    Suppressed(Suppression),
}

pub(crate) fn admit(
    arriving: &Arriving,
    have: Have,
    quiet: Option<Quiet>,
    now: ServerTime,
) -> Admission {
    match have {
        Have::Row { revision, .. }
            if arriving.revision > revision && !Plant::RevisionIsIgnored.is_on() =>
        {
            Admission::Replace
        }
        Have::Row { revision, .. } if arriving.revision < revision => {
            if arriving.is_ahead && Plant::OlderReplaces.is_on() {
                return Admission::Replace;
            }
            Admission::Older
        }
        Have::Row { is_ahead: true, .. } if !arriving.is_ahead => Admission::Confirm,
        Have::Row { .. } => Admission::Duplicate,
        Have::Recalled if arriving.is_ahead && Plant::RecalledComesBack.is_on() => {
            Admission::Insert(FirstShow::Due)
        }
        Have::Recalled | Have::Pruned => Admission::Drop,
        Have::Settled if Plant::SettledStaysOut.is_on() => Admission::Drop,
        Have::Settled => Admission::Insert(FirstShow::Suppressed(Suppression::AlreadyShown)),
        Have::Nothing => Admission::Insert(first_show(arriving, quiet, now)),
    }
}

fn first_show(arriving: &Arriving, quiet: Option<Quiet>, now: ServerTime) -> FirstShow {
    let quiet = quiet.filter(|quiet| arriving.accepted_at < quiet.before);
    match (arriving.drawn, quiet) {
        (Drawn::Yes, _) => FirstShow::Shown,
        _ if arriving.is_read && !Plant::ReadArrivesLoud.is_on() => {
            FirstShow::Suppressed(Suppression::Read)
        }
        (Drawn::Blocked(reason), _) => FirstShow::Suppressed(reason),
        (Drawn::Unsettled, _) if Plant::UnsettledIsDue.is_on() => FirstShow::Due,
        (Drawn::Perhaps | Drawn::Unsettled, _) => FirstShow::Taken,
        (Drawn::No, Some(quiet)) => FirstShow::Suppressed(quiet.reason),
        (Drawn::No, None) if now.is_past(arriving.expires_at) && !Plant::ExpiredIsShown.is_on() => {
            FirstShow::Suppressed(Suppression::Expired)
        }
        (Drawn::No, None) if arriving.is_ahead && Plant::PushIsNeverDue.is_on() => {
            FirstShow::Suppressed(Suppression::Unreadable)
        }
        (Drawn::No, None) => FirstShow::Due,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rule::clock::{Offset, server_time};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn arriving() -> Arriving {
        Arriving {
            revision: 0,
            accepted_at: at(100),
            expires_at: at(200),
            is_read: false,
            drawn: Drawn::No,
            is_ahead: false,
        }
    }

    fn row(revision: u32) -> Have {
        Have::Row {
            revision,
            is_ahead: false,
        }
    }

    fn now(second: i64) -> ServerTime {
        server_time(at(second), Offset::Heard(SignedDuration::ZERO))
    }

    fn quiet(second: i64) -> Option<Quiet> {
        Some(Quiet {
            before: at(second),
            reason: Suppression::FirstSync,
        })
    }

    fn check(arriving: Arriving, quiet: Option<Quiet>, now: ServerTime, expected: FirstShow) {
        let admitted = admit(&arriving, Have::Nothing, quiet, now);
        assert_eq!(admitted, Admission::Insert(expected), "{arriving:?}");
    }

    #[test]
    fn what_is_new_is_due_unless_there_is_a_reason() {
        use FirstShow::{Due, Shown, Suppressed, Taken};
        let read = Arriving {
            is_read: true,
            ..arriving()
        };
        let drawn = |drawn| Arriving {
            drawn,
            ..arriving()
        };
        check(arriving(), None, now(150), Due);
        check(arriving(), quiet(100), now(150), Due);
        check(
            arriving(),
            quiet(101),
            now(150),
            Suppressed(Suppression::FirstSync),
        );
        check(arriving(), None, now(200), Suppressed(Suppression::Expired));
        check(read, None, now(150), Suppressed(Suppression::Read));
        check(drawn(Drawn::Perhaps), quiet(101), now(250), Taken);
        check(drawn(Drawn::Yes), quiet(101), now(250), Shown);
        let blocked = Suppression::BlockedOs;
        check(
            drawn(Drawn::Blocked(blocked)),
            None,
            now(150),
            Suppressed(blocked),
        );
    }

    #[test]
    fn a_moment_by_a_wrong_clock_is_corrected() {
        let hour = SignedDuration::from_hours(1);
        let day = 86_400;
        for (before, is_first, expected) in [
            (0, true, 2 * day),
            (0, false, 3_600),
            (90 * day, true, 2 * day),
            (90 * day, false, 2 * day),
            (-90 * day, true, 2 * day),
            (-90 * day, false, -90 * day + 3_600),
            (day, true, day + 3_600),
        ] {
            let found = corrected(at(before), hour, (at(2 * day), is_first));
            assert_eq!(found, at(expected), "{before} {is_first}");
        }
    }

    #[test]
    fn an_unknown_and_a_doubtful_time_expire_nothing() {
        for offset in [Offset::Unknown, Offset::Kept(SignedDuration::ZERO)] {
            check(
                arriving(),
                None,
                server_time(at(9_999), offset),
                FirstShow::Due,
            );
        }
    }

    #[test]
    fn what_the_device_has_decides_first() {
        let second = Arriving {
            revision: 2,
            ..arriving()
        };
        let settled = FirstShow::Suppressed(Suppression::AlreadyShown);
        let ahead = |revision| Have::Row {
            revision,
            is_ahead: true,
        };
        let cases = [
            (row(1), Admission::Replace),
            (row(2), Admission::Duplicate),
            (row(3), Admission::Older),
            (ahead(1), Admission::Replace),
            (ahead(2), Admission::Confirm),
            (ahead(3), Admission::Older),
            (Have::Recalled, Admission::Drop),
            (Have::Pruned, Admission::Drop),
            (Have::Settled, Admission::Insert(settled)),
        ];
        for (have, expected) in cases {
            assert_eq!(admit(&second, have, None, now(150)), expected, "{have:?}");
        }
        let pushed = Arriving {
            is_ahead: true,
            ..second
        };
        let again = admit(&pushed, ahead(2), None, now(150));
        assert_eq!(again, Admission::Duplicate);
    }

    proptest! {
        /// The highest revision wins in whatever order revisions come, and each is applied once.
        #[test]
        fn revisions_only_grow(revisions in prop::collection::vec(0..6_u32, 1..20)) {
            let mut have = Have::Nothing;
            for revision in &revisions {
                let one = Arriving { revision: *revision, ..arriving() };
                match admit(&one, have, None, now(150)) {
                    Admission::Insert(_) | Admission::Replace => {
                        have = row(*revision);
                    }
                    Admission::Confirm
                    | Admission::Duplicate
                    | Admission::Older
                    | Admission::Drop => {}
                }
            }
            let highest = revisions.iter().max().copied().unwrap();
            prop_assert_eq!(have, row(highest));
        }
    }
}
