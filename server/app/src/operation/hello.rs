//! A device's greeting: from here on its connection is live.

use vestnik_model::{
    InstallationState, Permission, Platform, ProblemCode,
    contract::{self, EpochText, Welcome},
};
use vestnik_signalr::server::Connection;
use vestnik_store::{Session, Store};

use crate::{
    bus::Bus,
    clock::Clock,
    feed::{self, Devices, Position},
    refusal::Refusal,
};

/// What a greeting needs.
#[derive(Clone, Copy)]
pub(crate) struct Greeting<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) bus: &'a dyn Bus,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) devices: &'a Devices,
}

/// Registers a connection as a live device, at the cursor that it names.
pub(crate) async fn hello(
    with: Greeting<'_>,
    session: Session,
    connection: Connection,
    hello: contract::Hello,
) -> Result<Welcome, Refusal> {
    remember(with, &session, &hello).await?;
    let head = with
        .store
        .head(session.app.clone(), session.user.clone())
        .await?;
    let known = hello
        .cursor
        .filter(|cursor| cursor.epoch == head.epoch && cursor.seq <= head.seq);
    let behind_by = head.seq - known.map_or(0, |cursor| cursor.seq);
    let position = if behind_by == 0 {
        Position::Live(head)
    } else {
        Position::Catching
    };
    with.devices.insert(session.clone(), connection, position);
    feed::hint(with.bus, session, head.seq);
    Ok(Welcome {
        epoch: EpochText(head.epoch),
        cursor: head,
        behind_by,
        server_time: with.clock.now(),
    })
}

/// Stores what a greeting says about the device, if it differs from what is stored.
async fn remember(
    with: Greeting<'_>,
    session: &Session,
    hello: &contract::Hello,
) -> Result<(), Refusal> {
    let stored = with
        .store
        .installation(session.app.clone(), session.installation)
        .await?;
    let Some(stored) = stored else {
        return Err(Refusal::new(
            ProblemCode::AuthInvalid,
            "the installation was logged out",
        ));
    };
    let before = stored.state.unwrap_or_else(unknown_device);
    let mut after = before.clone();
    let overlay = |old: &mut Option<String>, new: &Option<String>| {
        if new.is_some() {
            old.clone_from(new);
        }
    };
    overlay(&mut after.locale, &hello.locale);
    overlay(&mut after.time_zone, &hello.time_zone);
    overlay(&mut after.app_version, &hello.app_version);
    after.permission = hello.permission.unwrap_or(after.permission);
    if after != before {
        after.check()?;
        let (app, id) = (session.app.clone(), session.installation);
        with.store
            .put_installation(app, id, after, with.clock.now())
            .await?;
    }
    Ok(())
}

/// The state of a device that has not registered.
fn unknown_device() -> InstallationState {
    InstallationState {
        platform: Platform::Web,
        model: None,
        os_version: None,
        app_version: None,
        locale: None,
        time_zone: None,
        permission: Permission::Unknown,
        push_addresses: Vec::new(),
    }
}
