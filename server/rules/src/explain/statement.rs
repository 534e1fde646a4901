//! The statements of an explanation.

use jiff::Timestamp;
use vestnik_model::{
    Channel, DeliveryStatus, Devices, Engagement, InstallationId, MinVersion, Open, Platform,
    ProviderName, Reason,
    publish::{Goal, StepChannel},
};

use crate::{
    app_version::AppVersion,
    schedule::{HeldBy, ZoneSource},
};

/// One thing that is known of a delivery, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// What the sender asked for.
    Asked(Asked),
    /// Something about a device of the person.
    Device {
        /// Which.
        device: DeviceName,
        /// What.
        found: DeviceFinding,
    },
    /// Something about an attempt over another route than the connection.
    Tried {
        /// Where it went.
        place: Place,
        /// The service.
        channel: Channel,
        /// The provider of a gateway that it is about: the one that the last try was started with, or one that it went
        /// past.
        provider: Option<ProviderName>,
        /// What.
        outcome: AttemptFinding,
    },
    /// Something about the order of the routes.
    Cascade(CascadeFinding),
    /// What of the schedule the delivery waits for.
    Waiting(Waiting),
    /// Where the delivery stands.
    Standing(Standing),
}

/// What of the schedule a delivery waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// Its times are read by a clock.
    Clock {
        /// The name of its zone.
        zone: String,
        /// Where the zone is known from.
        source: ZoneSource,
    },
    /// Something holds it.
    Held {
        /// What.
        by: HeldBy,
        /// Until when.
        until: Timestamp,
    },
    /// It expires before that.
    EndsBefore {
        /// When.
        at: Timestamp,
    },
    /// Nothing holds it any more: it goes out with the next part.
    Due,
    /// It will not go on, and ends when it is looked at next.
    Over {
        /// Why.
        reason: Reason,
    },
}

/// What the sender asked for, and who is a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The notification was stored.
    Accepted {
        /// When.
        at: Timestamp,
    },
    /// The sender named a time.
    Scheduled {
        /// When anybody may be notified from.
        at: Timestamp,
        /// The sender's own words, if they named a clock.
        written: Option<Written>,
    },
    /// That time has not come.
    NotOpen {
        /// When it comes.
        at: Timestamp,
    },
    /// The recipients are being found.
    StillExpanding,
    /// The sender left the person out.
    Excluded,
    /// The sender listed a user of this name who was erased since.
    Erased,
    /// The person is no recipient.
    NotAddressed,
    /// The sender stopped the notification before the person's turn.
    StoppedBeforeTurn,
    /// The sender named single installations.
    SomeDevicesOnly {
        /// How many of the person's.
        count: usize,
    },
    /// The sender asked for some of the person's devices by what they are.
    Chosen {
        /// Which.
        choice: Devices,
        /// The one that is meant, if it is one.
        installation: Option<InstallationId>,
        /// Whether all of the person's devices are meant by now.
        is_open_to_all: bool,
    },
}

/// What is known of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceFinding {
    /// It has a connection.
    Connected {
        /// When it was last heard from.
        heard_at: Timestamp,
    },
    /// It has no connection.
    Offline {
        /// When it was last seen.
        since: Timestamp,
    },
    /// It may show nothing.
    Blocked {
        /// What blocks it.
        reason: Reason,
    },
    /// The app on it is older than the sender allows.
    TooOld {
        /// Its version, if it told one that can be read.
        version: Option<AppVersion>,
        /// The oldest version of its platform; absent if the platform is not known.
        oldest: Option<MinVersion>,
    },
    /// No push service reaches it.
    WithoutAddress,
    /// Its address at a push service is dead.
    AddressDead {
        /// The service.
        channel: Channel,
        /// When that was found out.
        at: Timestamp,
    },
    /// The App has no credentials at its push service.
    NoProvider {
        /// The service.
        channel: Channel,
    },
    /// The notification was written to its connection.
    Written {
        /// When.
        at: Timestamp,
    },
    /// It has time to confirm that.
    AwaitsConfirmation {
        /// Until when.
        until: Timestamp,
    },
    /// A push service reported that a push of it reached the device.
    Arrived {
        /// The service.
        channel: Channel,
        /// When.
        at: Timestamp,
    },
    /// It reported the notification delivered.
    Confirmed {
        /// When.
        at: Timestamp,
    },
    /// Its place in the log proves that it has the notification.
    Passed,
    /// The person saw the notification on it.
    Seen {
        /// When.
        at: Timestamp,
    },
    /// It did not show the notification.
    NotShown {
        /// When.
        at: Timestamp,
        /// Why.
        why: Unshown,
    },
}

/// Why a device did not show a notification, as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unshown {
    /// A reason of the registry.
    Known(Reason),
    /// The system did not take it.
    Failed,
    /// The app could not read it.
    Unreadable,
    /// Something that this version of the server does not know.
    Other,
}

impl Unshown {
    /// Reads the word of a device.
    #[must_use]
    pub fn read(word: &str) -> Self {
        match (Open::<Reason>::read(word), word) {
            (Open::Known(reason), _) => Self::Known(reason),
            (Open::Unknown(_), "failed") => Self::Failed,
            (Open::Unknown(_), "unreadable") => Self::Unreadable,
            (Open::Unknown(_), _) => Self::Other,
        }
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptFinding {
    /// The service took it.
    Handed {
        /// When the attempt began.
        at: Timestamp,
        /// How many tries were made.
        tries: u32,
        /// Why this route was taken.
        cause: Cause,
    },
    /// The last try went past a provider of the gateway, which is proven not to have it.
    PassedOver {
        /// Why it does not.
        reason: Reason,
        /// Whether it was asked.
        is_asked: bool,
    },
    /// A try is on its way.
    OnItsWay {
        /// When it counts as lost.
        until: Timestamp,
        /// Whether it is repeated then.
        is_repeated: bool,
    },
    /// A try failed, and another one is made.
    Retrying {
        /// How many tries were made.
        tries: u32,
        /// Why the last one went no further.
        reason: Reason,
        /// When the next one is made.
        at: Timestamp,
    },
    /// It had no try yet: one that began was put back before it was sent.
    Due {
        /// When it is made.
        at: Timestamp,
    },
    /// It had no try, and has none: before its turn there was no need or no time for it any more.
    Dropped,
    /// It had failed for good, and is tried anew.
    Anew {
        /// When.
        at: Timestamp,
    },
    /// It failed for good.
    Refused {
        /// How many tries were made.
        tries: u32,
        /// Why the last one went no further.
        reason: Reason,
    },
    /// The device could not decrypt it, and its present key is waited for.
    AwaitsKey {
        /// Why it could not.
        reason: Reason,
        /// Until when.
        until: Timestamp,
    },
    /// The device could not decrypt some, and it was sealed anew.
    Undecrypted {
        /// How many.
        count: u32,
    },
    /// The service took it, and it came back.
    Returned {
        /// When that became known.
        at: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// Of some tries nobody knows whether the service took them.
    Unproven {
        /// How many.
        count: u32,
    },
    /// The same, and the sender wants no further try.
    GivenUp {
        /// How many.
        count: u32,
    },
}

/// What is known of the cascade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CascadeFinding {
    /// A later step has begun.
    Began {
        /// Its number, from 1.
        step: u8,
        /// Its route.
        channel: StepChannel,
        /// The route of the step before.
        former: StepChannel,
        /// What that one did not reach.
        goal: Goal,
        /// Why that one gave way before its time was over.
        reason: Option<Reason>,
        /// When.
        at: Timestamp,
    },
    /// A step waits for its goal, and another one follows.
    Waits {
        /// Its route.
        channel: StepChannel,
        /// Its goal.
        goal: Goal,
        /// Until when.
        until: Timestamp,
        /// The route of the step that follows.
        next: StepChannel,
    },
    /// The server looks at the delivery again.
    LooksAgain {
        /// When.
        at: Timestamp,
    },
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The person is logged in nowhere.
    NoDevice,
    /// The person is logged in on none of the devices that the sender addressed.
    NoMeantDevice,
    /// Nothing but connections reaches the App's devices.
    ByConnectionOnly,
    /// It is in the person's log and waits for a device.
    WaitsForDevice {
        /// Until when.
        until: Timestamp,
    },
    /// It was handed over, and no device has confirmed it yet.
    WaitsForConfirmation {
        /// Until when.
        until: Timestamp,
    },
    /// It is delivered.
    Delivered {
        /// Since when.
        at: Timestamp,
    },
    /// It is read.
    Read {
        /// Since when.
        at: Timestamp,
    },
    /// Something else that was done with it.
    Engaged(Engagement),
    /// Its time ran out before it was handed over.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It was handed over, and nobody confirmed it in time.
    Unconfirmed {
        /// When its time ran out.
        at: Timestamp,
    },
    /// The sender cancelled it.
    Cancelled,
    /// The sender recalled it before it was handed over.
    RecalledUnsent,
    /// The sender recalled it where it was shown.
    RecalledShown,
    /// A later notification with its collapse key took its place where it was shown.
    Replaced,
    /// It ended for another reason.
    Ended {
        /// How.
        status: DeliveryStatus,
        /// Why; absent for a reason of another version of the server.
        reason: Option<Reason>,
    },
    /// Evidence came after it had ended.
    Late,
    /// Evidence came after a later step was handed over.
    DoubleContact,
}

/// A time of a sender's, in their own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Date and time.
    pub wall: String,
    /// The zone whose clock is meant.
    pub zone: String,
}

/// How a device is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceName {
    /// Its id.
    pub installation: InstallationId,
    /// The system that it runs on; absent if it is not known.
    pub platform: Option<Platform>,
    /// Whether the person has others, from which its id tells it apart.
    pub is_one_of_several: bool,
}

/// Where an attempt goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A device.
    Device(DeviceName),
    /// The person's mailbox.
    Mailbox,
    /// The App's own backend.
    Backend,
    /// The person's number or chat at a gateway.
    Gateway,
}

/// Why a route was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The device did not confirm what was written to its connection.
    NotConfirmed,
    /// The device had not been heard from over a connection.
    NotConnected,
    /// The step before did not reach its goal.
    Step,
}

impl DeviceName {
    /// What tells the device apart from the person's others: the end of its id.
    #[must_use]
    pub fn mark(&self) -> Option<String> {
        let id = self.installation.to_string();
        let end = id.len().saturating_sub(4);
        self.is_one_of_several
            .then(|| id.get(end..).unwrap_or_default().to_owned())
    }
}
