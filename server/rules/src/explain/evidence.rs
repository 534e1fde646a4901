//! What a statement means to a program: its word, its rule, its evidence.

use jiff::Timestamp;
use vestnik_model::{Channel, InstallationId, ProviderName, Reason};

use super::{
    principle::Rule,
    statement::{
        Asked, AttemptFinding, CascadeFinding, Cause, DeviceFinding, Place, Standing, Statement,
        Unshown,
    },
};

/// The evidence of a statement: what of it the statement has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    /// When.
    pub at: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Which device.
    pub installation: Option<InstallationId>,
    /// Over which route.
    pub channel: Option<Channel>,
    /// By which provider of a gateway.
    pub provider: Option<ProviderName>,
    /// Why.
    pub reason: Option<Reason>,
    /// How many tries were made.
    pub tries: Option<u32>,
}

/// What a statement means to a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// Its word.
    pub code: &'static str,
    /// The rule that it follows from.
    pub rule: Rule,
    /// Its evidence.
    pub evidence: Evidence,
}

impl Statement {
    /// What it means to a program.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Asked(asked) => asked.meaning(),
            Self::Device { device, found } => {
                let mut meaning = found.meaning();
                meaning.evidence.installation = Some(device.installation);
                meaning
            }
            Self::Tried {
                place,
                channel,
                provider,
                outcome,
            } => {
                let mut meaning = outcome.meaning();
                if !is_push(*channel) && meaning.rule == Rule::Push {
                    meaning.rule = Rule::Cascade;
                }
                meaning.evidence.channel = Some(*channel);
                meaning.evidence.provider = *provider;
                meaning.evidence.installation = match place {
                    Place::Device(device) => Some(device.installation),
                    Place::Mailbox | Place::Backend | Place::Gateway => None,
                };
                meaning
            }
            Self::Cascade(course) => course.meaning(),
            Self::Waiting(waiting) => waiting.meaning(),
            Self::Standing(standing) => standing.meaning(),
        }
    }
}

/// Whether what goes over a route is told as a push is.
const fn is_push(channel: Channel) -> bool {
    match channel {
        Channel::Hub
        | Channel::Fcm
        | Channel::Rustore
        | Channel::Hms
        | Channel::Apns
        | Channel::Webpush => true,
        Channel::Email | Channel::Webhook | Channel::Gateway(_) => false,
    }
}

pub(super) const fn meaning(code: &'static str, rule: Rule) -> Meaning {
    Meaning {
        code,
        rule,
        evidence: Evidence {
            at: None,
            until: None,
            installation: None,
            channel: None,
            provider: None,
            reason: None,
            tries: None,
        },
    }
}

impl Meaning {
    pub(super) const fn at(mut self, at: Timestamp) -> Self {
        self.evidence.at = Some(at);
        self
    }

    pub(super) const fn until(mut self, until: Timestamp) -> Self {
        self.evidence.until = Some(until);
        self
    }

    const fn over(mut self, channel: Channel) -> Self {
        self.evidence.channel = Some(channel);
        self
    }

    pub(super) const fn because(mut self, reason: Reason) -> Self {
        self.evidence.reason = Some(reason);
        self
    }

    const fn after(mut self, tries: u32) -> Self {
        self.evidence.tries = Some(tries);
        self
    }
}

impl Asked {
    const fn meaning(&self) -> Meaning {
        match self {
            Self::Accepted { at } => meaning("accepted", Rule::Acceptance).at(*at),
            Self::Scheduled { at, written: _ } => meaning("scheduled", Rule::Schedule).at(*at),
            Self::NotOpen { at } => meaning("not_open", Rule::Schedule).at(*at),
            Self::StillExpanding => meaning("still_expanding", Rule::Audience),
            Self::Excluded => meaning("excluded", Rule::Audience),
            Self::Erased => meaning("erased", Rule::Audience),
            Self::NotAddressed => meaning("not_addressed", Rule::Audience),
            Self::StoppedBeforeTurn => meaning("stopped_before_turn", Rule::Withdrawal),
            Self::SomeDevicesOnly { count: _ } => meaning("some_devices_only", Rule::Audience),
            Self::Chosen {
                choice: _,
                installation,
                is_open_to_all: _,
            } => {
                let mut chosen = meaning("devices_chosen", Rule::Devices);
                chosen.evidence.installation = *installation;
                chosen
            }
        }
    }
}

impl DeviceFinding {
    const fn meaning(self) -> Meaning {
        match self {
            Self::Connected { heard_at } => meaning("connected", Rule::Reachability).at(heard_at),
            Self::Offline { since } => meaning("offline", Rule::Reachability).at(since),
            Self::Blocked { reason } => meaning("blocked", Rule::Reachability).because(reason),
            Self::TooOld {
                version: _,
                oldest: _,
            } => meaning("too_old", Rule::Devices).because(Reason::DeviceAppTooOld),
            Self::WithoutAddress => meaning("without_address", Rule::Reachability),
            Self::AddressDead { channel, at } => meaning("address_dead", Rule::Reachability)
                .over(channel)
                .at(at),
            Self::NoProvider { channel } => {
                meaning("no_provider", Rule::Reachability).over(channel)
            }
            Self::Written { at } => meaning("written", Rule::AckWindow)
                .over(Channel::Hub)
                .at(at),
            Self::AwaitsConfirmation { until } => meaning("awaits_confirmation", Rule::AckWindow)
                .over(Channel::Hub)
                .until(until),
            Self::Arrived { channel, at } => meaning("arrived", Rule::Push).over(channel).at(at),
            Self::Confirmed { at } => meaning("confirmed", Rule::Confirmation).at(at),
            Self::Passed => meaning("passed", Rule::Confirmation),
            Self::Seen { at } => meaning("seen", Rule::Confirmation).at(at),
            Self::NotShown { at, why } => {
                let meant = meaning("not_shown", Rule::Confirmation).at(at);
                match why {
                    Unshown::Known(reason) => meant.because(reason),
                    Unshown::Failed | Unshown::Unreadable | Unshown::Other => meant,
                }
            }
        }
    }
}

impl AttemptFinding {
    const fn meaning(self) -> Meaning {
        match self {
            Self::Handed { at, tries, cause } => {
                let rule = match cause {
                    Cause::NotConfirmed => Rule::AckWindow,
                    Cause::NotConnected => Rule::Push,
                    Cause::Step => Rule::Cascade,
                };
                meaning("handed", rule).at(at).after(tries)
            }
            Self::PassedOver {
                reason,
                is_asked: true,
            } => meaning("not_taken", Rule::Providers).because(reason),
            Self::PassedOver {
                reason,
                is_asked: false,
            } => meaning("passed_over", Rule::Providers).because(reason),
            Self::OnItsWay {
                until,
                is_repeated: _,
            } => meaning("on_its_way", Rule::Push).until(until),
            Self::Retrying { tries, reason, at } => meaning("retrying", Rule::Repetition)
                .after(tries)
                .because(reason)
                .at(at),
            Self::Due { at } => meaning("due", Rule::Cascade).at(at),
            Self::Dropped => meaning("dropped", Rule::Cascade),
            Self::Anew { at } => meaning("anew", Rule::Retry).at(at),
            Self::Refused { tries, reason } => meaning("refused", Rule::Failure)
                .after(tries)
                .because(reason),
            Self::AwaitsKey { reason, until } => meaning("awaits_key", Rule::Sealing)
                .because(reason)
                .until(until),
            Self::Undecrypted { count } => meaning("undecrypted", Rule::Sealing).after(count),
            Self::Returned { at, reason } => {
                meaning("returned", Rule::Failure).at(at).because(reason)
            }
            Self::Unproven { count } => meaning("unproven", Rule::Unproven).after(count),
            Self::GivenUp { count } => meaning("given_up", Rule::Unproven)
                .after(count)
                .because(Reason::ProviderUnproven),
        }
    }
}

impl CascadeFinding {
    const fn meaning(self) -> Meaning {
        match self {
            Self::Began {
                at,
                reason: Some(reason),
                ..
            } => meaning("step_began", Rule::Cascade).at(at).because(reason),
            Self::Began { at, .. } => meaning("step_began", Rule::Cascade).at(at),
            Self::Waits { until, .. } => meaning("step_waits", Rule::Cascade).until(until),
            Self::LooksAgain { at } => meaning("looks_again", Rule::Cascade).at(at),
        }
    }
}

impl Standing {
    const fn meaning(self) -> Meaning {
        match self {
            Self::NoDevice => meaning("no_device", Rule::Reachability),
            Self::NoMeantDevice => meaning("no_meant_device", Rule::Reachability),
            Self::ByConnectionOnly => meaning("by_connection_only", Rule::Reachability),
            Self::WaitsForDevice { until } => {
                meaning("waits_for_device", Rule::Expiry).until(until)
            }
            Self::WaitsForConfirmation { until } => {
                meaning("waits_for_confirmation", Rule::Confirmation).until(until)
            }
            Self::Delivered { at } => meaning("delivered", Rule::Confirmation).at(at),
            Self::Read { at } => meaning("read", Rule::Confirmation).at(at),
            Self::Engaged(_) => meaning("engaged", Rule::Confirmation),
            Self::Expired { at } => meaning("expired", Rule::Expiry).at(at),
            Self::Unconfirmed { at } => meaning("unconfirmed", Rule::Expiry).at(at),
            Self::Cancelled => meaning("cancelled", Rule::Withdrawal),
            Self::RecalledUnsent => meaning("recalled_unsent", Rule::Withdrawal),
            Self::RecalledShown => meaning("recalled_shown", Rule::Withdrawal),
            Self::Replaced => meaning("replaced", Rule::Replacement),
            Self::Ended { status: _, reason } => {
                let rule = match reason {
                    Some(Reason::SuppressedSuperseded) => Rule::Replacement,
                    Some(_) | None => Rule::Failure,
                };
                let mut ended = meaning("ended", rule);
                ended.evidence.reason = reason;
                ended
            }
            Self::Late => meaning("late", Rule::Lateness),
            Self::DoubleContact => meaning("double_contact", Rule::Lateness),
        }
    }
}
