//! A sender watches a notification.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use vestnik_clock::Clock;
use vestnik_model::{
    AppId, NotificationId, Problem, ProblemCode,
    contract::{self, StatusChange, WATCHED_CHANGES},
};
use vestnik_store::{
    Store,
    ledger::{WatchQuery, Watched as State},
};

use crate::{
    feed::{Full, Watched, Watchers},
    refusal::Refusal,
};

/// How long a watch waits when its state cannot be read now.
const LATER: Duration = Duration::from_millis(200);

/// What watching needs.
#[derive(Clone)]
pub(crate) struct Watching {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) watchers: Arc<Watchers>,
}

/// Who watches what.
pub(crate) struct WatchRequest {
    pub(crate) app: AppId,
    /// The id of the API key.
    pub(crate) key: String,
    pub(crate) watch: contract::Watch,
}

/// Yields the present state of a notification, then its state after each change, until nothing can
/// change. Several changes may be one item; versions strictly increase.
///
/// # Errors
/// `not_found`; `request.rate_limited` when the key or its App watches as many notifications as it may,
/// `unavailable` when all senders together do.
pub(crate) async fn watch(
    with: Watching,
    request: WatchRequest,
) -> Result<impl Stream<Item = Result<StatusChange, Refusal>>, Refusal> {
    let WatchRequest { app, key, watch } = request;
    let contract::Watch {
        notification_id,
        after,
    } = watch;
    // Watching comes before reading the state, so that no change falls between the two.
    let watched = with
        .watchers
        .watch(app.clone(), key, notification_id)
        .map_err(full)?;
    let mut watch = Watch {
        with,
        app,
        id: notification_id,
        watched,
        after,
        next: Next::Wait,
    };
    watch.next = Next::Yield(watch.read().await?);
    Ok(stream::unfold(watch, Watch::step))
}

pub(super) fn full(full: Full) -> Refusal {
    use ProblemCode::{RequestRateLimited, Unavailable};
    let (code, detail) = match full {
        Full::Key => (
            RequestRateLimited,
            "the API key watches too many notifications",
        ),
        Full::App => (RequestRateLimited, "the App watches too many notifications"),
        Full::Node => (Unavailable, "too many notifications are watched"),
    };
    Problem::new(code, detail).retry_after(30).into()
}

struct Watch {
    with: Watching,
    app: AppId,
    id: NotificationId,
    watched: Watched,
    /// The version of the last item.
    after: Option<u64>,
    next: Next,
}

enum Next {
    /// Yield this state, if it is newer than the last item.
    Yield(State),
    /// Wait for a change.
    Wait,
    /// Read the state.
    Read,
    /// Nothing more can change.
    End,
}

impl Watch {
    async fn step(mut self) -> Option<(Result<StatusChange, Refusal>, Self)> {
        loop {
            match std::mem::replace(&mut self.next, Next::Wait) {
                Next::End => return None,
                Next::Wait => {
                    self.watched.changed().await;
                    self.next = Next::Read;
                }
                Next::Read => {
                    match self.read().await {
                        Ok(state) => self.next = Next::Yield(state),
                        // Many watches read at once; each finds its turn.
                        Err(refusal) if refusal.is_transient() => {
                            tokio::time::sleep(LATER).await;
                            self.next = Next::Read;
                        }
                        Err(refusal) => {
                            self.next = Next::End;
                            return Some((Err(refusal), self));
                        }
                    }
                }
                Next::Yield(state) => {
                    if state.is_over {
                        self.next = Next::End;
                    }
                    if self.after.is_none_or(|after| state.version > after) {
                        self.after = Some(state.version);
                        return Some((Ok(self.item(state)), self));
                    }
                }
            }
        }
    }

    async fn read(&self) -> Result<State, Refusal> {
        let query = WatchQuery {
            app: self.app.clone(),
            id: self.id,
            after: self.after,
            limit: u32::try_from(WATCHED_CHANGES).unwrap_or(u32::MAX),
            now: self.with.clock.now(),
        };
        let state = self.with.store.watched(query).await?;
        state.ok_or_else(|| Refusal::not_found("notification"))
    }

    fn item(&self, state: State) -> StatusChange {
        let State {
            version,
            status,
            is_recalled,
            counts,
            deliveries,
            warnings,
            is_over: _,
        } = state;
        StatusChange {
            version,
            id: self.id,
            status,
            is_recalled,
            counts,
            deliveries,
            warnings,
            at: self.with.clock.now(),
        }
    }
}
