//! `apns-push-type`: which topic and which payload belong to it.
//!
//! <https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns>

use crate::device::Kind;

/// A push type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PushType {
    Alert,
    Background,
    Location,
    Voip,
    Complication,
    FileProvider,
    Mdm,
    LiveActivity,
    PushToTalk,
    Widgets,
    Controls,
}

impl PushType {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "alert" => Self::Alert,
            "background" => Self::Background,
            "location" => Self::Location,
            "voip" => Self::Voip,
            "complication" => Self::Complication,
            "fileprovider" => Self::FileProvider,
            "mdm" => Self::Mdm,
            "liveactivity" => Self::LiveActivity,
            "pushtotalk" => Self::PushToTalk,
            "widgets" => Self::Widgets,
            "controls" => Self::Controls,
            _ => return None,
        })
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Background => "background",
            Self::Location => "location",
            Self::Voip => "voip",
            Self::Complication => "complication",
            Self::FileProvider => "fileprovider",
            Self::Mdm => "mdm",
            Self::LiveActivity => "liveactivity",
            Self::PushToTalk => "pushtotalk",
            Self::Widgets => "widgets",
            Self::Controls => "controls",
        }
    }

    /// What stands behind the bundle id in the topic.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            // The topic of MDM is the UID of a certificate, which the simulator does not have.
            Self::Alert | Self::Background | Self::Mdm => "",
            Self::Location => ".location-query",
            Self::Voip => ".voip",
            Self::Complication => ".complication",
            Self::FileProvider => ".pushkit.fileprovider",
            Self::LiveActivity => ".push-type.liveactivity",
            Self::PushToTalk => ".voip-ptt",
            Self::Widgets => ".push-type.widgets",
            Self::Controls => ".push-type.controls",
        }
    }

    /// The largest payload, in bytes.
    pub(super) fn largest(self) -> usize {
        match self {
            Self::Voip => 5_120,
            Self::Alert
            | Self::Background
            | Self::Location
            | Self::Complication
            | Self::FileProvider
            | Self::Mdm
            | Self::LiveActivity
            | Self::PushToTalk
            | Self::Widgets
            | Self::Controls => 4_096,
        }
    }

    /// Whether a token of a kind receives this type.
    pub(super) fn fits(self, kind: Kind) -> bool {
        match self {
            Self::Voip => kind == Kind::ApnsVoip,
            Self::LiveActivity => matches!(kind, Kind::ApnsLiveStart | Kind::ApnsLiveUpdate),
            Self::Alert
            | Self::Background
            | Self::Location
            | Self::Complication
            | Self::FileProvider
            | Self::Mdm
            | Self::PushToTalk
            | Self::Widgets
            | Self::Controls => kind == Kind::Apns,
        }
    }
}
