//! What a store knows of a recipient.

use vestnik_model::publish::{Schedule, Timing, ZoneName, ZoneRule};

use crate::hold::OptOut;

use super::{
    attributes::Attributes,
    clock::{Clock, Located, ZoneFacts, clock, locate},
    due::{HeldBy, Recipient},
};

/// What a store knows of a recipient.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The zone that their installation reported; of several, the one that was seen last.
    pub installation: Option<String>,
    /// What their App says of them.
    pub attributes: Attributes,
    /// The App's default zone.
    pub app_default: Option<ZoneName>,
    /// Whether the notification is critical.
    pub is_critical: bool,
    /// Why they do not want the notification, if they do not: see [`crate::consent`].
    pub opt_out: Option<OptOut>,
}

impl Known {
    /// The recipient.
    #[must_use]
    pub fn recipient(&self) -> Recipient<'_> {
        Recipient {
            zones: ZoneFacts {
                installation: self.installation.as_deref(),
                user_attribute: self.attributes.zone.as_ref().map(ZoneName::as_str),
                phone: self.attributes.phone_zone.as_ref().map(ZoneName::as_str),
                app_default: self.app_default.as_ref().map(ZoneName::as_str),
            },
            quiet: self.attributes.quiet,
            is_critical: self.is_critical,
            opt_out: self.opt_out,
        }
    }
}

/// Whether a recipient's zone matters: their own clock is read for the sender, or for their quiet hours.
#[must_use]
pub const fn reads_zone(schedule: &Schedule, attributes: &Attributes) -> bool {
    let is_recipients = matches!(
        schedule.timing,
        Timing::Local {
            zone: ZoneRule::Recipient(_),
            ..
        }
    );
    is_recipients || (schedule.respects_quiet_hours && attributes.quiet.is_some())
}

/// Whether hours may hold what was released: the sender's window, or the recipient's quiet hours.
#[must_use]
pub const fn has_hours(schedule: &Schedule, attributes: &Attributes) -> bool {
    schedule.window().is_some() || (schedule.respects_quiet_hours && attributes.quiet.is_some())
}

/// Whose clock a recipient waits by; `None` if they wait by none.
#[must_use]
pub fn waits_by(schedule: &Schedule, recipient: &Recipient<'_>, by: HeldBy) -> Option<Located> {
    match by {
        HeldBy::QuietHours => Some(locate(&recipient.zones)),
        HeldBy::Pace | HeldBy::Pause => None,
        HeldBy::SendAt | HeldBy::Window => match &schedule.timing {
            Timing::Now | Timing::At(_) => None,
            Timing::Local { zone, .. } => match clock(zone, &recipient.zones) {
                Clock::Of(located) => Some(located),
                Clock::SendNow | Clock::Drop => None,
            },
        },
    }
}
