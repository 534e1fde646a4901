//! What is connected to, and what is not.

use super::{
    Scripted, bounded, here, patient,
    peer::{Peer, answer},
    post, trust,
};
use crate::{Client, ConnectError, Forbidden, Protocol, Reach, SendError};

async fn peer() -> Peer {
    Peer::http(Some(&["h2"]), |_| async { answer(200, "") }).await
}

fn client(reach: Reach, resolver: Scripted) -> Client {
    Client::with_resolver(reach, &trust(), patient(), resolver).unwrap()
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    let peer = peer().await;
    let inside = format!("127.0.0.1:{}", peer.port);
    let mapped = format!("[::ffff:127.0.0.1]:{}", peer.port);
    let (resolver, mut asked) = Scripted::new(&[&["10.0.0.1:443", &mapped, &inside]]);
    let client = client(Reach::public(), resolver);
    let url = format!("https://push.test:{}/", peer.port);
    let error = bounded(client.send(post(&url), Protocol::Any))
        .await
        .unwrap_err();
    assert!(
        matches!(error, SendError::Forbidden(Forbidden::NotPublic)),
        "{error:?}"
    );
    assert_eq!(asked.recv().await.as_deref(), Some("push.test"));
    assert_eq!(peer.accepted(), 0);
}

#[tokio::test]
async fn a_name_is_asked_for_once_and_the_answer_is_what_is_connected_to() {
    let (first, second) = (peer().await, peer().await);
    let addresses = [&first, &second].map(|peer| format!("127.0.0.1:{}", peer.port));
    let (resolver, mut asked) = Scripted::new(&[&[&addresses[0]], &[&addresses[1]]]);
    let client = client(Reach::public().and("push.test").unwrap(), resolver);
    let sent = client.send(post("https://push.test/"), Protocol::Any);
    assert_eq!(bounded(sent).await.unwrap().status, 200);
    assert!(asked.try_recv().is_ok() && asked.try_recv().is_err());
    assert_eq!((first.accepted(), second.accepted()), (1, 0));
}

#[tokio::test]
async fn a_name_is_checked_again_for_each_connection() {
    let peer = peer().await;
    let inside = format!("127.0.0.1:{}", peer.port);
    // Public when it is looked at, inside when it is used: nothing here answers at the public one.
    let (resolver, mut asked) = Scripted::new(&[&[], &[&inside]]);
    let client = client(Reach::public(), resolver);
    let none = bounded(client.send(post("https://push.test/"), Protocol::Any)).await;
    assert!(matches!(
        none,
        Err(SendError::Connect(ConnectError::NoAddress))
    ));
    let inside = bounded(client.send(post("https://push.test/"), Protocol::Any)).await;
    assert!(matches!(
        inside,
        Err(SendError::Forbidden(Forbidden::NotPublic))
    ));
    assert!(asked.try_recv().is_ok() && asked.try_recv().is_ok());
    assert_eq!(peer.accepted(), 0);
}

#[tokio::test]
async fn an_address_in_numbers_and_plain_text_are_for_listed_hosts() {
    let peer = Peer::http(None, |_| async { answer(200, "") }).await;
    let (resolver, mut asked) = Scripted::new(&[&[&format!("127.0.0.1:{}", peer.port)]]);
    let stranger = client(Reach::public(), resolver);
    for (url, wanted) in [
        ("http://push.test/", Forbidden::PlainText),
        ("https://127.0.0.1/", Forbidden::Literal),
        ("https://[::ffff:127.0.0.1]/", Forbidden::Literal),
    ] {
        let error = bounded(stranger.send(post(url), Protocol::Any))
            .await
            .unwrap_err();
        assert!(
            matches!(error, SendError::Forbidden(found) if found == wanted),
            "{error:?}"
        );
    }
    assert!(asked.try_recv().is_err());
    let url = format!("http://127.0.0.1:{}/", peer.port);
    let listed = Client::new(here(), &trust(), patient()).unwrap();
    assert_eq!(
        bounded(listed.send(post(&url), Protocol::Any))
            .await
            .unwrap()
            .status,
        200
    );
}
