//! The push services between the server and the devices.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::ExposeSecret as _;
use uuid::Uuid;
use vestnik_clock::Clock as _;
use vestnik_core::machine::engine::Command;
use vestnik_envelope::{Context, KeyRing, PublicKey, seal};
use vestnik_inbox::{
    Payload, SecretStore as _, Withdrawal,
    push::{self, PushKeys},
    secret::ENVELOPE,
};
use vestnik_model::{InstallationId, NotificationId, PushAddress, PushAddressKind, UserId};

use super::{Item, World};
use crate::{
    device::{Deed, Draw, Job, Number},
    plan::PushFirst,
    time::{DAY, MINUTE, SECOND},
};

impl World {
    /// The server pushes one of the last notifications to a device, if its user is logged in there.
    pub(super) fn push(&mut self, number: Number, last: usize, to_extension: bool) {
        if let Some(id) = self.last(last) {
            self.push_one(number, id, to_extension);
        }
    }

    fn push_one(&mut self, number: Number, id: NotificationId, to_extension: bool) {
        let known = self.server.accepted().find(|(one, _)| *one == id);
        let Some((_, known)) = known.filter(|(_, known)| !known.is_recalled) else {
            return;
        };
        if known.expires_at <= self.now || known.read_at.is_some() {
            return;
        }
        let payload = Payload::new(Some(known.user.clone()), known.notification.clone());
        // The server reaches by push whoever is logged in on the installation.
        let mut installations = self.devices[number].diary.installations.iter();
        let user = Some(&known.user);
        let is_reached = |id| self.server.owner(id) == user && known.is_for(id);
        let Some(to) = installations.find(|id| is_reached(**id)) else {
            return;
        };
        let to = *to;
        let Some(address) = self.server.address(to).map(str::to_owned) else {
            return;
        };
        let key = self.server.key(to).map(str::to_owned);
        let parcel = self.parcel(&payload, to, key.as_deref());
        self.hand_over(
            number,
            &Flight {
                address,
                to_extension,
                parcel,
            },
        );
    }

    /// The sender recalls a notification: the log says so, and a push to each device of its user.
    pub(super) fn recall(&mut self, id: NotificationId) {
        self.push_in_flight(id);
        self.server.recall(self.now, id);
        let known = self.server.accepted().find(|(one, _)| *one == id);
        let user = known.map(|(_, known)| known.user.clone());
        let Some(user) = user else {
            return;
        };
        for number in 0..self.devices.len() {
            let to_extension = self.random.percent(70);
            self.withdraw(number, (&user, id), to_extension);
        }
    }

    /// A push of a notification is on its way while the sender changes it. What was changed before is not pushed
    /// once more.
    pub(super) fn push_in_flight(&mut self, id: NotificationId) {
        let known = self.server.accepted().find(|(one, _)| *one == id);
        if known.is_none_or(|(_, known)| known.notification.revision > 0) {
            return;
        }
        for number in 0..self.devices.len() {
            if self.random.percent(50) {
                let to_extension = self.random.percent(70);
                self.push_one(number, id, to_extension);
            }
        }
    }

    fn withdraw(
        &mut self,
        number: Number,
        (user, id): (&UserId, NotificationId),
        to_extension: bool,
    ) {
        let mut installations = self.devices[number].diary.installations.iter();
        let Some(to) = installations.find(|id| self.server.owner(**id) == Some(user)) else {
            return;
        };
        let to = *to;
        let Some(address) = self.server.address(to).map(str::to_owned) else {
            return;
        };
        let key = self.server.key(to).map(str::to_owned);
        let content = serde_json::to_vec(&Withdrawal::new(user.clone(), id)).ok();
        // A withdrawal has nothing to say without its content.
        let Some(envelope) = self.envelope(content, (to, id), key.as_deref()) else {
            return;
        };
        let parcel = serde_json::json!({
            "v": 1, "id": "att_0", "withdraws": id, "envelope": envelope,
        });
        let flight = Flight {
            address,
            to_extension,
            parcel: parcel.to_string().into_bytes(),
        };
        self.hand_over(number, &flight);
    }

    /// Something is accepted, and its push comes before the app can know of it.
    pub(super) fn push_first(&mut self, number: Number, what: &PushFirst) {
        let wanted = self.devices[number].wanted.clone();
        let user = self
            .users
            .iter()
            .position(|user| Some(user) == wanted.as_ref());
        let Some(user) = user else { return };
        if what.extension {
            self.crash(number, false);
        } else {
            self.cut_device(number, false);
        }
        self.publish_new(user, DAY, what.is_only.then_some(number));
        self.push(number, 0, what.extension);
        if let Some((id, pause)) = self.last(0).zip(what.recalled_after) {
            self.after(pause, Item::Recall(id));
        }
    }

    /// A push service has a parcel: it may lose it, repeat it, and bring a later one first.
    fn hand_over(&mut self, number: Number, flight: &Flight) {
        let copies = if self.random.percent(20) { 2 } else { 1 };
        for _ in 0..copies {
            if self.random.percent(5) {
                continue;
            }
            let below = match self.random.below(10) {
                0..=4 => 2 * SECOND,
                5..=7 => MINUTE,
                _ => 20 * MINUTE,
            };
            let pause = self.some(below);
            self.after(pause, Item::Parcel(number, Box::new(flight.clone())));
        }
    }

    /// A parcel reaches a device, if it has the address still.
    pub(super) fn on_parcel(&mut self, number: Number, flight: &Flight) {
        let now = self.now;
        let device = &self.devices[number];
        if device.address != flight.address {
            self.trace
                .add(now, || format!("{number} has another address"));
            return;
        }
        if !flight.to_extension && device.process.is_some() {
            let parcel = flight.parcel.clone();
            self.push_job(number, Job::Person(Deed::Push(parcel)));
        } else if device.permission == vestnik_model::Permission::Granted {
            self.push_to_extension(number, &flight.parcel);
        }
    }

    /// Each device is given a push that it has no key for. It tells the server of its key again.
    pub(super) fn doubt_keys(&mut self) {
        for number in 0..self.devices.len() {
            let Some(installation) = self.devices[number].installation() else {
                continue;
            };
            let known = self.server.accepted().next();
            let Some(notification) = known.map(|(_, known)| known.notification.clone()) else {
                return;
            };
            let former = KeyRing::new(notification.accepted_at, [7; 32]).public_key();
            let key = URL_SAFE_NO_PAD.encode(former.as_bytes());
            let parcel = self.parcel(&Payload::new(None, notification), installation, Some(&key));
            let before = self.server.puts(installation);
            self.push_job(number, Job::Person(Deed::Push(parcel)));
            self.pass(2 * MINUTE);
            if self.server.puts(installation) == before && self.failures.is_empty() {
                self.fail(format!(
                    "device {number}: a push did not open, and the key is not told again"
                ));
            }
        }
    }

    /// The server is told of a key, and seals for it from here on. Whatever becomes of the process that told
    /// it, the next one and an extension open what is sealed for it.
    pub(super) fn check_told_key(
        &mut self,
        (number, life): (Number, u64),
        (installation, key): (InstallationId, &str),
    ) {
        let device = &self.devices[number];
        if !device.is_living(life) || device.diary.keys_lost_in == Some(life) {
            return;
        }
        let kept = device.secrets.kept(ENVELOPE);
        let kept = kept.and_then(|text| PushKeys::parse(text.expose_secret()));
        let notification =
            super::act::notification(NotificationId::from_uuid(Uuid::nil()), 0, (0, DAY));
        let parcel = self.parcel(&Payload::new(None, notification), installation, Some(key));
        let is_kept = kept.is_some_and(|keys| {
            let opened = push::open(&parcel, &keys);
            !opened.is_err_and(|closed| closed.why.is_about_key())
        });
        if !is_kept {
            self.fail(format!(
                "device {number}: the server is told of a key that the device has not kept"
            ));
        }
    }

    /// The push service gives the app another address, and knows the former one no more.
    pub(super) fn rotate(&mut self, number: Number) {
        self.serial += 1;
        let device = &mut self.devices[number];
        device.address = format!("address {}", self.serial);
        let address = PushAddress::new(PushAddressKind::FcmToken, device.address.clone());
        if let Some(process) = &mut device.process {
            // What cannot be kept is said again at the next start.
            drop(process.files.keep_push_addresses(vec![address.clone()]));
            self.command(number, Command::PushAddress(address));
        }
    }

    /// The keys of pushes are lost, and nothing else. The process that runs has them still.
    pub(super) fn lose_keys(&mut self, number: Number) {
        let device = &mut self.devices[number];
        if device.secrets.delete(ENVELOPE).is_ok() {
            device.diary.keys_lost_in = Some(device.life);
        }
    }

    /// What the server gives a push service. Without a key it is a hint.
    fn parcel(&mut self, payload: &Payload, to: InstallationId, key: Option<&str>) -> Vec<u8> {
        let notification = payload.notification.id;
        let content = serde_json::to_vec(payload).ok();
        let envelope = self.envelope(content, (to, notification), key);
        let parcel = serde_json::json!({
            "v": 1, "id": "att_0", "notification": notification, "envelope": envelope,
        });
        parcel.to_string().into_bytes()
    }

    fn envelope(
        &mut self,
        content: Option<Vec<u8>>,
        (installation, notification): (InstallationId, NotificationId),
        key: Option<&str>,
    ) -> Option<String> {
        let context = Context {
            installation,
            notification,
        };
        let mut random = [0; 32];
        random[..8].copy_from_slice(&self.random.bits().to_le_bytes());
        let key = key.and_then(|key| URL_SAFE_NO_PAD.decode(key).ok());
        let key = key.and_then(|key| PublicKey::parse(&key).ok())?;
        let sealed = seal(&content?, &key, &context, random).ok()?;
        Some(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The extension of a device is given a push: it writes it down, draws and says so.
    fn push_to_extension(&mut self, number: Number, parcel: &[u8]) {
        let device = &mut self.devices[number];
        let spool = device.data().join("spool");
        let keys = device.secrets.get(ENVELOPE).ok().flatten();
        let keys = keys.and_then(|text| PushKeys::parse(text.expose_secret()));
        let clock = device.clock.now();
        let now = self.now;
        let (ticket, notification) = match push::handle(parcel, keys.as_ref(), &spool) {
            push::Draw::Show {
                ticket,
                notification,
            } => (ticket, notification),
            push::Draw::Withdraw(id) => {
                device.screen.remove(&id);
                device.diary.withdrawn.insert(id);
                self.trace
                    .add(now, || format!("{number} extension withdraws {id}"));
                return;
            }
            push::Draw::Nothing {
                notification: Some(id),
                content: Some(content),
                ..
            } => {
                self.extension_repeats(number, (id, content.revision));
                return;
            }
            other @ (push::Draw::Generic { .. } | push::Draw::Nothing { .. }) => {
                self.trace
                    .add(now, || format!("{number} extension: {other:?}"));
                return;
            }
        };
        // The clock of the machine on which the model runs has no part in it.
        let written = std::time::SystemTime::from(clock);
        let stamped = std::fs::File::options().write(true).open(ticket.path());
        if let Err(error) = stamped.and_then(|file| file.set_modified(written)) {
            self.fail(format!("the model's disk: {error}"));
            return;
        }
        // The system may end an extension at any moment.
        if !self.is_calm && self.random.percent(15) {
            self.trace
                .add(now, || format!("{number} extension dies before it draws"));
            drop(ticket);
            return;
        }
        self.extension_draws(number, (notification.id, notification.revision));
        if self.random.percent(70) {
            let pause = self.some(2 * SECOND);
            self.after(pause, Item::Extension(number, Box::new(ticket)));
        }
    }

    /// A system that draws each push in any case draws what its extension hands on. It is not announced again.
    fn extension_repeats(&mut self, number: Number, (id, revision): (NotificationId, u32)) {
        let now = self.now;
        let drawn = self.devices[number].screen.entry(id).or_insert(revision);
        *drawn = revision.max(*drawn);
        self.trace
            .add(now, || format!("{number} extension draws {id} once more"));
    }

    fn extension_draws(&mut self, number: Number, (id, revision): (NotificationId, u32)) {
        let now = self.now;
        let owner = self.server.ever.notifications.get(&id).cloned();
        let device = &mut self.devices[number];
        let again = device.diary.was_drawn(id) && device.diary.has_lost_marks;
        let present = device.process.as_ref();
        let present = present.map(|process| process.files.device().user().cloned());
        device.diary.draws.push(Draw { id, again });
        device.screen.insert(id, revision);
        self.trace
            .add(now, || format!("{number} extension draws {id}:{revision}"));
        if device.diary.withdrawn.contains(&id) && !device.diary.has_lost_marks {
            self.fail(format!(
                "device {number}: its extension draws {id}, which was withdrawn"
            ));
        }
        if present.is_some_and(|user| user != owner) {
            self.fail(format!(
                "device {number}: its extension draws {id}, which is not its user's"
            ));
        }
    }
}

/// A parcel on its way.
#[derive(Debug, Clone)]
pub(super) struct Flight {
    address: String,
    to_extension: bool,
    parcel: Vec<u8>,
}
