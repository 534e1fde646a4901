//! Whom a notification would reach now, and how: for a sender who asks before they send.

use std::collections::BTreeMap;

use vestnik_model::Channel;

use crate::explain::Device;

/// The most recipients that are looked at; the rest is told to be there.
pub const MOST: u32 = 2_000;

/// Whom a notification would reach now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reach {
    /// How many recipients were looked at.
    pub users: u64,
    /// Of them, those without a device.
    pub without_device: u64,
    /// Those with devices of which none may show anything.
    pub blocked: u64,
    /// Those who could be reached over each route now: the connection of a device, or a push service at
    /// which a device has an address and the App has credentials. A person can be among several.
    pub by_channel: BTreeMap<Channel, u64>,
}

impl Reach {
    /// Adds a recipient with their devices.
    pub fn add(&mut self, devices: &[Device]) {
        self.users += 1;
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
        reach.add(&[
            online.clone(),
            device(&[Channel::Fcm]),
            device(&[Channel::Apns]),
        ]);
        reach.add(&[]);
        let blocked = Device {
            blocked: Some(Reason::BlockedOs),
            ..online
        };
        reach.add(&[blocked]);
        let mut dead = device(&[Channel::Fcm, Channel::Webpush]);
        dead.addresses[0].died_at = Some(Timestamp::UNIX_EPOCH);
        dead.addresses[1].has_provider = false;
        reach.add(&[dead]);
        assert_eq!(
            (reach.users, reach.without_device, reach.blocked),
            (4, 1, 1)
        );
        let expected = [(Channel::Hub, 1), (Channel::Fcm, 1), (Channel::Apns, 1)];
        assert_eq!(reach.by_channel, expected.into());
    }
}
