//! The devices, and what happened to the messages for them.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    device::{Address, Death, Device, Kind, Registration},
    mailbox::{ApnsStorage, Happened, Mailbox, Order},
    message::{Content, DropReason, Event, Fate, Message},
    rate::Rate,
    ring::{Bound, Ring},
    service::Environment,
    subscription::Subscription,
};

/// How many bytes an event has beside its message, about.
const EVENT_BYTES: usize = 400;

/// The most bytes that the services store for all devices together. Beyond it messages are dropped as
/// `too_many_pending`.
const MOST_STORED: usize = 256 * 1024 * 1024;
/// The longest name of a device, project or app, in bytes.
const LONGEST_NAME: usize = 200;

/// Why a device could not be made or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// There is no such device.
    #[error("there is no such device")]
    Unknown,
    /// There are as many devices as the simulator holds.
    #[error("there are {0} devices already, which is the most")]
    TooMany(usize),
    /// A name is too long.
    #[error("name, project and bundle have at most {LONGEST_NAME} bytes")]
    TooLong,
    /// The key is not an uncompressed P-256 point in base64url without padding.
    #[error("application_server_key is not an uncompressed P-256 point in base64url")]
    ServerKey,
    /// Only a device of APNs has an environment.
    #[error("only a device of APNs has an environment")]
    NoEnvironment,
}

/// What devices have in common.
#[derive(Debug, Clone)]
pub(crate) struct Defaults {
    pub(crate) project: String,
    pub(crate) hms_project: String,
    pub(crate) bundle: String,
    pub(crate) apns_storage: ApnsStorage,
    pub(crate) most_devices: usize,
    pub(crate) history: Bound,
}

/// All devices.
#[derive(Debug)]
pub(crate) struct Fleet {
    devices: BTreeMap<u64, Device>,
    by_token: BTreeMap<String, u64>,
    history: Ring<Event>,
    next: u64,
    /// How many bytes the mailboxes of all devices have.
    stored: usize,
    defaults: Defaults,
}

impl Fleet {
    pub(crate) fn new(defaults: Defaults) -> Self {
        Self {
            devices: BTreeMap::new(),
            by_token: BTreeMap::new(),
            history: Ring::new(defaults.history),
            next: 1,
            stored: 0,
            defaults,
        }
    }

    /// Makes a device of random bytes, which is online.
    pub(crate) fn register(
        &mut self,
        registration: Registration,
        random: [[u8; 32]; 2],
    ) -> Result<&Device, DeviceError> {
        if self.devices.len() >= self.defaults.most_devices {
            return Err(DeviceError::TooMany(self.defaults.most_devices));
        }
        let names = [
            &registration.name,
            &registration.project,
            &registration.bundle,
        ];
        if names
            .iter()
            .any(|name| name.as_ref().is_some_and(|name| name.len() > LONGEST_NAME))
        {
            return Err(DeviceError::TooLong);
        }
        let number = self.next;
        let id = format!("dev_{number}");
        let device = Device {
            name: registration.name.clone().unwrap_or_else(|| id.clone()),
            id,
            kind: registration.kind,
            address: self.address(registration, random)?,
            is_online: true,
            death: None,
            mailbox: Mailbox::default(),
            rate: Rate::default(),
        };
        self.next += 1;
        self.by_token.insert(device.token().to_owned(), number);
        Ok(self.devices.entry(number).or_insert(device))
    }

    fn address(&self, wanted: Registration, random: [[u8; 32]; 2]) -> Result<Address, DeviceError> {
        let own = |given: Option<String>, own: &str| given.unwrap_or_else(|| own.to_owned());
        Ok(match wanted.kind {
            Kind::FcmToken | Kind::FcmFid => Address::Fcm {
                token: fcm_token(wanted.kind, random),
                project: own(wanted.project, &self.defaults.project),
            },
            Kind::Apns | Kind::ApnsVoip | Kind::ApnsLiveStart | Kind::ApnsLiveUpdate => {
                Address::Apns {
                    token: crate::hex::encode(&random[0]),
                    bundle: own(wanted.bundle, &self.defaults.bundle),
                    environment: wanted.environment,
                }
            }
            Kind::Hms => Address::Hms {
                token: hms_token(random),
                project: own(wanted.project, &self.defaults.hms_project),
            },
            Kind::Rustore => Address::Rustore {
                token: crate::base64url::encode(random[0])[..32].to_owned(),
            },
            Kind::WebPush => {
                let key = wanted.application_server_key.map(|key| {
                    let key = crate::base64url::decode_array(key.trim_end_matches('='));
                    key.ok_or(DeviceError::ServerKey)
                });
                let made = Subscription::new(random[0], random[1], key.transpose()?);
                Address::WebPush(Box::new(made.ok_or(DeviceError::ServerKey)?))
            }
        })
    }

    pub(crate) fn devices(&self) -> impl Iterator<Item = &Device> {
        self.devices.values()
    }

    pub(crate) fn by_token(&self, token: &str) -> Option<&Device> {
        self.devices.get(self.by_token.get(token)?)
    }

    pub(crate) fn by_id(&self, id: &str) -> Option<&Device> {
        self.devices.get(&number(id)?)
    }

    /// Counts a message to a device. The refusal is after how many seconds one fits again.
    pub(crate) fn take_rate(&mut self, id: &str, now: Timestamp) -> Result<(), u64> {
        match self.device_mut(id) {
            Ok(device) => device.rate.take(now),
            Err(_) => Ok(()),
        }
    }

    /// Takes a message for a device: delivers it, stores it or drops it.
    pub(crate) fn accept(&mut self, id: &str, message: Message, now: Timestamp) {
        let apns = self.defaults.apns_storage;
        let is_full = self.stored >= MOST_STORED;
        let message = Arc::new(message);
        // The service has found the device a moment ago.
        let _ = self.change(id, now, |device| {
            let policy = device.policy(apns);
            if device.is_online {
                vec![(message, Fate::Delivered)]
            } else if is_full {
                let why = DropReason::TooManyPending;
                vec![(message, Fate::Dropped { why })]
            } else {
                device.mailbox.store(message, policy, now)
            }
        });
    }

    /// Delivers once more what was delivered after an event, as a service does at times.
    pub(crate) fn repeat(&mut self, after: u64, now: Timestamp) {
        let delivered = self.history.after(after);
        let delivered = delivered.filter(|event| event.fate == Fate::Delivered);
        let again: Vec<_> = delivered
            .map(|event| (event.device.clone(), Arc::clone(&event.message)))
            .collect();
        for (id, message) in again {
            self.record(&id, vec![(message, Fate::Delivered)], now);
        }
    }

    /// Brings a device online: it gets what is stored for it.
    pub(crate) fn set_online(
        &mut self,
        id: &str,
        order: Order,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.change(id, now, |device| {
            device.is_online = true;
            device.mailbox.deliver(order, now)
        })
    }

    pub(crate) fn set_offline(&mut self, id: &str) -> Result<(), DeviceError> {
        self.device_mut(id)?.is_online = false;
        Ok(())
    }

    /// Ends the address of a device, now or later.
    pub(crate) fn kill(
        &mut self,
        id: &str,
        death: Death,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        self.change(id, now, |device| {
            device.death = Some(death);
            match device.dead(now) {
                Some(_) => device.mailbox.discard(),
                None => Vec::new(),
            }
        })
    }

    /// Moves a device of APNs to an environment.
    pub(crate) fn move_to(&mut self, id: &str, to: Environment) -> Result<(), DeviceError> {
        match &mut self.device_mut(id)?.address {
            Address::Apns { environment, .. } => {
                *environment = to;
                Ok(())
            }
            Address::Fcm { .. }
            | Address::WebPush(_)
            | Address::Hms { .. }
            | Address::Rustore { .. } => Err(DeviceError::NoEnvironment),
        }
    }

    /// Forgets a device: nobody knows its address any more.
    pub(crate) fn remove(&mut self, id: &str) -> Result<(), DeviceError> {
        let device = number(id).and_then(|number| self.devices.remove(&number));
        let device = device.ok_or(DeviceError::Unknown)?;
        self.by_token.remove(device.token());
        self.stored -= device.mailbox.bytes();
        Ok(())
    }

    /// Forgets every device and event. Numbers go on.
    pub(crate) fn clear(&mut self) {
        self.devices.clear();
        self.by_token.clear();
        self.history.clear();
        self.stored = 0;
    }

    /// Drops what is stored and over.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        let waited_for = self.devices.values().filter(|d| d.mailbox.len() > 0);
        let ids: Vec<_> = waited_for.map(|device| device.id.clone()).collect();
        for id in ids {
            // It was found a moment ago.
            let _ = self.change(&id, now, |device| match device.dead(now) {
                Some(_) => device.mailbox.discard(),
                None => device.mailbox.expire(now),
            });
        }
    }

    /// What happened after an event, oldest first.
    pub(crate) fn events(&self, after: u64) -> impl DoubleEndedIterator<Item = &Event> {
        self.history.after(after)
    }

    /// The number of the last event.
    pub(crate) fn last_event(&self) -> u64 {
        self.history.next() - 1
    }

    /// How many events were forgotten.
    pub(crate) fn forgotten(&self) -> u64 {
        self.history.forgotten()
    }

    fn device_mut(&mut self, id: &str) -> Result<&mut Device, DeviceError> {
        number(id)
            .and_then(|number| self.devices.get_mut(&number))
            .ok_or(DeviceError::Unknown)
    }

    /// Changes a device, keeps count of what is stored, and records what happened.
    fn change(
        &mut self,
        id: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Device) -> Vec<Happened>,
    ) -> Result<(), DeviceError> {
        let device = self.device_mut(id)?;
        let before = device.mailbox.bytes();
        let happened = change(device);
        let after = device.mailbox.bytes();
        self.stored = (self.stored + after).saturating_sub(before);
        self.record(id, happened, now);
        Ok(())
    }

    fn record(&mut self, id: &str, happened: Vec<Happened>, now: Timestamp) {
        for (message, fate) in happened {
            let fate = match (fate, &message.content) {
                (Fate::Delivered, Content::Unreadable { .. }) => Fate::Dropped {
                    why: DropReason::Undecryptable,
                },
                (fate, _) => fate,
            };
            let event = Event {
                number: self.history.next(),
                at: now,
                device: id.to_owned(),
                fate,
                message: Arc::clone(&message),
            };
            self.history.push(event, EVENT_BYTES + message.bytes);
        }
    }
}

fn number(id: &str) -> Option<u64> {
    id.strip_prefix("dev_")?.parse().ok()
}

/// An address in the shape that Huawei gives it.
fn hms_token(random: [[u8; 32]; 2]) -> String {
    let rest = crate::base64url::encode(random.concat());
    format!("IQAAAACy0{rest}")
}

/// An address in the shape that Firebase gives it.
fn fcm_token(kind: Kind, random: [[u8; 32]; 2]) -> String {
    // A FID has 22 characters, of which the first is c, d, e or f.
    let mut id = [0; 16];
    id.copy_from_slice(&random[0][..16]);
    id[0] = id[0] & 0x0F | 0x70;
    let id = crate::base64url::encode(id);
    if kind == Kind::FcmFid {
        return id;
    }
    format!("{id}:APA91b{}", crate::base64url::encode(random.concat()))
}
