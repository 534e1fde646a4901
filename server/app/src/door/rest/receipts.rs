//! `/v1/receipts`: a device's facts, for when there is no hub.

use axum::{Json, extract::State};
use serde_json::{Map, Value};
use vestnik_model::{
    Problem,
    report::{ReceivedReport, Report, Reported},
};

use super::{
    body::JsonBody,
    submission::{BY_GET, Submission},
};
use crate::{
    door::{auth::Device, json},
    operation,
    refusal::Refusal,
    state::ServerState,
};

/// Reports facts: one result for each, in their order.
#[utoipa::path(
    post, path = "/v1/receipts", tag = "receipts", request_body = Report,
    responses(
        (status = 200, description = "What became of each", body = Reported),
        (status = 422, description = "The report is not valid", body = Problem),
    )
)]
pub(crate) async fn report(
    State(state): State<ServerState>,
    Device(session): Device,
    submission: Submission,
    // An object first: a list would be read as a report without names.
    JsonBody(body): JsonBody<Map<String, Value>>,
) -> Result<Json<Reported>, Refusal> {
    let report: ReceivedReport = json::parse_value(Value::Object(body))?;
    submission.begin(BY_GET);
    operation::report(state.reporting(), session, report)
        .await
        .map(Json)
}
