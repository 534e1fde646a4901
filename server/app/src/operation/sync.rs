//! A device reads its log on.

use std::sync::Arc;

use jiff::Timestamp;
use vestnik_clock::Clock;
use vestnik_model::{
    Entry, FieldProblem, Problem,
    contract::{self, Page},
    limits::{DEFAULT_PAGE_ENTRIES, PAGE_ENTRIES},
    problem::FieldCode,
};
use vestnik_rules::log::{Cut, PageBound, Place, Reader, cut};
use vestnik_store::{
    Store,
    ledger::{Confirmed, HandOver},
    logs::{LogSlice, Opening, Stretch},
};

use super::hello::{known, random_u32, revoked};
use crate::{
    feed::{Dirty, LiveDevice, Notes, PageBounds, Position},
    refusal::Refusal,
};

/// What reading a log needs.
#[derive(Clone)]
pub(crate) struct Syncing {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dirty: Arc<Dirty>,
    pub(crate) notes: Arc<Notes>,
    pub(crate) bounds: PageBounds,
}

/// Called when it is known whether a page was written.
pub(crate) type OnWritten = Box<dyn FnOnce(bool) + Send>;

/// Reads a page of a device's log, and what is to be done once it is written: what was handed over is
/// noted, and after the last page the device receives the rest live.
///
/// # Errors
/// `request.invalid` for a limit out of range, `auth.revoked`.
pub(crate) async fn sync(
    with: Syncing,
    device: Arc<LiveDevice>,
    request: contract::Sync,
) -> Result<(Page, OnWritten), Refusal> {
    let contract::Sync { cursor, limit } = request;
    let entries = limit.unwrap_or(DEFAULT_PAGE_ENTRIES);
    if !(1..=PAGE_ENTRIES).contains(&entries) {
        let detail = format!("must be 1 to {PAGE_ENTRIES}");
        let problem = FieldProblem::new("/limit", FieldCode::OutOfRange, detail);
        return Err(Problem::invalid(vec![problem]).into());
    }
    let session = device.session.clone();
    let now = with.clock.now();
    let opening = Opening {
        session: session.clone(),
        cursor,
        random: random_u32(&*with.clock),
        now,
    };
    let opened = with.store.open_log(opening).await?.ok_or_else(revoked)?;
    let place = known(opened.standing);
    if let Some(place) = place {
        with.notes.confirm(Confirmed {
            session: session.clone(),
            place,
        });
    }
    let slice = LogSlice {
        app: session.app.clone(),
        user: session.user.clone(),
        after: place,
        entries,
        bytes: with.bounds.bytes,
        now,
    };
    let bound = PageBound {
        entries: slice.entries,
        bytes: slice.bytes,
    };
    let stretch = with.store.read_log(slice).await?;
    if !stretch
        .sessions
        .contains(&(session.installation, session.generation))
    {
        return Err(revoked());
    }
    let greeted = device.greeted().ok_or_else(revoked)?;
    let reader = Reader {
        installation: session.installation,
        features: &greeted.features,
        now,
    };
    let candidates: Vec<_> = stretch
        .entries
        .iter()
        .map(|entry| entry.candidate.clone())
        .collect();
    let cut = cut(&candidates, &reader, bound);
    let read = page(stretch, &cut);
    device.put(Position::Catching);
    Ok((read.page.clone(), on_written(with, device, read, now)))
}

struct Read {
    page: Page,
    end: Place,
}

/// The page that a cut makes of a stretch.
fn page(stretch: Stretch, cut: &Cut) -> Read {
    let Stretch {
        after,
        head,
        entries,
        sessions: _,
    } = stretch;
    let end = cut
        .covered
        .checked_sub(1)
        .and_then(|last| entries.get(last))
        .map_or(after, |entry| entry.candidate.place);
    let given = entries
        .into_iter()
        .enumerate()
        .filter_map(|(index, entry)| {
            cut.given.binary_search(&index).ok()?;
            entry.entry
        });
    let page = Page {
        after: after.cursor(),
        cursor: end.cursor(),
        entries: given.collect(),
        more: end != head,
    };
    Read { page, end }
}

fn on_written(with: Syncing, device: Arc<LiveDevice>, read: Read, at: Timestamp) -> OnWritten {
    let Read { page, end } = read;
    let batch = hand_overs(&device, &page, at);
    let is_last = !page.more;
    Box::new(move |is_written| {
        if !is_written {
            return;
        }
        if !batch.is_empty() {
            with.notes.hand_over(batch);
        }
        if is_last {
            device.put(Position::Live(end));
            with.dirty.mark(&device.session.app, &device.session.user);
        }
    })
}

fn hand_overs(device: &LiveDevice, page: &Page, at: Timestamp) -> Vec<HandOver> {
    let deliveries = page.entries.iter().filter_map(|entry| match entry {
        Entry::Notification(arrival) => Some(arrival.delivery_id),
        Entry::Recall(_) | Entry::State(_) | Entry::Unknown(_) => None,
    });
    deliveries
        .map(|delivery| HandOver {
            app: device.session.app.clone(),
            user: device.session.user.clone(),
            delivery,
            installation: device.session.installation,
            at,
        })
        .collect()
}
