//! A delivery that lives by the rules, as the stores have it live.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{
    Channel, DeliveryState, DeliveryStatus, GatewayName, Reason, ReceiptKind,
    publish::{Goal, OnUnproven, StepChannel, StepRequest, Steps},
};

use super::super::*;
use crate::{
    attempt::{Bounds, Outcome, settle},
    bounce::{self, Fate},
    cascade::{self, Course, Looked, View, brought_by, came_by, look, preferred},
    delivery::{Confirmation, Event, Reported, advance, expire},
    patience::{begin_at, leased_until},
    retry::round,
    schedule::Hours,
};

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happening {
    Wait(i64),
    /// A dispatch looks, if it is time.
    Look,
    /// A service answers one of the tries that are on their way.
    Answer {
        which: usize,
        outcome: usize,
    },
    /// The notification is written to the connection of a device.
    Write(usize),
    Report {
        device: usize,
        is_read: bool,
    },
    /// A device confirms a later place of the log.
    Pass(usize),
    Connect {
        device: usize,
        is_on: bool,
    },
    Block {
        device: usize,
        is_on: bool,
    },
    /// The address of a device dies, or another one takes its place.
    Kill {
        device: usize,
        is_on: bool,
    },
    LogOut(usize),
    /// The user has a mailbox or not.
    Mailbox(bool),
    /// The App has an account for its backend or not.
    Backend(bool),
    /// The sender cancels, or recalls.
    Stop(bool),
    Retry,
    Bounce {
        is_dead: bool,
    },
    /// The work on expiry comes round.
    Expire,
}

/// The gateway of the cascades.
pub(super) fn sms() -> GatewayName {
    GatewayName::parse("sms").unwrap()
}

/// The cascades that are tried.
pub(super) fn steps(which: usize) -> Steps {
    use {Goal::*, StepChannel::*};
    let all: [&[(StepChannel, Goal, Option<u32>)]; 11] = [
        &[],
        &[(Push, Delivered, Some(60)), (Email, Handed, None)],
        &[(Email, Delivered, Some(60)), (Push, Handed, None)],
        &[
            (Hub, Delivered, Some(30)),
            (Push, Read, Some(60)),
            (Email, Handed, None),
        ],
        &[(Push, Handed, Some(60)), (Email, Handed, None)],
        &[(Email, Handed, None)],
        &[(Push, Delivered, Some(60)), (Webhook, Handed, None)],
        &[(Webhook, Handed, Some(60)), (Email, Handed, None)],
        // What is unproven is given up in these.
        &[(Push, Delivered, Some(60)), (Email, Handed, None)],
        &[(Email, Delivered, Some(60)), (Push, Handed, None)],
        &[(Push, Delivered, Some(60)), (Gateway(sms()), Handed, None)],
    ];
    let on_unproven = (which >= 8).then_some(OnUnproven::GiveUp);
    let step =
        |(channel, wait_for, within_seconds): &(StepChannel, Goal, Option<u32>)| StepRequest {
            channel: *channel,
            wait_for: Some(*wait_for),
            within_seconds: *within_seconds,
            on_unproven,
        };
    Steps::from_stored(all[which].iter().map(step).collect())
}

#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) findings: Findings,
    pub(super) now: Timestamp,
    /// Whether the sender addressed single devices.
    pub(super) is_for_some: bool,
}

impl Life {
    pub(super) fn begin(steps: Steps, is_for_some: bool) -> Self {
        let mut findings = findings();
        let now = findings.notification.accepted_at;
        findings.notification.steps = steps;
        findings.devices = vec![phone(1), phone(2)];
        let phones = [0, 1].map(|number: usize| findings.devices[number].installation);
        findings.devices[1].addresses[0].channel = Channel::Apns;
        findings.mailbox = Some(Address {
            channel: Channel::Email,
            died_at: None,
            has_provider: true,
        });
        let number = Address {
            channel: Channel::Gateway(sms()),
            died_at: None,
            has_provider: true,
        };
        findings.gateways = vec![(sms(), number)];
        let delivery = findings.delivery.as_mut().unwrap();
        delivery.course = Some(Course::new(now));
        delivery.addressed = Addressed::only(is_for_some.then(|| phones.to_vec()));
        Self {
            findings,
            now,
            is_for_some,
        }
    }

    fn delivery(&self) -> &DeliveryFindings {
        self.findings.delivery.as_ref().unwrap()
    }

    pub(super) fn state(&self) -> &DeliveryState {
        &self.delivery().state
    }

    pub(super) fn course(&self) -> Option<Course> {
        self.delivery().course
    }

    pub(super) fn tried(&self, target: Target) -> Option<&Try> {
        let mut tries = self.findings.tries.iter();
        tries.find(|tried| tried.target == target)
    }

    /// Whether the server does nothing more.
    pub(super) fn is_over(&self) -> bool {
        let status = self.state().status;
        let is_ended = status.rank().is_none() || status == DeliveryStatus::Read;
        let notification = &self.findings.notification;
        is_ended || notification.is_cancelled || notification.expires_at <= self.now
    }

    /// Whether something is tried at a time, or at once if that has passed, if nothing else happens.
    pub(super) fn is_tried_at(&self, at: Timestamp, is_it: impl Fn(Target) -> bool) -> bool {
        let due = self.course().and_then(|course| course.due_at);
        let at = due.map_or(at, |due| due.max(at));
        self.undisturbed_to(at).iter().any(|(when, tries)| {
            *when >= at.max(self.now) && tries.iter().any(|target| is_it(*target))
        })
    }

    /// Whether a later step has begun at a time, if nothing else happens.
    pub(super) fn has_switched_at(&self, at: Timestamp) -> bool {
        let mut life = self.clone();
        life.run_to(at);
        life.course().unwrap().step > self.course().unwrap().step
    }

    /// What each look begins up to a time, if nothing else happens.
    fn undisturbed_to(&self, at: Timestamp) -> Vec<(Timestamp, Vec<Target>)> {
        self.clone().run_to(at)
    }

    fn run_to(&mut self, at: Timestamp) -> Vec<(Timestamp, Vec<Target>)> {
        let (end, mut looks) = (at.max(self.now), Vec::new());
        while let Some(due) = self
            .course()
            .and_then(|course| course.due_at)
            .filter(|due| *due <= end)
        {
            self.now = self.now.max(due);
            looks.push((self.now, self.dispatch()));
        }
        looks
    }

    pub(super) fn happen(&mut self, happening: Happening) {
        let now = self.now;
        let devices = &mut self.findings.devices;
        match happening {
            Happening::Wait(seconds) => self.now += SignedDuration::from_secs(seconds),
            Happening::Look => {
                let due = self.course().and_then(|course| course.due_at);
                if due.is_some_and(|due| due <= now) {
                    self.dispatch();
                }
            }
            Happening::Answer { which, outcome } => self.answer(which, outcome),
            Happening::Write(device) => self.write(device),
            Happening::Report { device, is_read } => self.report(device, is_read),
            Happening::Pass(device) => {
                if self.state().sent_at.is_some()
                    && let Some(device) = self.findings.devices.get_mut(device)
                {
                    device.has_it = true;
                }
            }
            Happening::Connect { device, is_on } => {
                if let Some(device) = devices.get_mut(device) {
                    device.connected = is_on.then_some(now);
                }
            }
            Happening::Block { device, is_on } => {
                if let Some(device) = devices.get_mut(device) {
                    device.blocked = is_on.then_some(Reason::BlockedOs);
                }
            }
            Happening::Kill { device, is_on } => {
                if let Some(device) = devices.get_mut(device) {
                    device.addresses[0].died_at = is_on.then_some(now);
                }
            }
            Happening::LogOut(device) => {
                if device < devices.len() {
                    devices.remove(device);
                }
            }
            Happening::Mailbox(is_there) => {
                self.findings.mailbox = is_there.then_some(Address {
                    channel: Channel::Email,
                    died_at: None,
                    has_provider: true,
                });
            }
            Happening::Backend(is_there) => self.findings.has_backend = is_there,
            Happening::Stop(is_recalled) => {
                self.findings.notification.is_cancelled = true;
                self.findings.notification.is_recalled |= is_recalled;
            }
            Happening::Retry => self.retry(),
            Happening::Bounce { is_dead } => self.bounce(is_dead),
            Happening::Expire => self.expire(),
        }
    }

    fn advance(&mut self, event: Event) {
        let now = self.now;
        let delivery = self.findings.delivery.as_mut().unwrap();
        delivery.state = advance(delivery.state.clone(), event, now).state;
    }

    fn look(&self) -> Looked {
        let findings = &self.findings;
        let devices: Vec<_> = findings
            .devices
            .iter()
            .map(|device| self.device(device))
            .collect();
        let mailbox = findings
            .mailbox
            .map(|mailbox| self.address(mailbox, Target::Mailbox));
        let backend = self.address(Address::backend(findings.has_backend), Target::Backend);
        let gateways = findings.gateways.iter();
        let gateways: Vec<_> = gateways
            .map(|(name, found)| (*name, self.address(*found, Target::Gateway(*name))))
            .collect();
        let attempts = findings.tries.iter();
        let attempts: Vec<_> = attempts
            .map(|tried| (tried.target, &tried.attempt))
            .collect();
        look(&View {
            steps: &findings.notification.steps,
            course: self.course().unwrap(),
            state: self.state(),
            attempts: &attempts,
            expires_at: findings.notification.expires_at,
            is_stopped: findings.notification.is_cancelled,
            is_deleted: findings.delivery.as_ref().unwrap().is_deleted,
            hours: &Hours::Open,
            wanted: &findings.notification.wanted,
            addressed: &findings.delivery.as_ref().unwrap().addressed,
            devices: &devices,
            mailbox: mailbox.as_ref(),
            backend: Some(&backend),
            gateways: &gateways,
            reported: &Reported::NOTHING,
            now: self.now,
        })
    }

    fn device(&self, device: &Device) -> cascade::Device {
        let addresses = device.addresses.iter().map(|known| {
            let target = Target::Device {
                installation: device.installation,
                channel: known.channel,
            };
            self.address(*known, target)
        });
        cascade::Device {
            blocked: device.blocked,
            is_connected: device.connected.is_some(),
            heard_at: device.connected,
            has_it: device.has_it,
            ..cascade::Device::new(device.installation, preferred(addresses.collect()))
        }
    }

    fn address(&self, known: Address, target: Target) -> cascade::Address {
        cascade::Address {
            channel: known.channel,
            is_dead: known.died_at.is_some(),
            has_provider: known.has_provider,
            attempt: self.tried(target).map(|tried| tried.attempt.clone()),
        }
    }

    fn save(&mut self, looked: &Looked) {
        self.findings.delivery.as_mut().unwrap().course = Some(looked.course);
        for (target, ended) in &looked.ends {
            let mut tries = self.findings.tries.iter_mut();
            if let Some(tried) = tries.find(|tried| tried.target == *target) {
                tried.attempt = ended.clone();
            }
        }
        if let Some(reason) = looked.end {
            self.advance(Event::Ended(reason));
        }
    }

    fn dispatch(&mut self) -> Vec<Target> {
        let looked = self.look();
        self.save(&looked);
        for target in &looked.tries {
            let known = self.tried(*target).map(|tried| tried.attempt.clone());
            let attempt = begin_at(*target, known.as_ref(), leased_until(*target, self.now));
            let started_at = self
                .tried(*target)
                .map_or(self.now, |tried| tried.started_at);
            self.findings.tries.retain(|tried| tried.target != *target);
            self.findings.tries.push(Try {
                target: *target,
                tried_at: Some(self.now),
                ..tried_of(attempt, started_at)
            });
        }
        looked.tries
    }

    fn answer(&mut self, which: usize, outcome: usize) {
        let steps = self.findings.notification.steps.clone();
        let until = self
            .course()
            .unwrap()
            .tries_until(&steps, self.findings.notification.expires_at);
        let now = self.now;
        let retry = |reason, seconds| Outcome::Retry {
            reason,
            after: Some(SignedDuration::from_secs(seconds)),
        };
        let mut sending = self
            .findings
            .tries
            .iter_mut()
            .filter(|tried| tried.attempt.is_under_way());
        let Some(tried) = sending.nth(which) else {
            return;
        };
        let dead = match tried.target {
            Target::Mailbox => Reason::EmailBounced,
            Target::Device { .. } => Reason::TokenDead,
            Target::Backend => Reason::ConfigNoRoute,
            Target::Gateway(_) => Reason::BlockedChannel,
        };
        let outcome = match outcome {
            0 | 1 => Outcome::Accepted,
            2 => retry(Reason::ProviderThrottled, 60),
            3 => Outcome::Unproven,
            4 => Outcome::Dead {
                reason: dead,
                since: None,
            },
            _ => Outcome::Rejected {
                reason: Reason::ProviderRejected,
            },
        };
        let random = 0.5;
        tried.attempt = settle(
            &tried.attempt,
            &outcome,
            Bounds {
                until,
                collapses: tried.target.collapses(),
                on_unproven: steps.on_unproven(tried.target.step()),
                random,
                now,
            },
        );
        let target = tried.target;
        if matches!(outcome, Outcome::Dead { .. }) {
            self.kill(target);
        }
        if outcome == Outcome::Accepted {
            self.advance(Event::HandedOver(target.channel()));
        }
        let looked = self.look().left_to_dispatch(self.course().unwrap(), now);
        self.save(&looked);
    }

    fn kill(&mut self, target: Target) {
        let now = self.now;
        match target {
            Target::Mailbox => {
                if let Some(mailbox) = &mut self.findings.mailbox {
                    mailbox.died_at = Some(now);
                }
            }
            Target::Device { installation, .. } => {
                let devices = self.findings.devices.iter_mut();
                for device in devices.filter(|device| device.installation == installation) {
                    device.addresses[0].died_at = Some(now);
                }
            }
            Target::Backend => self.findings.has_backend = false,
            Target::Gateway(_) => {
                let gateways = self.findings.gateways.iter_mut();
                gateways.for_each(|(_, number)| number.died_at = Some(now));
            }
        }
    }

    fn write(&mut self, device: usize) {
        let Some(device) = self.findings.devices.get(device) else {
            return;
        };
        let target = Target::Device {
            installation: device.installation,
            channel: Channel::Hub,
        };
        if self.tried(target).is_none() {
            let tried = tried_of(Attempt::HANDED, self.now);
            self.findings.tries.push(Try { target, ..tried });
        }
        self.advance(Event::HandedOver(Channel::Hub));
    }

    fn report(&mut self, device: usize, is_read: bool) {
        let Some(of) = self.findings.devices.get(device) else {
            return;
        };
        let installation = of.installation;
        let attempts = self.findings.tries.iter();
        let attempts = attempts.map(|tried| (tried.target, &tried.attempt));
        let brought = brought_by(attempts, installation);
        if brought.iter().any(|target| self.tried(*target).is_none()) {
            self.write(device);
        }
        let now = self.now;
        let tries = self.findings.tries.iter_mut();
        for tried in tries.filter(|tried| brought.contains(&tried.target)) {
            tried.delivered_at = tried.delivered_at.or(Some(now));
            tried.read_at = tried.read_at.or_else(|| is_read.then_some(now));
        }
        self.findings.devices[device].has_it = true;
        let kind = if is_read {
            ReceiptKind::Read
        } else {
            ReceiptKind::Delivered
        };
        let attempts = self.findings.tries.iter();
        let attempts = attempts.map(|tried| (tried.target, &tried.attempt));
        let channel = came_by(attempts, installation);
        self.advance(Event::Receipt(kind, channel));
    }

    fn retry(&mut self) {
        let notification = &self.findings.notification;
        if notification.is_cancelled || notification.expires_at <= self.now {
            return;
        }
        let Some(round) = round(&self.findings, true, self.now) else {
            return;
        };
        for (target, attempt) in round.reopened {
            let tries = self.findings.tries.iter_mut();
            for tried in tries.filter(|tried| tried.target == target) {
                tried.attempt = attempt.clone();
            }
        }
        let delivery = self.findings.delivery.as_mut().unwrap();
        delivery.state = round.advanced.state;
        delivery.course = round.course.or(delivery.course);
    }

    fn bounce(&mut self, is_dead: bool) {
        let reason = if is_dead {
            Reason::EmailBounced
        } else {
            Reason::ProviderContentRejected
        };
        let now = self.now;
        let mut tries = self.findings.tries.iter_mut();
        let Some(letter) = tries.find(|tried| tried.target == Target::Mailbox) else {
            return;
        };
        let Some(after) = bounce::reported(&letter.attempt, Fate::Lost { reason }) else {
            return;
        };
        letter.attempt = after;
        letter.returned_at = Some(now);
        if is_dead {
            self.kill(Target::Mailbox);
        }
        let looked = self.look().left_to_dispatch(self.course().unwrap(), now);
        let others = self.findings.tries.iter();
        let others = others.filter(|tried| tried.target != Target::Mailbox);
        let others = others.map(|tried| &tried.attempt);
        let ended = bounce::end(
            (self.state().status, Reason::EmailBounced),
            others,
            (&self.course().unwrap(), &looked),
        );
        let end = looked.end.or(ended);
        self.save(&Looked { end, ..looked });
    }

    fn expire(&mut self) {
        let expires_at = self.findings.notification.expires_at;
        if expires_at > self.now && self.findings.notification.is_cancelled {
            self.advance(Event::Cancelled);
        }
        if expires_at <= self.now {
            let proof: Confirmation = self.confirmation();
            let delivery = self.findings.delivery.as_mut().unwrap();
            let is_stopped = self.findings.notification.is_cancelled;
            delivery.state = expire(delivery.state.clone(), is_stopped, proof, self.now).state;
        }
    }
}

fn tried_of(attempt: Attempt, started_at: Timestamp) -> Try {
    Try {
        target: Target::Mailbox,
        attempt,
        started_at,
        tried_at: None,
        delivered_at: None,
        read_at: None,
        arrived_at: None,
        returned_at: None,
        provider: None,
        passed_over: Vec::new(),
    }
}
