//! What a publish request would come to. It is parsed and checked as one that is published.

use jiff::Timestamp;
use vestnik_clock::new_uuid_v7;
use vestnik_model::{
    AppId, Channel, Notification, NotificationId, Open, Priority, Problem, Publication,
    PublishRequest, UserId,
    deliver::DeliverRequest,
    limits::{ENTRY_BYTES, ENVELOPE_BYTES},
    preview::{AudiencePreview, PayloadForm, PayloadPreview, Preview, StepPreview},
    publish::{Step, StepChannel, Steps},
};
use vestnik_push::Service;
use vestnik_rules::{
    identity::delivery_id,
    reach::{MOST, Reach},
    schedule,
};
use vestnik_store::audiences::{ReachOutcome, ReachQuery};

use super::{
    Publishing, gateways,
    publish::{unknown_topics, unusable_audiences},
};
use crate::{
    channel::{Sample, samples},
    refusal::Refusal,
};

/// Checks a request, and shows what it would come to. Stores nothing, sends nothing.
pub(crate) async fn preview(
    with: Publishing<'_>,
    app: AppId,
    request: PublishRequest,
) -> Result<Preview, Refusal> {
    let now = with.clock.now();
    let (topics, audiences) = (request.to.topics.clone(), request.to.audiences.clone());
    let publication = Publication::parse(request)?;
    schedule::check(&publication.schedule, now).map_err(Problem::invalid)?;
    gateways::check(with.store, &app, &publication.steps).await?;
    let asked = ReachQuery {
        app: app.clone(),
        audience: publication.audience.clone(),
        schedule: publication.schedule.clone(),
        ttl: publication.ttl,
        is_critical: publication.content.priority == Priority::Critical,
        category: publication.content.category.clone(),
        limit: MOST,
        now,
    };
    let (reach, is_exact) = match with.store.reach(asked).await? {
        ReachOutcome::Reach { reach, is_exact } => (reach, is_exact),
        ReachOutcome::UnknownTopics(unknown) => return Err(unknown_topics(&topics, &unknown)),
        ReachOutcome::UnusableAudiences(unusable) => {
            return Err(unusable_audiences(&audiences, &unusable));
        }
    };
    let life = schedule::span(&publication.schedule, now, publication.ttl);
    let opens_at = life.starts_at.max(now);
    let id = NotificationId::from_uuid(new_uuid_v7(with.clock));
    let notification = Notification {
        expires_at: life.expires_at,
        ..publication.accept(id, now)
    };
    let providers = with.store.providers(app).await?.into_iter();
    let providers: Vec<_> = providers.filter_map(|view| view.channel.known()).collect();
    Ok(Preview {
        audience: audience(&reach, is_exact),
        opens_at,
        expires_at: life.expires_at,
        steps: steps(&publication.steps),
        entry_bytes: publication.entry_bytes() as u64,
        payloads: payloads(&with, (&publication, &notification), &providers, opens_at)?,
    })
}

fn audience(reach: &Reach, is_exact: bool) -> AudiencePreview {
    let Reach {
        users,
        opted_out,
        without_device,
        too_old,
        blocked,
        by_channel,
        waiting,
        left_out,
        last_at,
    } = reach;
    let named = by_channel.iter();
    let named = named.map(|(channel, count)| (channel.as_str().to_owned(), *count));
    AudiencePreview {
        users: *users,
        is_exact,
        opted_out: *opted_out,
        without_device: *without_device,
        too_old: *too_old,
        blocked: *blocked,
        by_channel: named.collect(),
        waiting: *waiting,
        left_out: *left_out,
        last_at: *last_at,
    }
}

fn steps(steps: &Steps) -> Vec<StepPreview> {
    let view = |step: &Step| StepPreview {
        channel: Open::Known(step.channel),
        wait_for: Open::Known(step.goal),
        within_seconds: step
            .within
            .and_then(|within| u64::try_from(within.as_secs()).ok()),
        on_unproven: Some(step.on_unproven)
            .filter(|on_unproven| *on_unproven != step.channel.on_unproven())
            .map(Open::Known),
    };
    steps.as_slice().iter().map(view).collect()
}

/// What each service would get for the first recipient who is named.
fn payloads(
    with: &Publishing<'_>,
    (publication, notification): (&Publication, &Notification),
    providers: &[Channel],
    at: Timestamp,
) -> Result<Vec<PayloadPreview>, Refusal> {
    let named = publication.audience.users().first().cloned();
    let Some(user) = named.or_else(|| UserId::parse("user").ok()) else {
        return Err(Refusal::internal());
    };
    let samples = samples(notification, &user, with.clock.random(), at).map_err(|error| {
        tracing::error!(%error, "a push cannot be previewed");
        Refusal::internal()
    })?;
    let mut payloads: Vec<_> = samples
        .into_iter()
        .map(|sample| payload(sample, providers))
        .collect();
    let mut steps = publication.steps.as_slice().iter();
    if steps.any(|step| step.channel == StepChannel::Webhook) {
        payloads.push(asked_of_backend(notification, user, providers)?);
    }
    Ok(payloads)
}

/// What the App's own backend would be asked.
fn asked_of_backend(
    notification: &Notification,
    user: UserId,
    providers: &[Channel],
) -> Result<PayloadPreview, Refusal> {
    let delivery = delivery_id(notification.id, &user);
    let asked = DeliverRequest::new(delivery, user, notification.clone());
    let unwritable = |_| Refusal::internal();
    Ok(PayloadPreview {
        channel: Channel::Webhook.into(),
        has_credentials: providers.contains(&Channel::Webhook),
        form: PayloadForm::Plain.into(),
        bytes: serde_json::to_vec(&asked).map_err(unwritable)?.len() as u64,
        max_bytes: (ENTRY_BYTES + ENVELOPE_BYTES) as u64,
        payload: serde_json::to_value(&asked).map_err(unwritable)?,
    })
}

fn payload(sample: Sample, providers: &[Channel]) -> PayloadPreview {
    let Sample { preview, is_sealed } = sample;
    let channel = match preview.service {
        Service::Fcm => Channel::Fcm,
        Service::Apns => Channel::Apns,
        Service::WebPush => Channel::Webpush,
        Service::Hms => Channel::Hms,
        Service::Rustore => Channel::Rustore,
    };
    let form = if is_sealed {
        PayloadForm::Sealed
    } else {
        PayloadForm::Hint
    };
    PayloadPreview {
        channel: channel.into(),
        has_credentials: providers.contains(&channel),
        form: form.into(),
        bytes: preview.bytes as u64,
        max_bytes: preview.cap as u64,
        payload: preview.payload,
    }
}
