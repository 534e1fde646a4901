//! What of the schedule a delivery waits for.

use vestnik_model::{DeliveryStatus, Reason};

use super::{
    evidence::{Meaning, meaning},
    findings::Findings,
    principle::Rule,
    statement::{Statement, Waiting},
};
use crate::schedule::{Held, HeldBy, Hours, ZoneSource};

/// What of its schedule holds a delivery that has not ended, if something does.
pub(super) fn waiting(findings: &Findings) -> Vec<Statement> {
    let status = findings.delivery.as_ref().map(|of| of.state.status);
    let is_open = status == Some(DeliveryStatus::Pending);
    let is_scheduled = status == Some(DeliveryStatus::Scheduled);
    let said = match &findings.hours {
        Hours::Closed(held) if is_open || is_scheduled => because(held),
        Hours::Over(reason) if is_open || is_scheduled => vec![Waiting::Over { reason: *reason }],
        Hours::Open if is_scheduled => vec![Waiting::Due],
        Hours::Open | Hours::Closed(_) | Hours::Over(_) => Vec::new(),
    };
    said.into_iter().map(Statement::Waiting).collect()
}

fn because(held: &Held) -> Vec<Waiting> {
    let Held {
        until,
        by,
        zone,
        ends_at,
    } = held;
    let clock = zone
        .clone()
        .map(|(zone, source)| Waiting::Clock { zone, source });
    let (by, until) = (*by, *until);
    let ends = ends_at.map(|at| Waiting::EndsBefore { at });
    let held = Waiting::Held { by, until };
    clock.into_iter().chain([held]).chain(ends).collect()
}

impl Waiting {
    pub(super) const fn meaning(&self) -> Meaning {
        match self {
            Self::Clock { zone: _, source } => meaning(clock_code(*source), Rule::Schedule),
            Self::Held { by, until } => held_meaning(*by).until(*until),
            Self::EndsBefore { at } => meaning("ends_before", Rule::Expiry).at(*at),
            Self::Due => meaning("due", Rule::Schedule),
            Self::Over { reason } => meaning("nothing_more", over_rule(*reason)).because(*reason),
        }
    }
}

/// What a person does not want no channel brings; all else that ends by its hours is a matter of the schedule.
const fn over_rule(reason: Reason) -> Rule {
    if matches!(
        reason,
        Reason::OptoutAll | Reason::OptoutCategory | Reason::OptoutTopic
    ) {
        Rule::Reachability
    } else {
        Rule::Schedule
    }
}

const fn held_meaning(by: HeldBy) -> Meaning {
    match by {
        HeldBy::SendAt => meaning("waits_for_send_at", Rule::Schedule),
        HeldBy::Window => meaning("waits_for_window", Rule::Schedule),
        HeldBy::QuietHours => meaning("waits_for_quiet_hours", Rule::QuietHours),
        HeldBy::Pace => meaning("waits_for_pace", Rule::Schedule),
        HeldBy::Pause => meaning("waits_for_resume", Rule::Schedule),
    }
}

const fn clock_code(source: ZoneSource) -> &'static str {
    match source {
        ZoneSource::Sender => "zone_of_sender",
        ZoneSource::Installation => "zone_of_installation",
        ZoneSource::UserAttribute => "zone_of_user",
        ZoneSource::NumberingPlan => "zone_of_phone",
        ZoneSource::AppDefault => "zone_of_app",
        ZoneSource::Utc => "zone_unknown",
    }
}
