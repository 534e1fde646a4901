//! Where attempts go.

use vestnik_model::{
    Channel, GatewayName, InstallationId, PushAddressKind, Reason, publish::StepChannel,
};

/// The channel of an address, if the server has an adapter for it.
#[must_use]
pub const fn channel_of(kind: PushAddressKind) -> Option<Channel> {
    match kind {
        PushAddressKind::FcmToken | PushAddressKind::FcmFid => Some(Channel::Fcm),
        PushAddressKind::Apns => Some(Channel::Apns),
        PushAddressKind::Webpush => Some(Channel::Webpush),
        PushAddressKind::Rustore => Some(Channel::Rustore),
        PushAddressKind::Hms => Some(Channel::Hms),
    }
}

/// Where an attempt goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// To an installation.
    Device {
        /// The installation.
        installation: InstallationId,
        /// The service, or the hub.
        channel: Channel,
    },
    /// To the user's mailbox, by a letter.
    Mailbox,
    /// To the App's own backend, by a request.
    Backend,
    /// To the user's number or chat at a gateway, by a message.
    Gateway(GatewayName),
}

impl Target {
    /// The route.
    #[must_use]
    pub const fn channel(self) -> Channel {
        match self {
            Self::Device { channel, .. } => channel,
            Self::Mailbox => Channel::Email,
            Self::Backend => Channel::Webhook,
            Self::Gateway(name) => Channel::Gateway(name),
        }
    }

    /// The installation; a mailbox is none's, nor is a backend or what a gateway reaches.
    #[must_use]
    pub const fn installation(self) -> Option<InstallationId> {
        match self {
            Self::Device { installation, .. } => Some(installation),
            Self::Mailbox | Self::Backend | Self::Gateway(_) => None,
        }
    }

    /// The channel of the step that tries it.
    #[must_use]
    pub const fn step(self) -> StepChannel {
        match self {
            Self::Device { channel, .. } => match channel {
                Channel::Hub => StepChannel::Hub,
                Channel::Fcm
                | Channel::Rustore
                | Channel::Hms
                | Channel::Apns
                | Channel::Webpush
                | Channel::Email
                | Channel::Webhook
                | Channel::Gateway(_) => StepChannel::Push,
            },
            Self::Mailbox => StepChannel::Email,
            Self::Backend => StepChannel::Webhook,
            Self::Gateway(name) => StepChannel::Gateway(name),
        }
    }

    /// Whether a repetition takes the place of what was handed over before: pushes have the notification's
    /// identifier, requests to a backend that of the attempt, letters are letters. Messages are messages, unless their
    /// provider is known to take a repetition for the first one.
    #[must_use]
    pub const fn collapses(self) -> bool {
        match self {
            Self::Device { .. } | Self::Backend => true,
            Self::Mailbox | Self::Gateway(_) => false,
        }
    }

    /// Why nothing more is tried at an address that is dead.
    pub(super) const fn dead(self) -> Reason {
        match self {
            Self::Device { .. } => Reason::TokenDead,
            Self::Mailbox => Reason::EmailBounced,
            Self::Gateway(_) => Reason::BlockedChannel,
            // It does not die: its account is there or is not.
            Self::Backend => Reason::ConfigNoRoute,
        }
    }
}
