//! Webhooks: made, changed and tried by an administrator of an App.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use vestnik_clock::{Clock, new_uuid_v7};
use vestnik_model::{
    DeliveryId, EventData, EventId, EventKind, EventView, FieldProblem, Open, Problem, ProblemCode,
    WebhookId,
    problem::FieldCode,
    url::check_url,
    webhook::{
        MAX_OVERLAP_HOURS, SignatureKind, WebhookCheck, WebhookKey, WebhookPatch, WebhookReplay,
        WebhookRequest, WebhookRotation, WebhookStatus, WebhookView,
    },
};
use vestnik_rules::webhook::{Change, Keys, SecretText, State, Target, Verdict, Webhook};
use vestnik_store::{
    Store,
    tenants::ApiKey,
    webhooks::{Changing, Known, NewWebhook, WebhookChanged, WebhookCreated},
};
use vestnik_webhook::SigningKey;

use crate::{channel::webhook::WebhookSender, refusal::Refusal};

/// What operations on webhooks need.
#[derive(Clone, Copy)]
pub(crate) struct Hooking<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) sender: &'a WebhookSender,
    /// The most webhooks of an App.
    pub(crate) max: u32,
}

/// Makes a webhook, which is sent what happens from now on. What its receiver verifies by is in the
/// answer; a shared key is shown this once.
pub(crate) async fn create_webhook(
    with: Hooking<'_>,
    by: &ApiKey,
    request: WebhookRequest,
) -> Result<WebhookKey, Refusal> {
    let WebhookRequest {
        url,
        events,
        signature,
    } = request;
    let mut problems = Vec::new();
    problems.extend(wrong_url(with.sender, &url));
    problems.extend(events.as_deref().and_then(wrong_events));
    refuse(problems)?;
    let key = new_key(with.clock, signature)?;
    let verifier = key.verifier();
    let id = WebhookId::from_uuid(new_uuid_v7(with.clock));
    let new = NewWebhook {
        app: by.app.clone(),
        id,
        target: Target {
            url,
            keys: Keys::new(key.secret()),
        },
        events: events.map(BTreeSet::from_iter),
        max: with.max,
        now: with.clock.now(),
    };
    match with.store.create_webhook(new).await? {
        WebhookCreated::Made(_) => {
            tracing::info!(%id, by = %by.id, "webhook made");
            Ok(WebhookKey {
                id,
                verifier,
                former_until: None,
            })
        }
        WebhookCreated::Full => {
            let detail = format!("the App has {} webhooks, as many as it may have", with.max);
            Err(Refusal::new(ProblemCode::Conflict, &detail))
        }
    }
}

/// The webhooks of an App.
pub(crate) async fn webhooks(with: Hooking<'_>, by: &ApiKey) -> Result<Vec<WebhookView>, Refusal> {
    let all = with.store.webhooks(by.app.clone()).await?;
    Ok(all.iter().map(view).collect())
}

/// One webhook.
pub(crate) async fn webhook(
    with: Hooking<'_>,
    by: &ApiKey,
    id: WebhookId,
) -> Result<WebhookView, Refusal> {
    Ok(view(&find(with, by, id).await?))
}

/// Changes address or kinds of events.
pub(crate) async fn edit_webhook(
    with: Hooking<'_>,
    by: &ApiKey,
    id: WebhookId,
    patch: WebhookPatch,
) -> Result<WebhookView, Refusal> {
    let WebhookPatch { url, events } = patch;
    let mut problems = Vec::new();
    problems.extend(url.as_deref().and_then(|url| wrong_url(with.sender, url)));
    let named = events.as_ref().and_then(Option::as_deref);
    problems.extend(named.and_then(wrong_events));
    refuse(problems)?;
    let events = events.map(|events| events.map(BTreeSet::from_iter));
    change(with, by, id, Change::Edit { url, events }).await
}

/// Deletes a webhook: nothing is sent any more.
pub(crate) async fn delete_webhook(
    with: Hooking<'_>,
    by: &ApiKey,
    id: WebhookId,
) -> Result<(), Refusal> {
    if with.store.delete_webhook(by.app.clone(), id).await? {
        tracing::info!(%id, by = %by.id, "webhook deleted");
        return Ok(());
    }
    Err(unknown())
}

/// Sends events again, from the cursor on, or stops to.
pub(crate) async fn switch_webhook(
    with: Hooking<'_>,
    by: &ApiKey,
    id: WebhookId,
    is_enabled: bool,
) -> Result<WebhookView, Refusal> {
    let asked = if is_enabled {
        Change::Enable
    } else {
        Change::Disable
    };
    change(with, by, id, asked).await
}

/// Gives a webhook a new key of the same kind; the present one signs beside it for a while.
pub(crate) async fn rotate_webhook(
    with: Hooking<'_>,
    by: &ApiKey,
    id: WebhookId,
    rotation: WebhookRotation,
) -> Result<WebhookKey, Refusal> {
    let hours = rotation.overlap_hours;
    if hours > MAX_OVERLAP_HOURS {
        let detail = format!("must be 0 to {MAX_OVERLAP_HOURS}");
        return Err(wrong("/overlap_hours", FieldCode::OutOfRange, detail));
    }
    let known = find(with, by, id).await?;
    let key = new_key(with.clock, signature(&known.webhook))?;
    let overlap = SignedDuration::from_hours(i64::from(hours));
    let until = with.clock.now().checked_add(overlap);
    let rotate = Change::Rotate {
        key: SecretText(key.secret()),
        until: until.unwrap_or(Timestamp::MAX),
    };
    let changed = changed(with, by, id, rotate).await?;
    Ok(WebhookKey {
        id,
        verifier: key.verifier(),
        former_until: changed.webhook.target.keys.former_until(with.clock.now()),
    })
}

/// Has a webhook go on behind another event.
pub(crate) async fn replay_webhook(
    with: Hooking<'_>,
    by: &ApiKey,
    id: WebhookId,
    replay: WebhookReplay,
) -> Result<WebhookView, Refusal> {
    let after = match (replay.after, replay.since) {
        (Some(after), None) => after,
        (None, Some(since)) => with.store.event_before(by.app.clone(), since).await?,
        (None, None) | (Some(_), Some(_)) => {
            let detail = "one of after (an event's id) and since (a time) is required";
            return Err(wrong("", FieldCode::Malformed, detail.to_owned()));
        }
    };
    change(with, by, id, Change::Replay(after)).await
}

/// Sends a test to a webhook, enabled or not. Its cursor and what is known of it stay.
pub(crate) async fn test_webhook(
    with: Hooking<'_>,
    by: &ApiKey,
    id: WebhookId,
) -> Result<WebhookCheck, Refusal> {
    let known = find(with, by, id).await?;
    let event = EventView {
        // No event of the table has the number 0.
        id: EventId {
            number: 0,
            delivery: Some(DeliveryId::from_uuid(new_uuid_v7(with.clock))),
        },
        kind: Open::Known(EventKind::WebhookTest),
        timestamp: with.clock.now(),
        data: EventData::default(),
    };
    let sent = with.sender.send(&known.webhook.target, &event).await;
    Ok(WebhookCheck {
        is_taken: sent.verdict == Verdict::Taken,
        answer: sent.answer,
    })
}

async fn find(with: Hooking<'_>, by: &ApiKey, id: WebhookId) -> Result<Known, Refusal> {
    let known = with.store.webhook(by.app.clone(), id).await?;
    known.ok_or_else(unknown)
}

async fn change(
    with: Hooking<'_>,
    by: &ApiKey,
    id: WebhookId,
    change: Change,
) -> Result<WebhookView, Refusal> {
    Ok(view(&changed(with, by, id, change).await?))
}

async fn changed(
    with: Hooking<'_>,
    by: &ApiKey,
    id: WebhookId,
    change: Change,
) -> Result<Known, Refusal> {
    let changing = Changing {
        app: by.app.clone(),
        id,
        change,
        now: with.clock.now(),
    };
    match with.store.change_webhook(changing).await? {
        WebhookChanged::Changed(known) => {
            tracing::info!(%id, by = %by.id, "webhook changed");
            Ok(known)
        }
        WebhookChanged::Unknown => Err(unknown()),
        WebhookChanged::Beyond => {
            let detail = "is of an event that the server does not have";
            Err(wrong("/after", FieldCode::OutOfRange, detail.to_owned()))
        }
    }
}

fn unknown() -> Refusal {
    Refusal::not_found("webhook")
}

fn new_key(clock: &dyn Clock, kind: SignatureKind) -> Result<SigningKey, Refusal> {
    match kind {
        SignatureKind::Hmac => Ok(SigningKey::symmetric(&clock.random())),
        SignatureKind::Ed25519 => {
            SigningKey::asymmetric(clock.random()).map_err(|_| Refusal::internal())
        }
    }
}

fn signature(webhook: &Webhook) -> SignatureKind {
    let key = SigningKey::parse(webhook.target.keys.current());
    if key.is_ok_and(|key| key.is_asymmetric()) {
        SignatureKind::Ed25519
    } else {
        SignatureKind::Hmac
    }
}

fn view(known: &Known) -> WebhookView {
    let Known { webhook, missed } = known;
    let Webhook {
        id,
        target,
        events,
        state,
        created_at,
    } = &**webhook;
    let State {
        cursor,
        disabled,
        failures,
        failing_since,
        retry_at,
        last,
    } = state.clone();
    let status = match disabled {
        Some(_) => WebhookStatus::Disabled,
        None => WebhookStatus::Enabled,
    };
    let open = |events: &BTreeSet<EventKind>| events.iter().copied().map(Open::Known).collect();
    WebhookView {
        id: *id,
        url: target.url.clone(),
        events: events.as_ref().map(open),
        signature: signature(webhook).into(),
        status: status.into(),
        disabled_reason: disabled.map(|(reason, _)| reason.into()),
        disabled_at: disabled.map(|(_, at)| at),
        cursor,
        missed_up_to: *missed,
        last_answer: last,
        failures,
        failing_since,
        next_try_at: retry_at,
        created_at: *created_at,
    }
}

fn wrong_url(sender: &WebhookSender, url: &str) -> Option<FieldProblem> {
    let refuse = |code, detail: String| Some(FieldProblem::new("/url", code, detail));
    if let Err(error) = check_url(url, &["https", "http"], "https://") {
        return refuse(FieldCode::Malformed, error.to_string());
    }
    if url.contains('#') {
        return refuse(FieldCode::Malformed, "must have no fragment".to_owned());
    }
    let error = sender.check(url).err()?;
    refuse(FieldCode::NotAllowed, error)
}

fn wrong_events(events: &[EventKind]) -> Option<FieldProblem> {
    if events.is_empty() {
        let detail = "must name at least one kind, or be absent for every kind";
        return Some(FieldProblem::new("/events", FieldCode::Missing, detail));
    }
    let index = events.iter().position(|kind| kind.is_of_webhook())?;
    let detail = "is sent whatever is asked for";
    let pointer = format!("/events/{index}");
    Some(FieldProblem::new(pointer, FieldCode::NotAllowed, detail))
}

fn wrong(pointer: &str, code: FieldCode, detail: String) -> Refusal {
    Problem::invalid(vec![FieldProblem::new(pointer, code, detail)]).into()
}

fn refuse(problems: Vec<FieldProblem>) -> Result<(), Problem> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problem::invalid(problems))
    }
}
