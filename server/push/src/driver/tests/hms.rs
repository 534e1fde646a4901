use serde_json::json;
use vestnik_model::Reason;

use super::{Peer, Script, Stage, account, reply};
use crate::{
    account::Service,
    address::{Address, HmsAddress},
    driver::Health,
    fixture::RSA_PEM,
    outcome::{Scope, Verdict},
};

fn address(number: usize) -> Address {
    Address::Hms(HmsAddress::parse(&format!("IQAA{number}")).unwrap())
}

fn answer(status: u16, code: &str) -> super::Reply {
    let body = json!({ "code": code, "msg": "m", "requestId": "r1" });
    reply(status, &body.to_string())
}

fn granted(number: usize) -> super::Reply {
    let body = format!(r#"{{"access_token":"at{number}","expires_in":3600}}"#);
    reply(200, &body)
}

fn client(hms: &Peer, oauth: &Peer) -> std::sync::Arc<crate::Account> {
    let json = json!({
        "app_id": "104577123",
        "client_secret": "s",
        "token_uri": format!("{}/token", oauth.origin()),
        "base_url": hms.origin(),
    });
    account(Service::Hms, json)
}

#[tokio::test]
async fn an_access_token_that_ended_is_renewed_once() {
    let hms = Script::new([answer(401, "80200003"), answer(200, "80000000")]);
    let oauth = Script::new([granted(1), granted(2)]);
    let (at, tokens) = (hms.peer().await, oauth.peer().await);
    let (stage, account) = (Stage::new(), client(&at, &tokens));
    for _ in 0..2 {
        let sent = stage.send(&account, &address(1)).await;
        assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    }
    assert_eq!((oauth.count(), hms.count()), (2, 3));
    let bearers = hms.header("authorization");
    assert_eq!(bearers, ["Bearer at1", "Bearer at2", "Bearer at2"]);
}

#[tokio::test]
async fn a_service_account_signs_its_own_token_and_another_when_it_ended() {
    let hms = Script::new([answer(401, "80200005"), answer(200, "80000000")]);
    let at = hms.peer().await;
    let json = json!({
        "project_id": "388", "key_id": "k", "private_key": RSA_PEM, "sub_account": "7",
        "base_url": at.origin(),
    });
    let (stage, account) = (Stage::new(), account(Service::Hms, json));
    let sent = stage.send(&account, &address(1)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    let bearers = hms.header("authorization");
    assert_eq!(bearers.len(), 2);
    assert_ne!(bearers[0], bearers[1]);
    assert_eq!(hms.header("push-type"), ["0", "0"]);
}

/// Huawei's own word for too many requests.
#[tokio::test]
async fn a_503_holds_all_pushes_of_the_app() {
    let hms = Script::new([reply(503, "").with("retry-after", "30")]);
    let oauth = Script::new([granted(1)]);
    let (at, tokens) = (hms.peer().await, oauth.peer().await);
    let (stage, account) = (Stage::new(), client(&at, &tokens));
    let sent = stage.send(&account, &address(1)).await;
    let is_all = |verdict: &Verdict| {
        matches!(
            verdict,
            Verdict::Throttled {
                scope: Scope::Sender,
                ..
            }
        )
    };
    assert!(is_all(&sent.verdict), "{sent:?}");
    let sent = stage.send(&account, &address(2)).await;
    assert_eq!((sent.tries, hms.count()), (0, 1));
    hms.set([answer(200, "80000000")]);
    stage.pass(30);
    let sent = stage.send(&account, &address(2)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
}

#[tokio::test]
async fn a_check_tells_good_credentials_from_refused_ones() {
    let hms = Script::new([answer(400, "80300007")]);
    let oauth = Script::new([granted(1)]);
    let (at, tokens) = (hms.peer().await, oauth.peer().await);
    let (stage, account) = (Stage::new(), client(&at, &tokens));
    let check = stage.driver.check(&account).await;
    assert!(check.is_good(), "{check:?}");
    assert_eq!(hms.bodies()[0]["validate_only"], true);
    hms.set([answer(401, "80200001")]);
    let check = stage.driver.check(&account).await;
    let refused = Health::Refused(Reason::ConfigProviderAuth);
    assert_eq!(check.findings[0].health, refused);
}
