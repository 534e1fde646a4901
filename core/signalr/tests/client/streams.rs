//! Streams of the server's and streams of ours.

use futures_util::{StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use vestnik_signalr::client::{CallError, Upload};

use crate::peer::{Peer, soon};

#[tokio::test]
async fn a_stream_ends_with_its_completion() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let items = client.stream::<_, u32>("Count", &(2,)).await.unwrap();
    let call = r#"{"type":4,"invocationId":"0","target":"Count","arguments":[2]}"#;
    assert_eq!(line.message().await, call);
    for message in [
        r#"{"type":2,"invocationId":"0","item":1}"#,
        r#"{"type":2,"invocationId":"0","item":2}"#,
        r#"{"type":3,"invocationId":"0"}"#,
    ] {
        line.send(message).await;
    }
    let items: Vec<_> = soon(items.collect()).await;
    assert_eq!(items, [Ok(1), Ok(2)]);
    client.send("After", &()).await.unwrap();
    assert!(line.message().await.contains("After"), "nothing to cancel");
}

#[tokio::test]
async fn a_stream_that_fails_gives_its_items_first() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let items = client.stream::<_, u32>("Count", &()).await.unwrap();
    line.message().await;
    line.send(r#"{"type":2,"invocationId":"0","item":1}"#).await;
    line.send(r#"{"type":3,"invocationId":"0","error":"broken"}"#)
        .await;
    let items: Vec<_> = soon(items.collect()).await;
    assert_eq!(items, [Ok(1), Err(CallError::Failed("broken".to_owned()))]);
}

#[tokio::test]
async fn dropping_a_stream_cancels_it_though_nothing_more_comes() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let mut items = client.stream::<_, u32>("Count", &()).await.unwrap();
    line.message().await;
    line.send(r#"{"type":2,"invocationId":"0","item":1}"#).await;
    assert_eq!(soon(items.next()).await, Some(Ok(1)));
    drop(items);
    assert_eq!(line.message().await, r#"{"type":5,"invocationId":"0"}"#);
}

#[tokio::test]
async fn a_stream_that_is_not_read_is_given_up() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let items = client.stream::<_, u32>("Count", &()).await.unwrap();
    line.message().await;
    let item = "{\"type\":2,\"invocationId\":\"0\",\"item\":1}\x1e".repeat(300);
    line.send(item.trim_end_matches('\x1e')).await;
    assert_eq!(line.message().await, r#"{"type":5,"invocationId":"0"}"#);
    let items: Vec<_> = soon(items.collect()).await;
    assert_eq!(items.len(), 257);
    assert_eq!(items.last(), Some(&Err(CallError::Lagged)));
}

#[tokio::test]
async fn uploads_go_along_with_a_call_and_are_over_with_it() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let (endless, items) = mpsc::channel::<u32>(1);
    let uploads = [
        Upload::new(stream::iter(["a", "b"])),
        Upload::new(ReceiverStream::new(items)),
    ];
    let server = async {
        let call = r#"{"type":1,"invocationId":"2","target":"Join","arguments":["x"],"streamIds":["0","1"]}"#;
        assert_eq!(line.message().await, call);
        for expected in [
            r#"{"type":2,"invocationId":"0","item":"a"}"#,
            r#"{"type":2,"invocationId":"0","item":"b"}"#,
            r#"{"type":3,"invocationId":"0"}"#,
        ] {
            assert_eq!(line.message().await, expected);
        }
        endless.send(7).await.unwrap();
        let expected = r#"{"type":2,"invocationId":"1","item":7}"#;
        assert_eq!(line.message().await, expected);
        line.send(r#"{"type":3,"invocationId":"2","result":"done"}"#)
            .await;
        soon(endless.closed()).await;
    };
    let arguments = ("x",);
    let call = client.uploading(uploads).invoke("Join", &arguments);
    let (answer, ()) = soon(async { tokio::join!(call, server) }).await;
    assert_eq!(answer, Ok("done".to_owned()));
}

#[tokio::test]
async fn an_upload_that_fails_tells_the_method_why() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let items = stream::iter([Ok(1), Err("disk full"), Ok(2)]);
    let call = client.uploading([Upload::fallible(items)]);
    call.send("Log", &()).await.unwrap();
    for expected in [
        r#"{"type":1,"target":"Log","arguments":[],"streamIds":["0"]}"#,
        r#"{"type":2,"invocationId":"0","item":1}"#,
        r#"{"type":3,"invocationId":"0","error":"disk full"}"#,
    ] {
        assert_eq!(line.message().await, expected);
    }
}

#[tokio::test]
async fn both_directions_stream_at_once_until_the_reader_leaves() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let (source, items) = mpsc::channel::<u32>(1);
    let call = client.uploading([Upload::new(ReceiverStream::new(items))]);
    let mut doubled = call.stream::<_, u32>("Double", &()).await.unwrap();
    line.message().await;
    source.send(4).await.unwrap();
    assert!(line.message().await.contains(r#""item":4"#));
    line.send(r#"{"type":2,"invocationId":"1","item":8}"#).await;
    assert_eq!(soon(doubled.next()).await, Some(Ok(8)));
    drop(doubled);
    assert_eq!(line.message().await, r#"{"type":5,"invocationId":"1"}"#);
    let ended = r#"{"type":3,"invocationId":"0","error":"Stream canceled by client."}"#;
    assert_eq!(line.message().await, ended);
    soon(source.closed()).await;
}

#[tokio::test]
async fn uploads_take_turns() {
    let peer = Peer::bind().await;
    let (client, _incoming, mut line) = peer.open(peer.options()).await;
    let busy = || Upload::new(stream::iter(0..50));
    let call = client.uploading([busy(), busy()]);
    call.send("Log", &()).await.unwrap();
    line.message().await;
    let mut seen = [0_u32; 2];
    for _ in 0..20 {
        let is_first = line.message().await.contains(r#""invocationId":"0""#);
        seen[usize::from(!is_first)] += 1;
    }
    assert_eq!(seen, [10, 10]);
}
