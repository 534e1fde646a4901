//! The examples, as their readers would try them.

use std::io;

use tokio::net::TcpListener;

use crate::client::Client;

#[path = "../../examples/chat.rs"]
#[allow(dead_code, reason = "its main is `serve` on a fixed port")]
mod chat;
#[path = "../../examples/counter.rs"]
#[allow(dead_code, reason = "its main is `serve` on a fixed port")]
mod counter;
#[path = "../../examples/vote.rs"]
#[allow(dead_code, reason = "its main is `serve` on a fixed port")]
mod vote;

/// Runs an example as its main does, but for the port, and brings so many clients to its hub.
async fn open<F, const N: usize>(serve: fn(TcpListener) -> F, path: &str) -> [Client; N]
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener));
    let mut clients = Vec::new();
    for _ in 0..N {
        let mut client = Client::connect(address, path, &[]).await.unwrap();
        client.shake_hands().await;
        // An answer of any kind shows that the connection has been welcomed.
        client
            .send(r#"{"type":1,"invocationId":"w","target":"Welcome?","arguments":[]}"#)
            .await;
        assert!(client.next().await.contains("Method does not exist."));
        clients.push(client);
    }
    clients.try_into().expect("there are as many")
}

#[tokio::test]
async fn a_chat_is_heard_by_all_in_the_room() {
    let [mut ada, mut bob, mut cat] = open(chat::serve, "/chat").await;
    ada.check(
        r#"{"type":1,"invocationId":"0","target":"Say","arguments":["hello?"]}"#,
        &[r#"{"type":3,"invocationId":"0","error":"An unexpected error occurred invoking 'Say' on the server. HubException: join a room first"}"#],
    )
    .await;
    for (client, room, name, count) in [
        (&mut ada, "den", "Ada", 1),
        (&mut bob, "den", "Bob", 2),
        (&mut cat, "attic", "Cat", 1),
    ] {
        client
            .check(
                &format!(
                    r#"{{"type":1,"invocationId":"1","target":"Join","arguments":["{room}","{name}"]}}"#
                ),
                &[&format!(r#"{{"type":3,"invocationId":"1","result":{count}}}"#)],
            )
            .await;
    }
    ada.send(r#"{"type":1,"target":"Say","arguments":["hello"]}"#)
        .await;
    for client in [&mut ada, &mut bob] {
        assert_eq!(
            client.next().await,
            r#"{"type":1,"target":"Said","arguments":["Ada","hello"]}"#
        );
    }
    // Nothing came to the attic before this.
    cat.check(
        r#"{"type":1,"target":"Say","arguments":["alone?"]}"#,
        &[r#"{"type":1,"target":"Said","arguments":["Cat","alone?"]}"#],
    )
    .await;
}

#[tokio::test]
async fn a_counter_counts_both_ways() {
    let [mut client] = open(counter::serve, "/counter").await;
    client
        .check(
            r#"{"type":4,"invocationId":"0","target":"Count","arguments":[1,2,1]}"#,
            &[
                r#"{"type":2,"invocationId":"0","item":1}"#,
                r#"{"type":2,"invocationId":"0","item":2}"#,
                r#"{"type":3,"invocationId":"0"}"#,
            ],
        )
        .await;
    client
        .send(r#"{"type":1,"invocationId":"1","target":"Sum","arguments":[],"streamIds":["2"]}"#)
        .await;
    for number in [20, 22] {
        client
            .send(&format!(
                r#"{{"type":2,"invocationId":"2","item":{number}}}"#
            ))
            .await;
    }
    client
        .check(
            r#"{"type":3,"invocationId":"2"}"#,
            &[r#"{"type":3,"invocationId":"1","result":42}"#],
        )
        .await;
    client
        .send(
            r#"{"type":4,"invocationId":"3","target":"RunningTotal","arguments":[],"streamIds":["4"]}"#,
        )
        .await;
    for (number, total) in [(1, 1), (10, 11), (100, 111)] {
        client
            .check(
                &format!(r#"{{"type":2,"invocationId":"4","item":{number}}}"#),
                &[&format!(
                    r#"{{"type":2,"invocationId":"3","item":{total}}}"#
                )],
            )
            .await;
    }
    client
        .check(
            r#"{"type":3,"invocationId":"4","error":"enough"}"#,
            &[r#"{"type":3,"invocationId":"3","error":"An error occurred on the server while streaming results. HubException: enough"}"#],
        )
        .await;
}

#[tokio::test]
async fn a_vote_asks_all_others() {
    let [mut asker, mut bob, mut cat, mut dan, eve] = open(vote::serve, "/vote").await;
    asker
        .send(r#"{"type":1,"invocationId":"0","target":"Put","arguments":["tea?"]}"#)
        .await;
    for (voter, answer) in [
        (&mut bob, r#""result":true"#),
        (&mut cat, r#""result":false"#),
        (&mut dan, r#""error":"Client didn't provide a result.""#),
    ] {
        assert_eq!(
            voter.next().await,
            r#"{"type":1,"invocationId":"s1","target":"Vote","arguments":["tea?"]}"#
        );
        voter
            .send(&format!(r#"{{"type":3,"invocationId":"s1",{answer}}}"#))
            .await;
    }
    drop(eve);
    assert_eq!(
        asker.next().await,
        r#"{"type":3,"invocationId":"0","result":{"yes":1,"no":1,"abstained":2}}"#
    );
}
