//! A device reads its log on.

use vestnik_model::{
    FieldProblem, Problem,
    contract::{self, Page},
    problem::FieldCode,
};
use vestnik_signalr::server::ConnectionId;
use vestnik_store::{LogSlice, Session, Store};

use crate::{
    bus::{Bus, Changes},
    clock::Clock,
    feed::{self, Devices, Position},
    refusal::Refusal,
};

/// What reading a log needs.
#[derive(Clone, Copy)]
pub(crate) struct Syncing<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) bus: &'a dyn Bus,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) devices: &'a Devices,
    pub(crate) changes: &'a Changes,
}

/// Reads a page of a device's log. After the last page, the device's connection is live.
pub(crate) async fn sync(
    with: Syncing<'_>,
    session: Session,
    connection: &ConnectionId,
    request: contract::Sync,
) -> Result<Page, Refusal> {
    let contract::Sync { cursor, limit } = request;
    let limit = limit.unwrap_or(contract::DEFAULT_PAGE);
    if !(1..=contract::MAX_PAGE).contains(&limit) {
        let detail = format!("must be 1 to {}", contract::MAX_PAGE);
        let problem = FieldProblem::new("/limit", FieldCode::OutOfRange, detail);
        return Err(Problem::invalid(vec![problem]).into());
    }
    let now = with.clock.now();
    let slice = LogSlice {
        session: session.clone(),
        after: cursor,
        limit,
        now,
    };
    let page = with.store.read_log(slice).await?;
    let handed_over = feed::hand_overs(&page.entries, session.installation, with.clock.now());
    feed::record_hand_overs(with.store, with.changes, handed_over).await;
    if let Some(device) = with.devices.get(connection) {
        if page.more {
            device.put(Position::Catching);
        } else {
            device.put(Position::Live(page.cursor));
            feed::hint(with.bus, session, page.cursor.seq);
        }
    }
    Ok(page)
}
