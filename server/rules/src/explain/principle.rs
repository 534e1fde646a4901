//! The rules that statements follow from.

use vestnik_model::open::Word;

/// A rule of the server, by which something was done or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// What is accepted is stored first.
    Acceptance,
    /// Nobody is notified before the time that the sender named.
    Schedule,
    /// What is not critical waits while a person wants quiet.
    QuietHours,
    /// Who is a recipient.
    Audience,
    /// Which of a person's devices are meant.
    Devices,
    /// How a device can be reached at all.
    Reachability,
    /// A connected device has a few seconds to confirm before it is pushed to.
    AckWindow,
    /// A device that was not heard from is pushed to.
    Push,
    /// A try that failed for a while is repeated.
    Repetition,
    /// The next provider of a gateway is asked for what the one before is proven not to have.
    Providers,
    /// A try of unknown outcome is repeated under the same id, unless its sender wants it given up.
    Unproven,
    /// What a device could not decrypt is sent anew for its present key.
    Sealing,
    /// A failure for good is not repeated.
    Failure,
    /// The next step begins when a step did not reach its goal.
    Cascade,
    /// Only a device can confirm a delivery.
    Confirmation,
    /// What was not delivered in time is given up.
    Expiry,
    /// The sender may withdraw a notification.
    Withdrawal,
    /// A notification takes the place of earlier ones with its collapse key.
    Replacement,
    /// Late evidence counts.
    Lateness,
    /// A sender may have what was lost tried anew.
    Retry,
}

impl Rule {
    /// The word as it is written in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acceptance => "acceptance",
            Self::Schedule => "schedule",
            Self::QuietHours => "quiet_hours",
            Self::Audience => "audience",
            Self::Devices => "devices",
            Self::Reachability => "reachability",
            Self::AckWindow => "ack_window",
            Self::Push => "push",
            Self::Repetition => "repetition",
            Self::Providers => "providers",
            Self::Unproven => "unproven",
            Self::Sealing => "sealing",
            Self::Failure => "failure",
            Self::Cascade => "cascade",
            Self::Confirmation => "confirmation",
            Self::Expiry => "expiry",
            Self::Withdrawal => "withdrawal",
            Self::Replacement => "replacement",
            Self::Lateness => "lateness",
            Self::Retry => "retry",
        }
    }
}

impl Word for Rule {
    const WORDS: &'static [Self] = &[
        Self::Acceptance,
        Self::Schedule,
        Self::QuietHours,
        Self::Audience,
        Self::Devices,
        Self::Reachability,
        Self::AckWindow,
        Self::Push,
        Self::Repetition,
        Self::Providers,
        Self::Unproven,
        Self::Sealing,
        Self::Failure,
        Self::Cascade,
        Self::Confirmation,
        Self::Expiry,
        Self::Withdrawal,
        Self::Replacement,
        Self::Lateness,
        Self::Retry,
    ];

    fn as_str(&self) -> &str {
        Self::as_str(*self)
    }
}
