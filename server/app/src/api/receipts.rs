//! `/v1/receipts`: a device's facts, for when there is no hub.

use axum::{Json, extract::State};
use vestnik_model::{
    FieldProblem, Problem, Receipt,
    problem::FieldCode,
    receipt::{MAX_RECEIPTS, ReportRequest, Reported},
};

use super::body::JsonBody;
use crate::{app::App, auth::Device, error::ApiError};

/// Reports receipts. What is answered is stored.
#[utoipa::path(
    post, path = "/v1/receipts", tag = "receipts", request_body = ReportRequest,
    responses(
        (status = 200, description = "Stored", body = Reported),
        (status = 422, description = "The report is not valid", body = Problem),
    )
)]
pub(crate) async fn report(
    State(app): State<App>,
    device: Device,
    JsonBody(request): JsonBody<ReportRequest>,
) -> Result<Json<Reported>, ApiError> {
    take(&app, device, request.receipts).await.map(Json)
}

/// Stores receipts, and only then tells those who watch and the user's other devices.
pub(crate) async fn take(
    app: &App,
    device: Device,
    receipts: Vec<Receipt>,
) -> Result<Reported, ApiError> {
    if receipts.is_empty() || receipts.len() > MAX_RECEIPTS {
        let detail = format!("must have 1 to {MAX_RECEIPTS} entries");
        let problem = FieldProblem::new("/receipts", FieldCode::OutOfRange, detail);
        return Err(Problem::invalid(vec![problem]).into());
    }
    let outcome = app
        .store
        .report(device.0, receipts, app.clock.now())
        .await?;
    app.tell(outcome.changes);
    app.bus.publish(outcome.hints);
    Ok(outcome.reported)
}
