//! `/v1/costs`: what the messages of a month cost and saved.

use axum::{
    Json,
    extract::{FromRequestParts, Query, State},
    http::request::Parts,
};
use serde::Deserialize;
use vestnik_model::{
    FieldProblem, Problem, Scope,
    cost::{CostReport, Month},
    problem::FieldCode,
};

use crate::{door::auth::Sender, operation, refusal::Refusal, state::ServerState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    month: Option<String>,
}

/// `?month=`.
pub(crate) struct CostParams {
    month: Month,
}

impl<S: Send + Sync> FromRequestParts<S> for CostParams {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let read = Query::<Wire>::from_request_parts(parts, state).await;
        let Query(Wire { month }) =
            read.map_err(|_| wrong("", FieldCode::Malformed, "month is the only parameter"))?;
        let month = month.ok_or_else(|| wrong("/month", FieldCode::Missing, "is required"))?;
        let month = month.parse().map_err(|_| {
            let detail = "must be a month, such as 2026-11";
            wrong("/month", FieldCode::Malformed, detail)
        })?;
        Ok(Self { month })
    }
}

fn wrong(pointer: &str, code: FieldCode, detail: &str) -> Refusal {
    Problem::invalid(vec![FieldProblem::new(pointer, code, detail)]).into()
}

/// What the messages of the App cost in a month, and what was saved because a step before them had reached its goal,
/// by channel, provider and currency. Amounts in several currencies are kept apart.
#[utoipa::path(
    get, path = "/v1/costs", tag = "costs",
    params(("month" = String, Query, description = "The month in UTC, such as `2026-11`")),
    responses(
        (status = 200, description = "The report; without lines if nothing is known", body = CostReport),
        (status = 403, description = "The key lacks the scope 'read'", body = Problem),
        (status = 422, description = "The month is missing, or is none", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    params: CostParams,
) -> Result<Json<CostReport>, Refusal> {
    sender.require(Scope::Read)?;
    let report = operation::costs(&*state.store, sender.app(), params.month).await?;
    Ok(Json(report))
}
