//! Tries that have their turn at a channel that takes a few at a time.

use vestnik_clock::Clock;
use vestnik_model::AppId;
use vestnik_store::{
    Store,
    dispatch::{Begun, Tried, TryStart},
};

use crate::refusal::chain;

/// Notes that a try has its turn; tells whether it is to be made. One of which that cannot be noted waits.
pub(super) async fn starts(
    (store, clock): (&dyn Store, &dyn Clock),
    (app, begun): (&AppId, &Begun),
    unanswered: &Tried,
) -> bool {
    let of = (app, begun.notification.id);
    started(store, TryStart::of(of, unanswered, clock.now())).await
}

/// The same of a start that is given whole.
pub(super) async fn started(store: &dyn Store, start: TryStart) -> bool {
    let (app, channel) = (start.app.clone(), start.target.channel());
    match store.start_try(start).await {
        Ok(is_made) => is_made,
        Err(error) => {
            let error = chain(&error);
            tracing::warn!(%app, %channel, error, "a try cannot be noted to start: it is made later");
            false
        }
    }
}
