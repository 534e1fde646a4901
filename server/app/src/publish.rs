//! Publishing, the same by REST and through the hub.

use jiff::SignedDuration;
use vestnik_model::{
    AppId, FieldProblem, NotificationId, Problem, ProblemCode, Publication, PublishAccepted,
    PublishRequest, problem::FieldCode,
};
use vestnik_store::{IdempotencyRecord, NewNotification, PublishOutcome};

use crate::{app::App, auth::secret, clock, error::ApiError};

/// How long a request is recognised by its idempotency key.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// Checks, stores, and only then tells anyone.
pub(crate) async fn publish(
    app: &App,
    tenant: AppId,
    mut request: PublishRequest,
    key_header: Option<String>,
) -> Result<PublishAccepted, ApiError> {
    let key = take_key(&mut request, key_header)?;
    let body_hash = secret::sha256(&serde_json::to_vec(&request).map_err(|_| unwritable())?);
    let publication = Publication::parse(request)?;
    let now = app.clock.now();
    let id = NotificationId::from_uuid(clock::new_uuid(app.clock.as_ref()));
    let notification = publication.accept(id, now);
    let expires = now.checked_add(REMEMBERED).unwrap_or(now);
    let idempotency = key.map(|key| IdempotencyRecord {
        key,
        body_hash,
        expires,
    });
    let new = NewNotification {
        app: tenant.clone(),
        publication,
        notification,
        idempotency,
    };
    match app.store.publish(new).await? {
        PublishOutcome::Accepted { accepted, hints } => {
            app.metrics.accepted.inc();
            app.bus.publish(hints);
            tracing::debug!(id = %accepted.id, app = %tenant, "accepted");
            Ok(accepted)
        }
        PublishOutcome::Replayed(accepted) => {
            app.metrics.replayed.inc();
            Ok(accepted)
        }
        PublishOutcome::Mismatch => Err(ApiError::new(
            ProblemCode::IdempotencyMismatch,
            "the key was used within 24 hours for a request with another content",
        )),
    }
}

/// The key of the header or of the body; two different ones are a mistake.
fn take_key(
    request: &mut PublishRequest,
    header: Option<String>,
) -> Result<Option<String>, ApiError> {
    let body = request.idempotency_key.take();
    if let (Some(header), Some(body)) = (&header, &body)
        && header != body
    {
        let detail = "differs from the Idempotency-Key header";
        let problem = FieldProblem::new("/idempotency_key", FieldCode::NotAllowed, detail);
        return Err(Problem::invalid(vec![problem]).into());
    }
    let key = body.or(header);
    vestnik_model::publish::check_idempotency_key(key.as_deref()).map_err(|(code, detail)| {
        Problem::invalid(vec![FieldProblem::new("/idempotency_key", code, detail)])
    })?;
    Ok(key)
}

fn unwritable() -> ApiError {
    ApiError::new(
        ProblemCode::Internal,
        "the request cannot be written as JSON",
    )
}
