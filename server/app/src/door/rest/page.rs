//! `?limit=` and `?cursor=` of lists.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use serde::Deserialize;
use vestnik_model::{DeliveryId, FieldProblem, NotificationId, Problem, problem::FieldCode};
use vestnik_store::PageQuery;

use crate::refusal::Refusal;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The page a request asks for.
pub(crate) struct PageParams(pub(crate) PageQuery);

impl<S: Send + Sync> FromRequestParts<S> for PageParams {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(wire) = Query::<Wire>::from_request_parts(parts, state)
            .await
            .map_err(|_| wrong("limit and cursor are the only parameters, limit is a number"))?;
        let limit = wire.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(wrong("limit must be 1 to 200"));
        }
        if wire
            .cursor
            .as_deref()
            .is_some_and(|cursor| !is_ours(cursor))
        {
            return Err(wrong("cursor must be the next_cursor of a page"));
        }
        Ok(Self(PageQuery {
            after: wire.cursor,
            limit,
        }))
    }
}

/// Pages go on after the id of their last item.
fn is_ours(cursor: &str) -> bool {
    cursor.parse::<NotificationId>().is_ok() || cursor.parse::<DeliveryId>().is_ok()
}

fn wrong(detail: &str) -> Refusal {
    Problem::invalid(vec![FieldProblem::new("", FieldCode::OutOfRange, detail)]).into()
}
