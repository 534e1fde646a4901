//! Trying anew what was lost.
//!
//! A sender may ask that what was lost of a notification is tried anew: credentials were missing and are
//! there now, a person logged in on a new phone, switched notifications on again, a service is well again.
//! [`admit`] decides whether a notification is one of which something can be tried anew, [`round`] which of
//! its deliveries are, and from where: a delivery begins at its first step again if a look at it then finds
//! something to do. One for which nothing has changed stays as it ended, so that asking twice does the same
//! as asking once.
//!
//! What the person did not want is never tried anew, nor what a device, a service or a mailbox took: a
//! hand-over is not repeated.

use jiff::Timestamp;
use vestnik_model::{Counts, DeliveryState, DeliveryStatus, Open};

use crate::{
    attempt::{Attempt, State},
    cascade::{Course, Target, View, look},
    delivery::{Advanced, Event, Reported, advance},
    explain::{Findings, Try},
    reason::{Escalation, consequences},
    schedule::Hours,
};

/// How many deliveries are looked at before the sender is answered. A look costs the store about as much as a
/// small notification, and there is one writer for all Apps: the rest is work, which is fair to each.
pub const FIRST_PART: u32 = 20;

/// A notification as far as it depends on whether something of it can be tried anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prospect {
    /// Its deliveries by status.
    pub counts: Counts,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whether its sender cancelled or recalled it.
    pub is_cancelled: bool,
}

/// Why nothing of a notification is tried anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It has expired.
    Expired,
    /// Its sender cancelled or recalled it.
    Cancelled,
    /// Nothing of it was lost, or nothing has changed since.
    NothingLost,
}

/// Decides whether something of a notification can be tried anew.
///
/// # Errors
/// Why not.
pub fn admit(prospect: &Prospect, now: Timestamp) -> Result<(), Obstacle> {
    let Counts {
        scheduled: _,
        pending: _,
        sent: _,
        delivered: _,
        read: _,
        suppressed,
        failed,
        undelivered,
        unconfirmed: _,
        expired: _,
        cancelled: _,
        double_contact: _,
        late: _,
        clicked: _,
    } = prospect.counts;
    if prospect.is_cancelled {
        return Err(Obstacle::Cancelled);
    }
    if prospect.expires_at <= now {
        return Err(Obstacle::Expired);
    }
    if suppressed + failed + undelivered == 0 {
        return Err(Obstacle::NothingLost);
    }
    Ok(())
}

/// A delivery that is tried anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The delivery.
    pub advanced: Advanced,
    /// Where it begins; absent if no dispatch looks at it.
    pub course: Option<Course>,
    /// The attempts that begin anew.
    pub reopened: Vec<(Target, Attempt)>,
}

/// Decides whether a delivery is tried anew, as of `now`; `None` if it stays as it is. One that `is_routed`
/// is looked at by a dispatch.
#[must_use]
pub fn round(findings: &Findings, is_routed: bool, now: Timestamp) -> Option<Round> {
    let delivery = findings.delivery.as_ref()?;
    let is_over = findings.notification.expires_at <= now || delivery.gave_way;
    if !is_lost(&delivery.state) || is_over {
        return None;
    }
    let begins_at = match &findings.hours {
        Hours::Open => now,
        // In closed hours the first step would be over before anything is tried.
        Hours::Closed(held) => held.until,
        // The next look would end it.
        Hours::Over(_) => return None,
    };
    let advanced = advance(delivery.state.clone(), Event::Retried, now);
    let course = Course::new(now);
    let devices = findings.looked_at(|tried| anew(tried, now));
    let mailbox = findings.mailbox_looked_at(|tried| anew(tried, now));
    let backend = findings.backend_looked_at(|tried| anew(tried, now));
    let gateways = findings.gateways_looked_at(|tried| anew(tried, now));
    let notification = &findings.notification;
    let looked = look(&View {
        steps: &notification.steps,
        course,
        state: &advanced.state,
        // What ended before anybody took it was handed over nowhere.
        attempts: &[],
        expires_at: notification.expires_at,
        is_stopped: notification.is_cancelled,
        is_deleted: delivery.is_deleted,
        hours: &Hours::Open,
        wanted: &notification.wanted,
        addressed: &delivery.addressed,
        devices: &devices,
        mailbox: mailbox.as_ref(),
        backend: Some(&backend),
        gateways: &gateways,
        reported: &Reported::NOTHING,
        now,
    });
    // It would end again as it did.
    if looked.end.is_some() {
        return None;
    }
    let course = Course {
        is_put_off: begins_at > now,
        ..Course::new(begins_at)
    };
    let failed = findings.tries.iter().filter(|tried| is_failed(tried));
    let reopened = failed.map(|tried| (tried.target, reopened(&tried.attempt, now)));
    Some(Round {
        advanced,
        course: (is_routed || delivery.course.is_some()).then_some(course),
        reopened: reopened.collect(),
    })
}

/// Whether a delivery ended before anybody took it, and not because somebody wanted that.
#[must_use]
pub fn is_lost(state: &DeliveryState) -> bool {
    let has_ended_so = match state.status {
        DeliveryStatus::Suppressed | DeliveryStatus::Failed | DeliveryStatus::Undelivered => true,
        DeliveryStatus::Scheduled
        | DeliveryStatus::Pending
        | DeliveryStatus::Sent
        | DeliveryStatus::Delivered
        | DeliveryStatus::Read
        | DeliveryStatus::Expired
        | DeliveryStatus::Cancelled => false,
    };
    let reason = state.reason.as_ref().and_then(Open::known);
    let is_wanted = reason.is_some_and(|reason| {
        !reason.is_after_hand_over() && consequences(reason).escalation != Escalation::Stops
    });
    has_ended_so && is_wanted && state.sent_at.is_none()
}

fn is_failed(tried: &Try) -> bool {
    tried.attempt.state == State::Failed
}

/// An attempt that failed, at the beginning of its next try. Its tries go on being counted.
fn reopened(failed: &Attempt, now: Timestamp) -> Attempt {
    Attempt {
        state: State::Retrying,
        reason: None,
        until: Some(now),
        ..failed.clone()
    }
}

/// An attempt as a look sees it once what failed is reopened.
fn anew(tried: &Try, now: Timestamp) -> Attempt {
    if is_failed(tried) {
        reopened(&tried.attempt, now)
    } else {
        tried.attempt.clone()
    }
}

#[cfg(test)]
mod tests;
