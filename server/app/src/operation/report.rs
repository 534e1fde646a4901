//! Facts of a device, the same by REST and through the hub.

use vestnik_clock::Clock;
use vestnik_model::{FactResult, Reported, report::ReceivedReport};
use vestnik_rules::session::Session;
use vestnik_store::{Store, ledger::FactReport};

use crate::refusal::Refusal;

/// What reporting needs.
#[derive(Clone, Copy)]
pub(crate) struct Reporting<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
}

/// Stores facts, each by itself: one result for each, in the order of the report.
pub(crate) async fn report(
    with: Reporting<'_>,
    session: Session,
    received: ReceivedReport,
) -> Result<Reported, Refusal> {
    let cursor = received.cursor.clone();
    let read = received.read()?;
    let facts = read.iter().filter_map(|fact| fact.as_ref().ok()).cloned();
    let report = FactReport {
        session,
        facts: facts.collect(),
        cursor,
        seed: with.clock.random(),
        now: with.clock.now(),
    };
    let stored = with.store.report(report).await?;
    let mut stored = stored.ok_or_else(Refusal::session_ended)?.into_iter();
    let results: Vec<FactResult> = read
        .into_iter()
        .filter_map(|fact| match fact {
            Ok(_) => stored.next(),
            Err(refused) => Some(refused),
        })
        .collect();
    Ok(Reported { results })
}
