//! What senders call.

use futures_util::{Stream, stream};
use tokio::sync::broadcast;
use vestnik_model::{
    AppId, NotificationId, PublishRequest, Scope,
    contract::{self, DeliveryChange, Published, StatusChange},
};
use vestnik_signalr::{
    payload::Payload,
    server::{Caller as From, HubError, State},
};
use vestnik_store::{Change, WatchedState};

use super::argument;
use crate::{app::App, auth::Caller, error::ApiError, publish};

/// A sender publishes, as by REST.
pub(super) async fn publish(
    State(app): State<App>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<Published, HubError> {
    let sender = caller.sender()?;
    sender.require(Scope::Publish)?;
    let request: PublishRequest = argument(&raw)?;
    Ok(publish::publish(&app, sender.app(), request, None)
        .await?
        .into())
}

/// A sender watches a notification: what is, then each change, until nothing more can change.
pub(super) async fn watch(
    State(app): State<App>,
    From(caller): From<Caller>,
    raw: Payload,
) -> Result<impl Stream<Item = Result<StatusChange, HubError>>, HubError> {
    let sender = caller.sender()?;
    sender.require(Scope::Read)?;
    let contract::Watch {
        notification_id: id,
    } = argument(&raw)?;
    // Listening begins before the look at what is, so that no change falls between the two.
    let changes = app.changes.subscribe();
    let tenant = sender.app();
    let state = state(&app, &tenant, id).await?;
    let watch = Watching {
        app,
        tenant,
        id,
        changes,
        next: Next::Tell(state),
    };
    Ok(stream::unfold(watch, |watching| watching.step()))
}

struct Watching {
    app: App,
    tenant: AppId,
    id: NotificationId,
    changes: broadcast::Receiver<Change>,
    next: Next,
}

enum Next {
    /// Tell this as what is.
    Tell(WatchedState),
    /// Wait for a change.
    Wait,
    /// Nothing more can change.
    End,
}

impl Watching {
    async fn step(mut self) -> Option<(Result<StatusChange, HubError>, Self)> {
        let change = match self.next {
            Next::End => return None,
            Next::Tell(state) => Ok(self.item(state, None)),
            Next::Wait => self.next_change().await,
        };
        self.next = match &change {
            Ok(change) if can_change(change) => Next::Wait,
            Ok(_) | Err(_) => Next::End,
        };
        Some((change, self))
    }

    async fn next_change(&mut self) -> Result<StatusChange, HubError> {
        loop {
            match self.changes.recv().await {
                Ok(change) if change.app == self.tenant && change.id == self.id => {
                    let delivery = change.delivery.map(|delivery| DeliveryChange {
                        id: delivery.id,
                        user: delivery.user,
                        status: delivery.status,
                    });
                    return Ok(self.item(change.state, delivery));
                }
                Ok(_) => {}
                // Too slow for each change: what is now says it all.
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    let state = state(&self.app, &self.tenant, self.id).await?;
                    return Ok(self.item(state, None));
                }
                Err(broadcast::error::RecvError::Closed) => {
                    return Err(HubError::new("unavailable: the server is stopping"));
                }
            }
        }
    }

    fn item(&self, state: WatchedState, delivery: Option<DeliveryChange>) -> StatusChange {
        let WatchedState { status, counts } = state;
        StatusChange {
            id: self.id,
            status,
            counts,
            delivery,
            at: self.app.clock.now(),
        }
    }
}

/// Whether some delivery can still rise.
fn can_change(change: &StatusChange) -> bool {
    let counts = &change.counts;
    !change.status.is_settled() || counts.sent + counts.delivered > 0
}

async fn state(app: &App, tenant: &AppId, id: NotificationId) -> Result<WatchedState, ApiError> {
    let state = app.store.watched(tenant.clone(), id).await?;
    state.ok_or_else(|| ApiError::not_found("notification"))
}
