use std::{net::TcpListener, sync::Arc};

use serde_json::json;
use vestnik_model::Reason;

use super::{Script, Stage, account, reply};
use crate::{
    account::{Account, Service},
    address::{Address, RustoreAddress},
    driver::{Health, Hold},
    outcome::Verdict,
};

fn address() -> Address {
    Address::Rustore(RustoreAddress::parse("hleEA9i8").unwrap())
}

fn project(hosts: &[String]) -> Arc<Account> {
    let json = json!({ "project_id": "p1", "service_token": "t", "base_urls": hosts });
    account(Service::Rustore, json)
}

/// A port that nobody listens at.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    )
}

fn taken(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted { .. })
}

#[tokio::test]
async fn a_host_that_cannot_be_reached_gives_way_to_the_next() {
    let service = Script::new([reply(200, "{}")]);
    let peer = service.peer().await;
    let (stage, account) = (Stage::new(), project(&[nobody(), peer.origin()]));
    for _ in 0..8 {
        let sent = stage.send(&account, &address()).await;
        assert!(taken(&sent.verdict) && sent.held.is_none(), "{sent:?}");
    }
    assert_eq!(service.count(), 8);
    // The breaker before the first host opened after five failures, and is not waited for.
    let sent = stage.send(&account, &address()).await;
    assert_eq!(sent.tries, 1);
}

/// What may have been taken by one host is not sent to another.
#[tokio::test]
async fn a_host_that_answers_keeps_the_push_whatever_it_says() {
    let (first, second) = (
        Script::new([reply(500, r#"{"error":{"status":"INTERNAL"}}"#)]),
        Script::new([reply(200, "{}")]),
    );
    let (one, two) = (first.peer().await, second.peer().await);
    let (stage, account) = (Stage::new(), project(&[one.origin(), two.origin()]));
    let sent = stage.send(&account, &address()).await;
    assert_eq!(sent.verdict, Verdict::retry(Reason::ProviderInternal, None));
    assert_eq!((first.count(), second.count()), (1, 0));
}

#[tokio::test]
async fn when_no_host_can_be_reached_the_push_waits() {
    let (stage, account) = (Stage::new(), project(&[nobody(), nobody()]));
    for _ in 0..5 {
        let sent = stage.send(&account, &address()).await;
        let unavailable = Verdict::retry(Reason::ProviderUnavailable, None);
        assert_eq!((sent.verdict, sent.tries), (unavailable, 2));
    }
    let sent = stage.send(&account, &address()).await;
    assert!(matches!(sent.held, Some(Hold::Breaker { .. })), "{sent:?}");
    assert_eq!(sent.tries, 0);
}

#[tokio::test]
async fn a_check_asks_every_host() {
    let not_found = reply(404, r#"{"error":{"status":"NOT_FOUND"}}"#);
    let denied = reply(403, r#"{"error":{"status":"PERMISSION_DENIED"}}"#);
    let (good, bad) = (Script::new([not_found]), Script::new([denied]));
    let (one, two) = (good.peer().await, bad.peer().await);
    let (stage, account) = (Stage::new(), project(&[one.origin(), two.origin()]));
    let check = stage.driver.check(&account).await;
    let healths: Vec<_> = check.findings.iter().map(|found| found.health).collect();
    let refused = Health::Refused(Reason::ConfigProviderAuth);
    assert_eq!(healths, [Health::Good, refused]);
}
