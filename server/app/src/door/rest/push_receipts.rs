//! `/v1/push-receipts/{app}/{channel}`: where Huawei reports what became of pushes.
//!
//! Nobody has an API key here: a header proves that a request is from Huawei, and is checked before the body is read.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Extension, Json,
    body::to_bytes,
    extract::{Request, State},
};
use jiff::Timestamp;
use serde::Serialize;
use tokio::{sync::Semaphore, time::timeout};
use utoipa::ToSchema;
use vestnik_model::{AppId, Open, Problem, ProblemCode};
use vestnik_push::hms::{Proof, RECEIPT_HEADER};
use vestnik_rules::push_receipt::Seen;

use super::{
    path::{self, Segments},
    submission::{BY_REPEAT, Submission},
};
use crate::{
    credential::secret,
    operation::{self, PushDoor},
    refusal::Refusal,
    state::ServerState,
};

/// The most bytes of a body: a hundred receipts have about 40,000.
const MAX_BYTES: usize = 64 * 1_024;
/// So many bodies are read at a time: 2 MiB.
const AT_ONCE: usize = 32;
/// How long a body may take to come: a slow one keeps a place from others.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// The places for bodies, and what was seen of each App's requests.
#[derive(Debug, Clone)]
pub(crate) struct ReceiptDesk {
    places: Arc<Semaphore>,
    seen: Arc<Mutex<BTreeMap<AppId, Seen>>>,
}

impl Default for ReceiptDesk {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            seen: Arc::default(),
        }
    }
}

/// What Huawei wants to read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Taken {
    /// `0`: the receipts were noted.
    code: &'static str,
    message: &'static str,
}

/// Takes Huawei's receipts: what became of pushes. They are answered once all of them were noted; the same twice does
/// the same as once.
#[utoipa::path(
    post, path = "/v1/push-receipts/{app}/{channel}", tag = "providers", security(()),
    params(("app" = String, Path), ("channel" = String, Path, description = "`hms`")),
    request_body(content = String, content_type = "application/json", description = "As Huawei writes it"),
    responses(
        (status = 200, description = "Noted", body = Taken),
        (status = 400, description = "It cannot be read", body = Problem),
        (status = 401, description = "It does not prove to be from Huawei", body = Problem),
        (status = 404, description = "Nobody waits for it", body = Problem),
        (status = 413, description = "It has too many bytes, or too many receipts: nothing was noted", body = Problem),
        (status = 503, description = "It is to be sent again", body = Problem),
    )
)]
pub(crate) async fn take(
    State(state): State<ServerState>,
    Extension(desk): Extension<ReceiptDesk>,
    Segments((app, channel)): Segments<(String, String)>,
    submission: Submission,
    request: Request,
) -> Result<Json<Taken>, Refusal> {
    const WHAT: &str = "receiver of receipts";
    let door = PushDoor {
        app: path::id(&app, WHAT)?,
        channel: Open::read(&channel)
            .known()
            .ok_or_else(|| Refusal::not_found(WHAT))?,
    };
    let (parts, body) = request.into_parts();
    let header = parts.headers.get(RECEIPT_HEADER);
    let proof = header.and_then(|header| Proof::read(header.to_str().ok()?));
    let proof = operation::proves_receipts(state.hearing(), &door, proof).await?;
    let _place = desk.places.try_acquire().map_err(|_| again())?;
    let bytes = timeout(READ_WITHIN, to_bytes(body, MAX_BYTES)).await;
    let body = bytes.map_err(|_| again())?.map_err(|_| too_large())?;
    let now = state.clock.now();
    if !desk.is_new(&door.app, &proof, secret::sha256(&body), now) {
        return Err(operation::unproven_receipts());
    }
    submission.begin(BY_REPEAT);
    operation::take_push_receipts(state.hearing(), &door, &body).await?;
    Ok(Json(Taken {
        code: "0",
        message: "success",
    }))
}

impl ReceiptDesk {
    /// Whether no request with this proof came with another body. Only Apps whose requests proved to be Huawei's are
    /// remembered.
    fn is_new(&self, app: &AppId, proof: &Proof, body: [u8; 32], now: Timestamp) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.contains_key(app) {
            seen.retain(|_, seen| !seen.is_over(now));
        }
        let own = seen.entry(app.clone()).or_default();
        own.take((proof.signed_at, &proof.nonce), body, now)
    }
}

fn again() -> Refusal {
    let detail = "the body did not come in time, or too many came at once: send the same again";
    Problem::new(ProblemCode::Unavailable, detail)
        .retry_after(1)
        .into()
}

fn too_large() -> Refusal {
    let detail = format!("the body must be whole, of at most {MAX_BYTES} bytes");
    Refusal::new(ProblemCode::RequestTooLarge, &detail)
}
