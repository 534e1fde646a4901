//! A sender reads what happened in its App, waiting for it if asked to.

mod view;

use std::{sync::Arc, time::Duration};

use vestnik_model::{
    AppId, EventId, EventPage, FieldProblem, Problem, ProblemCode, problem::FieldCode,
};
use vestnik_rules::webhook::missed;
use vestnik_store::{Store, events::Asked};

pub(crate) use self::view::views;
use super::watch::full;
use crate::{
    feed::{Everything, Watchers},
    refusal::Refusal,
};

/// The most rows of the event table that a page looks at.
const ROWS: u32 = 200;

/// What reading events needs.
#[derive(Clone, Copy)]
pub(crate) struct EventReading<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) events: &'a Arc<Watchers<Everything>>,
}

/// Which events.
pub(crate) struct EventRequest {
    pub(crate) app: AppId,
    /// The id of the API key.
    pub(crate) key: String,
    /// Behind which event; from the oldest that is kept if absent.
    pub(crate) after: Option<EventId>,
    /// The most events.
    pub(crate) limit: usize,
    /// How long to wait for the first.
    pub(crate) wait: Duration,
}

/// The events behind one, oldest first. If there is none, waits for some; the page is empty when the
/// time is over.
///
/// # Errors
/// `request.invalid` when the cursor lies beyond the last event; `events.gap` when events behind it are kept
/// no longer; as for a watch when too many wait.
pub(crate) async fn events(
    with: EventReading<'_>,
    request: EventRequest,
) -> Result<EventPage, Refusal> {
    let EventRequest {
        app,
        key,
        after,
        limit,
        wait,
    } = request;
    let mut reader = Reader {
        store: with.store,
        app: app.clone(),
        after,
        limit,
    };
    if wait.is_zero() {
        return reader.page().await;
    }
    // Watching comes before reading, so that no event falls between the two.
    let watched = with.events.watch(app, key, Everything);
    let mut watched = watched.map_err(full)?;
    let found = tokio::time::timeout(wait, async {
        loop {
            let page = reader.page().await?;
            if !page.data.is_empty() {
                return Ok(page);
            }
            reader.after = Some(page.next_cursor);
            watched.changed().await;
        }
    });
    match found.await {
        Ok(page) => page,
        Err(_) => Ok(EventPage {
            data: Vec::new(),
            next_cursor: reader.after.unwrap_or(START),
        }),
    }
}

/// The place before every event.
const START: EventId = EventId::of(0);

/// Reads on from an event, or from the oldest that is kept.
struct Reader<'a> {
    store: &'a dyn Store,
    app: AppId,
    after: Option<EventId>,
    limit: usize,
}

impl Reader<'_> {
    /// The next page; empty only at the end.
    async fn page(&self) -> Result<EventPage, Refusal> {
        let mut cursor = self.after;
        loop {
            let after = cursor.unwrap_or(START);
            let asked = Asked {
                app: self.app.clone(),
                from: after.next_number(),
                rows: ROWS,
                deliveries: u32::try_from(self.limit).unwrap_or(u32::MAX),
            };
            let page = self.store.happened(asked).await?;
            let after = match (cursor, missed(after, page.swept)) {
                (_, None) => after,
                (Some(_), Some(last)) => return Err(gap(last)),
                // Who begins misses nothing that is kept.
                (None, Some(last)) => last,
            };
            let Some(seen) = page.seen else {
                self.check_end(after).await?;
                return Ok(EventPage {
                    data: Vec::new(),
                    next_cursor: after,
                });
            };
            let behind = page.rows.into_iter().flat_map(views);
            let mut data: Vec<_> = behind.filter(|view| view.id > after).collect();
            let is_cut = data.len() > self.limit;
            data.truncate(self.limit);
            let last = data.last().map(|view| view.id).filter(|_| is_cut);
            let next = last.unwrap_or_else(|| EventId::of(seen));
            // Rows of what was deleted, and beginnings of deliveries, are no events.
            if !data.is_empty() {
                return Ok(EventPage {
                    data,
                    next_cursor: next,
                });
            }
            cursor = Some(next);
        }
    }

    /// A cursor beyond the end is of a future that a restore has undone.
    async fn check_end(&self, after: EventId) -> Result<(), Refusal> {
        if after.number <= self.store.last_event().await? {
            return Ok(());
        }
        let detail = "is of an event that the server does not have: it was restored from a backup, \
                      begin without a cursor";
        let problem = FieldProblem::new("/after", FieldCode::OutOfRange, detail);
        Err(Problem::invalid(vec![problem]).into())
    }
}

/// The refusal for a cursor behind which events are missing, of which this is the last.
fn gap(last: EventId) -> Refusal {
    let detail = format!(
        "events up to {last} are kept no longer: go on behind that one, or begin without a cursor"
    );
    let least = format!("must be {last} or a later event");
    let problem = FieldProblem::new("/after", FieldCode::OutOfRange, least);
    let mut refusal = Problem::new(ProblemCode::EventsGap, detail);
    refusal.errors = vec![problem];
    refusal.into()
}
