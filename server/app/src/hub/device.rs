//! What devices call.

use vestnik_model::{
    FieldProblem, InstallationState, Platform, Problem, ProblemCode,
    contract::{self, EpochText, Page, Welcome},
    problem::FieldCode,
    receipt::Reported,
};
use vestnik_signalr::{
    payload::Payload,
    server::{Caller as From, Connection, HubError, State},
};
use vestnik_store::{Hint, LogSlice, Session, SubscribeOutcome};

use super::{argument, devices::Position, feed};
use crate::{
    api::receipts,
    app::App,
    auth::{Caller, Device},
    error::ApiError,
};

/// A device says who it is and where it stopped.
pub(super) async fn hello(
    State(app): State<App>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Welcome, HubError> {
    let device = caller.device()?;
    let hello: contract::Hello = argument(&raw)?;
    device.require(hello.installation_id)?;
    let Device(session) = device;
    remember(&app, &session, &hello).await?;
    let head = app
        .store
        .head(session.app.clone(), session.user.clone())
        .await
        .map_err(ApiError::from)?;
    let known = hello
        .cursor
        .filter(|cursor| cursor.epoch == head.epoch && cursor.seq <= head.seq);
    let behind_by = head.seq - known.map_or(0, |cursor| cursor.seq);
    let position = if behind_by == 0 {
        Position::Live(head)
    } else {
        Position::Catching
    };
    app.devices.insert(session.clone(), connection, position);
    look_again(&app, &session, head.seq);
    Ok(Welcome {
        epoch: EpochText(head.epoch),
        cursor: head,
        behind_by,
        server_time: app.clock.now(),
    })
}

/// Keeps what a greeting tells of the device, when it tells something new.
async fn remember(app: &App, session: &Session, hello: &contract::Hello) -> Result<(), ApiError> {
    let stored = app
        .store
        .installation(session.app.clone(), session.installation)
        .await?;
    let Some(stored) = stored else {
        return Err(ApiError::new(
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
        let (tenant, id) = (session.app.clone(), session.installation);
        app.store
            .put_installation(tenant, id, after, app.clock.now())
            .await?;
    }
    Ok(())
}

/// What is known of a device that never told.
fn unknown_device() -> InstallationState {
    InstallationState {
        platform: Platform::Web,
        model: None,
        os_version: None,
        app_version: None,
        locale: None,
        time_zone: None,
        permission: vestnik_model::Permission::Unknown,
        push_addresses: Vec::new(),
    }
}

/// A device reads its log on. Once it is at the end it is told the rest live.
pub(super) async fn sync(
    State(app): State<App>,
    From(caller): From<Caller>,
    connection: Connection,
    raw: Payload,
) -> Result<Page, HubError> {
    let Device(session) = caller.device()?;
    let contract::Sync { cursor, limit } = argument(&raw)?;
    let limit = limit.unwrap_or(contract::DEFAULT_PAGE);
    if !(1..=contract::MAX_PAGE).contains(&limit) {
        let detail = format!("must be 1 to {}", contract::MAX_PAGE);
        let problem = FieldProblem::new("/limit", FieldCode::OutOfRange, detail);
        return Err(ApiError::from(Problem::invalid(vec![problem])).into());
    }
    let now = app.clock.now();
    let slice = LogSlice {
        session: session.clone(),
        after: cursor,
        limit,
        now,
    };
    let page = app.store.read_log(slice).await.map_err(ApiError::from)?;
    feed::note_hand_over(&app, session.installation, &page.entries).await;
    if let Some(device) = app.devices.get(connection.id()) {
        let is_there = !page.more;
        device.put(if is_there {
            Position::Live(page.cursor)
        } else {
            Position::Catching
        });
        if is_there {
            look_again(&app, &session, page.cursor.seq);
        }
    }
    Ok(page)
}

/// Something may have come between the look at the log and the device's being live.
fn look_again(app: &App, session: &Session, seq: u64) {
    let (tenant, user) = (session.app.clone(), session.user.clone());
    app.bus.publish(vec![Hint {
        app: tenant,
        user,
        seq,
    }]);
}

/// A device reports receipts.
pub(super) async fn report(
    State(app): State<App>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<Reported, HubError> {
    let device = caller.device()?;
    let contract::Report { receipts } = argument(&raw)?;
    Ok(receipts::take(&app, device, receipts).await?)
}

/// A device's user joins a topic.
pub(super) async fn subscribe(
    State(app): State<App>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<(), HubError> {
    let Device(Session {
        app: tenant, user, ..
    }) = caller.device()?;
    let contract::Subscribe { topic } = argument(&raw)?;
    match app
        .store
        .subscribe(tenant, topic, user, true)
        .await
        .map_err(ApiError::from)?
    {
        SubscribeOutcome::Subscribed => Ok(()),
        SubscribeOutcome::Unavailable => {
            let detail = "there is no such topic, or users may not subscribe themselves";
            Err(ApiError::new(ProblemCode::TopicUnavailable, detail).into())
        }
    }
}

/// A device's user leaves a topic. One that is not there is left already.
pub(super) async fn unsubscribe(
    State(app): State<App>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<(), HubError> {
    let Device(Session {
        app: tenant, user, ..
    }) = caller.device()?;
    let contract::Subscribe { topic } = argument(&raw)?;
    app.store
        .unsubscribe(tenant, topic, user)
        .await
        .map_err(ApiError::from)?;
    Ok(())
}
