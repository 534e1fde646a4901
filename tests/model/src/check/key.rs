//! The server reaches the device, and an extension can open what it seals.

use secrecy::ExposeSecret as _;
use vestnik_inbox::{SecretStore as _, push::PushKeys, secret::ENVELOPE};

use crate::{device::Number, world::World};

pub(super) fn check(world: &World, number: Number, wrong: &mut Vec<String>) {
    let device = &world.devices[number];
    let Some(process) = &device.process else {
        return;
    };
    if world.server.address(process.installation) != Some(device.address.as_str()) {
        wrong.push(format!(
            "device {number}: the server does not have its address"
        ));
    }
    if device.diary.keys_lost_in == Some(device.life) {
        return;
    }
    let own = process.files.envelope_key();
    let kept = device.secrets.get(ENVELOPE).ok().flatten();
    let kept = kept.and_then(|text| PushKeys::parse(text.expose_secret()));
    if kept.map(|keys| keys.public_text()).as_ref() != Some(&own) {
        wrong.push(format!(
            "device {number}: its extension does not have its keys"
        ));
    }
    if world.server.key(process.installation) != Some(own.as_str()) {
        wrong.push(format!(
            "device {number}: the server seals for another key than its own"
        ));
    }
}
