//! Reasons in English.

use vestnik_model::Reason;

/// A reason as the clause behind "because".
pub(super) const fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::DeviceNoneActive => "the person is not logged in on any device",
        Reason::DeviceNoPrimary => "the person has no primary device",
        Reason::DeviceAppNotInstalled => "the app is no longer on the device",
        Reason::DeviceAppTooOld => "the app on the device is too old",
        Reason::DeviceLiveTokenMissing => "the live card has no address on the device",
        Reason::DeviceNoAddress => "no push service reaches the device",
        Reason::BlockedOs => "notifications are switched off in the device's settings",
        Reason::BlockedApp => "notifications are switched off in the app",
        Reason::BlockedChannel => {
            "the person blocked this channel, or switched notifications of this kind off on the device"
        }
        Reason::OptoutCategory => "the person wants nothing of this category",
        Reason::OptoutAll => "the person wants no notifications",
        Reason::OptoutTopic => "the person left the topic",
        Reason::SuppressedDuplicate => "the person got the same notification before",
        Reason::SuppressedFrequencyCap => "the person was notified as often as is allowed",
        Reason::SuppressedQuietHours => "it fell into the person's quiet hours",
        Reason::SuppressedNoTimeZone => "the person's time zone is not known",
        Reason::SuppressedDigest => "it became a part of a digest",
        Reason::SuppressedSuperseded => "a newer notification took its place",
        Reason::ConfigProviderAuth => {
            "the App's credentials at the service were refused or cannot be read"
        }
        Reason::ConfigNoRoute => "the App has no usable account for this route",
        Reason::ConfigSenderNotAllowed => "the App's credentials are not valid for this app",
        Reason::ConfigQuota => "the App's quota at the service is used up",
        Reason::RecipientNoAddress => "the person has no address of this kind",
        Reason::TokenDead => "the device's address at the push service is dead",
        Reason::TokenMismatch => "the device's address belongs to another app",
        Reason::TokenWrongEnv => "the device's address belongs to the service's other environment",
        Reason::TokenOwnerMismatch => "the device is another person's by now",
        Reason::ProviderThrottled => "the service asked for a pause",
        Reason::ProviderUnavailable => "the service could not take it at that time",
        Reason::ProviderInternal => "the service failed",
        Reason::ProviderTimeout => "the service did not answer in time",
        Reason::ProviderPayloadTooLarge => "it is larger than the service takes",
        Reason::ProviderRejected => "the service refused the request",
        Reason::ProviderContentRejected => "the service refused what it says",
        Reason::ProviderUnproven => "the connection ended before the service answered",
        Reason::HubOffline => "the device was not connected",
        Reason::HubAckTimeout => "the device did not confirm it in time",
        Reason::ExpiredTtl => "its time to live ran out",
        Reason::ExpiredDeadline => "the sender's deadline had passed",
        Reason::ExpiredWindow => "the hours in which it could be sent had passed",
        Reason::DeliveryUnconfirmed => "no device confirmed it",
        Reason::DecryptFailed => "the device could not decrypt it",
        Reason::DecryptUnknownKey => "it was encrypted for a key that the device no longer has",
        Reason::OwnerMismatchDropped => "the device dropped it, since it was for another person",
        Reason::FallbackSwitched => "the next route took over",
        Reason::FallbackExhausted => "no route was left",
        Reason::EmailBounced => "the mailbox refused it",
        Reason::EmailComplaint => "the person reported an e-mail as unwanted",
        Reason::SmsUndeliverable => "the text message could not be delivered",
        Reason::CancelledSender => "the sender cancelled it",
        Reason::CancelledAdmin => "an operator cancelled it",
        Reason::Recalled => "the sender recalled it",
        Reason::Unknown => "the service gave an answer that is not documented",
    }
}
