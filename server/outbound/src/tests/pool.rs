//! Connections: bounded, given back, replaced.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::{
    bounded, client, let_time_pass, patient,
    peer::{Peer, answer},
    post, start, until,
};
use crate::{Limits, Protocol, SendError};

const H2: Option<&[&str]> = Some(&["h2"]);

/// A peer that answers a request when it is let, and tells of each that came.
async fn gated(protocols: Option<&[&str]>) -> (Peer, Arc<Semaphore>, mpsc::UnboundedReceiver<()>) {
    let gate = Arc::new(Semaphore::new(0));
    let (told, came) = mpsc::unbounded_channel();
    let inner = Arc::clone(&gate);
    let peer = Peer::http(protocols, move |_| {
        let (gate, told) = (Arc::clone(&inner), told.clone());
        async move {
            told.send(()).ok();
            gate.acquire().await.unwrap().forget();
            answer(200, "")
        }
    })
    .await;
    (peer, gate, came)
}

#[tokio::test]
async fn requests_beyond_the_bounds_wait_for_their_turn() {
    for (protocols, streams, connections) in [(H2, 2, 1), (None, 9, 2)] {
        let (peer, gate, mut came) = gated(protocols).await;
        let client = client(Limits {
            streams,
            connections,
            ..patient()
        });
        let requests: Vec<_> = (0..5)
            .map(|_| start(&client, &peer.origin(), Protocol::Any))
            .collect();
        for _ in 0..2 {
            came.recv().await.unwrap();
        }
        assert!(came.try_recv().is_err());
        gate.add_permits(5);
        for request in requests {
            assert_eq!(bounded(request).await.unwrap().unwrap().status, 200);
        }
        assert_eq!(peer.accepted(), connections);
    }
}

#[tokio::test]
async fn a_client_apart_waits_for_none_of_the_others_requests() {
    let (peer, gate, mut came) = gated(None).await;
    let one = client(Limits {
        connections: 1,
        ..patient()
    });
    let other = one.apart();
    let slow = start(&one, &peer.origin(), Protocol::Any);
    came.recv().await.unwrap();
    let clone = start(&one.clone(), &peer.origin(), Protocol::Any);
    let apart = start(&other, &peer.origin(), Protocol::Any);
    bounded(came.recv()).await.unwrap();
    assert_eq!((one.streams(), other.streams()), (1, 1));
    gate.add_permits(3);
    for request in [slow, clone, apart] {
        assert_eq!(bounded(request).await.unwrap().unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_request_that_gets_no_turn_is_told_so_and_was_not_sent() {
    let (peer, gate, mut came) = gated(None).await;
    let limits = Limits {
        connections: 1,
        answer: std::time::Duration::MAX,
        ..patient()
    };
    let client = client(limits);
    let first = start(&client, &peer.origin(), Protocol::Any);
    came.recv().await.unwrap();
    let second = start(&client, &peer.origin(), Protocol::Any);
    let_time_pass();
    let error = second.await.unwrap().unwrap_err();
    assert!(matches!(error, SendError::Busy(_)), "{error:?}");
    assert!(!error.was_sent());
    tokio::time::resume();
    gate.add_permits(1);
    assert_eq!(bounded(first).await.unwrap().unwrap().status, 200);
}

#[tokio::test]
async fn a_request_that_is_given_up_makes_room_for_the_next() {
    for protocols in [None, H2] {
        let (peer, gate, mut came) = gated(protocols).await;
        let client = client(Limits {
            connections: 1,
            streams: 1,
            ..patient()
        });
        let given_up = start(&client, &peer.origin(), Protocol::Any);
        came.recv().await.unwrap();
        given_up.abort();
        let next = start(&client, &peer.origin(), Protocol::Any);
        came.recv().await.unwrap();
        gate.add_permits(2);
        assert_eq!(bounded(next).await.unwrap().unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_connection_that_is_given_up_while_it_opens_makes_room() {
    let (told, mut accepted) = mpsc::unbounded_channel();
    let peer = Peer::raw(None, move |number, io| {
        let told = told.clone();
        async move {
            told.send(number).ok();
            std::future::pending::<()>().await;
            drop(io);
        }
    })
    .await;
    let client = client(Limits {
        connections: 1,
        ..patient()
    });
    let url = peer.origin().replace("http:", "https:");
    for number in 0..3 {
        let request = start(&client, &url, Protocol::Any);
        assert_eq!(accepted.recv().await, Some(number));
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        assert_eq!(client.links(), 0);
    }
}

#[tokio::test]
async fn a_retired_connection_takes_no_more_requests() {
    let (peer, gate, _came) = gated(H2).await;
    gate.add_permits(9);
    let client = client(patient());
    for wanted in 1..=3 {
        let sent = client.send(post(&peer.origin()), Protocol::Http2);
        client.retire(&bounded(sent).await.unwrap());
        assert_eq!(peer.accepted(), wanted);
    }
}

#[tokio::test]
async fn a_connection_that_the_peer_closed_is_replaced() {
    let peer = Peer::http(None, |_| async {
        let mut answer = answer(200, "");
        let close = http::HeaderValue::from_static("close");
        answer.headers_mut().insert("connection", close);
        answer
    })
    .await;
    let client = client(patient());
    for wanted in 1..=3 {
        let sent = client.send(post(&peer.origin()), Protocol::Any);
        assert_eq!(bounded(sent).await.unwrap().status, 200);
        assert_eq!(peer.accepted(), wanted);
        until(|| client.links() == 0).await;
    }
}

#[tokio::test]
async fn origins_are_bounded_and_those_in_use_are_kept() {
    let (busy, gate, mut came) = gated(None).await;
    let client = client(Limits {
        origins: 2,
        ..patient()
    });
    let first = start(&client, &busy.origin(), Protocol::Any);
    came.recv().await.unwrap();
    let mut others = Vec::new();
    for _ in 0..4 {
        let (other, open, _came) = gated(None).await;
        open.add_permits(1);
        let sent = client.send(post(&other.origin()), Protocol::Any);
        assert_eq!(bounded(sent).await.unwrap().status, 200);
        assert!(client.origins() <= 2);
        others.push(other);
    }
    gate.add_permits(1);
    assert_eq!(bounded(first).await.unwrap().unwrap().status, 200);
    assert_eq!(busy.accepted(), 1);
}
