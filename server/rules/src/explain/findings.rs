//! What is stored about a delivery, as far as an explanation needs it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vestnik_model::{
    Channel, DeliveryState, Devices, Expansion, GatewayName, InstallationId, ProviderName, Reason,
    publish::{ScheduleView, Steps},
};

use crate::{
    app_version::Build,
    attempt::Attempt,
    cascade::{self, Course, Target, preferred},
    device::{Addressed, Wanted},
    gateway::PassedOver,
    push_receipt::delivered_at,
    schedule::Hours,
};

/// Everything that an explanation is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The notification.
    pub notification: NotificationFindings,
    /// The delivery to the person; absent if there is none.
    pub delivery: Option<DeliveryFindings>,
    /// The person's installations.
    pub devices: Vec<Device>,
    /// The person's mailbox, if they have one.
    pub mailbox: Option<Address>,
    /// Whether the App has an account for its own backend.
    pub has_backend: bool,
    /// The person's numbers and chats at gateways.
    pub gateways: Vec<(GatewayName, Address)>,
    /// What was tried.
    pub tries: Vec<Try>,
    /// What installations said that did not show it, each the latest.
    pub not_shown: BTreeMap<InstallationId, NotShown>,
    /// Whether the delivery may go on, by its schedule and by what the person wants.
    pub hours: Hours,
}

/// An installation did not show a notification.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotShown {
    /// When.
    pub at: Timestamp,
    /// Why, as it says: a code of the registry or a word of its own.
    pub reason: String,
}

/// What is known of the notification.
#[derive(Debug, Clone, PartialEq)]
pub struct NotificationFindings {
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// From when on anybody may be notified.
    pub opens_at: Timestamp,
    /// From when on it is not worth delivering.
    pub expires_at: Timestamp,
    /// When it is sent, as the sender wrote it; absent if at once.
    pub schedule: Option<ScheduleView>,
    /// Its cascade.
    pub steps: Steps,
    /// Which of a person's devices the sender asked for.
    pub wanted: Wanted,
    /// How far its audience was expanded.
    pub expansion: Expansion,
    /// Whether the sender cancelled or recalled it.
    pub is_cancelled: bool,
    /// Whether the sender recalled it.
    pub is_recalled: bool,
    /// Whether the sender excluded the person.
    pub is_excluded: bool,
    /// Whether the sender listed a user of the name who was erased before the audience was expanded.
    pub is_erased: bool,
}

/// What is known of the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFindings {
    /// Its status, with the times of its evidence.
    pub state: DeliveryState,
    /// Where it stands in its cascade; absent if only connections reach its devices.
    pub course: Option<Course>,
    /// The installations that it is for so far.
    pub addressed: Addressed,
    /// Whether a later notification with the same collapse key took its place.
    pub gave_way: bool,
    /// Whether the person deleted it from their history.
    pub is_deleted: bool,
}

impl Findings {
    /// The devices that the delivery is for, and those that it would be for if their app were not too old: a
    /// choice passes over them.
    pub(super) fn meant(&self) -> impl Iterator<Item = &Device> {
        let delivery = self.delivery.as_ref();
        let wanted = &self.notification.wanted;
        let named = delivery.and_then(|delivery| delivery.addressed.named(wanted));
        let is_choice = wanted.devices != Devices::All;
        self.devices.iter().filter(move |device| {
            let is_passed_over = is_choice && !wanted.suits(device.build);
            is_passed_over || named.is_none_or(|named| named.contains(&device.installation))
        })
    }

    /// Whether a device has the delivery. One that it is not for has only read beyond it.
    pub(super) fn has_it(&self, device: &Device) -> bool {
        let mut deliveries = self.delivery.iter();
        device.has_it && deliveries.all(|delivery| delivery.addressed.has(device.installation))
    }

    /// The devices as a look sees them, with each attempt as `attempt` makes it of what was tried.
    pub(crate) fn looked_at(&self, attempt: impl Fn(&Try) -> Attempt) -> Vec<cascade::Device> {
        let devices = self.devices.iter();
        devices
            .map(|found| self.device_looked_at(found, &attempt))
            .collect()
    }

    /// The same for the mailbox.
    pub(crate) fn mailbox_looked_at(
        &self,
        attempt: impl Fn(&Try) -> Attempt,
    ) -> Option<cascade::Address> {
        let found = self.mailbox.as_ref()?;
        Some(self.address_looked_at(found, Target::Mailbox, &attempt))
    }

    /// The same for the App's backend.
    pub(crate) fn backend_looked_at(&self, attempt: impl Fn(&Try) -> Attempt) -> cascade::Address {
        let backend = Address::backend(self.has_backend);
        self.address_looked_at(&backend, Target::Backend, &attempt)
    }

    /// The same for the numbers and chats at gateways.
    pub(crate) fn gateways_looked_at(
        &self,
        attempt: impl Fn(&Try) -> Attempt,
    ) -> Vec<(GatewayName, cascade::Address)> {
        let gateways = self.gateways.iter().map(|(name, found)| {
            let address = self.address_looked_at(found, Target::Gateway(*name), &attempt);
            (*name, address)
        });
        gateways.collect()
    }

    fn device_looked_at(
        &self,
        found: &Device,
        attempt: &impl Fn(&Try) -> Attempt,
    ) -> cascade::Device {
        let addresses = found.addresses.iter().map(|known| {
            let target = Target::Device {
                installation: found.installation,
                channel: known.channel,
            };
            self.address_looked_at(known, target, attempt)
        });
        cascade::Device {
            installation: found.installation,
            blocked: found.blocked,
            is_connected: found.connected.is_some(),
            heard_at: found.connected,
            opened_at: found.opened_at,
            last_seen_at: found.last_seen_at,
            build: found.build,
            has_it: found.has_it,
            addresses: preferred(addresses.collect()),
        }
    }

    fn address_looked_at(
        &self,
        found: &Address,
        target: Target,
        attempt: &impl Fn(&Try) -> Attempt,
    ) -> cascade::Address {
        let tried = self.tries.iter().find(|tried| tried.target == target);
        cascade::Address {
            channel: found.channel,
            is_dead: found.died_at.is_some(),
            has_provider: found.has_provider,
            attempt: tried.map(attempt),
        }
    }
}

/// An installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub installation: InstallationId,
    /// What it tells of its app.
    pub build: Build,
    /// Why nothing may be shown on it, if so.
    pub blocked: Option<Reason>,
    /// When it was last heard from over a connection that stands; absent if it has none.
    pub connected: Option<Timestamp>,
    /// When it was last seen at all.
    pub last_seen_at: Timestamp,
    /// When the app was last brought to the front on it, if it told.
    pub opened_at: Option<Timestamp>,
    /// Whether it has the delivery in its history, if the delivery is for it: otherwise this only says that
    /// it has read beyond it.
    pub has_it: bool,
    /// Where push services reach it.
    pub addresses: Vec<Address>,
}

/// Where a push service reaches an installation, letters a person, or requests the App's backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The service.
    pub channel: Channel,
    /// When it was found dead, if it was.
    pub died_at: Option<Timestamp>,
    /// Whether the App has credentials at the service.
    pub has_provider: bool,
}

impl Address {
    /// The App's own backend, which reaches anybody if the App has an account for it.
    #[must_use]
    pub const fn backend(has_provider: bool) -> Self {
        Self {
            channel: Channel::Webhook,
            died_at: None,
            has_provider,
        }
    }
}

/// An attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// Where it went.
    pub target: Target,
    /// How far it got.
    pub attempt: Attempt,
    /// The provider of a gateway that its last try was started with.
    pub provider: Option<ProviderName>,
    /// The providers that its last try went past.
    pub passed_over: Vec<PassedOver>,
    /// When it began.
    pub started_at: Timestamp,
    /// When its last try began; absent of what was written to a connection.
    pub tried_at: Option<Timestamp>,
    /// When a push service reported that it reached the device.
    pub arrived_at: Option<Timestamp>,
    /// When the installation reported it delivered.
    pub delivered_at: Option<Timestamp>,
    /// When the installation reported it read.
    pub read_at: Option<Timestamp>,
    /// When it became known that what was taken came back.
    pub returned_at: Option<Timestamp>,
}

impl Try {
    /// When it was delivered, by whoever's word.
    pub(super) fn proven_at(&self) -> Option<Timestamp> {
        delivered_at(self.attempt.state, self.delivered_at, self.arrived_at)
    }
}
