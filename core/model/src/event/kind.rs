//! What can happen: the closed list of the types of events.

use crate::{
    DeliveryStatus, Engagement, NotificationStatus, Response, open::words, provider::ProviderState,
};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// A notification was stored.
    NotificationAccepted,
    /// It waits for the time to which it is scheduled, or was changed before that.
    NotificationScheduled,
    /// Its audience is known; nothing was handed over yet.
    NotificationQueued,
    /// Some was handed over, other deliveries wait.
    NotificationSending,
    /// Every delivery was handed over.
    NotificationSent,
    /// Some delivery was lost.
    NotificationError,
    /// Every delivery expired before it could be handed over.
    NotificationExpired,
    /// What had not been handed over was cancelled.
    NotificationCancelled,
    /// Nothing is waited for any more: 7 days have passed since it expired. `outcome` and `counts` say what it
    /// came to.
    NotificationSettled,
    /// Many deliveries changed alike: `reached` says how many came to which status. Each of them can be
    /// read from the list of deliveries.
    NotificationProgress,
    /// A delivery was handed over.
    DeliverySent,
    /// It is in a device's history.
    DeliveryDelivered,
    /// The person saw it.
    DeliveryRead,
    /// The person, or a rule of theirs, did not want it.
    DeliverySuppressed,
    /// The server could not send it.
    DeliveryFailed,
    /// It could not be handed over, or was not confirmed, or came back.
    DeliveryUndelivered,
    /// Time ran out before it was handed over.
    DeliveryExpired,
    /// The sender cancelled it before it was handed over.
    DeliveryCancelled,
    /// A device's system took the toast, for the first time.
    DeliveryDisplayed,
    /// The person opened it by a tap, for the first time.
    DeliveryClicked,
    /// The person put it away, for the first time.
    DeliveryDismissed,
    /// A step of its cascade gave way to the next: `from`, `to` and `reason` say which and why.
    DeliveryChannelSwitched,
    /// Its sender recalled it, and the devices that may have it are told.
    DeliveryRecalled,
    /// A person pressed a button of it.
    DeliveryActioned,
    /// A person answered it with a text.
    DeliveryReplied,
    /// A user logged in on an installation, who was not logged in there before.
    InstallationRegistered,
    /// An installation reports something else of itself than before: its app, its device, its language, its
    /// zone, its addresses.
    InstallationUpdated,
    /// An installation reports another `permission` to show notifications than before.
    InstallationPermissionChanged,
    /// An installation is its user's primary one from now on.
    InstallationPrimaryChanged,
    /// A push service said that an address of an installation, of the kind `address`, is dead.
    InstallationTokenInvalidated,
    /// A user is logged in on an installation no longer.
    InstallationUnregistered,
    /// What a user does not want, or when they want quiet, is something else than before: `user` and `by` say
    /// whose and who changed it.
    PreferenceUpdated,
    /// A service refuses the App's credentials, or the server cannot read them: `channel`, `state`, `reason` and
    /// `said` say which service, and what it answered. What goes by it waits.
    ProviderAuthFailed,
    /// The service takes the App's credentials again, or others were set.
    ProviderRecovered,
    /// A webhook is sent nothing any more: `webhook_id` and `disabled_reason` say which and why.
    WebhookDisabled,
    /// A test that an operator asked for; nothing happened.
    WebhookTest,
    /// Events behind `missed_after` and up to `missed_up_to` were kept no longer and are not sent to this
    /// webhook: read the state of what matters.
    WebhookGap,
}

words!(EventKind {
    NotificationAccepted = "notification.accepted",
    NotificationScheduled = "notification.scheduled",
    NotificationQueued = "notification.queued",
    NotificationSending = "notification.sending",
    NotificationSent = "notification.sent",
    NotificationError = "notification.error",
    NotificationExpired = "notification.expired",
    NotificationCancelled = "notification.cancelled",
    NotificationSettled = "notification.settled",
    NotificationProgress = "notification.progress",
    DeliverySent = "delivery.sent",
    DeliveryDelivered = "delivery.delivered",
    DeliveryRead = "delivery.read",
    DeliverySuppressed = "delivery.suppressed",
    DeliveryFailed = "delivery.failed",
    DeliveryUndelivered = "delivery.undelivered",
    DeliveryExpired = "delivery.expired",
    DeliveryCancelled = "delivery.cancelled",
    DeliveryDisplayed = "delivery.displayed",
    DeliveryClicked = "delivery.clicked",
    DeliveryDismissed = "delivery.dismissed",
    DeliveryChannelSwitched = "delivery.channel_switched",
    DeliveryRecalled = "delivery.recalled",
    DeliveryActioned = "delivery.actioned",
    DeliveryReplied = "delivery.replied",
    InstallationRegistered = "installation.registered",
    InstallationUpdated = "installation.updated",
    InstallationPermissionChanged = "installation.permission_changed",
    InstallationPrimaryChanged = "installation.primary_changed",
    InstallationTokenInvalidated = "installation.token_invalidated",
    InstallationUnregistered = "installation.unregistered",
    PreferenceUpdated = "preference.updated",
    ProviderAuthFailed = "provider.auth_failed",
    ProviderRecovered = "provider.recovered",
    WebhookDisabled = "webhook.disabled",
    WebhookTest = "webhook.test",
    WebhookGap = "webhook.gap",
});

impl EventKind {
    /// A notification came to a status.
    #[must_use]
    pub const fn of_notification(status: NotificationStatus) -> Self {
        match status {
            NotificationStatus::Accepted => Self::NotificationAccepted,
            NotificationStatus::Scheduled => Self::NotificationScheduled,
            NotificationStatus::Queued => Self::NotificationQueued,
            NotificationStatus::Sending => Self::NotificationSending,
            NotificationStatus::Sent => Self::NotificationSent,
            NotificationStatus::Error => Self::NotificationError,
            NotificationStatus::Expired => Self::NotificationExpired,
            NotificationStatus::Cancelled => Self::NotificationCancelled,
        }
    }

    /// The state of a provider changed.
    #[must_use]
    pub const fn of_provider(state: ProviderState) -> Self {
        match state {
            ProviderState::Working => Self::ProviderRecovered,
            ProviderState::Refused | ProviderState::Unreadable => Self::ProviderAuthFailed,
        }
    }

    /// Whether it is about a webhook itself: sent whatever kinds were asked for, and none to ask for.
    #[must_use]
    pub const fn is_of_webhook(self) -> bool {
        matches!(self, Self::WebhookTest | Self::WebhookGap)
    }

    /// A delivery came to a status; none for its beginning, of which the notification's events tell.
    #[must_use]
    pub const fn of_delivery(status: DeliveryStatus) -> Option<Self> {
        match status {
            DeliveryStatus::Scheduled | DeliveryStatus::Pending => None,
            DeliveryStatus::Sent => Some(Self::DeliverySent),
            DeliveryStatus::Delivered => Some(Self::DeliveryDelivered),
            DeliveryStatus::Read => Some(Self::DeliveryRead),
            DeliveryStatus::Suppressed => Some(Self::DeliverySuppressed),
            DeliveryStatus::Failed => Some(Self::DeliveryFailed),
            DeliveryStatus::Undelivered => Some(Self::DeliveryUndelivered),
            DeliveryStatus::Expired => Some(Self::DeliveryExpired),
            DeliveryStatus::Cancelled => Some(Self::DeliveryCancelled),
        }
    }

    /// A person or a device did something with a delivery for the first time.
    #[must_use]
    pub const fn of_engagement(engagement: Engagement) -> Self {
        match engagement {
            Engagement::Displayed => Self::DeliveryDisplayed,
            Engagement::Clicked => Self::DeliveryClicked,
            Engagement::Actioned => Self::DeliveryActioned,
            Engagement::Dismissed => Self::DeliveryDismissed,
        }
    }

    /// A person used a button of a delivery.
    #[must_use]
    pub const fn of_response(response: &Response) -> Self {
        match response.text {
            Some(_) => Self::DeliveryReplied,
            None => Self::DeliveryActioned,
        }
    }
}

/// By whom a preference of a user was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangedBy {
    /// On an installation on which the user is logged in.
    Device,
    /// By the link of a letter.
    Link,
    /// By the App's backend.
    Backend,
}

words!(ChangedBy {
    Device = "device",
    Link = "link",
    Backend = "backend",
});
