mod chosen;
mod detour;
mod gateway;
mod handed;
mod hours;
mod letter;
mod order;
mod own;
mod saved;
mod turn;
mod unproven;
mod version;
mod webhook;

use uuid::Uuid;
use vestnik_model::{
    Channel, Devices, Evidence, GatewayName, InstallationId, ReceiptKind,
    publish::{OnUnproven, StepRequest},
};

use super::*;
use crate::device::Opens;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}

fn attempt(state: State, until: Option<i64>, reason: Option<Reason>) -> Attempt {
    Attempt {
        state,
        reason,
        tries: 1,
        until: until.map(at),
        ..Attempt::HANDED
    }
}

fn address(channel: Channel, attempt: Option<Attempt>) -> Address {
    Address {
        channel,
        is_dead: false,
        has_provider: true,
        attempt,
    }
}

fn phone(number: u128, attempt: Option<Attempt>) -> Device {
    Device::new(id(number), vec![address(Channel::Fcm, attempt)])
}

fn push(number: u128, channel: Channel) -> Target {
    Target::Device {
        installation: id(number),
        channel,
    }
}

/// Push for a minute, then a letter.
fn cascade() -> Steps {
    waiting_for(Goal::Delivered)
}

/// The same, by which push has reached this.
fn waiting_for(wait_for: Goal) -> Steps {
    let step = |channel, within_seconds| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    };
    Steps::from_stored(vec![
        step(StepChannel::Push, Some(60)),
        step(StepChannel::Email, None),
    ])
}

struct Case {
    steps: Steps,
    course: Course,
    state: DeliveryState,
    /// What is known beside the addresses.
    attempts: Vec<(Target, Attempt)>,
    wanted: Wanted,
    addressed: Addressed,
    devices: Vec<Device>,
    mailbox: Option<Address>,
    backend: Option<Address>,
    gateways: Vec<(GatewayName, Address)>,
    is_stopped: bool,
    is_deleted: bool,
    hours: Hours,
    now: i64,
}

impl Case {
    fn new(devices: Vec<Device>) -> Self {
        Self {
            steps: Steps::default(),
            course: Course::new(at(100)),
            state: DeliveryState::pending(),
            attempts: Vec::new(),
            wanted: Wanted::ALL,
            addressed: Addressed::ALL,
            devices,
            mailbox: Some(address(Channel::Email, None)),
            backend: None,
            gateways: Vec::new(),
            is_stopped: false,
            is_deleted: false,
            hours: Hours::Open,
            now: 100,
        }
    }

    fn cascade(devices: Vec<Device>) -> Self {
        Self {
            steps: cascade(),
            ..Self::new(devices)
        }
    }

    fn at(self, now: i64) -> Self {
        Self { now, ..self }
    }

    fn proven(mut self, evidence: Evidence) -> Self {
        self.state.merge(evidence, at(self.now));
        self
    }

    fn look(&self) -> Looked {
        self.with_view(look)
    }

    fn with_view<T>(&self, then: impl FnOnce(&View<'_>) -> T) -> T {
        let attempts: Vec<_> = self.attempts.iter().map(|(to, of)| (*to, of)).collect();
        then(&View {
            steps: &self.steps,
            course: self.course,
            state: &self.state,
            attempts: &attempts,
            expires_at: at(10_000),
            is_stopped: self.is_stopped,
            is_deleted: self.is_deleted,
            hours: &self.hours,
            wanted: &self.wanted,
            addressed: &self.addressed,
            devices: &self.devices,
            mailbox: self.mailbox.as_ref(),
            backend: self.backend.as_ref(),
            gateways: &self.gateways,
            reported: &Reported::NOTHING,
            now: at(self.now),
        })
    }

    #[track_caller]
    fn check(&self, tries: &[Target], step: u8, due: Option<i64>, end: Option<Reason>) {
        let looked = self.look();
        assert_eq!(
            (
                looked.tries.as_slice(),
                looked.course.step,
                looked.course.due_at,
                looked.end
            ),
            (tries, step, due.map(at), end)
        );
    }
}

#[test]
fn a_device_that_is_away_is_pushed_to_at_once() {
    Case::new(vec![phone(1, None)]).check(&[push(1, Channel::Fcm)], 0, Some(130), None);
}

#[test]
fn a_device_that_was_heard_from_gets_the_window_and_is_pushed_to_behind_it() {
    let near = Device {
        heard_at: Some(at(98)),
        is_connected: true,
        ..phone(1, None)
    };
    let case = || Case::new(vec![near.clone(), phone(2, None)]);
    case().check(&[push(2, Channel::Fcm)], 0, Some(105), None);
    let tried = phone(2, Some(attempt(State::Sent, None, None)));
    let later = Case::new(vec![near.clone(), tried.clone()]).proven(Evidence::Sent);
    later.check(&[], 0, Some(105), None);
    let behind = later.at(105);
    behind.check(&[push(1, Channel::Fcm)], 0, Some(135), None);
    let has_it = Device {
        has_it: true,
        ..near
    };
    let confirmed = Case::new(vec![has_it, tried]).at(105);
    confirmed.check(&[], 0, None, None);
}

#[test]
fn who_was_heard_from_long_ago_gets_no_window() {
    let quiet = Device {
        heard_at: Some(at(60)),
        ..phone(1, None)
    };
    Case::new(vec![quiet]).check(&[push(1, Channel::Fcm)], 0, Some(130), None);
}

#[test]
fn a_desktop_waits_for_its_connection_as_ever() {
    let desktop = Device::new(id(1), Vec::new());
    Case::new(vec![desktop.clone()]).check(&[], 0, None, None);
    // A cascade does not wait for a desktop that is off.
    let looked = Case::cascade(vec![desktop.clone()]).look();
    assert_eq!(looked.tries, [Target::Mailbox]);
    assert_eq!(looked.course.switched, Some(Reason::DeviceNoAddress));
    let online = Device {
        is_connected: true,
        ..desktop
    };
    Case::cascade(vec![online]).check(&[], 0, Some(160), None);
}

#[test]
fn nobody_to_reach_starts_at_the_next_channel_at_once_with_the_reason() {
    let blocked = Device {
        blocked: Some(Reason::BlockedOs),
        ..phone(1, None)
    };
    let dead = Device::new(
        id(1),
        vec![Address {
            is_dead: true,
            ..address(Channel::Fcm, None)
        }],
    );
    let failed = phone(
        1,
        Some(attempt(State::Failed, None, Some(Reason::TokenDead))),
    );
    let no_route = Device::new(
        id(1),
        vec![Address {
            has_provider: false,
            ..address(Channel::Fcm, None)
        }],
    );
    for (devices, reason) in [
        (Vec::new(), Reason::DeviceNoneActive),
        (vec![blocked], Reason::BlockedOs),
        (vec![dead], Reason::TokenDead),
        (vec![failed], Reason::TokenDead),
        (vec![no_route], Reason::ConfigNoRoute),
    ] {
        let case = Case::cascade(devices.clone());
        let looked = case.look();
        assert_eq!(looked.course.switched, Some(reason));
        assert_eq!(looked.tries, [Target::Mailbox], "{reason}");
        assert_eq!(looked.course.step, 1);
        // Without another channel, or without a mailbox, the delivery ends with its reason.
        Case::new(devices.clone()).check(&[], 0, None, Some(reason));
        let no_mailbox = Case {
            mailbox: None,
            ..Case::cascade(devices)
        };
        no_mailbox.check(&[], 1, None, Some(Reason::RecipientNoAddress));
    }
}

#[test]
fn an_opt_out_ends_a_delivery_and_no_other_channel_begins() {
    let unwanted = Device {
        blocked: Some(Reason::OptoutCategory),
        ..phone(1, None)
    };
    Case::cascade(vec![unwanted]).check(&[], 0, None, Some(Reason::OptoutCategory));
}

#[test]
fn the_next_step_begins_when_the_goal_is_not_reached_in_time() {
    let accepted = || vec![phone(1, Some(attempt(State::Sent, None, None)))];
    let case = || Case::cascade(accepted()).proven(Evidence::Sent);
    case().check(&[], 0, Some(160), None);
    let late = case().at(160);
    assert_eq!(late.look().course.switched, Some(Reason::FallbackSwitched));
    late.check(&[Target::Mailbox], 1, Some(1_600), None);
    // A late proof cancels what waits.
    let proven = case()
        .proven(Evidence::Receipt(ReceiptKind::Delivered))
        .at(160);
    proven.check(&[], 0, None, None);
}

#[test]
fn a_retry_waits_for_its_time_and_not_beyond_the_step() {
    let waits = |until| vec![phone(1, Some(attempt(State::Retrying, Some(until), None)))];
    Case::cascade(waits(120)).check(&[], 0, Some(120), None);
    Case::cascade(waits(120))
        .at(120)
        .check(&[push(1, Channel::Fcm)], 0, Some(150), None);
    Case::cascade(waits(400)).check(&[], 0, Some(160), None);
    Case::cascade(waits(400))
        .at(160)
        .check(&[Target::Mailbox], 1, Some(1_600), None);
}

#[test]
fn a_try_that_nobody_settled_is_repeated_when_its_lease_is_over() {
    let lost = || vec![phone(1, Some(attempt(State::Sending, Some(130), None)))];
    Case::new(lost()).check(&[], 0, Some(130), None);
    Case::new(lost())
        .at(130)
        .check(&[push(1, Channel::Fcm)], 0, Some(160), None);
}

/// Another delivery's answer says that the address is dead while an attempt waits for its next try.
#[test]
fn an_attempt_whose_address_died_meanwhile_is_not_tried_again() {
    let dead = |attempt| {
        let address = Address {
            is_dead: true,
            ..address(Channel::Fcm, Some(attempt))
        };
        vec![Device::new(id(1), vec![address])]
    };
    let end = Some(Reason::TokenDead);
    for state in [State::Retrying, State::Sending] {
        let over = attempt(state, Some(90), None);
        Case::new(dead(over)).check(&[], 0, None, end);
    }
    let waits = attempt(State::Retrying, Some(120), None);
    Case::new(dead(waits)).check(&[], 0, None, end);
    // What is on its way may still be taken.
    let sending = attempt(State::Sending, Some(130), None);
    Case::new(dead(sending)).check(&[], 0, Some(130), None);
    let sent = attempt(State::Sent, None, None);
    Case::new(dead(sent)).check(&[], 0, None, None);
}

#[test]
fn addresses_are_tried_one_after_another() {
    let both = |first: Option<Attempt>| {
        let addresses = vec![
            address(Channel::Fcm, first),
            address(Channel::Webpush, None),
        ];
        vec![Device::new(id(1), addresses)]
    };
    Case::new(both(None)).check(&[push(1, Channel::Fcm)], 0, Some(130), None);
    let dead = attempt(State::Failed, None, Some(Reason::TokenDead));
    Case::new(both(Some(dead))).check(&[push(1, Channel::Webpush)], 0, Some(130), None);
    let waits = attempt(State::Retrying, Some(120), None);
    Case::new(both(Some(waits))).check(&[], 0, Some(120), None);
}

#[test]
fn trouble_of_one_device_ends_nothing_while_another_was_reached() {
    let dead = phone(
        1,
        Some(attempt(State::Failed, None, Some(Reason::TokenDead))),
    );
    let sent = phone(2, Some(attempt(State::Sent, None, None)));
    let case = Case::new(vec![dead, sent]).proven(Evidence::Sent);
    case.check(&[], 0, None, None);
}

#[test]
fn what_has_ended_or_was_read_is_left_alone() {
    let case = || Case::new(vec![phone(1, None)]);
    for evidence in [
        Evidence::Receipt(ReceiptKind::Read),
        Evidence::Ended(Reason::CancelledSender),
        Evidence::Ended(Reason::ExpiredTtl),
    ] {
        case().proven(evidence).check(&[], 0, None, None);
    }
    case().at(10_000).check(&[], 0, None, None);
    let stopped = Case {
        is_stopped: true,
        ..case()
    };
    stopped.check(&[], 0, None, None);
    // What one device has is pushed to the others all the same.
    let delivered = case().proven(Evidence::Receipt(ReceiptKind::Delivered));
    delivered.check(&[push(1, Channel::Fcm)], 0, Some(130), None);
}

/// Whatever is stored, a look either leaves something that will happen or says that nothing will.
#[test]
fn a_look_never_leaves_a_delivery_in_between() {
    let attempts = [
        None,
        Some(attempt(State::Sending, Some(90), None)),
        Some(attempt(State::Sending, Some(170), None)),
        Some(attempt(State::Retrying, Some(170), None)),
        Some(attempt(State::Sent, None, None)),
        Some(attempt(State::Failed, None, Some(Reason::TokenDead))),
    ];
    for first in &attempts {
        for second in &attempts {
            for now in [100, 159, 160, 161, 5_000] {
                let devices = vec![phone(1, first.clone()), phone(2, second.clone())];
                for case in [Case::new(devices.clone()), Case::cascade(devices)] {
                    let case = case.at(now);
                    let looked = case.look();
                    let is_sent = [first, second]
                        .into_iter()
                        .flatten()
                        .any(|attempt| attempt.state == State::Sent);
                    let goes_on = looked.course.due_at.is_some_and(|due| due > at(now))
                        || looked.end.is_some()
                        || is_sent;
                    assert!(goes_on, "{first:?} {second:?} {now}: {looked:?}");
                }
            }
        }
    }
}

#[test]
fn a_silenced_device_that_is_open_confirms_first() {
    let open = Device {
        blocked: Some(Reason::BlockedOs),
        is_connected: true,
        heard_at: Some(at(99)),
        ..phone(1, None)
    };
    Case::new(vec![open.clone()]).check(&[], 0, Some(105), None);
    Case::new(vec![open.clone()])
        .at(105)
        .check(&[], 0, None, Some(Reason::BlockedOs));
    let confirmed = Device {
        has_it: true,
        ..open
    };
    let confirmed = Case::new(vec![confirmed]).at(105);
    confirmed.check(&[], 0, None, None);
}

#[test]
fn a_lease_that_was_given_while_the_clock_was_ahead_holds_nobody_up() {
    let ahead = attempt(State::Sending, Some(4_000), None);
    Case::new(vec![phone(1, Some(ahead))]).check(&[push(1, Channel::Fcm)], 0, Some(130), None);
    let paused = attempt(State::Retrying, Some(4_000), None);
    Case::new(vec![phone(1, Some(paused))]).check(&[], 0, Some(4_000), None);
}
