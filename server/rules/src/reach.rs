//! Whom a notification would reach now, and how: for a sender who asks before they send.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use vestnik_model::{Channel, Devices, InstallationId, UserId};

use crate::{
    audience::Plan,
    device::{Candidate, Choice, Wanted},
    explain::{Address, Device},
    schedule::{Mailing, Pace, Recipient, Turn, held, turn},
};

/// The most recipients that are looked at; the rest is told to be there.
pub const MOST: u32 = 2_000;

/// The most lines of uploaded audiences that are read: lines that name nobody, or one user over and over, would
/// lead through whole files.
pub const MOST_LINES: u32 = 10_000;

/// Whom a notification would reach now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// How many recipients were looked at.
    pub users: u64,
    /// Of them, those who do not want it; they are counted nowhere else.
    pub opted_out: u64,
    /// Of them, those without a device, or without the one that was asked for.
    pub without_device: u64,
    /// Those with devices on all of which the app is older than the sender allows.
    pub too_old: u64,
    /// Those with devices of which none may show anything.
    pub blocked: u64,
    /// Those who could be reached over each route now: the connection of a device, a push service at which
    /// a device has an address and the App has credentials, a mailbox if the App has an SMTP server, the
    /// App's own backend if it has one, or a number or chat at a gateway of the App. A person can be among several.
    pub by_channel: BTreeMap<Channel, u64>,
    /// Those who would wait for their own time after the opening.
    pub waiting: u64,
    /// Those who would never be notified: their zone is not known, their window never opens in time, or
    /// they would expire before their time.
    pub left_out: u64,
    /// When the last of those who were looked at would be notified, the pace aside.
    pub last_at: Option<Timestamp>,
}

impl Reach {
    /// Adds a recipient who does not want it.
    pub const fn add_opted_out(&mut self) {
        self.users += 1;
        self.opted_out += 1;
    }

    /// Adds a recipient with the devices that the notification is for, of which some were asked for, and
    /// with where they are reached outside of these: their mailbox and the App's backend. All of the devices
    /// count where they follow the primary one.
    pub fn add<'a>(
        &mut self,
        wanted: &Wanted,
        devices: &[Device],
        outside: impl IntoIterator<Item = &'a Address>,
    ) {
        self.users += 1;
        for address in outside.into_iter().filter(|address| is_open(address)) {
            *self.by_channel.entry(address.channel).or_default() += 1;
        }
        let suited = devices.iter().filter(|device| wanted.suits(device.build));
        let suited: Vec<_> = suited.collect();
        if suited.is_empty() && !devices.is_empty() {
            self.too_old += 1;
            return;
        }
        let devices = meant(wanted, suited);
        if devices.is_empty() {
            self.without_device += 1;
            return;
        }
        let shows = || devices.iter().filter(|device| device.blocked.is_none());
        if shows().next().is_none() {
            self.blocked += 1;
        }
        for channel in Channel::BUILT_IN {
            let is_reached = shows().any(|device| reaches(device, channel));
            if is_reached {
                *self.by_channel.entry(channel).or_default() += 1;
            }
        }
    }
}

/// The devices that a delivery would be for, of those whose app is new enough.
fn meant<'a>(wanted: &Wanted, devices: Vec<&'a Device>) -> Vec<&'a Device> {
    let candidates = devices.iter().map(|device| Candidate {
        installation: device.installation,
        opened_at: device.opened_at,
        last_seen_at: device.last_seen_at,
        build: device.build,
    });
    match (wanted.devices, wanted.choose(candidates)) {
        (Devices::PrimaryThenAll, _) | (_, Choice::All) => devices,
        (_, Choice::Nobody) => Vec::new(),
        (_, Choice::One(id)) => devices
            .into_iter()
            .filter(|device| device.installation == id)
            .collect(),
    }
}

impl Reach {
    /// Adds when a recipient would be notified of what is accepted now.
    pub fn add_time(&mut self, mailing: &Mailing<'_>, recipient: &Recipient<'_>, now: Timestamp) {
        let opens_at = mailing.opens_at.max(now);
        let at = match turn(mailing, recipient, None, opens_at) {
            Turn::Now { .. } => opens_at,
            Turn::Later { at, .. } => {
                let held = held(mailing, recipient, Pace::default(), opens_at);
                if held.is_some_and(|held| held.ends_at.is_some()) {
                    self.left_out += 1;
                    return;
                }
                self.waiting += 1;
                at
            }
            Turn::Queued { .. } | Turn::Over(_) => {
                self.left_out += 1;
                return;
            }
        };
        self.last_at = self.last_at.max(Some(at));
    }
}

/// Whether a device that may show notifications is reached over a route now.
fn reaches(device: &Device, channel: Channel) -> bool {
    match channel {
        Channel::Hub => device.connected.is_some(),
        Channel::Fcm | Channel::Rustore | Channel::Hms | Channel::Apns | Channel::Webpush => {
            let mut addresses = device.addresses.iter();
            addresses.any(|address| address.channel == channel && is_open(address))
        }
        // It is no device's.
        Channel::Email | Channel::Webhook | Channel::Gateway(_) => false,
    }
}

fn is_open(address: &Address) -> bool {
    address.died_at.is_none() && address.has_provider
}

/// The recipients of an audience, as its sources name them in their order. The first one decides, as when
/// the audience is expanded ([`crate::audience`]): who is meant as a whole is not narrowed to single
/// installations.
#[derive(Debug)]
pub struct Recipients<'a> {
    plan: &'a Plan,
    users: BTreeMap<UserId, Option<Vec<InstallationId>>>,
    /// Those whom a topic would name from which they opted out.
    unwilling: BTreeSet<UserId>,
    /// How many more lines of uploaded audiences are read.
    lines: u32,
    /// Whether lines were left out.
    is_cut: bool,
}

impl<'a> Recipients<'a> {
    /// Nobody yet.
    #[must_use]
    pub const fn of(plan: &'a Plan) -> Self {
        Self {
            plan,
            users: BTreeMap::new(),
            unwilling: BTreeSet::new(),
            lines: MOST_LINES,
            is_cut: false,
        }
    }

    /// Whether another line of an uploaded audience is read, of [`MOST_LINES`].
    pub const fn may_read_line(&mut self) -> bool {
        match self.lines.checked_sub(1) {
            Some(left) => {
                self.lines = left;
                true
            }
            None => {
                self.is_cut = true;
                false
            }
        }
    }

    /// Whether these are all, when so many are looked at.
    #[must_use]
    pub fn is_exact(&self, limit: u32) -> bool {
        !self.is_cut && self.count() <= limit as usize
    }

    /// A source names a user; nothing follows if the sender excludes them.
    pub fn add(&mut self, user: UserId) {
        if !self.plan.excludes(&user) {
            self.unwilling.remove(&user);
            self.users.entry(user).or_insert(None);
        }
    }

    /// A user subscribes to a topic from which they opted out: another source may name them.
    pub fn add_unwilling(&mut self, user: UserId) {
        if !self.plan.excludes(&user) && !self.users.contains_key(&user) {
            self.unwilling.insert(user);
        }
    }

    /// A source names an installation of a user.
    pub fn add_installation(&mut self, user: UserId, installation: InstallationId) {
        if !self.plan.excludes(&user) {
            self.unwilling.remove(&user);
            let only = self.users.entry(user).or_insert_with(|| Some(Vec::new()));
            only.iter_mut().for_each(|only| only.push(installation));
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.users.len() + self.unwilling.len()
    }

    /// Those whom only topics would name from which they opted out.
    pub fn unwilling(&self) -> impl Iterator<Item = &UserId> {
        self.unwilling.iter()
    }

    /// Each whom a source names, with the only installations that are meant; all of the user's when absent.
    pub fn iter(&self) -> impl Iterator<Item = (&UserId, Option<&[InstallationId]>)> {
        let users = self.users.iter();
        users.map(|(user, only)| (user, only.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use vestnik_model::Reason;

    use super::*;
    use crate::{app_version::Build, explain::Address};

    const ALL: &Wanted = &Wanted::ALL;

    fn device(channels: &[Channel]) -> Device {
        let address = |channel: &Channel| Address {
            channel: *channel,
            died_at: None,
            has_provider: true,
        };
        Device {
            installation: "ins_00000000000000000000000000000001".parse().unwrap(),
            build: Build::default(),
            blocked: None,
            connected: None,
            last_seen_at: Timestamp::UNIX_EPOCH,
            opened_at: None,
            has_it: false,
            addresses: channels.iter().map(address).collect(),
        }
    }

    fn wanted(devices: Devices) -> Wanted {
        Wanted {
            devices,
            ..Wanted::ALL
        }
    }

    #[test]
    fn a_person_counts_once_on_each_route() {
        let mut reach = Reach::default();
        let online = Device {
            connected: Some(Timestamp::UNIX_EPOCH),
            ..device(&[Channel::Fcm])
        };
        reach.add(
            ALL,
            &[
                online.clone(),
                device(&[Channel::Fcm]),
                device(&[Channel::Apns]),
            ],
            None,
        );
        let mailbox = Address {
            channel: Channel::Email,
            died_at: None,
            has_provider: true,
        };
        reach.add(ALL, &[], Some(&mailbox));
        let blocked = Device {
            blocked: Some(Reason::BlockedOs),
            ..online
        };
        let dead = Address {
            died_at: Some(Timestamp::UNIX_EPOCH),
            ..mailbox
        };
        reach.add(ALL, &[blocked], Some(&dead));
        let mut dead = device(&[Channel::Fcm, Channel::Webpush]);
        dead.addresses[0].died_at = Some(Timestamp::UNIX_EPOCH);
        dead.addresses[1].has_provider = false;
        let foreign = Address {
            has_provider: false,
            ..mailbox
        };
        reach.add(ALL, &[dead], Some(&foreign));
        assert_eq!(
            (reach.users, reach.without_device, reach.blocked),
            (4, 1, 1)
        );
        let backend = [Address::backend(true), Address::backend(false)];
        reach.add(ALL, &[], &backend);
        let expected = [
            (Channel::Hub, 1),
            (Channel::Fcm, 1),
            (Channel::Apns, 1),
            (Channel::Email, 1),
            (Channel::Webhook, 1),
        ];
        assert_eq!(reach.by_channel, expected.into());
    }
    #[test]
    fn only_the_devices_that_were_asked_for_count() {
        let old = Device {
            connected: Some(Timestamp::UNIX_EPOCH),
            ..device(&[])
        };
        let primary = Device {
            installation: "ins_00000000000000000000000000000002".parse().unwrap(),
            opened_at: Some(Timestamp::UNIX_EPOCH),
            ..device(&[Channel::Fcm])
        };
        let check = |choice, hub, fcm| {
            let mut reach = Reach::default();
            reach.add(&wanted(choice), &[old.clone(), primary.clone()], None);
            let by = |channel| reach.by_channel.get(&channel).copied().unwrap_or_default();
            assert_eq!(
                (by(Channel::Hub), by(Channel::Fcm)),
                (hub, fcm),
                "{choice:?}"
            );
        };
        check(Devices::All, 1, 1);
        check(Devices::Primary, 0, 1);
        check(Devices::PrimaryThenAll, 1, 1);
        let mut reach = Reach::default();
        reach.add(&wanted(Devices::Primary), &[old], None);
        assert_eq!((reach.users, reach.without_device), (1, 1));
    }

    #[test]
    fn old_apps_are_counted_and_not_reached() {
        let written = [("android".to_owned(), "3".to_owned())];
        let wanted = Wanted {
            devices: Devices::All,
            minimum: vestnik_model::MinVersions::parse("", &written.into()).unwrap(),
        };
        let android = |version| Device {
            build: Build::of(Some(vestnik_model::Platform::Android), Some(version)),
            connected: Some(Timestamp::UNIX_EPOCH),
            ..device(&[Channel::Fcm])
        };
        let mut reach = Reach::default();
        reach.add(&wanted, &[android("2.9"), android("3.0")], None);
        reach.add(&wanted, &[android("2.9")], None);
        reach.add(&wanted, &[], None);
        assert_eq!((reach.too_old, reach.without_device), (1, 1));
        let expected = [(Channel::Hub, 1), (Channel::Fcm, 1)];
        assert_eq!(reach.by_channel, expected.into());
    }

    #[test]
    fn the_first_source_that_names_a_person_decides() {
        let [anna, bert, carl] = ["anna", "bert", "carl"].map(|name| UserId::parse(name).unwrap());
        let installation = |number: u8| format!("ins_{number:032}").parse().unwrap();
        let audience = vestnik_model::Audience::user(anna.clone());
        let app = vestnik_model::AppId::parse("shop").unwrap();
        let plan = Plan::of(&app, &audience, &crate::contact::ContactKey::new([7; 32]));
        let mut recipients = Recipients::of(&plan);
        recipients.add(anna.clone());
        recipients.add_installation(anna.clone(), installation(1));
        for number in [2, 3] {
            recipients.add_installation(bert.clone(), installation(number));
        }
        let only = [installation(2), installation(3)];
        let found: Vec<_> = recipients.iter().collect();
        assert_eq!(found, [(&anna, None), (&bert, Some(&only[..]))]);
        let excludes = serde_json::json!({"users": ["carl"], "exclude_users": ["carl"]});
        let plan: Plan = serde_json::from_value(excludes).unwrap();
        let mut nobody = Recipients::of(&plan);
        nobody.add(carl.clone());
        nobody.add_installation(carl, installation(4));
        assert_eq!(nobody.count(), 0);
    }

    #[test]
    fn so_many_lines_are_read() {
        let plan = Plan::default();
        let mut recipients = Recipients::of(&plan);
        for _ in 0..MOST_LINES {
            assert!(recipients.may_read_line());
        }
        assert!(recipients.is_exact(0));
        assert!(!recipients.may_read_line());
        assert!(!recipients.is_exact(MOST));
    }

    #[test]
    fn who_left_a_topic_is_a_recipient_by_another_way_only() {
        let user = |name: &str| UserId::parse(name).unwrap();
        let plan: Plan =
            serde_json::from_value(serde_json::json!({"exclude_users": ["dora"]})).unwrap();
        let mut recipients = Recipients::of(&plan);
        for name in ["anna", "bert", "dora"] {
            recipients.add_unwilling(user(name));
        }
        recipients.add(user("bert"));
        assert_eq!(recipients.count(), 2);
        assert!(recipients.unwilling().eq([&user("anna")]));
        assert!(recipients.iter().map(|(user, _)| user).eq([&user("bert")]));
    }
}
