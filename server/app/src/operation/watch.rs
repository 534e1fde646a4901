//! A sender watches a notification.

use std::sync::Arc;

use futures_util::{Stream, stream};
use tokio::sync::broadcast;
use vestnik_model::{
    AppId, NotificationId, ProblemCode,
    contract::{DeliveryChange, StatusChange},
};
use vestnik_store::{Change, Store, WatchedState};

use crate::{bus::Changes, clock::Clock, refusal::Refusal};

/// What watching needs.
#[derive(Clone)]
pub(crate) struct Watching {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) changes: Changes,
}

/// Yields the present state of a notification, then each change, until nothing can change.
pub(crate) async fn watch(
    with: Watching,
    app: AppId,
    id: NotificationId,
) -> Result<impl Stream<Item = Result<StatusChange, Refusal>>, Refusal> {
    // Subscribing comes before reading the state, so that no change falls between the two.
    let changes = with.changes.subscribe();
    let state = state(&*with.store, &app, id).await?;
    let watch = Watch {
        with,
        app,
        id,
        changes,
        next: Next::Yield(state),
    };
    Ok(stream::unfold(watch, Watch::step))
}

struct Watch {
    with: Watching,
    app: AppId,
    id: NotificationId,
    changes: broadcast::Receiver<Change>,
    next: Next,
}

enum Next {
    /// Yield the present state.
    Yield(WatchedState),
    /// Wait for a change.
    Wait,
    /// Nothing more can change.
    End,
}

impl Watch {
    async fn step(mut self) -> Option<(Result<StatusChange, Refusal>, Self)> {
        let change = match self.next {
            Next::End => return None,
            Next::Yield(state) => Ok(self.item(state, None)),
            Next::Wait => self.next_change().await,
        };
        self.next = match &change {
            Ok(change) if can_change(change) => Next::Wait,
            Ok(_) | Err(_) => Next::End,
        };
        Some((change, self))
    }

    async fn next_change(&mut self) -> Result<StatusChange, Refusal> {
        loop {
            match self.changes.recv().await {
                Ok(change) if change.app == self.app && change.id == self.id => {
                    let delivery = change.delivery.map(|delivery| DeliveryChange {
                        id: delivery.id,
                        user: delivery.user,
                        status: delivery.status,
                    });
                    return Ok(self.item(change.state, delivery));
                }
                Ok(_) => {}
                // Changes were missed; the present state includes them.
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    let state = state(&*self.with.store, &self.app, self.id).await?;
                    return Ok(self.item(state, None));
                }
                Err(broadcast::error::RecvError::Closed) => {
                    return Err(Refusal::new(
                        ProblemCode::Unavailable,
                        "the server is stopping",
                    ));
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
            at: self.with.clock.now(),
        }
    }
}

/// Whether some delivery can still rise.
fn can_change(change: &StatusChange) -> bool {
    let counts = &change.counts;
    !change.status.is_settled() || counts.sent + counts.delivered > 0
}

async fn state(
    store: &dyn Store,
    app: &AppId,
    id: NotificationId,
) -> Result<WatchedState, Refusal> {
    let state = store.watched(app.clone(), id).await?;
    state.ok_or_else(|| Refusal::not_found("notification"))
}
