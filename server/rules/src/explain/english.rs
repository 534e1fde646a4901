//! Statements in English.

mod device;
mod reason;
mod route;
mod rule;
mod untried;
mod waiting;

use std::borrow::Cow;

use jiff::Timestamp;
use vestnik_model::{
    Channel, DeliveryStatus, Devices, Engagement, Platform, ProviderName, Reason, publish::Goal,
};

pub use self::rule::english_rule;
use self::{
    device::{not_shown, too_old},
    reason::because,
    route::{route, service, taker},
    untried::{anew, dropped, due, passed_over},
    waiting::waits,
};
use super::{
    statement::{
        Asked, AttemptFinding, CascadeFinding, Cause, DeviceFinding, DeviceName, Place, Standing,
        Statement, Written,
    },
    times::Times,
};
use crate::cascade::ACK_WINDOW;

/// A statement as an English sentence.
#[must_use]
pub fn english(statement: &Statement, times: Times) -> String {
    match statement {
        Statement::Asked(asked) => asked_for(asked, times),
        Statement::Device { device, found } => on(&named(device), *found, times),
        Statement::Tried {
            place,
            channel,
            provider,
            outcome,
        } => tried(&Target::new(place, *channel, *provider), *outcome, times),
        Statement::Cascade(course) => cascade(*course, times),
        Statement::Waiting(waiting) => waits(waiting, times),
        Statement::Standing(standing) => stands(*standing, times),
    }
}

fn asked_for(asked: &Asked, times: Times) -> String {
    match asked {
        Asked::Accepted { at } => format!(
            "The notification was accepted on {} {} (all times are UTC).",
            times.date(),
            moment(*at, times),
        ),
        Asked::Scheduled { at, written: None } => {
            format!(
                "Its sender scheduled it: nobody is notified before {}.",
                until(*at, times)
            )
        }
        Asked::Scheduled {
            at,
            written: Some(Written { wall, zone }),
        } => format!(
            "Its sender scheduled it for {wall} by the clock of {zone}: nobody is notified before {}.",
            until(*at, times),
        ),
        Asked::NotOpen { at } => {
            format!(
                "It has not been sent yet; it waits until {}.",
                until(*at, times)
            )
        }
        Asked::StillExpanding => "Its recipients are still being looked up; this person may be \
             among those who are left."
            .to_owned(),
        Asked::Excluded => "The sender excluded this person from the recipients.".to_owned(),
        Asked::Erased => "The user whom the sender named was erased since.".to_owned(),
        Asked::NotAddressed => {
            "This person was not among the recipients when they were looked up.".to_owned()
        }
        Asked::StoppedBeforeTurn => {
            "The sender stopped the notification before this person was reached.".to_owned()
        }
        Asked::SomeDevicesOnly { count: 1 } => {
            "The sender addressed only one of the person's devices.".to_owned()
        }
        Asked::SomeDevicesOnly { count } => {
            format!("The sender addressed only {count} of the person's devices.")
        }
        Asked::Chosen {
            choice,
            installation: _,
            is_open_to_all,
        } => chosen(*choice, *is_open_to_all).to_owned(),
    }
}

const fn chosen(choice: Devices, is_open_to_all: bool) -> &'static str {
    match (choice, is_open_to_all) {
        (Devices::All, _) => "The sender asked for all of the person's devices.",
        (Devices::Primary, _) => "The sender asked for the person's primary device only.",
        (Devices::PrimaryThenAll, false) => {
            "The sender asked for the person's primary device first; the others follow unless it \
             confirms in time."
        }
        (Devices::PrimaryThenAll, true) => {
            "The sender asked for the person's primary device first; there was none, or it did not \
             confirm in time, so all of the person's devices are meant."
        }
        (Devices::MostRecent, _) => {
            "The sender asked only for the person's device that was heard from last."
        }
    }
}

fn on(device: &str, found: DeviceFinding, times: Times) -> String {
    match found {
        DeviceFinding::Connected { heard_at } => format!(
            "The {device} is connected; it was last heard from {}.",
            moment(heard_at, times),
        ),
        DeviceFinding::Offline { since } => {
            format!(
                "The {device} has been offline since {}.",
                until(since, times)
            )
        }
        DeviceFinding::Blocked { reason } => {
            format!(
                "The {device} can show nothing, because {}.",
                because(reason)
            )
        }
        DeviceFinding::TooOld { version, oldest } => too_old(device, version, oldest),
        DeviceFinding::WithoutAddress => format!(
            "The {device} has reported no address at a push service, so only its connection \
             reaches it."
        ),
        DeviceFinding::AddressDead { channel, at } => format!(
            "The {device} cannot be reached by {}: its address was found dead {}.",
            service(channel),
            moment(at, times),
        ),
        DeviceFinding::NoProvider { channel } => format!(
            "The {device} has an address at {0}, but the App has no credentials at {0}.",
            service(channel),
        ),
        DeviceFinding::Written { at } => {
            format!(
                "It was written to the connection of the {device} {}.",
                moment(at, times)
            )
        }
        DeviceFinding::AwaitsConfirmation { until: end } => format!(
            "The {device} has until {} to confirm it; then a push is sent.",
            until(end, times),
        ),
        DeviceFinding::Arrived { channel, at } => format!(
            "{} reported that a push of it reached the {device} {}.",
            service(channel),
            moment(at, times),
        ),
        DeviceFinding::Confirmed { at } => {
            format!(
                "The {device} confirmed {} that it has it.",
                moment(at, times)
            )
        }
        DeviceFinding::Passed => {
            format!("The {device} has read the person's log beyond it, so the {device} has it.")
        }
        DeviceFinding::Seen { at } => format!("It was read on the {device} {}.", moment(at, times)),
        DeviceFinding::NotShown { at, why } => not_shown(device, why, &moment(at, times)),
    }
}

/// Where an attempt went, in words.
struct Target {
    /// What was sent, with its article.
    what: &'static str,
    /// To whom.
    to: String,
    /// By whom.
    by: Cow<'static, str>,
}

impl Target {
    fn new(place: &Place, channel: Channel, provider: Option<ProviderName>) -> Self {
        Self {
            what: match channel {
                Channel::Hub | Channel::Gateway(_) => "a message",
                Channel::Fcm
                | Channel::Rustore
                | Channel::Hms
                | Channel::Apns
                | Channel::Webpush => "a push",
                Channel::Email => "an e-mail",
                Channel::Webhook => "a webhook request",
            },
            to: match place {
                Place::Device(device) => format!("the {}", named(device)),
                Place::Mailbox | Place::Backend | Place::Gateway => "the person".to_owned(),
            },
            by: taker(channel, provider),
        }
    }
}

fn tried(target: &Target, outcome: AttemptFinding, times: Times) -> String {
    let Target { what, to, by } = target;
    let subject = capital(what);
    match outcome {
        AttemptFinding::Handed { at, tries, cause } => {
            handed(target, tries, (&moment(at, times), cause))
        }
        AttemptFinding::PassedOver { reason, is_asked } => {
            passed_over(target, because(reason), is_asked)
        }
        AttemptFinding::OnItsWay {
            until: end,
            is_repeated: true,
        } => format!(
            "{subject} for {to} is on its way to {by}; without an answer until {} it is repeated.",
            until(end, times),
        ),
        AttemptFinding::OnItsWay {
            until: _,
            is_repeated: false,
        } => format!("{subject} for {to} is on its way to {by}; it is not repeated."),
        AttemptFinding::Retrying { tries, reason, at } => format!(
            "{subject} for {to} was tried {} without success, because {}; the next try is {}.",
            times_of(tries),
            because(reason),
            moment(at, times),
        ),
        AttemptFinding::Due { at } => due(target, &moment(at, times)),
        AttemptFinding::Dropped => dropped(target),
        AttemptFinding::Anew { at } => anew(target, &moment(at, times)),
        AttemptFinding::Refused { tries, reason } => format!(
            "{subject} for {to} was given up after {}, because {}.",
            count_of(tries, "try", "tries"),
            because(reason),
        ),
        AttemptFinding::AwaitsKey { reason, until: end } => format!(
            "{subject} for {to} came to nothing, because {}; until {} the server waits for the key that \
             {to} has now.",
            because(reason),
            until(end, times),
        ),
        AttemptFinding::Undecrypted { count } => format!(
            "{subject} for {to} could not be decrypted there {}, and was encrypted anew for the key \
             that {to} has now.",
            times_of(count),
        ),
        AttemptFinding::Returned { at, reason } => returned(target, reason, &moment(at, times)),
        AttemptFinding::Unproven { count } => format!(
            "{} of {what} for {to} had no answer from {by}: it may have been taken all the same; a \
             repetition has the same id.",
            count_of(count, "try", "tries"),
        ),
        AttemptFinding::GivenUp { count } => format!(
            "{} of {what} for {to} had no answer from {by}: it may have been taken all the same, and the \
             sender wants no further try.",
            count_of(count, "try", "tries"),
        ),
    }
}

fn returned(Target { what, to, by }: &Target, reason: Reason, when: &str) -> String {
    let (subject, why) = (capital(what), because(reason));
    format!("{subject} for {to} was taken by {by} and came back {when}, because {why}.")
}

fn handed(target: &Target, tries: u32, (when, cause): (&str, Cause)) -> String {
    let Target { what, to, by } = target;
    let (subject, why) = (capital(what), cause_of(cause, to));
    if tries > 1 {
        format!(
            "{subject} for {to} was first tried {when} and taken by {by} at try {tries}, because {why}."
        )
    } else {
        format!("{subject} for {to} was handed to {by} {when}, because {why}.")
    }
}

fn cause_of(cause: Cause, to: &str) -> String {
    match cause {
        Cause::NotConfirmed => format!(
            "{to} had not confirmed within {} seconds what was written to its connection",
            ACK_WINDOW.as_secs(),
        ),
        Cause::NotConnected => format!("{to} had not been heard from over a connection"),
        Cause::Step => "the steps before it had not reached the person".to_owned(),
    }
}

fn cascade(course: CascadeFinding, times: Times) -> String {
    match course {
        CascadeFinding::Began {
            step,
            channel,
            former,
            goal,
            reason: None,
            at,
        } => format!(
            "Step {step} ({}) began {}, because by {} it was not {} in time.",
            route(channel),
            moment(at, times),
            route(former),
            goal_of(goal),
        ),
        CascadeFinding::Began {
            step,
            channel,
            reason: Some(reason),
            at,
            ..
        } => format!(
            "Step {step} ({}) began {}, because {}.",
            route(channel),
            moment(at, times),
            because(reason),
        ),
        CascadeFinding::Waits {
            channel,
            goal,
            until: end,
            next,
        } => format!(
            "If it is not {} by {} before {}, {} is next.",
            goal_of(goal),
            route(channel),
            until(end, times),
            route(next),
        ),
        CascadeFinding::LooksAgain { at } => {
            format!("The server looks at it again {}.", moment(at, times))
        }
    }
}

fn stands(standing: Standing, times: Times) -> String {
    match standing {
        Standing::NoDevice => "The person is not logged in on any device.".to_owned(),
        Standing::NoMeantDevice => "The person is not logged in on any device that the sender \
             addressed."
            .to_owned(),
        Standing::ByConnectionOnly => "The App uses no push service: a device gets it when it \
             connects."
            .to_owned(),
        Standing::WaitsForDevice { until: end } => format!(
            "It waits for a device of the person until {}.",
            until(end, times),
        ),
        Standing::WaitsForConfirmation { until: end } => format!(
            "It was handed over, and no device has confirmed it yet; it counts as lost if none \
             does until {}.",
            until(end, times),
        ),
        Standing::Delivered { at } => {
            format!(
                "It is delivered: a device has had it since {}.",
                until(at, times)
            )
        }
        Standing::Read { at } => format!("The person read it {}.", moment(at, times)),
        Standing::Engaged(engagement) => engaged(engagement).to_owned(),
        Standing::Expired { at } => format!(
            "It expired {}, before it could be handed to any device.",
            moment(at, times),
        ),
        Standing::Unconfirmed { at } => format!(
            "It was handed over, and no device had confirmed it when its time ran out {}.",
            moment(at, times),
        ),
        Standing::Cancelled => "The sender cancelled it before it was handed over.".to_owned(),
        Standing::RecalledUnsent => "The sender recalled it before it was handed over.".to_owned(),
        Standing::RecalledShown => {
            "The sender recalled it later: devices that show it take it away.".to_owned()
        }
        Standing::Replaced => "A newer notification took its place on the devices.".to_owned(),
        Standing::Ended { status, reason } => match reason {
            Some(reason) => format!("It {}, because {}.", ended(status), because(reason)),
            None => format!(
                "It {}, for a reason that this server does not know.",
                ended(status)
            ),
        },
        Standing::Late => "This became known after the delivery had been given up.".to_owned(),
        Standing::DoubleContact => {
            "The person got it twice: a device confirmed it after a later step had \
             been handed over."
                .to_owned()
        }
    }
}

const fn engaged(engagement: Engagement) -> &'static str {
    match engagement {
        Engagement::Displayed => "A device showed it.",
        Engagement::Clicked => "The person opened it by a tap.",
        Engagement::Actioned => "The person pressed one of its buttons.",
        Engagement::Dismissed => "The person put it away.",
    }
}

const fn ended(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Suppressed => "was held back",
        DeliveryStatus::Failed => "could not be sent",
        DeliveryStatus::Undelivered => "was not delivered",
        DeliveryStatus::Expired => "expired",
        DeliveryStatus::Cancelled => "was withdrawn",
        DeliveryStatus::Scheduled
        | DeliveryStatus::Pending
        | DeliveryStatus::Sent
        | DeliveryStatus::Delivered
        | DeliveryStatus::Read => "ended",
    }
}

const fn goal_of(goal: Goal) -> &'static str {
    match goal {
        Goal::Handed => "handed over",
        Goal::Delivered => "delivered",
        Goal::Read => "read",
    }
}

/// A device without its article: `phone`, or `phone (…8f2c)` beside others.
fn named(device: &DeviceName) -> String {
    let kind = match device.platform {
        Some(Platform::Android) => "Android device",
        Some(Platform::Ios) => "iPhone or iPad",
        Some(Platform::Linux | Platform::Macos | Platform::Windows) => "computer",
        Some(Platform::Web) => "browser",
        None => "device",
    };
    match device.mark() {
        Some(mark) => format!("{kind} (…{mark})"),
        None => kind.to_owned(),
    }
}

/// `at 10:02:00`, with the date if it is another day.
fn moment(at: Timestamp, times: Times) -> String {
    let parts = times.parts(at);
    match parts.date {
        Some(date) => format!("on {date} at {}", parts.time),
        None => format!("at {}", parts.time),
    }
}

/// `10:02:00`, with the date if it is another day.
fn until(at: Timestamp, times: Times) -> String {
    let parts = times.parts(at);
    match parts.date {
        Some(date) => format!("{date} {}", parts.time),
        None => parts.time,
    }
}

fn count_of(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn times_of(count: u32) -> String {
    if count == 1 {
        "once".to_owned()
    } else {
        format!("{count} times")
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
