//! What changed about the device, as the engine is told.

use vestnik_model::{InstallationState, Open, PushAddress};

use crate::machine::{engine::Command, registration::Change};

/// What leads from one state of the device to another.
pub(super) fn changes(from: &InstallationState, to: &InstallationState) -> Vec<Command> {
    let (own, new) = (&from.push_addresses, &to.push_addresses);
    let mut commands = vec![Command::Change(Change {
        permission: to.permission.known(),
        locale: to.locale.clone(),
        time_zone: to.time_zone.clone(),
        app_version: to.app_version.clone(),
        os_version: to.os_version.clone(),
        envelope_key: to.envelope_key.clone(),
    })];
    let is_gone = |own: &&PushAddress| !new.iter().any(|address| address.excludes(own));
    for address in own.iter().filter(is_gone) {
        if let Open::Known(kind) = address.kind {
            commands.push(Command::ForgetPushAddress(kind));
        }
    }
    let is_new = |address: &&_| !own.contains(address);
    commands.extend(new.iter().filter(is_new).cloned().map(Command::PushAddress));
    commands
}

#[cfg(test)]
mod tests {
    use vestnik_model::{Permission, Platform, PushAddressKind};

    use super::*;
    use crate::DeviceInfo;

    fn info() -> DeviceInfo {
        DeviceInfo {
            platform: Platform::Android,
            model: None,
            os_version: None,
            app_version: None,
            locale: Some("ru".to_owned()),
            time_zone: None,
            permission: Permission::Granted,
        }
    }

    fn address(kind: PushAddressKind, value: &str) -> PushAddress {
        PushAddress::new(kind, value)
    }

    #[test]
    fn the_engine_ends_where_the_device_stands() {
        let from = InstallationState {
            push_addresses: vec![
                address(PushAddressKind::FcmToken, "f1"),
                address(PushAddressKind::Rustore, "r1"),
            ],
            ..info().installation_state()
        };
        let to = InstallationState {
            permission: Permission::Denied.into(),
            locale: Some("en".to_owned()),
            push_addresses: vec![
                address(PushAddressKind::FcmFid, "f2"),
                address(PushAddressKind::Hms, "h1"),
            ],
            ..from.clone()
        };
        let mut state = from.clone();
        for command in changes(&from, &to) {
            if let Command::Change(change) = command {
                state = change.applied(state);
            } else if let Command::PushAddress(address) = command {
                state.push_addresses.retain(|own| !address.excludes(own));
                state.push_addresses.push(address);
            } else if let Command::ForgetPushAddress(kind) = command {
                state.push_addresses.retain(|own| own.kind != kind);
            } else {
                panic!("{command:?}");
            }
        }
        assert_eq!(state, to);
    }
}
