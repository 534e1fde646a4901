//! What follows from a reason: whether to try again, when the cascade goes on, what becomes of the
//! address.
//!
//! [`Reason`] is the registry of codes; this table says what the server does about each.

use vestnik_model::Reason;

/// Whether an attempt is repeated after a failure with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// No: the answer would be the same.
    Never,
    /// As it is, after a wait, while there is time.
    Later,
    /// Once more, as it is.
    Once,
    /// After the credentials were renewed or mended.
    AfterRenewal,
    /// Once, to the service's other environment.
    OtherEnvironment,
    /// Once, without its content: the device fetches it.
    WithoutContent,
    /// Once, sealed for the key that the device has now.
    WithNewKey,
}

/// When a cascade goes on to its next step after a failure with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escalation {
    /// At once.
    AtOnce,
    /// When the tries are used up.
    Exhausted,
    /// It does not: the person did not want it, or the sender withdrew it.
    Stops,
    /// The code says that a cascade went on, or ended.
    Itself,
}

/// What becomes of an address after a failure with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFate {
    /// It stays in use.
    Keep,
    /// It is dead, if the proof is newer than its last refresh.
    Kill,
    /// It stays, marked for the other environment if the push passes there, else it is dead.
    Move,
    /// It leaves the user: it is another person's.
    Detach,
}

/// What follows from a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consequences {
    /// Whether the attempt is repeated.
    pub retry: Retry,
    /// When the cascade goes on.
    pub escalation: Escalation,
    /// What becomes of the address.
    pub address: AddressFate,
}

/// What follows from a reason.
#[must_use]
pub const fn consequences(reason: Reason) -> Consequences {
    use {AddressFate::*, Escalation::*, Retry::*};
    let (retry, escalation, address) = match reason {
        Reason::DeviceNoneActive
        | Reason::DeviceNoPrimary
        | Reason::DeviceAppTooOld
        | Reason::DeviceLiveTokenMissing
        | Reason::DeviceNoAddress
        | Reason::BlockedOs
        | Reason::BlockedApp
        | Reason::ConfigNoRoute
        | Reason::ConfigSenderNotAllowed
        | Reason::ConfigQuota
        | Reason::RecipientNoAddress
        | Reason::HubOffline
        | Reason::HubAckTimeout
        | Reason::ExpiredTtl
        | Reason::DeliveryUnconfirmed
        | Reason::SmsUndeliverable
        | Reason::ProviderStoredOverwritten
        | Reason::ProviderDroppedInactive => (Never, AtOnce, Keep),
        Reason::DeviceAppNotInstalled
        | Reason::TokenDead
        | Reason::TokenMismatch
        | Reason::BlockedChannel
        | Reason::EmailBounced => (Never, AtOnce, Kill),
        Reason::TokenWrongEnv => (OtherEnvironment, AtOnce, Move),
        Reason::TokenOwnerMismatch | Reason::OwnerMismatchDropped => (Never, AtOnce, Detach),
        Reason::OptoutCategory
        | Reason::OptoutAll
        | Reason::OptoutTopic
        | Reason::SuppressedDuplicate
        | Reason::SuppressedFrequencyCap
        | Reason::SuppressedQuietHours
        | Reason::SuppressedNoTimeZone
        | Reason::SuppressedDigest
        | Reason::SuppressedSuperseded
        | Reason::ExpiredDeadline
        | Reason::ExpiredWindow
        | Reason::EmailComplaint
        | Reason::CancelledSender
        | Reason::CancelledAdmin
        | Reason::Recalled => (Never, Stops, Keep),
        Reason::ConfigProviderAuth => (AfterRenewal, Exhausted, Keep),
        Reason::ProviderThrottled
        | Reason::ProviderUnavailable
        | Reason::ProviderInternal
        | Reason::ProviderTimeout
        | Reason::ProviderUnproven => (Later, Exhausted, Keep),
        Reason::ProviderPayloadTooLarge
        | Reason::ProviderRejected
        | Reason::ProviderContentRejected => (WithoutContent, AtOnce, Keep),
        Reason::DecryptFailed | Reason::DecryptUnknownKey => (WithNewKey, AtOnce, Keep),
        Reason::FallbackSwitched | Reason::FallbackExhausted => (Never, Itself, Keep),
        Reason::Unknown => (Once, AtOnce, Keep),
    };
    Consequences {
        retry,
        escalation,
        address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(keep: impl Fn(Consequences) -> bool) -> Vec<&'static str> {
        let reasons = Reason::ALL.into_iter();
        let kept = reasons.filter(|reason| keep(consequences(*reason)));
        kept.map(Reason::as_str).collect()
    }

    /// The registry as its documentation has it.
    #[test]
    fn every_code_has_its_consequences() {
        assert_eq!(
            all(|of| of.address == AddressFate::Kill),
            [
                "device.app_not_installed",
                "blocked.channel",
                "token.dead",
                "token.mismatch",
                "email.bounced"
            ]
        );
        assert_eq!(
            all(|of| of.retry == Retry::Later),
            [
                "provider.throttled",
                "provider.unavailable",
                "provider.internal",
                "provider.timeout",
                "provider.unproven"
            ]
        );
        assert_eq!(
            all(|of| of.retry == Retry::WithoutContent),
            [
                "provider.payload_too_large",
                "provider.rejected",
                "provider.content_rejected"
            ]
        );
        assert_eq!(
            all(|of| of.escalation == Escalation::Exhausted),
            [
                "config.provider_auth",
                "provider.throttled",
                "provider.unavailable",
                "provider.internal",
                "provider.timeout",
                "provider.unproven"
            ]
        );
    }

    /// Who did not want a notification is not reached by another channel instead.
    #[test]
    fn no_opt_out_is_got_round_by_a_cascade() {
        for reason in Reason::ALL {
            let is_opt_out = reason.as_str().starts_with("optout.");
            let goes_on = consequences(reason).escalation != Escalation::Stops;
            assert!(!(is_opt_out && goes_on), "{reason}");
        }
    }
}
