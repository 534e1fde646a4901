//! How the devices that a delivery is for can be reached.

use super::{
    findings::{Address, DeliveryFindings, Device, Findings},
    statement::{DeviceFinding, Standing, Statement},
    story::name,
};
use crate::app_version::Build;

/// How each device that has no delivery yet can be reached, or that there is none.
pub(super) fn reachability(findings: &Findings, delivery: &DeliveryFindings) -> Vec<Statement> {
    if findings.meant().next().is_none() {
        let wanted = &findings.notification.wanted;
        let none = if delivery.addressed.named(wanted).is_some() {
            Standing::NoMeantDevice
        } else {
            Standing::NoDevice
        };
        return vec![Statement::Standing(none)];
    }
    let is_routed = delivery.course.is_some();
    let devices = findings.meant().filter(|device| !findings.has_it(device));
    let mut said: Vec<_> = devices
        .flat_map(|device| {
            let name = name(findings, device);
            let found = reach(findings, device, is_routed).into_iter();
            found.map(move |found| Statement::Device {
                device: name,
                found,
            })
        })
        .collect();
    if !is_routed {
        said.push(Statement::Standing(Standing::ByConnectionOnly));
    }
    said
}

fn reach(findings: &Findings, device: &Device, is_routed: bool) -> Vec<DeviceFinding> {
    let since = device.last_seen_at;
    let connection = device
        .connected
        .map_or(DeviceFinding::Offline { since }, |heard_at| {
            DeviceFinding::Connected { heard_at }
        });
    let mut found = vec![connection];
    let wanted = &findings.notification.wanted;
    if !wanted.suits(device.build) {
        let Build { platform, version } = device.build;
        let oldest = platform.and_then(|platform| wanted.minimum.of(platform));
        found.push(DeviceFinding::TooOld { version, oldest });
    } else if let Some(reason) = device.blocked {
        found.push(DeviceFinding::Blocked { reason });
    } else if is_routed && device.addresses.is_empty() {
        found.push(DeviceFinding::WithoutAddress);
    } else if is_routed {
        found.extend(gaps(device));
    }
    found
}

/// What keeps push services from reaching a device. A dead address beside a live one at the same service
/// keeps nothing.
fn gaps(device: &Device) -> impl Iterator<Item = DeviceFinding> {
    let addresses = device.addresses.iter();
    let is_alive = |dead: &Address| {
        let mut addresses = device.addresses.iter();
        addresses.any(|other| other.channel == dead.channel && other.died_at.is_none())
    };
    let told = addresses.filter(move |address| address.died_at.is_none() || !is_alive(address));
    told.filter_map(gap)
}

/// What keeps a push service from reaching a device.
fn gap(address: &Address) -> Option<DeviceFinding> {
    let Address {
        channel,
        died_at,
        has_provider,
    } = *address;
    match died_at {
        Some(at) => Some(DeviceFinding::AddressDead { channel, at }),
        None => (!has_provider).then_some(DeviceFinding::NoProvider { channel }),
    }
}
