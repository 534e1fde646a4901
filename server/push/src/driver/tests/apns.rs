use vestnik_model::Reason;

use super::{Peer, Script, Stage, apple, reply};
use crate::{
    address::{Address, ApnsAddress, Environment},
    driver::{Health, Hold, Why},
    outcome::{Remedy, Scope, Verdict},
};

fn address(environment: Option<Environment>) -> Address {
    Address::Apns(ApnsAddress::parse("00fc13ad", environment).unwrap())
}

fn refusal(status: u16, reason: &str) -> super::Reply {
    reply(status, &format!(r#"{{"reason":"{reason}"}}"#))
}

struct Apple {
    production: Script,
    sandbox: Script,
    _peers: [Peer; 2],
    account: std::sync::Arc<crate::Account>,
}

async fn service(production: super::Reply, sandbox: super::Reply) -> Apple {
    let (production, sandbox) = (Script::new([production]), Script::new([sandbox]));
    let peers = [production.peer().await, sandbox.peer().await];
    let account = apple(&peers[0], &peers[1]);
    Apple {
        production,
        sandbox,
        _peers: peers,
        account,
    }
}

#[tokio::test]
async fn one_token_serves_all_pushes_until_it_is_due() {
    let (stage, apple) = (Stage::new(), service(reply(200, ""), reply(200, "")).await);
    for minutes in [0, 25, 24, 1, 0] {
        stage.pass(minutes * 60);
        let sent = stage.send(&apple.account, &address(None)).await;
        assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    }
    let tokens = apple.production.header("authorization");
    assert!(tokens[..3].iter().all(|token| *token == tokens[0]));
    assert_ne!(tokens[3], tokens[0]);
    assert_eq!(tokens[4], tokens[3]);
}

#[tokio::test]
async fn the_other_environment_is_tried_once_and_told() {
    use Environment::{Production, Sandbox};
    let bad = || refusal(400, "BadDeviceToken");
    for (said, production, sandbox, tries, moved) in [
        (None, reply(200, ""), bad(), 1, Some(Production)),
        (Some(Production), reply(200, ""), bad(), 1, None),
        (None, bad(), reply(200, ""), 2, Some(Sandbox)),
        (Some(Sandbox), bad(), reply(200, ""), 1, None),
        (Some(Sandbox), reply(200, ""), bad(), 2, Some(Production)),
    ] {
        let (stage, apple) = (Stage::new(), service(production, sandbox).await);
        let sent = stage.send(&apple.account, &address(said)).await;
        assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
        assert_eq!((sent.tries, sent.moved), (tries, moved), "{said:?}");
    }
    let (stage, apple) = (Stage::new(), service(bad(), bad()).await);
    let sent = stage.send(&apple.account, &address(None)).await;
    assert_eq!(sent.verdict, Verdict::dead(Reason::TokenDead));
    assert_eq!((sent.tries, sent.moved), (2, None));
}

#[tokio::test]
async fn an_old_token_that_is_refused_is_renewed_once() {
    let apple = service(reply(200, ""), reply(200, "")).await;
    let stage = Stage::new();
    stage.send(&apple.account, &address(None)).await;
    stage.pass(21 * 60);
    let expired = refusal(403, "ExpiredProviderToken");
    apple.production.set([expired, reply(200, "")]);
    let sent = stage.send(&apple.account, &address(None)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    assert_eq!(sent.tries, 2);
    let tokens = apple.production.header("authorization");
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[1], tokens[2]);
}

#[tokio::test]
async fn a_young_token_that_is_refused_is_not_renewed_and_the_breaker_opens() {
    let expired = refusal(403, "InvalidProviderToken");
    let (stage, apple) = (Stage::new(), service(expired, reply(200, "")).await);
    let refused = Verdict::Refused {
        reason: Reason::ConfigProviderAuth,
        scope: Scope::Sender,
        remedy: Remedy::Operator,
    };
    for _ in 0..5 {
        let sent = stage.send(&apple.account, &address(None)).await;
        assert_eq!((&sent.verdict, sent.tries), (&refused, 1));
    }
    let sent = stage.send(&apple.account, &address(None)).await;
    assert_eq!((&sent.verdict, sent.tries), (&refused, 0));
    let is_refusing = |hold| {
        matches!(
            hold,
            Hold::Breaker {
                why: Why::Refusing,
                ..
            }
        )
    };
    assert!(sent.held.is_some_and(is_refusing), "{sent:?}");
    let tokens = apple.production.header("authorization");
    assert_eq!(tokens.len(), 5);
    assert!(tokens.iter().all(|token| *token == tokens[0]));
}

#[tokio::test]
async fn a_service_that_shuts_down_is_asked_again_over_a_new_connection() {
    let shutdown = refusal(503, "Shutdown");
    let script = Script::new([shutdown, reply(200, "")]);
    let (peer, other) = (
        script.peer().await,
        Script::new([reply(200, "")]).peer().await,
    );
    let (stage, account) = (Stage::new(), apple(&peer, &other));
    let sent = stage.send(&account, &address(None)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    assert_eq!((sent.tries, peer.accepted()), (2, 2));
}

#[tokio::test]
async fn a_key_of_the_sandbox_only_still_reaches_its_addresses_and_no_breaker_opens() {
    let elsewhere = refusal(403, "BadEnvironmentKeyInToken");
    let (stage, apple) = (Stage::new(), service(elsewhere, reply(200, "")).await);
    for _ in 0..9 {
        let sent = stage.send(&apple.account, &address(None)).await;
        assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
        assert_eq!(sent.moved, Some(Environment::Sandbox));
    }
    // An address that is not of the sandbox is not killed for that.
    apple.sandbox.set([refusal(400, "BadDeviceToken")]);
    let sent = stage.send(&apple.account, &address(None)).await;
    assert_eq!(
        sent.verdict,
        Verdict::Refused {
            reason: Reason::ConfigProviderAuth,
            scope: Scope::Sender,
            remedy: Remedy::Operator,
        }
    );
}

#[tokio::test]
async fn a_check_tells_where_a_key_is_taken() {
    let bad = refusal(400, "BadDeviceToken");
    let wrong = refusal(403, "BadEnvironmentKeyIdInToken");
    let (stage, apple) = (Stage::new(), service(bad, wrong).await);
    let check = super::bounded(stage.driver.check(&apple.account)).await;
    let found: Vec<_> = check
        .findings
        .iter()
        .map(|finding| finding.health)
        .collect();
    let refused = Health::Refused(Reason::ConfigProviderAuth);
    assert_eq!(found, [Health::Good, refused]);
    assert!(check.is_good());
    assert_eq!((apple.production.count(), apple.sandbox.count()), (1, 1));
}

/// The second try of a probe, with a new connection, is the probe's and not held up by itself.
#[tokio::test]
async fn a_probe_over_a_new_connection_is_not_held_up_by_itself() {
    let down = refusal(500, "InternalServerError");
    let (stage, apple) = (Stage::new(), service(down, reply(200, "")).await);
    for _ in 0..5 {
        stage.send(&apple.account, &address(None)).await;
    }
    stage.pass(5);
    apple
        .production
        .set([refusal(503, "Shutdown"), reply(200, "")]);
    let sent = stage.send(&apple.account, &address(None)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    assert_eq!(sent.tries, 2);
}

/// A token whose times are wrong by the clock of now is not used for hours, nor refused by ourselves.
#[tokio::test]
async fn a_clock_that_is_set_makes_one_new_token() {
    use jiff::SignedDuration;
    use vestnik_clock::Clock as _;
    for hours in [-2, 2] {
        let (stage, apple) = (Stage::new(), service(reply(200, ""), reply(200, "")).await);
        stage.send(&apple.account, &address(None)).await;
        let set = stage.clock.now() + SignedDuration::from_hours(hours);
        stage.clock.set(set);
        for _ in 0..2 {
            let sent = stage.send(&apple.account, &address(None)).await;
            assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
        }
        let tokens = apple.production.header("authorization");
        assert_ne!(tokens[1], tokens[0]);
        assert_eq!(tokens[2], tokens[1]);
    }
}
