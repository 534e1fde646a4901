use vestnik_clock::ManualClock;

use super::*;

fn rates(config: RateConfig) -> (Rates, ManualClock) {
    let clock = ManualClock::new(jiff::Timestamp::UNIX_EPOCH, 1);
    (Rates::new(config, Arc::new(clock.clone())), clock)
}

fn key(app: &str, id: &str) -> Principal {
    Principal::Key(app.parse().unwrap(), id.to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_principal_slows_only_itself() {
    let (rates, clock) = rates(RateConfig {
        key_per_second: 1,
        key_burst: 2,
        ..RateConfig::default()
    });
    let (one, same_id) = (key("shop", "a"), key("other", "a"));
    assert!(rates.call(&one).await.is_ok() && rates.call(&one).await.is_ok());
    let problem = rates.call(&one).await.unwrap_err().into_problem();
    assert_eq!((problem.status, problem.retry_after), (429, Some(1)));
    let other = rates.call(&same_id).await;
    assert!(other.is_ok(), "the key of another App");
    clock.advance(Duration::from_secs(1));
    assert!(rates.call(&one).await.is_ok());
    assert!(rates.call(&one).await.is_err());
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "the time is virtual")]
async fn a_refusal_of_a_call_is_held_back() {
    let (rates, _clock) = rates(RateConfig {
        key_per_second: 4,
        key_burst: 1,
        token_per_minute: 6,
        token_burst: 1,
        ..RateConfig::default()
    });
    let user = Principal::Login("shop".parse().unwrap(), "anna".parse().unwrap());
    // Allowed again in 250 ms, and in 10 s.
    for (principal, held) in [(key("shop", "a"), 250), (user, 1_000)] {
        let call = async || {
            let started = tokio::time::Instant::now();
            (rates.call(&principal).await.is_ok(), started.elapsed())
        };
        assert_eq!(call().await, (true, Duration::ZERO));
        assert_eq!(call().await, (false, Duration::from_millis(held)));
    }
}

#[tokio::test]
async fn a_rate_of_zero_does_not_limit() {
    let (rates, _clock) = rates(RateConfig {
        key_per_second: 0,
        key_burst: 1,
        ..RateConfig::default()
    });
    let one = key("shop", "a");
    for _ in 0..10_000 {
        assert!(rates.call(&one).await.is_ok());
    }
}

#[test]
fn seconds_are_rounded_up() {
    assert_eq!(whole_seconds(Duration::ZERO), 1);
    assert_eq!(whole_seconds(Duration::from_millis(1_001)), 2);
    assert_eq!(whole_seconds(Duration::from_secs(3)), 3);
}

#[test]
fn the_installations_of_a_user_share_a_budget() {
    let (rates, clock) = rates(RateConfig {
        installation_per_second: 1,
        installation_burst: 2,
        user_per_second: 1,
        user_burst: 3,
        ..RateConfig::default()
    });
    let device = |user: &str, number: u128| {
        let installation = InstallationId::from_uuid(uuid::Uuid::from_u128(number));
        Principal::Device("shop".parse().unwrap(), user.parse().unwrap(), installation)
    };
    let count = |principal: &Principal| {
        let counted = rates.count(principal);
        (counted.name, counted.check().is_ok())
    };
    assert_eq!(count(&device("anna", 1)), ("installation", true));
    assert_eq!(count(&device("anna", 1)), ("installation", true));
    assert_eq!(count(&device("anna", 1)), ("installation", false));
    assert_eq!(count(&device("anna", 2)), ("user", true));
    assert_eq!(count(&device("anna", 3)), ("user", false));
    assert_eq!(count(&device("boris", 4)), ("installation", true));
    clock.advance(Duration::from_secs(1));
    assert_eq!(count(&device("anna", 3)), ("user", true));
}
