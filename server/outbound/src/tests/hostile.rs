//! Peers that break what they can.

use http::Response;
use http_body_util::Full;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc,
};

use super::{
    bounded, client,
    frames::{Frames, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM},
    let_time_pass, patient,
    peer::{Io, Peer, answer},
    post, start, until,
};
use crate::{Ending, Limits, Protocol, SendError, Writing};

const H2: Option<&[&str]> = Some(&["h2"]);

/// Reads a request of HTTP/1.1 with the body that the tests send.
async fn read_request(io: &mut Io) {
    let mut bytes = Vec::new();
    let mut more = [0; 1_024];
    while !bytes.ends_with(b"content") {
        let count = io.read(&mut more).await.unwrap();
        assert!(count > 0, "the request broke off");
        bytes.extend_from_slice(&more[..count]);
    }
}

/// Tells that something happened, and waits for ever.
async fn tell_and_stay<T>(told: &mpsc::UnboundedSender<()>, kept: T) {
    told.send(()).ok();
    std::future::pending::<()>().await;
    drop(kept);
}

#[tokio::test]
async fn a_peer_that_never_answers_leaves_a_request_unanswered() {
    for (protocols, protocol) in [(H2, Protocol::Http2), (None, Protocol::Any)] {
        let (told, mut arrived) = mpsc::unbounded_channel();
        let peer = Peer::raw(protocols, move |_, mut io| {
            let told = told.clone();
            async move {
                if protocol == Protocol::Http2 {
                    let mut frames = Frames::accept(io, &[]).await;
                    frames.request().await;
                    tell_and_stay(&told, frames).await;
                } else {
                    read_request(&mut io).await;
                    tell_and_stay(&told, io).await;
                }
            }
        })
        .await;
        // Time ends the wait before the pings of HTTP/2 do.
        let client = client(Limits::default());
        let request = start(&client, &peer.origin(), protocol);
        arrived.recv().await.unwrap();
        let_time_pass();
        let error = request.await.unwrap().unwrap_err();
        assert!(matches!(error, SendError::Unanswered), "{error:?}");
        assert!(error.was_sent());
        // The next request does not take the silent connection.
        until(|| client.usable_links() == 0).await;
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_after_it_was_written_may_have_been_processed() {
    for (protocols, protocol) in [(H2, Protocol::Http2), (None, Protocol::Any)] {
        let (told, mut arrived) = mpsc::unbounded_channel();
        let peer = Peer::raw(protocols, move |_, mut io| {
            let told = told.clone();
            async move {
                if protocol == Protocol::Http2 {
                    let mut frames = Frames::accept(io, &[]).await;
                    frames.request().await;
                    tell_and_stay(&told, frames).await;
                } else {
                    read_request(&mut io).await;
                    tell_and_stay(&told, io).await;
                }
            }
        })
        .await;
        let (client, writing) = (client(Limits::default()), Writing::default());
        let url = peer.origin();
        let mut sending = Box::pin(client.send_noted(post(&url), protocol, &writing));
        tokio::select! {
            answer = bounded(&mut sending) => panic!("{answer:?}"),
            _ = arrived.recv() => {}
        }
        drop(sending);
        assert!(writing.may_be_taken());
        // What is written over it next is another request.
        let _next = writing.begin();
        assert!(!writing.may_be_taken());
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_before_the_peer_took_it_is_known_to_be_unsent() {
    const INITIAL_WINDOW_SIZE: u16 = 4;
    let peer = Peer::raw(H2, move |_, io| async move {
        let mut frames = Frames::accept(io, &[]).await;
        let stream = frames.request().await;
        frames.settings(&[(INITIAL_WINDOW_SIZE, 0)]).await;
        frames.answer(stream).await;
        frames.end().await;
    })
    .await;
    let (client, writing) = (client(Limits::default()), Writing::default());
    let (url, protocol) = (peer.origin(), Protocol::Http2);
    let first = client.send_noted(post(&url), protocol, &writing);
    assert_eq!(bounded(first).await.unwrap().status, 200);
    assert!(writing.may_be_taken());
    let mut second = Box::pin(client.send_noted(post(&url), protocol, &writing));
    let begins = until(|| client.streams() == 1 && !writing.may_be_taken());
    tokio::select! {
        answer = &mut second => panic!("{answer:?}"),
        () = bounded(begins) => {}
    }
    drop(second);
    assert!(!writing.may_be_taken());
}

#[tokio::test]
async fn a_request_that_the_peer_does_not_take_is_known_to_be_unsent() {
    const INITIAL_WINDOW_SIZE: u16 = 4;
    let peer = Peer::raw(H2, move |_, io| async move {
        let mut frames = Frames::accept(io, &[]).await;
        let stream = frames.request().await;
        // From here on no content is taken; the client knows it when it has the answer.
        frames.settings(&[(INITIAL_WINDOW_SIZE, 0)]).await;
        frames.answer(stream).await;
        frames.end().await;
    })
    .await;
    // Time ends the wait before the pings of HTTP/2 do.
    let client = client(Limits::default());
    let sent = client.send(post(&peer.origin()), Protocol::Http2);
    assert_eq!(bounded(sent).await.unwrap().status, 200);
    let request = start(&client, &peer.origin(), Protocol::Http2);
    until(|| client.streams() == 1).await;
    let_time_pass();
    let error = request.await.unwrap().unwrap_err();
    assert!(matches!(error, SendError::Unwritten), "{error:?}");
    assert!(!error.was_sent());
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_leaves_it_unproven() {
    for (protocols, protocol) in [(H2, Protocol::Http2), (None, Protocol::Any)] {
        let peer = Peer::raw(protocols, move |_, mut io| async move {
            if protocol == Protocol::Http2 {
                Frames::accept(io, &[]).await.request().await;
            } else {
                read_request(&mut io).await;
            }
        })
        .await;
        let client = client(patient());
        let sent = client.send(post(&peer.origin()), protocol);
        let sent = bounded(sent).await;
        let error = sent.unwrap_err();
        assert!(matches!(error, SendError::Lost(_)), "{error:?}");
        assert!(error.was_sent() && !error.needs_connection());
    }
}

#[tokio::test]
async fn what_a_peer_refuses_by_number_is_known_to_be_unprocessed() {
    #[derive(Clone, Copy)]
    enum Deed {
        GoAway { last: u32 },
        Reset(u32),
    }
    for (deed, was_sent) in [
        (Deed::GoAway { last: 0 }, false),
        (Deed::GoAway { last: 1 }, true),
        (Deed::Reset(REFUSED_STREAM), false),
        (Deed::Reset(INTERNAL_ERROR), true),
    ] {
        let peer = Peer::raw(H2, move |_, io| async move {
            let mut frames = Frames::accept(io, &[]).await;
            let stream = frames.request().await;
            match deed {
                Deed::GoAway { last } => frames.go_away(last, NO_ERROR).await,
                Deed::Reset(error) => frames.reset(stream, error).await,
            }
            if matches!(deed, Deed::Reset(_)) {
                frames.end().await;
            }
        })
        .await;
        let client = client(patient());
        let sent = client.send(post(&peer.origin()), Protocol::Http2);
        let error = bounded(sent).await.unwrap_err();
        assert_eq!(error.was_sent(), was_sent, "{error:?}");
        assert_eq!(error.needs_connection(), !was_sent, "{error:?}");
    }
}

#[tokio::test]
async fn a_peer_that_refuses_one_stream_keeps_its_connection() {
    let peer = Peer::raw(H2, move |_, io| async move {
        let mut frames = Frames::accept(io, &[]).await;
        for _ in 0..3 {
            let stream = frames.request().await;
            frames.reset(stream, REFUSED_STREAM).await;
        }
        frames.end().await;
    })
    .await;
    let client = client(patient());
    for _ in 0..3 {
        let sent = client.send(post(&peer.origin()), Protocol::Http2);
        assert!(!bounded(sent).await.unwrap_err().was_sent());
    }
    assert_eq!(peer.accepted(), 1);
}

#[tokio::test]
async fn an_answer_without_an_end_is_cut() {
    for protocols in [None, Some(&["h2"][..])] {
        let peer = Peer::http(protocols, |_| async { answer(404, vec![b'x'; 10_000_000]) }).await;
        let limits = Limits {
            answer_bytes: 5_000,
            ..patient()
        };
        let client = client(limits);
        for _ in 0..2 {
            let sent = client.send(post(&peer.origin()), Protocol::Any);
            let answer = bounded(sent).await.unwrap();
            assert_eq!((answer.status.as_u16(), answer.ending), (404, Ending::Cut));
            assert_eq!(answer.body.len(), 5_000);
        }
    }
}

#[tokio::test]
async fn an_answer_of_just_the_limit_is_whole() {
    let peer = Peer::http(None, |_| async { answer(200, vec![b'x'; 5_000]) }).await;
    let limits = Limits {
        answer_bytes: 5_000,
        ..patient()
    };
    let client = client(limits);
    let sent = client.send(post(&peer.origin()), Protocol::Any);
    assert_eq!(bounded(sent).await.unwrap().ending, Ending::Whole);
}

#[tokio::test]
async fn a_body_that_stops_in_the_middle_is_given_up() {
    let (told, mut arrived) = mpsc::unbounded_channel();
    let peer = Peer::raw(None, move |_, mut io| {
        let told = told.clone();
        async move {
            read_request(&mut io).await;
            let head = b"HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\n{\"rea";
            io.write_all(head).await.unwrap();
            tell_and_stay(&told, io).await;
        }
    })
    .await;
    // However fast the clock is, the head comes first.
    let client = client(Limits {
        answer: std::time::Duration::MAX,
        ..patient()
    });
    let request = start(&client, &peer.origin(), Protocol::Any);
    arrived.recv().await.unwrap();
    let_time_pass();
    let answer = request.await.unwrap().unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.ending),
        (410, Ending::Broken)
    );
    assert_eq!(&answer.body[..], b"{\"rea");
    assert_eq!(client.usable_links(), 0);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_told() {
    let peer = Peer::raw(None, move |_, mut io| async move {
        read_request(&mut io).await;
        let head = b"HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\n{\"rea";
        io.write_all(head).await.unwrap();
    })
    .await;
    let client = client(patient());
    let sent = client.send(post(&peer.origin()), Protocol::Any);
    let answer = bounded(sent).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.ending),
        (410, Ending::Broken)
    );
}

#[tokio::test]
async fn a_head_without_an_end_is_no_answer() {
    let peer = Peer::raw(None, move |_, mut io| async move {
        read_request(&mut io).await;
        io.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
        while io
            .write_all(b"X-More: more and more and more\r\n")
            .await
            .is_ok()
        {}
    })
    .await;
    let client = client(patient());
    let sent = client.send(post(&peer.origin()), Protocol::Any);
    let error = bounded(sent).await.unwrap_err();
    assert!(error.was_sent(), "{error:?}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_leads_nowhere() {
    let inside = Peer::http(None, |_| async { answer(200, "secret") }).await;
    let location = inside.origin();
    for status in [301, 302, 303, 307, 308] {
        let location = location.clone();
        let peer = Peer::http(Some(&["h2"]), move |_| {
            let location = location.clone();
            async move {
                let answer = Response::builder().status(status);
                let answer = answer.header("location", location);
                answer.body(Full::default()).unwrap()
            }
        })
        .await;
        let client = client(patient());
        let sent = client.send(post(&peer.origin()), Protocol::Any);
        assert_eq!(bounded(sent).await.unwrap().status, status);
    }
    assert_eq!(inside.accepted(), 0);
}

#[tokio::test]
async fn a_peer_that_says_nothing_at_all_is_no_connection() {
    let (told, mut accepted) = mpsc::unbounded_channel();
    let peer = Peer::raw(None, move |_, io| {
        let told = told.clone();
        async move { tell_and_stay(&told, io).await }
    })
    .await;
    // TLS to a peer that does not speak it.
    let url = peer.origin().replace("http:", "https:");
    let request = start(&client(patient()), &url, Protocol::Any);
    accepted.recv().await.unwrap();
    let_time_pass();
    let error = request.await.unwrap().unwrap_err();
    assert!(matches!(error, SendError::Connect(_)), "{error:?}");
    assert!(!error.was_sent());
}
