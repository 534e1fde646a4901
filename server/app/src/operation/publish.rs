//! Publishing, the same by REST and through the hub.

use jiff::SignedDuration;
use vestnik_model::{
    AppId, FieldProblem, NotificationId, Problem, ProblemCode, Publication, PublishAccepted,
    PublishRequest, problem::FieldCode,
};
use vestnik_store::{IdempotencyRecord, NewNotification, PublishOutcome, Store};

use crate::{
    bus::Bus,
    clock::{self, Clock},
    credential::secret,
    metrics::Metrics,
    refusal::Refusal,
};

/// How long a request is recognised by its idempotency key.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// What publishing needs.
#[derive(Clone, Copy)]
pub(crate) struct Publishing<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) bus: &'a dyn Bus,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) metrics: &'a Metrics,
}

/// Checks and stores a notification; after the commit, hints go to the bus.
pub(crate) async fn publish(
    with: Publishing<'_>,
    app: AppId,
    mut request: PublishRequest,
    key_header: Option<String>,
) -> Result<PublishAccepted, Refusal> {
    let key = take_key(&mut request, key_header)?;
    let body_hash = secret::sha256(&serde_json::to_vec(&request).map_err(|_| unwritable())?);
    let publication = Publication::parse(request)?;
    let now = with.clock.now();
    let id = NotificationId::from_uuid(clock::new_uuid(with.clock));
    let notification = publication.accept(id, now);
    let expires = now.checked_add(REMEMBERED).unwrap_or(now);
    let idempotency = key.map(|key| IdempotencyRecord {
        key,
        body_hash,
        expires,
    });
    let new = NewNotification {
        app: app.clone(),
        publication,
        notification,
        idempotency,
    };
    match with.store.publish(new).await? {
        PublishOutcome::Accepted { accepted, hints } => {
            with.metrics.accepted.inc();
            with.bus.publish(hints);
            tracing::debug!(id = %accepted.id, %app, "accepted");
            Ok(accepted)
        }
        PublishOutcome::Replayed(accepted) => {
            with.metrics.replayed.inc();
            Ok(accepted)
        }
        PublishOutcome::Mismatch => Err(Refusal::new(
            ProblemCode::IdempotencyMismatch,
            "the key was used within 24 hours for a request with another content",
        )),
    }
}

/// The key of the header or of the body; two different ones are a mistake.
fn take_key(
    request: &mut PublishRequest,
    header: Option<String>,
) -> Result<Option<String>, Refusal> {
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

fn unwritable() -> Refusal {
    Refusal::new(
        ProblemCode::Internal,
        "the request cannot be written as JSON",
    )
}
