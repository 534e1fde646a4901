//! Faults that a test plants, to see that it finds them.
//!
//! Only the reference model of `tests/model` switches them on, one at a time and for one thread. Without
//! the feature `planted`, which no build that is shipped has, none is ever on and nothing of them is
//! compiled.

/// A fault. Most are of the first edition of the device, as a review proved them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// C1: an entry that this version cannot read stops all others.
    OpaqueBlocks,
    /// C2: a page that is too large to be read is asked for again as it was.
    PageLimitStays,
    /// C3: a logout while a call is under way is forgotten.
    LogoutIsForgotten,
    /// C4: after a failure a token that was refused is used again.
    RefusedTokenStays,
    /// C5: a history that is wiped keeps its place in the log.
    WipeKeepsCursor,
    /// C6: after a logout the next login is logged out.
    LogoutOfThePresent,
    /// C7: a live call that comes before the greeting's answer is forgotten.
    HeldIsForgotten,
    /// C8: an answer that is not the server's ends the session.
    PortalEndsSession,
    /// H3: a pause that is asked for has no bound.
    PauseIsBelieved,
    /// H4: a report that is refused is repeated as it was.
    RefusedReportRepeats,
    /// H8: nobody is told that a user's notifications are to be forgotten.
    FormerIsShown,
    /// H9: what was settled before a wipe never comes back into the history.
    SettledStaysOut,
    /// H10: what was read is shown all the same.
    ReadIsShown,
    /// H11: the device's clock is believed.
    ClockIsBelieved,
    /// H12: what was accepted before the login is shown.
    FirstSyncIsLoud,
    /// H14: tickets of a process that ended are never taken back.
    TicketsStayTaken,
    /// Entries that do not follow what the device has are applied.
    GapIsApplied,
    /// Facts leave the outbox before the server has answered.
    FactsGoUnanswered,
    /// What was read elsewhere stays on the screen.
    ReadStaysOnScreen,
    /// A newer revision is taken for a repetition.
    RevisionIsIgnored,
    /// An extension is not told what the app has shown.
    MarksAreNotLeft,
    /// What an extension has drawn is not taken in.
    SpoolIsForgotten,
    /// What an extension has drawn counts as not drawn.
    DrawnIsForgotten,
    /// The ticket of an extension that was killed is never taken back.
    KilledIsForgotten,
    /// What an extension was killed over counts as drawn.
    KilledCountsAsDrawn,
    /// A push for a former user is taken for the present one's.
    FormerPushIsTaken,
    /// Keys that were made anew are not kept.
    KeysAreNotKept,
    /// A push that does not open makes nobody tell the key again.
    KeyInDoubtIsNotTold,
    /// A push that does not open is not reported.
    DropIsNotReported,
    /// A push that comes twice has two tickets.
    TicketIsRepeated,
    /// What comes by a push alone is never shown.
    PushIsNeverDue,
    /// A push that comes twice is counted twice.
    DuplicateCountsAgain,
    /// A ticket of a process that ended does not say that it may be on the screen.
    AgainIsForgotten,
    /// A new address of a push service is not told.
    AddressStays,
    /// What an extension was given for a user stays when they log out.
    SpoolOutlivesLogout,
    /// What was read elsewhere before it came is shown.
    ReadArrivesLoud,
    /// An earlier revision that a slow push brings takes the place of a later one.
    OlderReplaces,
    /// What an extension is drawing at this moment is drawn by the app, too.
    UnsettledIsDue,
    /// What was recalled comes back by a slow push.
    RecalledComesBack,
    /// What was withdrawn by a push is drawn by a later one.
    WithdrawalIsForgotten,
    /// What has expired is shown.
    ExpiredIsShown,
    /// What was read or put away comes back on the screen by a push that comes once more.
    PutAwayComesBack,
}

impl Plant {
    /// Every fault.
    pub const ALL: [Self; 42] = [
        Self::OpaqueBlocks,
        Self::PageLimitStays,
        Self::LogoutIsForgotten,
        Self::RefusedTokenStays,
        Self::WipeKeepsCursor,
        Self::LogoutOfThePresent,
        Self::HeldIsForgotten,
        Self::PortalEndsSession,
        Self::PauseIsBelieved,
        Self::RefusedReportRepeats,
        Self::FormerIsShown,
        Self::SettledStaysOut,
        Self::ReadIsShown,
        Self::ClockIsBelieved,
        Self::FirstSyncIsLoud,
        Self::TicketsStayTaken,
        Self::GapIsApplied,
        Self::FactsGoUnanswered,
        Self::ReadStaysOnScreen,
        Self::RevisionIsIgnored,
        Self::MarksAreNotLeft,
        Self::SpoolIsForgotten,
        Self::DrawnIsForgotten,
        Self::KilledIsForgotten,
        Self::KilledCountsAsDrawn,
        Self::FormerPushIsTaken,
        Self::KeysAreNotKept,
        Self::KeyInDoubtIsNotTold,
        Self::DropIsNotReported,
        Self::TicketIsRepeated,
        Self::PushIsNeverDue,
        Self::DuplicateCountsAgain,
        Self::AgainIsForgotten,
        Self::AddressStays,
        Self::SpoolOutlivesLogout,
        Self::ReadArrivesLoud,
        Self::OlderReplaces,
        Self::UnsettledIsDue,
        Self::RecalledComesBack,
        Self::WithdrawalIsForgotten,
        Self::ExpiredIsShown,
        Self::PutAwayComesBack,
    ];

    /// Whether it is switched on in this thread.
    #[must_use]
    pub fn is_on(self) -> bool {
        switch::is_on(self)
    }
}

#[cfg(feature = "planted")]
pub use switch::plant;

#[cfg(feature = "planted")]
mod switch {
    use std::cell::Cell;

    use super::Plant;

    thread_local! {
        static ON: Cell<Option<Plant>> = const { Cell::new(None) };
    }

    /// Switches one fault on in this thread, or all off.
    pub fn plant(plant: Option<Plant>) {
        ON.set(plant);
    }

    pub(super) fn is_on(plant: Plant) -> bool {
        ON.get() == Some(plant)
    }
}

#[cfg(not(feature = "planted"))]
mod switch {
    pub(super) const fn is_on(_: super::Plant) -> bool {
        false
    }
}
