//! Stories that the rules themselves tell: whatever happens, no statement contradicts what is stored, and
//! what is promised comes if nothing else happens.

mod life;

use jiff::Timestamp;
use proptest::prelude::*;
use vestnik_model::{DeliveryStatus, InstallationId};

use self::life::{Happening, Life, steps};
use super::*;
use crate::delivery::{Confirmation, expire};

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    use Happening::*;
    let device = 0_usize..2;
    let one = prop_oneof![
        6 => (0_i64..90).prop_map(Wait),
        1 => (300_i64..50_000).prop_map(Wait),
        6 => Just(Look),
        6 => (0_usize..3, 0_usize..6).prop_map(|(which, outcome)| Answer { which, outcome }),
        2 => device.clone().prop_map(Write),
        2 => (device.clone(), any::<bool>()).prop_map(|(device, is_read)| Report { device, is_read }),
        1 => device.clone().prop_map(Pass),
        2 => (device.clone(), any::<bool>()).prop_map(|(device, is_on)| Connect { device, is_on }),
        1 => (device.clone(), any::<bool>()).prop_map(|(device, is_on)| Block { device, is_on }),
        1 => (device.clone(), any::<bool>()).prop_map(|(device, is_on)| Kill { device, is_on }),
        1 => device.prop_map(LogOut),
        1 => any::<bool>().prop_map(Mailbox),
        1 => any::<bool>().prop_map(Backend),
        1 => any::<bool>().prop_map(Stop),
        1 => Just(Retry),
        1 => any::<bool>().prop_map(|is_dead| Bounce { is_dead }),
        1 => Just(Expire),
    ];
    proptest::collection::vec(one, 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_statement_contradicts_what_is_stored(
        course in 0_usize..11, only: bool, happenings in happenings(),
    ) {
        let mut life = Life::begin(steps(course), only);
        for happening in happenings {
            life.happen(happening);
            let said = explain(&life.findings, life.now);
            for statement in &said {
                is_true(&life, statement);
            }
            is_in_order(&said);
            is_one_standing(&life, &said);
        }
    }
}

fn is_true(life: &Life, statement: &Statement) {
    let happened = |at: Timestamp| assert!(at <= life.now, "{statement:?} at {}", life.now);
    let goes_on = || assert!(!life.is_over(), "{statement:?} of {:#?}", life.findings);
    match statement {
        Statement::Asked(_) => {}
        Statement::Device { device, found } => match *found {
            DeviceFinding::Written { at }
            | DeviceFinding::Arrived { at, .. }
            | DeviceFinding::Confirmed { at }
            | DeviceFinding::Seen { at }
            | DeviceFinding::NotShown { at, .. }
            | DeviceFinding::AddressDead { at, .. } => happened(at),
            DeviceFinding::AwaitsConfirmation { until } => {
                goes_on();
                let is_pushed = |target: Target| target.installation() == Some(device.installation);
                assert!(
                    life.is_tried_at(until, is_pushed),
                    "{statement:?} of {:#?}",
                    life.findings
                );
            }
            DeviceFinding::Passed => assert!(device_of(life, device.installation).has_it),
            DeviceFinding::Connected { .. }
            | DeviceFinding::Offline { .. }
            | DeviceFinding::Blocked { .. }
            | DeviceFinding::TooOld { .. }
            | DeviceFinding::WithoutAddress
            | DeviceFinding::NoProvider { .. } => {}
        },
        Statement::Tried {
            place,
            channel,
            provider: _,
            outcome,
        } => {
            let target = target_of(place, *channel);
            is_true_of_try(life, target, *outcome);
        }
        Statement::Cascade(found) => match *found {
            CascadeFinding::Began { at, .. } => happened(at),
            CascadeFinding::Waits { until, .. } => {
                goes_on();
                assert!(
                    life.has_switched_at(until),
                    "{statement:?} of {:#?}",
                    life.findings
                );
            }
            CascadeFinding::LooksAgain { at } => {
                goes_on();
                assert_eq!(life.course().and_then(|course| course.due_at), Some(at));
            }
        },
        Statement::Waiting(_) => panic!("{statement:?} without a schedule"),
        Statement::Standing(standing) => is_true_of_standing(life, standing),
    }
}

fn target_of(place: &Place, channel: Channel) -> Target {
    match place {
        Place::Mailbox => Target::Mailbox,
        Place::Backend => Target::Backend,
        Place::Gateway => Target::Gateway(life::sms()),
        Place::Device(device) => Target::Device {
            installation: device.installation,
            channel,
        },
    }
}

fn is_true_of_try(life: &Life, target: Target, outcome: AttemptFinding) {
    let tried = life.tried(target).unwrap();
    let context = || {
        format!(
            "{outcome:?} of {target:?} at {} in {:#?}",
            life.now, life.findings
        )
    };
    match outcome {
        AttemptFinding::Handed { at, tries, .. } => {
            assert!(
                at <= life.now && tried.attempt.state == State::Sent,
                "{}",
                context()
            );
            assert_eq!(tries, tried.attempt.tries);
        }
        AttemptFinding::Returned { at, .. } => {
            assert!(at <= life.now && tried.attempt.state == State::Failed);
        }
        AttemptFinding::PassedOver { reason, .. } => {
            let mut passed = tried.passed_over.iter();
            assert!(passed.any(|passed| passed.reason == reason));
        }
        AttemptFinding::Dropped => {
            assert_eq!(tried.attempt.state, State::Failed);
            assert!(!tried.attempt.may_be_taken() && tried.attempt.tries == 0);
        }
        AttemptFinding::Retrying { at, .. }
        | AttemptFinding::Due { at }
        | AttemptFinding::Anew { at } => {
            assert!(!life.is_over(), "{}", context());
            assert!(life.is_tried_at(at, |to| to == target), "{}", context());
        }
        AttemptFinding::OnItsWay { until, is_repeated } => {
            assert!(tried.attempt.is_under_way());
            let is_tried = life.is_tried_at(until, |to| to == target);
            assert_eq!(is_tried, is_repeated, "{}", context());
        }
        AttemptFinding::Refused { .. } => {
            assert!(tried.attempt.state != State::Sent, "{}", context());
            let at = tried.attempt.until.unwrap_or(life.now);
            assert!(!life.is_tried_at(at, |to| to == target), "{}", context());
        }
        AttemptFinding::AwaitsKey { until, .. } => {
            assert!(until > life.now && tried.attempt.state == State::Failed);
        }
        AttemptFinding::Undecrypted { count } => assert_eq!(count, tried.attempt.undecrypted),
        AttemptFinding::Unproven { count } => {
            let is_lost = tried.attempt.state == State::Sending;
            assert!(count <= tried.attempt.unproven + u32::from(is_lost));
        }
        AttemptFinding::GivenUp { .. } => {
            assert_ne!(tried.attempt.state, State::Sent, "{}", context());
            let at = tried.attempt.until.unwrap_or(life.now);
            assert!(!life.is_tried_at(at, |to| to == target), "{}", context());
        }
    }
}

fn is_true_of_standing(life: &Life, standing: &Standing) {
    let (findings, state) = (&life.findings, life.state());
    let context = || format!("{standing:?} at {} in {findings:#?}", life.now);
    match *standing {
        Standing::NoDevice => assert!(
            findings.devices.is_empty() && !life.is_for_some,
            "{}",
            context()
        ),
        Standing::NoMeantDevice => assert!(life.is_for_some, "{}", context()),
        Standing::WaitsForDevice { until } => {
            assert_eq!(state.status, DeliveryStatus::Pending);
            assert!(
                until > life.now && !findings.notification.is_cancelled,
                "{}",
                context()
            );
        }
        Standing::WaitsForConfirmation { until } => {
            assert!(until > life.now, "{}", context());
            let ended = expire(state.clone(), false, life.confirmation(), until).state;
            assert_eq!(ended.status, DeliveryStatus::Undelivered, "{}", context());
        }
        Standing::Delivered { at } => {
            assert_eq!(
                (state.status, state.delivered_at),
                (DeliveryStatus::Delivered, Some(at))
            );
        }
        Standing::Read { at } => {
            assert_eq!(
                (state.status, state.read_at),
                (DeliveryStatus::Read, Some(at))
            );
        }
        Standing::Expired { at } => {
            assert!(at <= life.now && state.sent_at.is_none(), "{}", context());
        }
        Standing::Unconfirmed { at } => {
            assert!(at <= life.now && state.sent_at.is_some(), "{}", context());
            assert!(state.delivered_at.is_none(), "{}", context());
        }
        Standing::Cancelled | Standing::RecalledUnsent => {
            assert!(
                findings.notification.is_cancelled && state.sent_at.is_none(),
                "{}",
                context()
            );
        }
        Standing::RecalledShown => assert!(findings.notification.is_recalled),
        Standing::Replaced => {
            let delivery = findings.delivery.as_ref();
            assert!(delivery.is_some_and(|of| of.gave_way), "{}", context());
        }
        Standing::Ended { status, .. } => assert_eq!(status, state.status),
        Standing::DoubleContact => assert!(state.double_contact, "{}", context()),
        Standing::ByConnectionOnly | Standing::Engaged(_) | Standing::Late => {}
    }
}

/// What was done is told in the order of time.
fn is_in_order(said: &[Statement]) {
    let times = said.iter().filter_map(|statement| match statement {
        Statement::Device {
            found: DeviceFinding::Written { at },
            ..
        }
        | Statement::Tried {
            outcome: AttemptFinding::Handed { at, .. } | AttemptFinding::Returned { at, .. },
            ..
        }
        | Statement::Cascade(CascadeFinding::Began { at, .. }) => Some(*at),
        Statement::Asked(_)
        | Statement::Device { .. }
        | Statement::Tried { .. }
        | Statement::Cascade(_)
        | Statement::Waiting(_)
        | Statement::Standing(_) => None,
    });
    let times: Vec<_> = times.collect();
    assert!(times.is_sorted(), "{said:#?}");
}

/// A delivery does not stand at two places at once.
fn is_one_standing(life: &Life, said: &[Statement]) {
    let places = said.iter().filter(|statement| {
        matches!(
            statement,
            Statement::Standing(
                Standing::WaitsForDevice { .. }
                    | Standing::WaitsForConfirmation { .. }
                    | Standing::Delivered { .. }
                    | Standing::Read { .. }
                    | Standing::Expired { .. }
                    | Standing::Unconfirmed { .. }
                    | Standing::Cancelled
                    | Standing::RecalledUnsent
                    | Standing::Ended { .. }
            )
        )
    });
    assert!(places.count() <= 1, "{said:#?} of {:#?}", life.findings);
}

fn device_of(life: &Life, installation: InstallationId) -> &Device {
    let mut devices = life.findings.devices.iter();
    devices
        .find(|device| device.installation == installation)
        .unwrap()
}

impl Life {
    /// What the stores find when the time of the delivery has run out.
    fn confirmation(&self) -> Confirmation {
        let is_outside = |tried: &Try| {
            tried.target.installation().is_none() && tried.attempt.state == State::Sent
        };
        if self.findings.devices.iter().any(|device| device.has_it) {
            Confirmation::Evident
        } else if self.findings.tries.iter().any(is_outside) {
            Confirmation::Impossible
        } else {
            Confirmation::Missing
        }
    }
}
