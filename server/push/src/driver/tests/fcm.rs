use std::sync::Arc;

use vestnik_clock::Clock as _;
use vestnik_model::Reason;
use vestnik_outbound::{Addresses, Resolve, SystemResolver};

use super::{Peer, Script, Stage, bounded, google, reply};
use crate::{
    Account,
    address::{Address, FcmAddress},
    driver::{Health, Hold, Why},
    outcome::{Remedy, Scope, Verdict},
};

fn address(number: usize) -> Address {
    Address::Fcm(FcmAddress::token(&format!("token-{number}")).unwrap())
}

fn granted(number: usize) -> super::Reply {
    let body = format!(r#"{{"access_token":"ya29.{number}","expires_in":3600}}"#);
    reply(200, &body)
}

fn accepted() -> super::Reply {
    reply(200, r#"{"name":"projects/shop-1/messages/1"}"#)
}

struct Google {
    fcm: Script,
    oauth: Script,
    peers: [Peer; 2],
    account: Arc<Account>,
}

async fn service(
    fcm: impl IntoIterator<Item = super::Reply>,
    oauth: impl IntoIterator<Item = super::Reply>,
) -> Google {
    let (fcm, oauth) = (Script::new(fcm), Script::new(oauth));
    let peers = [fcm.peer().await, oauth.peer().await];
    let account = google(&peers[0], &peers[1]);
    Google {
        fcm,
        oauth,
        peers,
        account,
    }
}

#[tokio::test]
async fn one_exchange_serves_however_many_pushes() {
    let (stage, google) = (Stage::new(), service([accepted()], [granted(1)]).await);
    let sends: Vec<_> = (0..40)
        .map(|number| {
            let (driver, account) = (stage.driver.clone(), Arc::clone(&google.account));
            let push = stage.push();
            tokio::spawn(async move { driver.send(&account, &address(number), &push).await })
        })
        .collect();
    for sent in sends {
        let sent = bounded(sent).await.unwrap();
        assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
        assert_eq!(sent.tries, 1);
    }
    assert_eq!((google.oauth.count(), google.fcm.count()), (1, 40));
    assert_eq!(google.fcm.header("authorization")[0], "Bearer ya29.1");
}

#[tokio::test]
async fn an_account_that_is_parsed_again_is_the_same_account() {
    let (stage, google) = (Stage::new(), service([accepted()], [granted(1)]).await);
    for _ in 0..2 {
        let again = super::google(&google.peers[0], &google.peers[1]);
        stage.send(&again, &address(1)).await;
    }
    assert_eq!((google.oauth.count(), google.peers[0].accepted()), (1, 1));
}

#[tokio::test]
async fn a_refused_token_is_exchanged_once_and_then_it_is_the_operators() {
    let unauthorized = reply(401, r#"{"error":{"status":"UNAUTHENTICATED"}}"#);
    let answers = [unauthorized.clone(), accepted()];
    let (stage, google) = (
        Stage::new(),
        service(answers, [granted(1), granted(2)]).await,
    );
    let sent = stage.send(&google.account, &address(1)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    assert_eq!((sent.tries, google.oauth.count()), (2, 2));
    let bearers = google.fcm.header("authorization");
    assert_eq!(bearers, ["Bearer ya29.1", "Bearer ya29.2"]);
    google.fcm.set([unauthorized]);
    let sent = stage.send(&google.account, &address(1)).await;
    let refused = Verdict::Refused {
        reason: Reason::ConfigProviderAuth,
        scope: Scope::Sender,
        remedy: Remedy::Operator,
    };
    assert_eq!((sent.verdict, sent.tries), (refused, 2));
}

#[tokio::test]
async fn an_exchange_that_fails_is_not_repeated_for_each_push() {
    let denied = reply(400, r#"{"error":"invalid_grant"}"#);
    let (stage, google) = (Stage::new(), service([accepted()], [denied]).await);
    for _ in 0..9 {
        let sent = stage.send(&google.account, &address(1)).await;
        assert_eq!(sent.verdict.reason(), Some(Reason::ConfigProviderAuth));
        assert_eq!(sent.tries, 0);
        assert_eq!(sent.held, Some(Hold::Token { after: None }));
    }
    assert_eq!((google.oauth.count(), google.fcm.count()), (1, 0));
    google.oauth.set([granted(1)]);
    stage.pass(2);
    let sent = stage.send(&google.account, &address(1)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
}

#[tokio::test]
async fn a_pause_that_the_service_asks_for_is_kept_and_ends() {
    let busy = reply(503, r#"{"error":{"status":"UNAVAILABLE"}}"#).with("retry-after", "30");
    let (stage, google) = (Stage::new(), service([busy], [granted(1)]).await);
    let sent = stage.send(&google.account, &address(1)).await;
    let wait = Some(std::time::Duration::from_secs(30));
    assert!(
        matches!(sent.verdict, Verdict::Retry { after, .. } if after == wait),
        "{sent:?}"
    );
    google.fcm.set([accepted()]);
    stage.pass(29);
    let sent = stage.send(&google.account, &address(2)).await;
    assert!(matches!(sent.held, Some(Hold::Throttle { .. })), "{sent:?}");
    assert_eq!((sent.tries, google.fcm.count()), (0, 1));
    stage.pass(1);
    let sent = stage.send(&google.account, &address(2)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
}

#[tokio::test]
async fn no_wait_is_longer_than_the_push_lives() {
    let busy = reply(429, "{}").with("retry-after", "86400");
    let (stage, google) = (Stage::new(), service([busy], [granted(1)]).await);
    for _ in 0..2 {
        let sent = stage.send(&google.account, &address(1)).await;
        let hour = Some(std::time::Duration::from_secs(3_600));
        assert!(
            matches!(sent.verdict, Verdict::Throttled { after, .. } if after == hour),
            "{sent:?}"
        );
    }
    assert_eq!(google.fcm.count(), 1);
}

#[tokio::test]
async fn the_breaker_opens_lets_one_through_and_closes() {
    let down = reply(500, "{}");
    let (stage, google) = (Stage::new(), service([down], [granted(1)]).await);
    for number in 0..5 {
        assert_eq!(stage.send(&google.account, &address(number)).await.tries, 1);
    }
    let sent = stage.send(&google.account, &address(9)).await;
    let is_failing = |hold| {
        matches!(
            hold,
            Hold::Breaker {
                why: Why::Failing,
                ..
            }
        )
    };
    assert!(sent.held.is_some_and(is_failing), "{sent:?}");
    assert!(matches!(
        sent.verdict,
        Verdict::Retry { after: Some(_), .. }
    ));
    stage.pass(5);
    google.fcm.set([accepted()]);
    for number in 0..3 {
        let sent = stage.send(&google.account, &address(number)).await;
        assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    }
    assert_eq!(google.fcm.count(), 8);
}

#[tokio::test]
async fn dead_addresses_say_nothing_against_the_service() {
    let body = r#"{"error":{"status":"NOT_FOUND","details":[{"errorCode":"UNREGISTERED"}]}}"#;
    let (stage, google) = (
        Stage::new(),
        service([reply(404, body)], [granted(1)]).await,
    );
    for number in 0..20 {
        let sent = stage.send(&google.account, &address(number)).await;
        assert_eq!(sent.verdict, Verdict::dead(Reason::TokenDead));
    }
    assert_eq!(google.fcm.count(), 20);
}

#[tokio::test]
async fn a_check_asks_to_validate_only() {
    let body = r#"{"error":{"status":"INVALID_ARGUMENT",
        "details":[{"errorCode":"INVALID_ARGUMENT"}]}}"#;
    let (stage, google) = (
        Stage::new(),
        service([reply(400, body)], [granted(1)]).await,
    );
    let check = bounded(stage.driver.check(&google.account)).await;
    assert!(check.is_good(), "{check:?}");
    assert_eq!(google.fcm.bodies()[0]["validate_only"], true);
    google
        .fcm
        .set([reply(403, r#"{"error":{"status":"PERMISSION_DENIED"}}"#)]);
    let check = bounded(stage.driver.check(&google.account)).await;
    let refused = Health::Refused(Reason::ConfigProviderAuth);
    assert_eq!(check.findings[0].health, refused);
    assert!(!check.is_good());
}

/// The project's key for APNs is refused: Android devices of the same project get their pushes.
#[tokio::test]
async fn a_refused_key_for_one_platform_stops_no_other() {
    let body = r#"{"error":{"status":"UNAUTHENTICATED",
        "details":[{"errorCode":"THIRD_PARTY_AUTH_ERROR"}]}}"#;
    let (stage, google) = (
        Stage::new(),
        service([reply(401, body)], [granted(1)]).await,
    );
    for number in 0..9 {
        let sent = stage.send(&google.account, &address(number)).await;
        assert_eq!(sent.verdict.reason(), Some(Reason::ConfigProviderAuth));
        assert_eq!((sent.tries, sent.held), (1, None));
    }
    google.fcm.set([accepted()]);
    let sent = stage.send(&google.account, &address(9)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    // The access token was never doubted.
    assert_eq!(google.oauth.count(), 1);
}

#[tokio::test]
async fn a_clock_that_is_set_does_not_freeze_the_access_token() {
    for hours in [-2, 2] {
        let (stage, google) = (
            Stage::new(),
            service([accepted()], [granted(1), granted(2)]).await,
        );
        stage.send(&google.account, &address(1)).await;
        let set = stage.clock.now() + jiff::SignedDuration::from_hours(hours);
        stage.clock.set(set);
        for minutes in [0, 50] {
            stage.pass(minutes * 60);
            let sent = stage.send(&google.account, &address(1)).await;
            assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
        }
        let bearers = google.fcm.header("authorization");
        assert_eq!(bearers, ["Bearer ya29.1", "Bearer ya29.2", "Bearer ya29.2"]);
    }
}

/// Panics when it is asked first.
#[derive(Debug, Default)]
struct FaultyResolver(std::sync::atomic::AtomicBool, SystemResolver);

impl Resolve for FaultyResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Addresses<'a> {
        let was_asked = self.0.swap(true, std::sync::atomic::Ordering::SeqCst);
        assert!(was_asked, "a planted panic");
        self.1.resolve(host, port)
    }
}

#[tokio::test]
async fn an_exchange_that_panics_leaves_nobody_waiting() {
    let google = service([accepted()], [granted(1)]).await;
    let resolver = Arc::new(FaultyResolver::default());
    let stage = Stage::resolving(resolver);
    let sent = stage.send(&google.account, &address(1)).await;
    assert!(matches!(sent.verdict, Verdict::Retry { .. }), "{sent:?}");
    assert_eq!(sent.tries, 0);
    let two = Some(std::time::Duration::from_secs(2));
    assert_eq!(sent.held.and_then(Hold::after), two);
    stage.pass(2);
    let sent = stage.send(&google.account, &address(1)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
}
