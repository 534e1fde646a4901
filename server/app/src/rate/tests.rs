use vestnik_clock::ManualClock;

use super::*;

fn rates(config: RateConfig) -> (Rates, ManualClock) {
    let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH, 1);
    (Rates::new(config, Arc::new(clock.clone())), clock)
}

fn key(app: &str, id: &str) -> Principal {
    Principal::Key(app.parse().unwrap(), id.to_owned())
}

#[test]
fn a_principal_slows_only_itself() {
    let (rates, clock) = rates(RateConfig {
        key_per_second: 1,
        key_burst: 2,
        ..RateConfig::default()
    });
    let (one, same_id) = (key("shop", "a"), key("other", "a"));
    assert!(rates.call(&one).is_ok() && rates.call(&one).is_ok());
    let problem = rates.call(&one).unwrap_err().into_problem();
    assert_eq!((problem.status, problem.retry_after), (429, Some(1)));
    assert!(rates.call(&same_id).is_ok(), "the key of another App");
    clock.advance(Duration::from_secs(1));
    assert!(rates.call(&one).is_ok());
    assert!(rates.call(&one).is_err());
}

#[test]
fn a_rate_of_zero_does_not_limit() {
    let (rates, _clock) = rates(RateConfig {
        key_per_second: 0,
        key_burst: 1,
        ..RateConfig::default()
    });
    let one = key("shop", "a");
    assert!((0..10_000).all(|_| rates.call(&one).is_ok()));
}

#[test]
fn seconds_are_rounded_up() {
    assert_eq!(whole_seconds(Duration::ZERO), 1);
    assert_eq!(whole_seconds(Duration::from_millis(1_001)), 2);
    assert_eq!(whole_seconds(Duration::from_secs(3)), 3);
}
