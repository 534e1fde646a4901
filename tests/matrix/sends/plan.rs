//! How much is sent, and what goes wrong.

use std::time::Duration;

use jiff::Timestamp;
use vestnik_sim::{Ending, Fault, Match, Rule, Service, When};

/// For how long a service is down as a whole.
const OUTAGE: Duration = Duration::from_secs(90);
/// The services that go down, one in a round.
const DOWN: [Service; 5] = [
    Service::Fcm,
    Service::Apns,
    Service::WebPush,
    Service::Hms,
    Service::Rustore,
];

/// How much is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// How many phones there are at a time.
    pub(super) phones: usize,
    /// How often each is sent to.
    pub(super) rounds: usize,
    seed: u64,
}

impl Plan {
    pub(super) fn new(sends: usize, seed: u64) -> Self {
        let phones = (sends / 5).clamp(40, 1_000);
        Self {
            phones,
            rounds: sends.div_ceil(phones).max(DOWN.len() + 1),
            seed,
        }
    }

    /// How many services go down.
    pub(super) const fn outages(&self) -> u64 {
        DOWN.len() as u64
    }

    /// The service that is down at the beginning of a round: each is once, after the first round.
    pub(super) fn outage(&self, round: usize) -> Option<Service> {
        let number = round.checked_sub(1)?;
        DOWN.get(number).copied()
    }

    /// What goes wrong in a round: of all requests to push services 30 of 100.
    pub(super) fn rules(&self, round: usize, now: Timestamp) -> Vec<Rule> {
        let round_seed = self.seed.wrapping_mul(1_000).wrapping_add(round as u64);
        let down = self.outage(round).map(|service| Rule {
            matching: Match {
                service: Some(service),
                until: now.checked_add(OUTAGE).ok(),
                ..Match::default()
            },
            // Huawei's 503 only says that there are too many requests.
            fault: status(if service == Service::Hms { 500 } else { 503 }, None),
        });
        let token = rule(None, 20, round_seed, status(503, Some(3)));
        let token = Rule {
            matching: Match {
                service: Some(Service::FcmToken),
                ..token.matching
            },
            ..token
        };
        let chances = chances(now).into_iter().enumerate();
        let chances = chances.flat_map(|(index, (percent, fault))| {
            let seed = round_seed.wrapping_mul(100).wrapping_add(index as u64);
            DOWN.map(|service| rule(Some(service), percent, seed, fault.clone()))
        });
        down.into_iter().chain([token]).chain(chances).collect()
    }
}

/// What happens to how many of a hundred requests that nothing before happened to.
fn chances(now: Timestamp) -> [(u8, Fault); 9] {
    let dead = Fault::DeadAt {
        time: now,
        ending: Ending::Unregistered,
    };
    let throttle = Fault::Throttle {
        retry_after: Some(20),
    };
    let reset = |when| Fault::Reset { when };
    [
        (1, dead),
        (5, throttle),
        (4, status(503, Some(10))),
        (4, status(503, None)),
        (4, status(500, None)),
        (5, reset(When::BeforeAcceptance)),
        (5, reset(When::AfterAcceptance)),
        (4, Fault::Goaway),
        (3, Fault::Slow { ms: 20 }),
    ]
}

fn status(code: u16, retry_after: Option<u64>) -> Fault {
    Fault::Status {
        code,
        reason: None,
        field: None,
        retry_after,
    }
}

fn rule(service: Option<Service>, percent: u8, seed: u64, fault: Fault) -> Rule {
    let matching = Match {
        service,
        percent: Some(percent),
        seed,
        ..Match::default()
    };
    Rule { matching, fault }
}
