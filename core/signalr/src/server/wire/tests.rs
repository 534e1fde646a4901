use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::protocol::{Message, Role},
};

use super::*;

const PATIENCE: Duration = Duration::from_mins(5);
/// More than any two sockets keep between them.
pub(in crate::server) const LONG: usize = 4 << 20;
const TEXT: TransferFormat = TransferFormat::Text;

/// A wire that holds little, and its other end.
pub(in crate::server) async fn pair() -> (Arc<Wire>, TcpStream) {
    let listener = TcpSocket::new_v4().unwrap();
    listener.set_recv_buffer_size(4_096).unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener: TcpListener = listener.listen(1).unwrap();
    let ours = TcpSocket::new_v4().unwrap();
    ours.set_send_buffer_size(4_096).unwrap();
    let dialled = ours.connect(listener.local_addr().unwrap());
    let (ours, theirs) = tokio::join!(dialled, listener.accept());
    (Wire::new(ours.unwrap()), theirs.unwrap().0)
}

/// Reads so many messages as a client does.
pub(in crate::server) async fn messages(peer: TcpStream, count: usize) -> Vec<String> {
    let mut client = WebSocketStream::from_raw_socket(peer, Role::Client, None).await;
    let mut texts = Vec::new();
    while texts.len() < count {
        let next = futures_util::StreamExt::next(&mut client);
        let next = tokio::time::timeout(PATIENCE, next).await.unwrap();
        let Message::Text(text) = next.unwrap().unwrap() else {
            panic!("the client is only told texts");
        };
        texts.push(text.as_str().to_owned());
    }
    texts
}

fn offer(wire: &Wire, text: &str) -> Offered {
    wire.offer(TEXT, &Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn what_is_left_of_a_frame_begins_where_the_socket_stopped() {
    let message = Bytes::from_static(b"message");
    for (taken, left) in [
        (0, "hdmessage"),
        (1, "dmessage"),
        (2, "message"),
        (5, "sage"),
    ] {
        assert_eq!(rest(b"hd", &message, taken), left);
    }
}

#[test]
fn a_header_tells_the_format_and_the_length() {
    let whole = |format, length| {
        let (header, size) = header(format, length);
        header[..size].to_vec()
    };
    assert_eq!(whole(TEXT, 125), [0x81, 125]);
    assert_eq!(whole(TransferFormat::Binary, 126), [0x82, 126, 0, 126]);
    assert_eq!(whole(TEXT, 65_535), [0x81, 126, 255, 255]);
    assert_eq!(whole(TEXT, 65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[tokio::test]
async fn messages_of_any_size_arrive_whole() {
    let (wire, peer) = pair().await;
    let texts = [1, 125, 126, SMALL - 4, SMALL - 3, 1_000].map(|length| "x".repeat(length));
    for text in &texts {
        assert_eq!(offer(&wire, text), Offered::Whole);
    }
    assert_eq!(messages(peer, texts.len()).await, texts);
}

#[tokio::test]
async fn the_task_ends_what_somebody_else_began_before_its_own() {
    let (wire, peer) = pair().await;
    let texts = ["x".repeat(LONG), "last".to_owned()];
    assert_eq!(offer(&wire, &texts[0]), Offered::Begun);
    assert!(wire.has_rest());
    assert_eq!(offer(&wire, "refused"), Offered::Refused);
    let mut end = WireEnd::new(Arc::clone(&wire));
    let write = async {
        end.write_all(b"\x81\x04last").await.unwrap();
        end.flush().await.unwrap();
    };
    let ((), read) = tokio::join!(write, messages(peer, texts.len()));
    assert_eq!(read, texts);
    assert!(!wire.has_rest());
}

#[tokio::test]
async fn a_full_socket_refuses_others_and_keeps_what_the_task_has_to_say() {
    let (wire, peer) = pair().await;
    let mut texts = Vec::new();
    while offer(&wire, &"x".repeat(1_000)) == Offered::Whole {
        texts.push("x".repeat(1_000));
    }
    assert!(
        !wire.has_rest(),
        "a message as small is taken whole or not at all"
    );
    assert_eq!(wire.put(TEXT, &Bytes::from_static(b"kept")), Offered::Begun);
    assert_eq!(
        wire.put(TEXT, &Bytes::from_static(b"wait")),
        Offered::Refused
    );
    texts.push("kept".to_owned());
    let mut end = WireEnd::new(wire);
    let (written, read) = tokio::join!(end.flush(), messages(peer, texts.len()));
    written.unwrap();
    assert_eq!(read, texts);
}

#[tokio::test]
async fn nobody_writes_into_a_frame_that_the_task_has_half_written() {
    let (wire, mut peer) = pair().await;
    let mut end = WireEnd::new(Arc::clone(&wire));
    let long = vec![b'x'; LONG];
    let taken = end.write(&long).await.unwrap();
    assert!(taken < long.len());
    // There is room again, but not between two frames.
    let mut some = vec![0; taken];
    peer.read_exact(&mut some).await.unwrap();
    assert_eq!(offer(&wire, "between"), Offered::Refused);
    let rest = &long[taken..];
    let mut read = vec![0; rest.len()];
    let (written, filled) = tokio::join!(end.write_all(rest), peer.read_exact(&mut read));
    written.unwrap();
    filled.unwrap();
    assert_eq!(offer(&wire, "after"), Offered::Whole);
    assert_eq!(messages(peer, 1).await, ["after"]);
}

#[tokio::test]
async fn a_broken_socket_refuses() {
    let (wire, peer) = pair().await;
    peer.set_zero_linger().unwrap();
    drop(peer);
    let mut end = WireEnd::new(Arc::clone(&wire));
    // The reset is there once reading fails.
    assert!(end.read(&mut [0; 1]).await.is_err());
    assert_eq!(offer(&wire, "nobody"), Offered::Refused);
}
