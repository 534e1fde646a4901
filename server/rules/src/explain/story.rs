//! Which statements an explanation has, and in which order.

use jiff::Timestamp;
use vestnik_model::{
    Channel, DeliveryState, DeliveryStatus, Devices, Expansion, InstallationId, ProviderName,
    Reason,
    publish::{OnUnproven, StepChannel},
};

use super::{
    ahead::Ahead,
    findings::{DeliveryFindings, Device, Findings, NotShown, Try},
    outlook::{standing, waits},
    reachability::reachability,
    statement::{
        Asked, AttemptFinding, CascadeFinding, Cause, DeviceFinding, DeviceName, Place, Standing,
        Statement, Unshown, Written,
    },
    waiting::waiting,
};
use crate::{
    attempt::State,
    cascade::{ACK_WINDOW, Target},
    decrypt::is_decrypt,
    gateway::PassedOver,
};

/// Explains a delivery, or why there is none, as of `now`: what was asked for, how the devices can be
/// reached, what was tried in the order of time, and where the delivery stands.
#[must_use]
pub fn explain(findings: &Findings, now: Timestamp) -> Vec<Statement> {
    let mut said = beginning(findings, now);
    let Some(delivery) = &findings.delivery else {
        said.extend(absence(findings).map(Statement::Asked));
        return said;
    };
    said.extend(audience(findings, delivery));
    if is_open(&delivery.state) {
        said.extend(reachability(findings, delivery));
    }
    let ahead = Ahead::of(findings, delivery, now);
    // A step begins before what it tries.
    let mut course: Vec<_> = steps(findings, delivery).into_iter().collect();
    course.extend(tries(findings, ahead, now));
    course.sort_by_key(|(at, _)| *at);
    said.extend(course.into_iter().map(|(_, statement)| statement));
    said.extend(evidence(findings, &delivery.state));
    said.extend(waiting(findings));
    said.extend(waits(findings, ahead).into_iter().map(Statement::Cascade));
    said.extend(standing(findings, delivery, now));
    said
}

/// Whether something may still come of a delivery.
const fn is_open(state: &DeliveryState) -> bool {
    match state.status {
        DeliveryStatus::Pending | DeliveryStatus::Sent => true,
        DeliveryStatus::Scheduled
        | DeliveryStatus::Delivered
        | DeliveryStatus::Read
        | DeliveryStatus::Suppressed
        | DeliveryStatus::Failed
        | DeliveryStatus::Undelivered
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => false,
    }
}

fn beginning(findings: &Findings, now: Timestamp) -> Vec<Statement> {
    let notification = &findings.notification;
    let (accepted_at, opens_at) = (notification.accepted_at, notification.opens_at);
    let mut said = vec![Asked::Accepted { at: accepted_at }];
    if opens_at > accepted_at {
        let asked = notification.schedule.as_ref();
        let written = asked.and_then(|asked| {
            let (wall, zone) = (asked.send_at.clone()?, asked.time_zone.clone()?);
            Some(Written { wall, zone })
        });
        said.push(Asked::Scheduled {
            at: opens_at,
            written,
        });
        if opens_at > now && !notification.is_cancelled {
            said.push(Asked::NotOpen { at: opens_at });
        }
    }
    said.into_iter().map(Statement::Asked).collect()
}

/// Why there is no delivery, unless its time has not come.
const fn absence(findings: &Findings) -> Option<Asked> {
    let notification = &findings.notification;
    if notification.is_excluded {
        return Some(Asked::Excluded);
    }
    if notification.is_erased {
        return Some(Asked::Erased);
    }
    match notification.expansion {
        Expansion::Stopped => Some(Asked::StoppedBeforeTurn),
        Expansion::Scheduled => None,
        Expansion::Running => Some(Asked::StillExpanding),
        Expansion::Done => Some(Asked::NotAddressed),
    }
}

fn audience(findings: &Findings, delivery: &DeliveryFindings) -> Option<Statement> {
    let wanted = &findings.notification.wanted;
    let (choice, only) = (wanted.devices, delivery.addressed.named(wanted));
    let asked = match choice {
        Devices::All => Asked::SomeDevicesOnly { count: only?.len() },
        Devices::Primary | Devices::PrimaryThenAll | Devices::MostRecent => Asked::Chosen {
            choice,
            installation: only.and_then(|only| only.last().copied()),
            is_open_to_all: only.is_none(),
        },
    };
    Some(Statement::Asked(asked))
}

/// What was tried, with the time of each.
fn tries(
    findings: &Findings,
    ahead: Option<Ahead<'_>>,
    now: Timestamp,
) -> Vec<(Timestamp, Statement)> {
    let told = findings.tries.iter().flat_map(|tried| {
        let (place, channel) = (place(findings, tried.target), tried.target.channel());
        let statements: Vec<_> = match place {
            Place::Device(device) if channel == Channel::Hub => written(tried, ahead)
                .into_iter()
                .map(|found| Statement::Device { device, found })
                .collect(),
            Place::Device(_) | Place::Mailbox | Place::Backend | Place::Gateway => {
                let sent = sent(findings, tried, (ahead, now)).into_iter();
                let sent = sent.map(|outcome| (tried.provider, outcome));
                passed_over(tried)
                    .chain(sent)
                    .map(|(provider, outcome)| Statement::Tried {
                        place,
                        channel,
                        provider,
                        outcome,
                    })
                    .collect()
            }
        };
        let begun = tried.started_at;
        let timed = |statement| (happened(&statement).unwrap_or(begun), statement);
        statements.into_iter().map(timed).collect::<Vec<_>>()
    });
    told.collect()
}

/// The providers that the last try of an attempt went past.
fn passed_over(tried: &Try) -> impl Iterator<Item = (Option<ProviderName>, AttemptFinding)> {
    tried.passed_over.iter().map(|passed| {
        let &PassedOver {
            provider,
            reason,
            is_asked,
        } = passed;
        let found = AttemptFinding::PassedOver { reason, is_asked };
        (Some(provider), found)
    })
}

/// When that happened which a statement about an attempt tells; absent if it is not over.
const fn happened(statement: &Statement) -> Option<Timestamp> {
    match statement {
        Statement::Tried {
            outcome: AttemptFinding::Handed { at, .. } | AttemptFinding::Returned { at, .. },
            ..
        } => Some(*at),
        Statement::Tried { .. }
        | Statement::Asked(_)
        | Statement::Device { .. }
        | Statement::Cascade(_)
        | Statement::Waiting(_)
        | Statement::Standing(_) => None,
    }
}

fn written(tried: &Try, ahead: Option<Ahead<'_>>) -> Vec<DeviceFinding> {
    let mut found = vec![DeviceFinding::Written {
        at: tried.started_at,
    }];
    let until = ahead.and_then(|ahead| {
        let until = ahead.course().began_at.checked_add(ACK_WINDOW).ok()?;
        let is_pushed = ahead.is_pushed_from(tried.target.installation()?, until);
        is_pushed.then_some(until)
    });
    found.extend(until.map(|until| DeviceFinding::AwaitsConfirmation { until }));
    found
}

fn sent(
    findings: &Findings,
    tried: &Try,
    (ahead, now): (Option<Ahead<'_>>, Timestamp),
) -> Vec<AttemptFinding> {
    let attempt = &tried.attempt;
    let reason = attempt.reason.unwrap_or(Reason::Unknown);
    let tries = attempt.tries;
    let last = tried.tried_at.unwrap_or(tried.started_at);
    // When the next try is made of what is due at a time, if one is.
    let again = |at| {
        let (ahead, at) = ahead.map(|ahead| (ahead, ahead.look_from(at)))?;
        ahead.tries(tried.target, at).then_some(at)
    };
    // A try that nobody waits for any more had no answer.
    let mut count = attempt.unproven;
    let gives_up = gives_up(findings, tried.target);
    let is_untried = attempt.is_untried();
    let outcome = match (attempt.state, attempt.until, tried.returned_at) {
        (State::Sent, _, _) => Some(AttemptFinding::Handed {
            at: if tries > 1 { tried.started_at } else { last },
            tries,
            cause: cause(findings, tried),
        }),
        (State::Failed, _, Some(at)) => Some(AttemptFinding::Returned { at, reason }),
        (State::Failed, Some(until), None) if until > now => {
            Some(AttemptFinding::AwaitsKey { reason, until })
        }
        (State::Failed, _, None) if gives_up && reason == Reason::ProviderUnproven => None,
        (State::Failed, _, None) if is_untried => Some(AttemptFinding::Dropped),
        (State::Failed, _, None) => Some(AttemptFinding::Refused { tries, reason }),
        (State::Retrying, Some(at), _) => match (again(at), attempt.reason) {
            (Some(at), Some(reason)) => Some(AttemptFinding::Retrying { tries, reason, at }),
            (Some(at), None) if is_untried => Some(AttemptFinding::Due { at }),
            (Some(at), None) => Some(AttemptFinding::Anew { at }),
            (None, Some(reason)) => Some(AttemptFinding::Refused { tries, reason }),
            (None, None) => None,
        },
        (State::Begun | State::Sending | State::Retrying, until, _) => {
            let until = until.unwrap_or(last);
            let is_repeated = again(until).is_some();
            let is_waited_for = is_repeated || until > now;
            // Nothing was written before its turn.
            count += u32::from(!is_waited_for && attempt.state != State::Begun);
            is_waited_for.then_some(AttemptFinding::OnItsWay { until, is_repeated })
        }
    };
    let unproven = (count > 0).then_some(match outcome {
        None if gives_up => AttemptFinding::GivenUp { count },
        Some(_) | None => AttemptFinding::Unproven { count },
    });
    let count = attempt.undecrypted;
    let is_anew = count > 0 && attempt.state != State::Failed;
    let undecrypted = is_anew.then_some(AttemptFinding::Undecrypted { count });
    let said = outcome.into_iter().chain(undecrypted);
    said.chain(unproven).collect()
}

/// Whether the sender wants no try at a target after one of which nobody knows whether it was taken.
fn gives_up(findings: &Findings, target: Target) -> bool {
    let steps = &findings.notification.steps;
    steps.on_unproven(target.step()) == OnUnproven::GiveUp
}

/// Why something was handed to a service. A push that came a while after the same was written to the
/// device's connection came because the device did not confirm that.
fn cause(findings: &Findings, tried: &Try) -> Cause {
    let Some(installation) = tried.target.installation() else {
        return Cause::Step;
    };
    let first = findings.notification.steps.get(0);
    if first.is_some_and(|step| step.channel != StepChannel::Push) {
        return Cause::Step;
    }
    let is_before = |other: &&Try| {
        other.target.channel() == Channel::Hub
            && other.target.installation() == Some(installation)
            && other.started_at <= tried.started_at
    };
    let waited = tried
        .started_at
        .duration_since(findings.notification.opens_at);
    if waited >= ACK_WINDOW && findings.tries.iter().any(|other| is_before(&other)) {
        Cause::NotConfirmed
    } else {
        Cause::NotConnected
    }
}

/// The step that the cascade has come to, if it is a later one.
fn steps(findings: &Findings, delivery: &DeliveryFindings) -> Option<(Timestamp, Statement)> {
    let course = delivery.course?;
    let former = course.step.checked_sub(1)?;
    let steps = &findings.notification.steps;
    let (step, former) = (steps.get(course.step)?, steps.get(former)?);
    let began = CascadeFinding::Began {
        step: course.step.saturating_add(1),
        channel: step.channel,
        former: former.channel,
        goal: former.goal,
        reason: course
            .switched
            .filter(|reason| *reason != Reason::FallbackSwitched),
        at: course.began_at,
    };
    Some((course.began_at, Statement::Cascade(began)))
}

/// What devices reported.
fn evidence(findings: &Findings, state: &DeliveryState) -> Vec<Statement> {
    let mut timed = Vec::new();
    for device in findings.meant() {
        let of_device = findings.tries.iter();
        let of_device =
            of_device.filter(|tried| tried.target.installation() == Some(device.installation));
        let arrived = of_device.clone().filter_map(|tried| {
            let (at, channel) = (tried.arrived_at?, tried.target.channel());
            Some((at, DeviceFinding::Arrived { channel, at }))
        });
        let arrived = arrived.min_by_key(|(at, _)| *at);
        let confirmed = of_device.clone().filter_map(|tried| tried.delivered_at);
        let (confirmed, seen) = (confirmed.min(), of_device.filter_map(|tried| tried.read_at));
        let passed =
            (findings.has_it(device) && confirmed.is_none()).then_some(DeviceFinding::Passed);
        let found = [
            passed.map(|found| (Timestamp::MIN, found)),
            arrived,
            confirmed.map(|at| (at, DeviceFinding::Confirmed { at })),
            seen.min().map(|at| (at, DeviceFinding::Seen { at })),
            unshown(findings, device.installation),
        ];
        let name = name(findings, device);
        let found = found.into_iter().flatten();
        timed.extend(found.map(|(at, found)| {
            let device = name;
            (at, Statement::Device { device, found })
        }));
    }
    timed.sort_by_key(|(at, _)| *at);
    let engaged = state.engagement.iter().copied();
    let engaged = engaged.map(|engagement| Statement::Standing(Standing::Engaged(engagement)));
    let timed = timed.into_iter().map(|(_, statement)| statement);
    timed.chain(engaged).collect()
}

/// That an installation did not show it. What it could not decrypt is told of the attempt.
fn unshown(
    findings: &Findings,
    installation: InstallationId,
) -> Option<(Timestamp, DeviceFinding)> {
    let NotShown { at, reason } = findings.not_shown.get(&installation)?;
    let mut delivery = findings.delivery.iter();
    let why = match Unshown::read(reason) {
        Unshown::Known(reason) if is_decrypt(reason) => return None,
        // A device is told of both in the same way.
        Unshown::Known(Reason::Recalled) if delivery.any(|delivery| delivery.gave_way) => {
            Unshown::Known(Reason::SuppressedSuperseded)
        }
        why @ (Unshown::Known(_) | Unshown::Failed | Unshown::Unreadable | Unshown::Other) => why,
    };
    Some((*at, DeviceFinding::NotShown { at: *at, why }))
}

/// How a device is called.
pub(super) fn name(findings: &Findings, device: &Device) -> DeviceName {
    DeviceName {
        installation: device.installation,
        platform: device.build.platform,
        is_one_of_several: findings.meant().count() > 1,
    }
}

/// Where an attempt went. A device that is the person's no longer is one of several.
fn place(findings: &Findings, target: Target) -> Place {
    let installation = match target {
        Target::Device { installation, .. } => installation,
        Target::Mailbox => return Place::Mailbox,
        Target::Backend => return Place::Backend,
        Target::Gateway(_) => return Place::Gateway,
    };
    let mut devices = findings.devices.iter();
    let known = devices.find(|device| device.installation == installation);
    Place::Device(known.map_or(
        DeviceName {
            installation,
            platform: None,
            is_one_of_several: true,
        },
        |device| name(findings, device),
    ))
}
