//! Sends and results whose sender learns when they were written.

use std::{net::SocketAddr, time::Duration};

use futures_util::FutureExt;
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    task::yield_now,
};
use vestnik_signalr::server::{
    Connection, Frame, Hub, HubConfig, HubError, NotWritten, SendError, State, Tracked, Written,
    machine::StatefulReconnect,
};

use crate::{
    client::{Client, request, serve, soon, write_request},
    http_client::{By, HttpClient},
};

/// More than two sockets keep between them, one of which has a small buffer.
const LARGE: usize = 12 * 1024 * 1024;

#[derive(Clone)]
struct World {
    arrivals: mpsc::UnboundedSender<Connection>,
    reports: mpsc::UnboundedSender<bool>,
}

/// A hub, its connections as they come, and the reports of its results.
struct Ground {
    address: SocketAddr,
    arrived: mpsc::UnboundedReceiver<Connection>,
    reports: mpsc::UnboundedReceiver<bool>,
}

async fn arrive(State(world): State<World>, connection: Connection) -> Result<(), HubError> {
    world.arrivals.send(connection).map_err(HubError::internal)
}

/// Gives a text of so many bytes, and notes whether it was written.
async fn page(State(world): State<World>, length: usize) -> Result<Tracked<String>, HubError> {
    Ok(Tracked::new("x".repeat(length), move |is_written| {
        world.reports.send(is_written).unwrap();
    }))
}

impl Ground {
    async fn new() -> Self {
        Self::with(HubConfig::default()).await
    }

    async fn with(config: HubConfig) -> Self {
        let (arrivals, arrived) = mpsc::unbounded_channel();
        let (sender, reports) = mpsc::unbounded_channel();
        let world = World {
            arrivals,
            reports: sender,
        };
        let hub = Hub::builder(world)
            .on_connected(arrive)
            .on("Page", page)
            .config(HubConfig {
                max_write_buffer: 2 * LARGE,
                queue_bytes: 2 * LARGE,
                ..config
            })
            .build();
        Self {
            address: serve(hub).await,
            arrived,
            reports,
        }
    }

    async fn arrival(&mut self) -> Connection {
        soon(self.arrived.recv()).await.unwrap()
    }

    async fn report(&mut self) -> bool {
        soon(self.reports.recv()).await.unwrap()
    }
}

/// A client of any transport that holds little of what it does not read.
enum Peer {
    Socket(Box<Client>),
    Http(HttpClient),
}

/// WebSockets, Server-Sent Events, long polling.
const TRANSPORTS: [Option<By>; 3] = [None, Some(By::Events), Some(By::Polls)];

impl Peer {
    async fn open(address: SocketAddr, by: Option<By>) -> Self {
        match by {
            None => Self::Socket(Box::new(Client::open_with_small_buffer(address).await)),
            Some(by) => Self::Http(HttpClient::open_with_small_buffer(address, by).await),
        }
    }

    async fn next(&mut self) -> String {
        match self {
            Self::Socket(client) => client.next().await,
            Self::Http(client) => client.next().await.expect("the connection ended"),
        }
    }

    async fn send(&mut self, text: &str) {
        match self {
            Self::Socket(client) => client.send(text).await,
            Self::Http(client) => client.send(text).await,
        }
    }

    /// Reads on until something has happened.
    async fn read_until<T>(&mut self, what: impl Future<Output = T>) -> T {
        let read = async {
            loop {
                self.next().await;
            }
        };
        tokio::select! {
            outcome = soon(what) => outcome,
            () = read => unreachable!("it reads for ever"),
        }
    }
}

fn large() -> Frame {
    Frame::new("Fill", ("x".repeat(LARGE),))
}

fn small(number: u32) -> Frame {
    Frame::new("Number", (number,))
}

/// A frame that no peer can have been sent whole before it reads, and one behind it.
fn send_both(connection: &Connection) -> [Written; 2] {
    [large(), small(1)].map(|frame| connection.try_send_tracked(&frame).unwrap())
}

/// Gives the server many turns, in which nothing may be reported.
async fn check_silence(written: &mut [Written]) {
    for _ in 0..200 {
        for written in &mut *written {
            assert_eq!(written.now_or_never(), None);
        }
        yield_now().await;
    }
}

async fn outcomes(written: [Written; 2]) -> [Result<(), NotWritten>; 2] {
    let [first, second] = written;
    [soon(first).await, soon(second).await]
}

#[tokio::test]
async fn a_frame_is_not_reported_before_its_peer_reads_it() {
    for by in TRANSPORTS {
        let mut ground = Ground::new().await;
        let mut peer = Peer::open(ground.address, by).await;
        let mut written = send_both(&ground.arrival().await);
        check_silence(&mut written).await;
        let outcomes = peer.read_until(outcomes(written)).await;
        assert_eq!(outcomes, [Ok(()), Ok(())], "{by:?}");
    }
}

#[tokio::test]
async fn a_burst_is_reported_in_its_order() {
    for by in TRANSPORTS {
        let mut ground = Ground::new().await;
        let mut peer = Peer::open(ground.address, by).await;
        let connection = ground.arrival().await;
        let mut written: Vec<Written> = (0..100)
            .map(|number| connection.try_send_tracked(&small(number)).unwrap())
            .collect();
        while let Some(last) = written.pop() {
            assert_eq!(peer.read_until(last).await, Ok(()), "{by:?}");
            // Those before were reported before.
            for written in written.drain(written.len() / 2..) {
                assert_eq!(written.now_or_never(), Some(Ok(())), "{by:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_has_not_written_the_rest() {
    for by in TRANSPORTS {
        let mut ground = Ground::new().await;
        let peer = Peer::open(ground.address, by).await;
        let mut written = send_both(&ground.arrival().await);
        let poll = begin_poll(ground.address, &peer).await;
        check_silence(&mut written).await;
        drop(poll);
        if let Peer::Http(client) = &peer
            && !client.has_events()
        {
            // It may poll again, for what is left, until it says that it leaves.
            check_silence(&mut written).await;
            assert_eq!(client.request("DELETE").await.status, 202);
        }
        drop(peer);
        let expected = [Err(NotWritten), Err(NotWritten)];
        assert_eq!(outcomes(written).await, expected, "{by:?}");
    }
}

/// Polls, where the transport needs it, without reading the answer.
async fn begin_poll(address: SocketAddr, peer: &Peer) -> Option<TcpStream> {
    let Peer::Http(client) = peer else {
        return None;
    };
    if client.has_events() {
        return None;
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    write_request(&mut stream, &format!("GET {}", client.path()), &[], "").await;
    Some(stream)
}

#[tokio::test]
async fn a_connection_that_ended_reports_what_it_never_wrote() {
    let mut ground = Ground::new().await;
    let mut client = Client::open_with_small_buffer(ground.address).await;
    let written = send_both(&ground.arrival().await);
    client.send(r#"{"type":7}"#).await;
    drop(client);
    let expected = [Err(NotWritten), Err(NotWritten)];
    assert_eq!(outcomes(written).await, expected);
}

fn call(id: &str, length: usize) -> String {
    format!(r#"{{"type":1,{id}"target":"Page","arguments":[{length}]}}"#)
}

#[tokio::test]
async fn a_method_learns_when_its_result_was_written() {
    for by in TRANSPORTS {
        let mut ground = Ground::new().await;
        let mut peer = Peer::open(ground.address, by).await;
        peer.send(&call(r#""invocationId":"0","#, 3)).await;
        assert_eq!(
            peer.next().await,
            r#"{"type":3,"invocationId":"0","result":"xxx"}"#
        );
        assert!(peer.read_until(ground.report()).await, "{by:?}");

        peer.send(&call(r#""invocationId":"1","#, LARGE)).await;
        for _ in 0..200 {
            assert!(ground.reports.try_recv().is_err(), "{by:?}");
            yield_now().await;
        }
        assert!(peer.read_until(ground.report()).await, "{by:?}");
    }
}

#[tokio::test]
async fn a_result_that_is_never_written_is_reported_as_that() {
    let mut ground = Ground::new().await;
    let mut client = Client::open_with_small_buffer(ground.address).await;
    // Nobody waits for it.
    client.send(&call("", 3)).await;
    assert!(!ground.report().await);
    client.send(&call(r#""invocationId":"1","#, LARGE)).await;
    client.send(&call(r#""invocationId":"2","#, 3)).await;
    let connection = ground.arrival().await;
    drop(client);
    assert!(!ground.report().await);
    assert!(!ground.report().await);
    drop(connection);
}

/// A connection that may resume, and its path.
async fn open_stateful(address: SocketAddr) -> (Client, String) {
    let asking = "POST /hub/negotiate?negotiateVersion=1&useStatefulReconnect=true";
    let answer = request(address, asking, &[]).await.json();
    let path = format!("/hub?id={}", answer["connectionToken"].as_str().unwrap());
    let mut client = Client::connect(address, &path, &[]).await.unwrap();
    client.shake_hands_statefully().await;
    (client, path)
}

fn stateful(window: Duration) -> HubConfig {
    HubConfig {
        stateful_reconnect: Some(StatefulReconnect {
            window,
            ..StatefulReconnect::default()
        }),
        ..HubConfig::default()
    }
}

#[tokio::test]
async fn what_was_cut_off_is_written_to_the_next_socket() {
    let mut ground = Ground::with(stateful(Duration::from_secs(10))).await;
    let (client, path) = open_stateful(ground.address).await;
    let mut written = send_both(&ground.arrival().await);
    check_silence(&mut written).await;
    drop(client);
    check_silence(&mut written).await;
    let client = Client::connect(ground.address, &path, &[]).await.unwrap();
    let mut peer = Peer::Socket(Box::new(client));
    assert_eq!(peer.next().await, r#"{"type":9,"sequenceId":1}"#);
    let outcomes = peer.read_until(async {
        let [large, small] = written;
        // The next is written when the window has room for it.
        drop(small);
        soon(large).await
    });
    assert_eq!(outcomes.await, Ok(()));
}

#[tokio::test]
async fn what_was_cut_off_for_good_was_not_written() {
    let mut ground = Ground::with(stateful(Duration::from_millis(50))).await;
    let (client, _) = open_stateful(ground.address).await;
    let written = send_both(&ground.arrival().await);
    drop(client);
    let expected = [Err(NotWritten), Err(NotWritten)];
    assert_eq!(outcomes(written).await, expected);
}

/// Sends tracked frames until there are so many or the connection is gone.
async fn send_many(connection: Connection, count: u32) -> Vec<Written> {
    let mut written = Vec::new();
    for number in 0..count {
        loop {
            match connection.try_send_tracked(&small(number)) {
                Ok(next) => written.push(next),
                Err(SendError::Full) => {
                    yield_now().await;
                    continue;
                }
                Err(SendError::Gone) => return written,
                Err(error @ SendError::Unwritable) => panic!("{error}"),
            }
            break;
        }
    }
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_send_at_once_each_learn_how_far_they_came() {
    const SENDERS: u32 = 4;
    const EACH: u32 = 500;
    for reads in [SENDERS * EACH, EACH] {
        let mut ground = Ground::new().await;
        let mut client = Client::open(ground.address).await;
        let connection = ground.arrival().await;
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| tokio::spawn(send_many(connection.clone(), EACH)))
            .collect();
        for _ in 0..reads {
            client.next().await;
        }
        let is_whole = reads == SENDERS * EACH;
        let client = is_whole.then_some(client);
        for sender in senders {
            let mut outcomes = Vec::new();
            for written in soon(sender).await.unwrap() {
                outcomes.push(soon(written).await.is_ok());
            }
            // What was written was written in order, so nothing follows what was not.
            assert!(outcomes.is_sorted_by(|before, after| before >= after));
            assert!(!is_whole || outcomes == [true; EACH as usize]);
        }
        drop(client);
    }
}
