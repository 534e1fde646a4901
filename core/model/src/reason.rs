//! Why a delivery went no further, or was held back: a closed registry of `class.detail` codes that
//! only grows.
//!
//! A code is the same word in a delivery, in one of its attempts and in an explanation. What follows
//! from each (whether to retry, whether to go on to the next channel, what becomes of the address) is
//! the server's to decide: `vestnik_rules::reason`.
//!
//! A code whose documentation begins with *Reserved* is given by nothing yet; `cargo xtask tidy` checks that.

use crate::{open::words, status::DeliveryStatus};

/// Why a delivery or one of its attempts went no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The user has no installation to deliver to.
    DeviceNoneActive,
    /// The user has no primary installation, and only that one was asked for.
    DeviceNoPrimary,
    /// The app is not on the device any more.
    DeviceAppNotInstalled,
    /// The app is older than the sender allows.
    DeviceAppTooOld,
    /// Reserved: there is no token of this live card.
    DeviceLiveTokenMissing,
    /// No push service reaches the installation.
    DeviceNoAddress,
    /// The system lets the app show nothing.
    BlockedOs,
    /// The person switched notifications off in the app.
    BlockedApp,
    /// The person switched this kind of notification off in the system, or blocked the gateway.
    BlockedChannel,
    /// The person wants nothing of this category.
    OptoutCategory,
    /// The person wants no notifications.
    OptoutAll,
    /// The person left the topic.
    OptoutTopic,
    /// Reserved: the same was sent to this person before.
    SuppressedDuplicate,
    /// Reserved: the person was notified too often.
    SuppressedFrequencyCap,
    /// Reserved: it is the person's quiet time, and the notification does not wait.
    SuppressedQuietHours,
    /// The person's time zone is not known, and the sender wants such people left out.
    SuppressedNoTimeZone,
    /// Reserved: it became a part of a digest.
    SuppressedDigest,
    /// A newer one took its place.
    SuppressedSuperseded,
    /// The service refused our credentials.
    ConfigProviderAuth,
    /// There is no provider for this channel.
    ConfigNoRoute,
    /// The credentials are good, but not for this app, project or topic.
    ConfigSenderNotAllowed,
    /// The provider's quota is used up, or its bill is not paid.
    ConfigQuota,
    /// The user has no address of this kind: no e-mail address, no phone number.
    RecipientNoAddress,
    /// The address is no longer in use, or never was an address.
    TokenDead,
    /// The address belongs to another sender or another app.
    TokenMismatch,
    /// The address may belong to the service's other environment.
    TokenWrongEnv,
    /// The address is another person's by now, or the app on the device has another one.
    TokenOwnerMismatch,
    /// Too many requests in too short a time.
    ProviderThrottled,
    /// The service cannot take requests at the moment.
    ProviderUnavailable,
    /// The service failed.
    ProviderInternal,
    /// The service gave up waiting, or did not answer in time.
    ProviderTimeout,
    /// The push is larger than the service takes.
    ProviderPayloadTooLarge,
    /// The service refused the request for what it contains.
    ProviderRejected,
    /// The service refused what the notification says.
    ProviderContentRejected,
    /// The service took the push and kept it for the device, and newer ones took its place.
    ProviderStoredOverwritten,
    /// The service took the push and dropped it: the device was not connected for a month.
    ProviderDroppedInactive,
    /// Whether the service took it is not known: the connection ended before its answer.
    ProviderUnproven,
    /// The device was not connected.
    HubOffline,
    /// Reserved: the device did not confirm in time what was written to its connection.
    HubAckTimeout,
    /// Its time to live ran out before it was handed over.
    ExpiredTtl,
    /// It could not be sent before the sender's deadline.
    ExpiredDeadline,
    /// The window in which it could be sent was missed.
    ExpiredWindow,
    /// It was handed over, and no device confirmed it before its time to live ran out.
    DeliveryUnconfirmed,
    /// The device could not open the envelope.
    DecryptFailed,
    /// The envelope was sealed for a key that the device does not have.
    DecryptUnknownKey,
    /// The device dropped it, because it is for another user.
    OwnerMismatchDropped,
    /// The next channel took over.
    FallbackSwitched,
    /// Reserved: no channel is left.
    FallbackExhausted,
    /// The mailbox does not exist, or refuses mail for good.
    EmailBounced,
    /// Reserved: the person marked a letter as unwanted.
    EmailComplaint,
    /// The short message could not be delivered.
    SmsUndeliverable,
    /// The sender cancelled it before it was handed over.
    CancelledSender,
    /// Reserved: an operator cancelled it before it was handed over.
    CancelledAdmin,
    /// The sender withdrew it.
    Recalled,
    /// The service answered what its documentation does not describe.
    Unknown,
}

words!(Reason {
    DeviceNoneActive = "device.none_active",
    DeviceNoPrimary = "device.no_primary",
    DeviceAppNotInstalled = "device.app_not_installed",
    DeviceAppTooOld = "device.app_too_old",
    DeviceLiveTokenMissing = "device.live_token_missing",
    DeviceNoAddress = "device.no_address",
    BlockedOs = "blocked.os",
    BlockedApp = "blocked.app",
    BlockedChannel = "blocked.channel",
    OptoutCategory = "optout.category",
    OptoutAll = "optout.all",
    OptoutTopic = "optout.topic",
    SuppressedDuplicate = "suppressed.duplicate",
    SuppressedFrequencyCap = "suppressed.frequency_cap",
    SuppressedQuietHours = "suppressed.quiet_hours",
    SuppressedNoTimeZone = "suppressed.no_time_zone",
    SuppressedDigest = "suppressed.digest",
    SuppressedSuperseded = "suppressed.superseded",
    ConfigProviderAuth = "config.provider_auth",
    ConfigNoRoute = "config.no_route",
    ConfigSenderNotAllowed = "config.sender_not_allowed",
    ConfigQuota = "config.quota",
    RecipientNoAddress = "recipient.no_address",
    TokenDead = "token.dead",
    TokenMismatch = "token.mismatch",
    TokenWrongEnv = "token.wrong_env",
    TokenOwnerMismatch = "token.owner_mismatch",
    ProviderThrottled = "provider.throttled",
    ProviderUnavailable = "provider.unavailable",
    ProviderInternal = "provider.internal",
    ProviderTimeout = "provider.timeout",
    ProviderPayloadTooLarge = "provider.payload_too_large",
    ProviderRejected = "provider.rejected",
    ProviderContentRejected = "provider.content_rejected",
    ProviderStoredOverwritten = "provider.stored_overwritten",
    ProviderDroppedInactive = "provider.dropped_inactive",
    ProviderUnproven = "provider.unproven",
    HubOffline = "hub.offline",
    HubAckTimeout = "hub.ack_timeout",
    ExpiredTtl = "expired.ttl",
    ExpiredDeadline = "expired.deadline",
    ExpiredWindow = "expired.window",
    DeliveryUnconfirmed = "delivery.unconfirmed",
    DecryptFailed = "decrypt.failed",
    DecryptUnknownKey = "decrypt.unknown_key",
    OwnerMismatchDropped = "owner.mismatch_dropped",
    FallbackSwitched = "fallback.switched",
    FallbackExhausted = "fallback.exhausted",
    EmailBounced = "email.bounced",
    EmailComplaint = "email.complaint",
    SmsUndeliverable = "sms.undeliverable",
    CancelledSender = "cancelled.sender",
    CancelledAdmin = "cancelled.admin",
    Recalled = "recalled",
    Unknown = "unknown",
});

impl Reason {
    /// Whether this becomes known of what was handed over, and not instead of a hand-over: nobody
    /// confirmed it, the mailbox sent it back, or the service dropped what it had taken.
    #[must_use]
    pub const fn is_after_hand_over(self) -> bool {
        matches!(
            self,
            Self::DeliveryUnconfirmed
                | Self::EmailBounced
                | Self::SmsUndeliverable
                | Self::ProviderStoredOverwritten
                | Self::ProviderDroppedInactive
        )
    }

    /// The negative end of a delivery that goes no further for this reason.
    ///
    /// `suppressed`: the person or a rule of theirs did not want it. `failed`: the server or its
    /// configuration could not send it. `undelivered`: a device or a provider said no, or nobody
    /// confirmed it. `expired` and `cancelled`: time and the sender.
    #[must_use]
    pub const fn end(self) -> DeliveryStatus {
        match self {
            Self::BlockedOs
            | Self::BlockedApp
            | Self::BlockedChannel
            | Self::OptoutCategory
            | Self::OptoutAll
            | Self::OptoutTopic
            | Self::SuppressedDuplicate
            | Self::SuppressedFrequencyCap
            | Self::SuppressedQuietHours
            | Self::SuppressedNoTimeZone
            | Self::SuppressedDigest
            | Self::SuppressedSuperseded => DeliveryStatus::Suppressed,
            Self::ConfigProviderAuth
            | Self::ConfigNoRoute
            | Self::ConfigSenderNotAllowed
            | Self::ConfigQuota
            | Self::RecipientNoAddress => DeliveryStatus::Failed,
            Self::DeviceNoneActive
            | Self::DeviceNoPrimary
            | Self::DeviceAppNotInstalled
            | Self::DeviceAppTooOld
            | Self::DeviceLiveTokenMissing
            | Self::DeviceNoAddress
            | Self::TokenDead
            | Self::TokenMismatch
            | Self::TokenWrongEnv
            | Self::TokenOwnerMismatch
            | Self::ProviderThrottled
            | Self::ProviderUnavailable
            | Self::ProviderInternal
            | Self::ProviderTimeout
            | Self::ProviderPayloadTooLarge
            | Self::ProviderRejected
            | Self::ProviderContentRejected
            | Self::ProviderStoredOverwritten
            | Self::ProviderDroppedInactive
            | Self::ProviderUnproven
            | Self::HubOffline
            | Self::HubAckTimeout
            | Self::DeliveryUnconfirmed
            | Self::DecryptFailed
            | Self::DecryptUnknownKey
            | Self::OwnerMismatchDropped
            | Self::FallbackSwitched
            | Self::FallbackExhausted
            | Self::EmailBounced
            | Self::EmailComplaint
            | Self::SmsUndeliverable
            | Self::Unknown => DeliveryStatus::Undelivered,
            Self::ExpiredTtl | Self::ExpiredDeadline | Self::ExpiredWindow => {
                DeliveryStatus::Expired
            }
            Self::CancelledSender | Self::CancelledAdmin | Self::Recalled => {
                DeliveryStatus::Cancelled
            }
        }
    }
}
