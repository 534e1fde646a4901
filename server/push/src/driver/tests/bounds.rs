//! What does not come to an answer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc,
};
use vestnik_model::Reason;
use vestnik_outbound::{Limits, Writing};

use super::{Peer, Script, Stage, bounded, peer::Io, reply, vapid};
use crate::{
    address::{Address, Subscription, SubscriptionKeys},
    driver::Hold,
    fixture::{UA_AUTH, UA_PUBLIC},
    outcome::Verdict,
    push::Urgency,
};

fn at(peer: &Peer) -> Address {
    let keys = SubscriptionKeys::parse(UA_PUBLIC, UA_AUTH).unwrap();
    let endpoint = format!("{}/s/1", peer.origin());
    Address::WebPush(Box::new(Subscription::new(&endpoint, keys).unwrap()))
}

/// A service that answers nothing, and tells when a request has come.
async fn silent() -> (Peer, mpsc::UnboundedReceiver<()>) {
    let (told, arrived) = mpsc::unbounded_channel();
    let peer = Peer::http(super::H2, move |_| {
        told.send(()).ok();
        std::future::pending()
    });
    (peer.await, arrived)
}

#[tokio::test]
async fn a_push_without_an_answer_is_unproven() {
    let (peer, mut arrived) = silent().await;
    let stage = Stage::new();
    let (driver, address, push) = (stage.driver.clone(), at(&peer), stage.push());
    let sending = tokio::spawn(async move { driver.send(&vapid(), &address, &push).await });
    arrived.recv().await.unwrap();
    tokio::time::pause();
    let sent = sending.await.unwrap();
    assert_eq!((&sent.verdict, sent.tries), (&Verdict::Unproven, 1));
    assert_eq!(sent.verdict.reason(), Some(Reason::ProviderUnproven));
    assert_eq!(sent.said, None);
}

/// Who waits no longer asks whether the service may have the push.
#[tokio::test]
async fn a_push_that_is_given_up_may_have_been_taken_only_if_it_was_written_and_not_refused() {
    let (peer, mut arrived) = silent().await;
    let stage = Stage::new();
    let (account, push, writing) = (vapid(), stage.push(), Writing::default());
    let address = at(&peer);
    let to = (&account, &address);
    let mut sending = Box::pin(stage.driver.send_noted(to, &push, &writing));
    tokio::select! {
        sent = bounded(&mut sending) => panic!("{sent:?}"),
        _ = arrived.recv() => {}
    }
    drop(sending);
    assert!(writing.may_be_taken());
    for (status, may_be_taken) in [(503, false), (410, false), (201, true)] {
        let peer = Script::new([reply(status, "")]).peer().await;
        let address = at(&peer);
        let sending = stage
            .driver
            .send_noted((&account, &address), &push, &writing);
        bounded(sending).await;
        assert_eq!(writing.may_be_taken(), may_be_taken, "{status}");
    }
}

#[tokio::test]
async fn a_push_that_never_left_is_a_retry_and_not_unproven() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let keys = SubscriptionKeys::parse(UA_PUBLIC, UA_AUTH).unwrap();
    let subscription = Subscription::new(&format!("https://localhost:{port}/s/1"), keys).unwrap();
    let address = Address::WebPush(Box::new(subscription));
    let sent = Stage::new().send(&vapid(), &address).await;
    let wanted = Verdict::retry(Reason::ProviderUnavailable, None);
    assert_eq!(sent.verdict, wanted);
}

#[tokio::test]
async fn a_huge_answer_is_read_by_its_status() {
    for (status, is_dead) in [(410, true), (201, false)] {
        let script = Script::new([reply(status, &"x".repeat(1_000_000))]);
        let (peer, stage) = (script.peer().await, Stage::new());
        let sent = stage.send(&vapid(), &at(&peer)).await;
        assert_eq!(matches!(sent.verdict, Verdict::Dead { .. }), is_dead);
        assert_eq!(matches!(sent.verdict, Verdict::Accepted { .. }), !is_dead);
    }
}

/// Reads a request of HTTP/1.1 to its end.
async fn read_request(io: &mut Io) {
    let (mut bytes, mut more) = (Vec::new(), [0; 4_096]);
    loop {
        let count = io.read(&mut more).await.unwrap();
        assert!(count > 0, "the request broke off");
        bytes.extend_from_slice(&more[..count]);
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            continue;
        };
        let (_, length) = text.split_once("content-length: ").unwrap();
        let (length, _) = length.split_once("\r\n").unwrap();
        if bytes.len() == head + 4 + length.parse::<usize>().unwrap() {
            return;
        }
    }
}

/// Half of an answer may lack what says whose fault it is, so it kills nothing.
#[tokio::test]
async fn an_answer_that_stops_in_the_middle_is_only_worth_whether_it_is_a_success() {
    for (line, is_accepted) in [("201 Created", true), ("410 Gone", false)] {
        let peer = Peer::raw(Some(&["http/1.1"]), move |_, mut io| async move {
            read_request(&mut io).await;
            let head = format!("HTTP/1.1 {line}\r\nContent-Length: 100\r\n\r\n{{");
            io.write_all(head.as_bytes()).await.unwrap();
            io.shutdown().await.ok();
        })
        .await;
        let sent = Stage::new().send(&vapid(), &at(&peer)).await;
        if is_accepted {
            assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
        } else {
            let wanted = Verdict::retry(Reason::ProviderUnavailable, None);
            assert_eq!(sent.verdict, wanted);
        }
    }
}

#[tokio::test]
async fn a_push_that_cannot_be_sent_is_not_tried() {
    let script = Script::new([reply(201, "")]);
    let (peer, stage) = (script.peer().await, Stage::new());
    let mut late = stage.push();
    stage.pass(3_600);
    late.urgency = Urgency::Low;
    let mut large = stage.push();
    large.content = crate::fixture::sealed(5_000);
    for (push, reason) in [
        (late, Reason::ExpiredTtl),
        (large, Reason::ProviderPayloadTooLarge),
    ] {
        let sent = bounded(stage.driver.send(&vapid(), &at(&peer), &push)).await;
        assert_eq!(sent.verdict, Verdict::Rejected { reason });
        assert_eq!(sent.tries, 0);
    }
    assert_eq!(script.count(), 0);
}

#[tokio::test]
async fn pushes_beyond_the_bounds_wait_and_all_arrive() {
    let script = Script::new([reply(201, "")]);
    let peer = script.peer().await;
    let stage = Stage::with(Limits {
        connections: 1,
        streams: 2,
        ..super::patient()
    });
    let sends: Vec<_> = (0..30)
        .map(|_| {
            let (driver, address, push) = (stage.driver.clone(), at(&peer), stage.push());
            tokio::spawn(async move { driver.send(&vapid(), &address, &push).await })
        })
        .collect();
    for sent in sends {
        let sent = bounded(sent).await.unwrap();
        assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
    }
    assert_eq!((script.count(), peer.accepted()), (30, 1));
}

#[tokio::test]
async fn an_account_of_another_service_is_the_operators_fault() {
    let script = Script::new([reply(201, "")]);
    let (peer, stage) = (script.peer().await, Stage::new());
    let account = super::apple(&peer, &peer);
    let sent = stage.send(&account, &at(&peer)).await;
    assert_eq!(sent.verdict.reason(), Some(Reason::ConfigNoRoute));
    assert_eq!(script.count(), 0);
}

/// Whoever gives up waiting for the answer of a probe, or panics meanwhile, locks nobody out.
#[tokio::test]
async fn a_probe_that_is_given_up_makes_way_for_the_next_push() {
    let script = Script::new([reply(500, "")]);
    let (told, mut arrived) = mpsc::unbounded_channel();
    let is_silent = Arc::new(AtomicBool::new(false));
    let (answers, silent) = (script.clone(), Arc::clone(&is_silent));
    let peer = Peer::http(super::H2, move |request| {
        let answer = answers.answer(request);
        let silent = silent.load(Ordering::SeqCst);
        told.send(()).ok();
        async move {
            if silent {
                std::future::pending::<()>().await;
            }
            answer
        }
    })
    .await;
    let stage = Stage::new();
    for _ in 0..5 {
        stage.send(&vapid(), &at(&peer)).await;
        arrived.recv().await.unwrap();
    }
    stage.pass(5);
    is_silent.store(true, Ordering::SeqCst);
    let (driver, address, push) = (stage.driver.clone(), at(&peer), stage.push());
    let probe = tokio::spawn(async move { driver.send(&vapid(), &address, &push).await });
    arrived.recv().await.unwrap();
    let beside = stage.send(&vapid(), &at(&peer)).await;
    assert!(beside.held.is_some(), "{beside:?}");
    probe.abort();
    assert!(probe.await.unwrap_err().is_cancelled());
    is_silent.store(false, Ordering::SeqCst);
    script.set([reply(201, "")]);
    let sent = stage.send(&vapid(), &at(&peer)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
}

#[tokio::test]
async fn a_probe_that_cannot_be_made_makes_way_for_the_next_push() {
    let script = Script::new([reply(500, "")]);
    let (peer, stage) = (script.peer().await, Stage::new());
    for _ in 0..5 {
        stage.send(&vapid(), &at(&peer)).await;
    }
    stage.pass(5);
    let mut large = stage.push();
    large.content = crate::fixture::sealed(5_000);
    let sent = bounded(stage.driver.send(&vapid(), &at(&peer), &large)).await;
    assert_eq!((sent.tries, sent.held), (0, None));
    script.set([reply(201, "")]);
    let sent = stage.send(&vapid(), &at(&peer)).await;
    assert!(matches!(sent.verdict, Verdict::Accepted { .. }), "{sent:?}");
}

/// A push that waited for a connection in vain was never written, and one that no breaker or pause lets
/// through neither: none of them is a try.
#[tokio::test]
async fn what_is_held_back_by_full_connections_is_no_try() {
    let (peer, mut arrived) = silent().await;
    let patient = super::patient();
    let stage = Stage::with(Limits {
        connections: 1,
        streams: 1,
        answer: 4 * patient.answer,
        ..patient
    });
    let (driver, address, push) = (stage.driver.clone(), at(&peer), stage.push());
    let first = tokio::spawn(async move { driver.send(&vapid(), &address, &push).await });
    arrived.recv().await.unwrap();
    tokio::time::pause();
    let sent = stage.send(&vapid(), &at(&peer)).await;
    assert_eq!(sent.held, Some(Hold::Connections));
    assert!(matches!(sent.verdict, Verdict::Retry { .. }), "{sent:?}");
    assert!(!sent.was_tried());
    first.abort();
}

#[tokio::test]
async fn what_is_asked_of_the_service_is_a_try_and_nothing_else() {
    let script = Script::new([reply(500, "")]);
    let (peer, stage) = (script.peer().await, Stage::new());
    for _ in 0..5 {
        assert!(stage.send(&vapid(), &at(&peer)).await.was_tried());
    }
    let sent = stage.send(&vapid(), &at(&peer)).await;
    let after = sent.held.and_then(Hold::after);
    assert!(after.is_some());
    let wanted = Verdict::retry(Reason::ProviderUnavailable, after);
    assert_eq!(sent.verdict, wanted);
    assert!(!sent.was_tried());
    assert_eq!(script.count(), 5);
}
