//! Whom a notification would reach now, and how: for a sender who asks before they send.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vestnik_model::{Channel, Devices};

use crate::{
    device::{Candidate, Choice, choose},
    explain::Device,
    schedule::{Mailing, Pace, Recipient, Turn, held, turn},
};

/// The most recipients that are looked at; the rest is told to be there.
pub const MOST: u32 = 2_000;

/// Whom a notification would reach now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// How many recipients were looked at.
    pub users: u64,
    /// Of them, those without a device, or without the one that was asked for.
    pub without_device: u64,
    /// Those with devices of which none may show anything.
    pub blocked: u64,
    /// Those who could be reached over each route now: the connection of a device, or a push service at
    /// which a device has an address and the App has credentials. A person can be among several.
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
    /// Adds a recipient with their devices, of which some were asked for. All of them count where they
    /// follow the primary one.
    pub fn add(&mut self, choice: Devices, devices: &[Device]) {
        self.users += 1;
        let devices = meant(choice, devices);
        if devices.is_empty() {
            self.without_device += 1;
            return;
        }
        let shows = || devices.iter().filter(|device| device.blocked.is_none());
        if shows().next().is_none() {
            self.blocked += 1;
        }
        for channel in Channel::ALL {
            let is_reached = shows().any(|device| reaches(device, channel));
            if is_reached {
                *self.by_channel.entry(channel).or_default() += 1;
            }
        }
    }
}

/// The devices that a delivery would be for.
fn meant(choice: Devices, devices: &[Device]) -> Vec<&Device> {
    let candidates = devices.iter().map(|device| Candidate {
        installation: device.installation,
        opened_at: device.opened_at,
        last_seen_at: device.last_seen_at,
    });
    match (choice, choose(choice, candidates)) {
        (Devices::PrimaryThenAll, _) | (_, Choice::All) => devices.iter().collect(),
        (_, Choice::Nobody) => Vec::new(),
        (_, Choice::One(id)) => devices
            .iter()
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
        Channel::Fcm | Channel::Apns | Channel::Webpush => {
            let mut addresses = device.addresses.iter();
            addresses.any(|address| {
                address.channel == channel && address.died_at.is_none() && address.has_provider
            })
        }
        Channel::Email => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use vestnik_model::Reason;

    use super::*;
    use crate::explain::Address;

    fn device(channels: &[Channel]) -> Device {
        let address = |channel: &Channel| Address {
            channel: *channel,
            died_at: None,
            has_provider: true,
        };
        Device {
            installation: "ins_00000000000000000000000000000001".parse().unwrap(),
            platform: None,
            blocked: None,
            connected: None,
            last_seen_at: Timestamp::UNIX_EPOCH,
            opened_at: None,
            has_it: false,
            addresses: channels.iter().map(address).collect(),
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
            Devices::All,
            &[
                online.clone(),
                device(&[Channel::Fcm]),
                device(&[Channel::Apns]),
            ],
        );
        reach.add(Devices::All, &[]);
        let blocked = Device {
            blocked: Some(Reason::BlockedOs),
            ..online
        };
        reach.add(Devices::All, &[blocked]);
        let mut dead = device(&[Channel::Fcm, Channel::Webpush]);
        dead.addresses[0].died_at = Some(Timestamp::UNIX_EPOCH);
        dead.addresses[1].has_provider = false;
        reach.add(Devices::All, &[dead]);
        assert_eq!(
            (reach.users, reach.without_device, reach.blocked),
            (4, 1, 1)
        );
        let expected = [(Channel::Hub, 1), (Channel::Fcm, 1), (Channel::Apns, 1)];
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
            reach.add(choice, &[old.clone(), primary.clone()]);
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
        reach.add(Devices::Primary, &[old]);
        assert_eq!((reach.users, reach.without_device), (1, 1));
    }
}
