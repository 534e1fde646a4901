//! What goes on by itself: audiences are written out, time runs out, the old is forgotten.

use std::time::Duration;

use jiff::SignedDuration;
use vestnik_store::StoreError;

use crate::app::App;

/// How often there is a look at what is due.
const TICK: Duration = Duration::from_millis(500);
/// The most done in one transaction, so that others get their turn.
const PART: u32 = 1_000;
/// How many looks there are between two rounds of forgetting: about an hour.
const FORGET_EVERY: u32 = 7_200;

/// Works until it is dropped.
pub(crate) async fn run(app: App) {
    let mut until_forget = 0;
    loop {
        if let Err(error) = work_off(&app, until_forget == 0).await {
            tracing::warn!(%error, "what is due was not worked off; it is tried again");
        }
        until_forget = if until_forget == 0 {
            FORGET_EVERY
        } else {
            until_forget - 1
        };
        tokio::time::sleep(TICK).await;
    }
}

async fn work_off(app: &App, forget: bool) -> Result<(), StoreError> {
    while let Some(expanded) = app.store.expand_next(PART, app.clock.now()).await? {
        app.tell(expanded.changes);
        app.bus.publish(expanded.hints);
    }
    loop {
        let changes = app.store.expire_due(app.clock.now(), PART).await?;
        let is_all = changes.len() < PART as usize;
        app.tell(changes);
        if is_all {
            break;
        }
    }
    if forget {
        let keep = SignedDuration::from_hours(24 * i64::from(app.config.delivery.keep_days));
        let before = app
            .clock
            .now()
            .checked_sub(keep)
            .unwrap_or(jiff::Timestamp::MIN);
        while app.store.forget_before(before, PART).await? > 0 {}
    }
    Ok(())
}
