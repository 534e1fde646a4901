//! Facts of a device, the same by REST and through the hub.

use vestnik_clock::Clock;
use vestnik_model::{
    FieldProblem, Problem,
    contract::{ReceivedReport, Reported},
    fact::{FactResult, ParsedFact},
    limits::REPORT_FACTS,
    problem::FieldCode,
};
use vestnik_rules::session::Session;
use vestnik_store::{Store, ledger::FactReport};

use super::hello::revoked;
use crate::refusal::Refusal;

/// What reporting needs.
#[derive(Clone, Copy)]
pub(crate) struct Reporting<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
}

/// Stores facts and answers each of them, in order.
///
/// # Errors
/// `request.invalid` for an empty or too long report, `auth.revoked`.
pub(crate) async fn report(
    with: Reporting<'_>,
    session: Session,
    report: ReceivedReport,
) -> Result<Reported, Refusal> {
    if report.facts.is_empty() || report.facts.len() > REPORT_FACTS {
        let detail = format!("must have 1 to {REPORT_FACTS} entries");
        let problem = FieldProblem::new("/facts", FieldCode::OutOfRange, detail);
        return Err(Problem::invalid(vec![problem]).into());
    }
    let cursor = report.cursor.clone();
    let read = report.read();
    let facts: Vec<ParsedFact> = read.iter().filter_map(|fact| fact.as_ref().ok().cloned()).collect();
    let report = FactReport {
        session,
        facts,
        cursor,
        seed: with.clock.random(),
        now: with.clock.now(),
    };
    let stored = with.store.report(report).await?.ok_or_else(revoked)?;
    Ok(Reported {
        results: in_order(read, stored),
    })
}

/// The results of all facts: those that could not be read keep their places.
fn in_order(
    read: Vec<Result<ParsedFact, FactResult>>,
    stored: Vec<FactResult>,
) -> Vec<FactResult> {
    let mut stored = stored.into_iter();
    read.into_iter()
        .filter_map(|fact| match fact {
            Ok(_) => stored.next(),
            Err(refused) => Some(refused),
        })
        .collect()
}
