//! Receipts of a device, the same by REST and through the hub.

use vestnik_model::{
    FieldProblem, Problem, Receipt,
    problem::FieldCode,
    receipt::{MAX_RECEIPTS, Reported},
};
use vestnik_store::{Session, Store};

use crate::{
    bus::{Bus, Changes},
    clock::Clock,
    refusal::Refusal,
};

/// What reporting needs.
#[derive(Clone, Copy)]
pub(crate) struct Reporting<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) bus: &'a dyn Bus,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) changes: &'a Changes,
}

/// Stores receipts; after the commit, watchers and the user's other devices are notified.
pub(crate) async fn report(
    with: Reporting<'_>,
    session: Session,
    receipts: Vec<Receipt>,
) -> Result<Reported, Refusal> {
    if receipts.is_empty() || receipts.len() > MAX_RECEIPTS {
        let detail = format!("must have 1 to {MAX_RECEIPTS} entries");
        let problem = FieldProblem::new("/receipts", FieldCode::OutOfRange, detail);
        return Err(Problem::invalid(vec![problem]).into());
    }
    let outcome = with
        .store
        .report(session, receipts, with.clock.now())
        .await?;
    with.changes.announce(outcome.changes);
    with.bus.publish(outcome.hints);
    Ok(outcome.reported)
}
