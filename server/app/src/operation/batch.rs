//! Publishing many requests at once: each is taken or refused by itself.

use futures_util::{StreamExt as _, stream};
use vestnik_model::{
    AppId, FieldProblem, Problem, PublishRequest,
    problem::FieldCode,
    publish::{BatchAnswer, BatchResult, MAX_BATCH},
};

use super::publish::{Publishing, check_key, publish};
use crate::{credential::secret, refusal::Refusal};

/// How many requests wait for the store at a time: it commits together what waits together.
const AT_ONCE: usize = 100;

/// Publishes requests, of which some may be malformed already. The requests of a batch with a key that have
/// none of their own are recognised by it and their place.
pub(crate) async fn publish_batch(
    with: Publishing<'_>,
    app: AppId,
    items: Vec<Result<PublishRequest, Problem>>,
    key: Option<String>,
) -> Result<BatchAnswer, Refusal> {
    check_key(key.as_deref())?;
    let key = key.map(|key| secret::sha256(key.as_bytes()));
    let publishing = items.into_iter().enumerate().map(|(place, item)| {
        let (app, key) = (app.clone(), key.map(|key| item_key(&key, place)));
        async move {
            let accepted = match item {
                Ok(request) => {
                    let key = key.filter(|_| request.idempotency_key.is_none());
                    let accepted = publish(with, app, request, key).await;
                    accepted.map_err(Refusal::into_problem)
                }
                Err(problem) => Err(problem),
            };
            accepted.map_or_else(
                |problem| BatchResult::Problem(at(place, problem)),
                BatchResult::Accepted,
            )
        }
    });
    let publishing = stream::iter(publishing).buffered(AT_ONCE);
    let results: Vec<_> = publishing.collect().await;
    let is_accepted = |result: &&BatchResult| matches!(result, BatchResult::Accepted(_));
    let accepted = results.iter().filter(is_accepted).count() as u64;
    Ok(BatchAnswer {
        accepted,
        refused: results.len() as u64 - accepted,
        results,
    })
}

/// Whether a batch has as many requests as one may have.
///
/// # Errors
/// `request.invalid` at `/items`.
pub(crate) fn check_batch(count: usize) -> Result<(), Refusal> {
    let (code, detail) = match count {
        0 => (FieldCode::Missing, "must not be empty".to_owned()),
        1..=MAX_BATCH => return Ok(()),
        _ => (
            FieldCode::TooLong,
            format!("must have at most {MAX_BATCH} entries, has {count}"),
        ),
    };
    let problem = FieldProblem::new("/items", code, detail);
    Err(Problem::invalid(vec![problem]).into())
}

/// The key of a request that has only that of its batch.
fn item_key(batch: &[u8; 32], place: usize) -> String {
    let batch: String = batch.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("batch:{batch}:{place}")
}

/// A problem of a request, with pointers from the batch's beginning.
fn at(place: usize, mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        error.pointer.insert_str(0, &format!("/items/{place}"));
    }
    problem
}
