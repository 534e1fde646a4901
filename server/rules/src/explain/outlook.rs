//! Where a delivery stands, and what it waits for.

use jiff::Timestamp;
use vestnik_model::{DeliveryState, DeliveryStatus, Open, Reason, publish::StepChannel};

use super::{
    ahead::Ahead,
    findings::{DeliveryFindings, Findings},
    statement::{CascadeFinding, Standing, Statement},
};
use crate::{cascade::outside, schedule::Hours};

/// Whether the step that has begun goes to no device.
fn is_outside(findings: &Findings, delivery: &DeliveryFindings) -> bool {
    let course = delivery.course;
    let step = course.and_then(|course| findings.notification.steps.get(course.step));
    step.is_some_and(|step| match step.channel {
        StepChannel::Push | StepChannel::Hub => false,
        StepChannel::Email | StepChannel::Webhook | StepChannel::Gateway(_) => true,
    })
}

/// Where the delivery stands, and what it waits for.
pub(super) fn standing(
    findings: &Findings,
    delivery: &DeliveryFindings,
    now: Timestamp,
) -> Vec<Statement> {
    let (notification, state) = (&findings.notification, &delivery.state);
    let mut said = match state.status {
        DeliveryStatus::Pending | DeliveryStatus::Sent => {
            open(findings, delivery, now).into_iter().collect()
        }
        DeliveryStatus::Scheduled => Vec::new(),
        DeliveryStatus::Delivered => {
            let at = state.delivered_at;
            at.map(|at| Standing::Delivered { at })
                .into_iter()
                .collect()
        }
        DeliveryStatus::Read => {
            let at = state.read_at;
            at.map(|at| Standing::Read { at }).into_iter().collect()
        }
        DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => vec![end(findings, state)],
    };
    if state.late {
        said.push(Standing::Late);
    }
    if state.double_contact {
        said.push(Standing::DoubleContact);
    }
    let is_shown = state.status.rank().is_some() && state.sent_at.is_some();
    if notification.is_recalled && is_shown {
        said.push(Standing::RecalledShown);
    } else if delivery.gave_way && is_shown {
        said.push(Standing::Replaced);
    }
    said.into_iter().map(Statement::Standing).collect()
}

/// What a delivery waits for that has not ended. One whose sender stopped it, or whose time has run out, ends
/// with the next part of the work on that.
fn open(findings: &Findings, delivery: &DeliveryFindings, now: Timestamp) -> Option<Standing> {
    let notification = &findings.notification;
    let until = notification.expires_at;
    let is_pending = delivery.state.status == DeliveryStatus::Pending;
    let is_over = until <= now;
    let is_confirmed = findings.meant().any(|device| findings.has_it(device));
    let tries = findings.tries.iter();
    // A letter needs no device, and none confirms it; nor does one confirm what the backend took.
    let is_taken = !outside(tries.map(|tried| (tried.target, &tried.attempt))).is_empty();
    let cannot_be_lost = is_confirmed || is_taken;
    match is_pending {
        true if is_over => Some(Standing::Expired { at: until }),
        true if notification.is_recalled => Some(Standing::RecalledUnsent),
        true if notification.is_cancelled => Some(Standing::Cancelled),
        true if is_outside(findings, delivery) => None,
        // That it ends is said already.
        true if matches!(findings.hours, Hours::Over(_)) => None,
        true => Some(Standing::WaitsForDevice { until }),
        false if cannot_be_lost => None,
        false if is_over => Some(Standing::Unconfirmed { at: until }),
        false => Some(Standing::WaitsForConfirmation { until }),
    }
}

/// What the cascade of a delivery waits for.
pub(super) fn waits(findings: &Findings, ahead: Option<Ahead<'_>>) -> Vec<CascadeFinding> {
    let looks = ahead.and_then(|ahead| Some((ahead, ahead.course().due_at?)));
    let Some((ahead, at)) = looks.filter(|(ahead, at)| ahead.is_to_come(*at)) else {
        return Vec::new();
    };
    let course = ahead.course();
    let steps = &findings.notification.steps;
    let next = steps.get(course.step.saturating_add(1));
    let waits = steps.get(course.step).zip(next).and_then(|(step, next)| {
        let until = course.began_at.checked_add(step.within?).ok()?;
        let until = ahead.look_from(until);
        ahead.switches(until).then_some(CascadeFinding::Waits {
            channel: step.channel,
            goal: step.goal,
            until,
            next: next.channel,
        })
    });
    let looks = CascadeFinding::LooksAgain { at };
    waits.into_iter().chain(std::iter::once(looks)).collect()
}

/// How a delivery ended.
fn end(findings: &Findings, state: &DeliveryState) -> Standing {
    let notification = &findings.notification;
    let (at, status) = (notification.expires_at, state.status);
    let reason = state.reason.as_ref().and_then(Open::known);
    let is_withdrawn = matches!(reason, Some(Reason::CancelledSender | Reason::Recalled));
    if reason == Some(Reason::ExpiredTtl) {
        Standing::Expired { at }
    } else if reason == Some(Reason::DeliveryUnconfirmed) {
        Standing::Unconfirmed { at }
    } else if is_withdrawn && notification.is_recalled {
        Standing::RecalledUnsent
    } else if is_withdrawn {
        Standing::Cancelled
    } else {
        Standing::Ended { status, reason }
    }
}
