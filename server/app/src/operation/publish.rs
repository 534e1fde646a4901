//! Publishing, the same by REST and through the hub; cancelling and recalling.

use jiff::{SignedDuration, Timestamp};
use vestnik_clock::{Clock, new_uuid_v7};
use vestnik_model::{
    AppId, AudienceId, FieldProblem, Notification, NotificationId, Problem, ProblemCode,
    Publication, PublishAccepted, PublishRequest, TopicName,
    problem::FieldCode,
    publish::{NotificationPatch, Patch, canonical},
    view::NotificationView,
};
use vestnik_rules::{idempotency::Verdict, schedule};
use vestnik_store::{
    Store,
    audience_files::Unusable,
    publishing::{Edit, EditOutcome, IdempotencyRecord, NewNotification, Pause, PublishOutcome},
};

use super::gateways;
use crate::{credential::secret, metrics::Metrics, refusal::Refusal};

/// How long a request is recognised by its idempotency key.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// What publishing needs.
#[derive(Clone, Copy)]
pub(crate) struct Publishing<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) metrics: &'a Metrics,
    /// How long a notification is kept after it expired.
    pub(crate) keep: SignedDuration,
}

/// Checks and stores a notification. Its effects are the store's.
pub(crate) async fn publish(
    with: Publishing<'_>,
    app: AppId,
    mut request: PublishRequest,
    key_header: Option<String>,
) -> Result<PublishAccepted, Refusal> {
    let key = take_key(&mut request, key_header)?;
    let now = with.clock.now();
    let idempotency = key.map(|key| remembered(key, &request, now));
    let (topics, audiences) = (request.to.topics.clone(), request.to.audiences.clone());
    let publication = Publication::parse(request)?;
    if let Err(refusal) = check(with.store, (&app, &publication), now).await {
        return recognised(with, (app, idempotency), refusal).await;
    }
    let id = NotificationId::from_uuid(new_uuid_v7(with.clock));
    let life = schedule::span(&publication.schedule, now, publication.ttl);
    let new = NewNotification {
        app,
        notification: Notification {
            expires_at: life.expires_at,
            ..publication.accept(id, now)
        },
        publication,
        idempotency,
        keep: with.keep,
        seed: with.clock.random(),
    };
    match with.store.publish(new).await? {
        PublishOutcome::Accepted(accepted) => {
            with.metrics.accepted.inc();
            tracing::debug!(id = %accepted.id, "accepted");
            Ok(accepted)
        }
        PublishOutcome::Replayed(accepted) => {
            with.metrics.replayed.inc();
            Ok(accepted)
        }
        PublishOutcome::Mismatch => Err(mismatch()),
        PublishOutcome::UnknownTopics(unknown) => Err(unknown_topics(&topics, &unknown)),
        PublishOutcome::UnusableAudiences(unusable) => {
            Err(unusable_audiences(&audiences, &unusable))
        }
    }
}

/// Refuses what cannot be published now: whether it could be depends on the time and on the App's accounts.
async fn check(
    store: &dyn Store,
    (app, publication): (&AppId, &Publication),
    now: Timestamp,
) -> Result<(), Refusal> {
    schedule::check(&publication.schedule, now).map_err(Problem::invalid)?;
    gateways::check(store, app, &publication.steps).await
}

/// What becomes of a request that cannot be published now: one that was accepted before is answered as then.
async fn recognised(
    with: Publishing<'_>,
    (app, idempotency): (AppId, Option<IdempotencyRecord>),
    refusal: Refusal,
) -> Result<PublishAccepted, Refusal> {
    let Some(record) = idempotency else {
        return Err(refusal);
    };
    match with.store.recognise(app, record, with.clock.now()).await? {
        Verdict::New => Err(refusal),
        Verdict::Replay(accepted) => {
            with.metrics.replayed.inc();
            Ok(accepted)
        }
        Verdict::Mismatch => Err(mismatch()),
    }
}

fn mismatch() -> Refusal {
    Refusal::new(
        ProblemCode::IdempotencyMismatch,
        "the key was used within 24 hours for a request with another content",
    )
}

/// Stops what was not handed over yet.
pub(crate) async fn cancel(
    store: &dyn Store,
    app: AppId,
    id: NotificationId,
    now: Timestamp,
) -> Result<(), Refusal> {
    found(store.cancel(app, id, now).await?)
}

/// Withdraws a notification, where it was shown too.
pub(crate) async fn recall(
    store: &dyn Store,
    app: AppId,
    id: NotificationId,
    now: Timestamp,
) -> Result<(), Refusal> {
    found(store.recall(app, id, now).await?)
}

/// Shows a notification, as it is now.
pub(crate) async fn show(
    store: &dyn Store,
    app: AppId,
    id: NotificationId,
) -> Result<NotificationView, Refusal> {
    let view = store.notification(app, id).await?;
    view.ok_or_else(|| Refusal::not_found("notification"))
}

fn found(was_there: bool) -> Result<(), Refusal> {
    if was_there {
        Ok(())
    } else {
        Err(Refusal::not_found("notification"))
    }
}

fn remembered(key: String, request: &PublishRequest, now: Timestamp) -> IdempotencyRecord {
    IdempotencyRecord {
        key,
        body_hash: secret::sha256(&canonical(request)),
        expires: now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX),
    }
}

/// Changes a notification, and shows it.
pub(crate) async fn edit(
    store: &dyn Store,
    app: AppId,
    id: NotificationId,
    request: NotificationPatch,
    now: Timestamp,
) -> Result<NotificationView, Refusal> {
    let patch = Patch::parse(request)?;
    if let Some(schedule) = &patch.schedule {
        schedule::check(schedule, now).map_err(Problem::invalid)?;
    }
    let edit = Edit {
        app: app.clone(),
        id,
        patch,
        now,
    };
    edited(
        store.edit(edit).await?,
        "it was stopped, or is being sent, when schedule.throttle_per_minute alone can be changed",
    )?;
    show(store, app, id).await
}

/// Pauses a notification, or resumes it.
pub(crate) async fn pause(store: &dyn Store, asked: Pause) -> Result<(), Refusal> {
    let outcome = store.pause(asked).await?;
    edited(outcome, "it was stopped, or has expired")
}

fn edited(outcome: EditOutcome, why_not: &str) -> Result<(), Refusal> {
    match outcome {
        EditOutcome::Edited => Ok(()),
        EditOutcome::NotEditable => {
            Err(Refusal::new(ProblemCode::NotificationNotEditable, why_not))
        }
        EditOutcome::Unknown => Err(Refusal::not_found("notification")),
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
    check_key(key.as_deref())?;
    Ok(key)
}

/// Whether a key can be one.
///
/// # Errors
/// `request.invalid` at `/idempotency_key`.
pub(super) fn check_key(key: Option<&str>) -> Result<(), Refusal> {
    vestnik_model::publish::check_idempotency_key(key).map_err(|(code, detail)| {
        Problem::invalid(vec![FieldProblem::new("/idempotency_key", code, detail)]).into()
    })
}

/// One problem that points at each unknown topic of the request.
pub(super) fn unknown_topics(asked: &[TopicName], unknown: &[TopicName]) -> Refusal {
    let places = asked.iter().enumerate();
    let places = places.filter(|(_, topic)| unknown.contains(topic));
    let problems = places.map(|(index, _)| Problem::unknown_topic(index));
    one(problems)
        .unwrap_or_else(|| Problem::new(ProblemCode::TopicUnknown, "a topic does not exist"))
        .into()
}

/// One problem that points at each uploaded audience of the request to which nothing can be sent.
pub(super) fn unusable_audiences(asked: &[AudienceId], unusable: &[Unusable]) -> Refusal {
    let places = asked.iter().enumerate();
    let problems = places.filter_map(|(index, id)| {
        let unusable = unusable.iter().find(|unusable| unusable.id == *id)?;
        Some(Problem::unusable_audience(index, unusable.is_known))
    });
    one(problems)
        .unwrap_or_else(|| Problem::new(ProblemCode::AudienceUnknown, "an audience does not exist"))
        .into()
}

/// The first problem, with what every one points at.
fn one(problems: impl Iterator<Item = Problem>) -> Option<Problem> {
    problems.reduce(|mut all, next| {
        all.errors.extend(next.errors);
        all
    })
}
