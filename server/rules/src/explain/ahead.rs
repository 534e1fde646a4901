//! What the server will do with a delivery, as far as nothing else happens: asked of the rules themselves,
//! so that no explanation promises what no look will do.

use jiff::Timestamp;
use vestnik_model::{Channel, DeliveryStatus, InstallationId};

use super::findings::{DeliveryFindings, Findings};
use crate::{
    cascade::{Course, Looked, Target, View, look},
    delivery::Reported,
    schedule::Hours,
};

/// The future of a delivery.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ahead<'a> {
    findings: &'a Findings,
    delivery: &'a DeliveryFindings,
    course: Course,
    now: Timestamp,
}

impl<'a> Ahead<'a> {
    /// As of a time; `None` if no dispatch will look at the delivery, or a look would do nothing.
    pub(super) fn of(
        findings: &'a Findings,
        delivery: &'a DeliveryFindings,
        now: Timestamp,
    ) -> Option<Self> {
        let notification = &findings.notification;
        let is_stopped = notification.is_cancelled || delivery.gave_way;
        let is_over = is_stopped || notification.expires_at <= now;
        let can_go_on = match delivery.state.status {
            DeliveryStatus::Pending | DeliveryStatus::Sent | DeliveryStatus::Delivered => !is_over,
            DeliveryStatus::Scheduled
            | DeliveryStatus::Read
            | DeliveryStatus::Suppressed
            | DeliveryStatus::Failed
            | DeliveryStatus::Undelivered
            | DeliveryStatus::Expired
            | DeliveryStatus::Cancelled => false,
        };
        let course = delivery.course.filter(|course| course.due_at.is_some());
        Some(Self {
            findings,
            delivery,
            course: course.filter(|_| can_go_on)?,
            now,
        })
    }

    /// Where the delivery stands.
    pub(super) const fn course(&self) -> Course {
        self.course
    }

    /// Whether a time is to come, before the notification expires.
    pub(super) fn is_to_come(&self, at: Timestamp) -> bool {
        at > self.now && at < self.findings.notification.expires_at
    }

    /// When something that is due at a time is looked at: not before the next look.
    pub(super) fn look_from(&self, at: Timestamp) -> Timestamp {
        self.course.due_at.map_or(at, |due| due.max(at))
    }

    /// Whether something is tried at a target at a time, or at once if that has passed.
    pub(super) fn tries(&self, target: Target, at: Timestamp) -> bool {
        self.looked(at).tries.contains(&target)
    }

    /// Whether an installation is waited for now, and pushed to for the first time at a later time.
    pub(super) fn is_pushed_from(&self, installation: InstallationId, at: Timestamp) -> bool {
        let is_push = |target: Target| {
            target.installation() == Some(installation) && target.channel() != Channel::Hub
        };
        let pushes = |at| self.looked(at).tries.iter().any(|target| is_push(*target));
        let mut tries = self.findings.tries.iter();
        let was_pushed = tries.any(|tried| is_push(tried.target));
        at > self.now && !was_pushed && !pushes(self.now) && pushes(at)
    }

    /// Whether the step gives way to the next at a time.
    pub(super) fn switches(&self, at: Timestamp) -> bool {
        self.looked(at).course.step > self.course.step
    }

    /// What a look will find.
    fn looked(&self, at: Timestamp) -> Looked {
        let (findings, delivery) = (self.findings, self.delivery);
        let at = at.max(self.now);
        let hours = match &findings.hours {
            Hours::Closed(held) if at < held.until => Hours::Closed(held.clone()),
            Hours::Open | Hours::Closed(_) => Hours::Open,
            Hours::Over(reason) => Hours::Over(*reason),
        };
        let devices = findings.looked_at(|tried| tried.attempt.clone());
        let mailbox = findings.mailbox_looked_at(|tried| tried.attempt.clone());
        let backend = findings.backend_looked_at(|tried| tried.attempt.clone());
        let gateways = findings.gateways_looked_at(|tried| tried.attempt.clone());
        let notification = &findings.notification;
        let attempts = findings.tries.iter();
        let attempts: Vec<_> = attempts
            .map(|tried| (tried.target, &tried.attempt))
            .collect();
        let times = findings.tries.iter();
        let times = times.map(|tried| (tried.target.channel(), tried.proven_at(), tried.read_at));
        let reported = Reported::of(times);
        look(&View {
            steps: &notification.steps,
            course: self.course,
            state: &delivery.state,
            attempts: &attempts,
            expires_at: notification.expires_at,
            is_stopped: notification.is_cancelled,
            is_deleted: delivery.is_deleted,
            hours: &hours,
            wanted: &notification.wanted,
            addressed: &delivery.addressed,
            devices: &devices,
            mailbox: mailbox.as_ref(),
            backend: Some(&backend),
            gateways: &gateways,
            reported: &reported,
            now: at,
        })
    }
}
