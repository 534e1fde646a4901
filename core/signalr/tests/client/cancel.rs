//! Calls that nobody waits for any more.

use futures_util::stream;
use vestnik_signalr::client::{CallError, Upload};

use crate::peer::{Line, Peer, soon};

/// Gives a call up as soon as the server has it.
async fn give_up(call: impl Future<Output = Result<(), CallError>>, line: &mut Line) -> String {
    tokio::select! {
        outcome = call => panic!("{outcome:?}"),
        message = line.message() => message,
    }
}

#[tokio::test]
async fn a_call_whose_future_is_dropped_is_cancelled_and_forgotten() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let called = give_up(client.invoke("Slow", &(1,)), &mut line).await;
    assert_eq!(
        called,
        r#"{"type":1,"invocationId":"0","target":"Slow","arguments":[1]}"#
    );
    assert_eq!(line.message().await, r#"{"type":5,"invocationId":"0"}"#);
    // The server answers all the same, and nobody is confused.
    line.send(r#"{"type":3,"invocationId":"0","error":"cancelled"}"#)
        .await;
    let answer = async {
        let called = line.message().await;
        assert!(called.contains(r#""invocationId":"1""#), "{called}");
        line.send(r#"{"type":3,"invocationId":"1","result":2}"#)
            .await;
    };
    let (outcome, ()) = soon(async { tokio::join!(client.invoke("Fast", &()), answer) }).await;
    assert_eq!(outcome, Ok(2));
}

#[tokio::test]
async fn a_call_that_ended_is_not_cancelled() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    for id in 0..3 {
        let answer = async {
            // A cancellation of the call before would come first.
            let called = line.message().await;
            assert!(
                called.contains(&format!(r#""invocationId":"{id}""#)),
                "{called}"
            );
            line.send(&format!(
                r#"{{"type":3,"invocationId":"{id}","result":{id}}}"#
            ))
            .await;
        };
        let call = client.invoke::<_, u32>("Any", &());
        let (outcome, ()) = soon(async { tokio::join!(call, answer) }).await;
        assert_eq!(outcome, Ok(id));
    }
}

#[tokio::test]
async fn the_uploads_of_a_call_that_is_given_up_are_ended() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let uploads = [Upload::new(stream::pending::<u32>())];
    let call = client.uploading(uploads).invoke("Sum", &());
    let called = give_up(call, &mut line).await;
    assert!(called.contains(r#""streamIds":["0"]"#), "{called}");
    assert_eq!(line.message().await, r#"{"type":5,"invocationId":"1"}"#);
    assert_eq!(
        line.message().await,
        r#"{"type":3,"invocationId":"0","error":"Stream canceled by client."}"#
    );
}
