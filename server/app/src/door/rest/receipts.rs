//! `/v1/receipts`: a device's facts, for when there is no hub.

use axum::{Json, extract::State};
use vestnik_model::{
    Problem,
    receipt::{ReportRequest, Reported},
};

use super::body::JsonBody;
use crate::{door::auth::Device, operation, refusal::Refusal, state::ServerState};

/// Reports receipts. What is answered is stored.
#[utoipa::path(
    post, path = "/v1/receipts", tag = "receipts", request_body = ReportRequest,
    responses(
        (status = 200, description = "Stored", body = Reported),
        (status = 422, description = "The report is not valid", body = Problem),
    )
)]
pub(crate) async fn report(
    State(state): State<ServerState>,
    device: Device,
    JsonBody(request): JsonBody<ReportRequest>,
) -> Result<Json<Reported>, Refusal> {
    operation::report(state.reporting(), device.0, request.receipts)
        .await
        .map(Json)
}
