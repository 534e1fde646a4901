//! Requests and their answers.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;
use crate::wait::{SILENCE, within};

async fn code(answer: Response) -> anyhow::Result<(u16, Value)> {
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await?;
    Ok((status, problem["code"].clone()))
}

#[tokio::test]
async fn without_orders_tokens_are_granted_and_a_device_is_registered() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let tokens = anna.log_in().await?;
    let again = anna.refresh(&tokens.refresh).await?;
    assert_eq!(again.status(), StatusCode::OK);
    let path = route::with(route::INSTALLATION, &installation(1).to_string());
    let state = json!({"locale": "en"});
    let put = anna
        .send(Method::PUT, &path, &tokens.access, &state)
        .await?;
    let put: Value = put.error_for_status()?.json().await?;
    assert_eq!(put, json!({"id": installation(1), "locale": "en"}));
    let negotiated: Value = anna.negotiate(&tokens.access).await?.json().await?;
    assert_eq!(negotiated["negotiateVersion"], 1);
    let journal = anna.server.journal().borrow().clone();
    let routes: Vec<_> = journal.received.iter().map(|one| one.route).collect();
    use Route::{Negotiate, Register, Token};
    assert_eq!(routes, [Token, Token, Register, Negotiate]);
    assert_eq!(journal.logins(), 1);
    assert_eq!(journal.refreshes().collect::<Vec<_>>(), [tokens.refresh]);
    let put = &journal.received[2];
    assert_eq!(put.user.as_ref(), Some(&anna.user));
    assert_eq!(put.headers["content-type"], "application/json");
    Ok(())
}

#[tokio::test]
async fn orders_are_carried_out_in_order_and_only_for_their_route() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let tokens = anna.log_in().await?;
    anna.server.next(Route::Negotiate, Answer::captive_portal());
    anna.server.next(
        Route::Negotiate,
        Answer::problem(503, "unavailable").header("Retry-After", "-1"),
    );
    anna.server.always(Route::Negotiate, Answer::html(403));
    assert_eq!(
        anna.refresh(&tokens.refresh).await?.status(),
        StatusCode::OK
    );

    let portal = anna.negotiate(&tokens.access).await?;
    assert_eq!(portal.status(), StatusCode::FOUND);
    assert!(portal.headers().contains_key("location"));
    assert!(portal.text().await?.starts_with("<!doctype html>"));
    let busy = anna.negotiate(&tokens.access).await?;
    assert_eq!(busy.headers()["retry-after"], "-1");
    assert_eq!(code(busy).await?, (503, json!("unavailable")));
    assert_eq!(anna.server.outstanding(Route::Negotiate), 0);
    for _ in 0..2 {
        let page = anna.negotiate(&tokens.access).await?;
        assert_eq!(page.status(), StatusCode::FORBIDDEN);
    }
    anna.server.behave(Route::Negotiate);
    assert_eq!(
        anna.negotiate(&tokens.access).await?.status(),
        StatusCode::OK
    );
    Ok(())
}

#[tokio::test]
async fn every_status_comes_with_every_body() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    for status in kinds::STATUSES.into_iter().chain(kinds::SUCCESSES) {
        for body in kinds::BODIES {
            anna.server
                .next(Route::Token, kinds::with_body(status, body));
            let answer = anna.token(&Value::Null).await?;
            assert_eq!(answer.status().as_u16(), status, "{body}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn bodies_break_trickle_and_go_on_for_ever() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let page = || Answer::html(200);
    anna.server.next(Route::Token, page().cut_in_body());
    assert!(anna.token(&Value::Null).await?.bytes().await.is_err());
    anna.server.next(Route::Token, page().trickled());
    let whole = anna.token(&Value::Null).await?.text().await?;
    assert!(whole.ends_with("network."), "{whole}");
    anna.server.next(Route::Token, page().endless());
    let mut endless = anna.token(&Value::Null).await?;
    let mut bytes = 0;
    while bytes < 1 << 20 {
        bytes += endless.chunk().await?.map_or(0, |chunk| chunk.len());
    }
    anna.server.next(Route::Token, page().stalled_in_body());
    let mut stalled = anna.token(&Value::Null).await?;
    stalled.chunk().await?;
    let more = tokio::time::timeout(Duration::from_millis(50), stalled.chunk()).await;
    assert!(more.is_err(), "neither a byte nor an end");
    Ok(())
}

#[tokio::test]
async fn silence_lasts_until_the_device_ends_it_and_a_cut_resets() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let request = b"POST /v1/token HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
    let mut byte = [0];
    anna.server.next(Route::Token, Answer::silence());
    let mut socket = TcpStream::connect(anna.server.address()).await?;
    socket.write_all(request).await?;
    let read = tokio::time::timeout(Duration::from_millis(50), socket.read(&mut byte));
    assert!(read.await.is_err(), "neither a byte nor an end");
    anna.server.next(Route::Token, Answer::cut());
    let once = |journal: &Journal| journal.count(Route::Token) == 1;
    anna.server.has("the silent request", once).await?;
    let mut socket = TcpStream::connect(anna.server.address()).await?;
    socket.write_all(request).await?;
    let read = within("the end", SILENCE, socket.read(&mut byte)).await?;
    assert!(read.is_err(), "a reset: {read:?}");
    Ok(())
}

#[tokio::test]
async fn held_bytes_and_answers_come_when_the_test_lets_them() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let gate = Gate::new();
    anna.server.next(Route::Token, Answer::good().held(&gate));
    let opened = async {
        gate.reached().await?;
        let logins = anna.server.journal().borrow().logins();
        gate.open();
        anyhow::Ok(logins)
    };
    let (tokens, logins) = tokio::join!(anna.log_in(), opened);
    assert_eq!(logins?, 1, "what is held is done");
    anna.server.hold();
    let released = async {
        let twice = |journal: &Journal| journal.count(Route::Token) == 2;
        anna.server.has("the refresh", twice).await?;
        anna.server.release(10);
        anna.server.flow();
        anyhow::Ok(())
    };
    let refresh = tokens?.refresh;
    let (answer, released) = tokio::join!(anna.refresh(&refresh), released);
    released?;
    assert_eq!(answer?.status(), StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn authority_ends_as_it_is_told_to() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let tokens = anna.log_in().await?;
    anna.server.refuse_access_tokens();
    let refused = anna.negotiate(&tokens.access).await?;
    assert_eq!(code(refused).await?, (401, json!("auth.invalid")));
    let hub = RawHub::open(anna.server.address(), &tokens.access).await;
    let refusal = RawHub::refusal(&hub.unwrap_err()).map(|(status, _)| status.as_u16());
    assert_eq!(refusal, Some(401));
    let renewed: Value = anna.refresh(&tokens.refresh).await?.json().await?;
    let access = renewed["access_token"].as_str().unwrap_or_default();
    assert_eq!(anna.negotiate(access).await?.status(), StatusCode::OK);
    anna.server.log_out(&anna.user);
    let refused = anna.refresh(&tokens.refresh).await?;
    assert_eq!(code(refused).await?, (401, json!("auth.revoked")));
    let nobody = json!({"grant_type": "identity_token", "identity_token": "nobody"});
    let refused = anna.token(&nobody).await?;
    assert_eq!(code(refused).await?, (401, json!("auth.invalid")));
    Ok(())
}

#[tokio::test]
async fn a_logout_ends_its_own_session_and_no_later_one() -> anyhow::Result<()> {
    let anna = Person::new("anna").await?;
    let first = anna.log_in().await?;
    let second = anna.log_in_as(&user("boris")).await?;
    let path = route::with(route::INSTALLATION, &installation(1).to_string());
    let forget = async |access: &str| anna.send(Method::DELETE, &path, access, &Value::Null).await;
    assert_eq!(anna.negotiate(&first.access).await?.status().as_u16(), 401);
    assert_eq!(forget(&first.access).await?.status().as_u16(), 204);
    assert_eq!(anna.refresh(&first.refresh).await?.status().as_u16(), 401);
    assert_eq!(anna.negotiate(&second.access).await?.status().as_u16(), 200);
    assert_eq!(forget(&second.access).await?.status().as_u16(), 204);
    assert_eq!(anna.negotiate(&second.access).await?.status().as_u16(), 401);
    Ok(())
}
