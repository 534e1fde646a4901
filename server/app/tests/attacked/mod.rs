//! A server that peers attack, and a publisher that has to be served meanwhile.

use std::{net::SocketAddr, time::Duration};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use vestnik_model::AppId;
use vestnik_server::{Config, ServeError, bootstrap, serve};

/// Long enough that a slow machine never meets it: a wait that lasts this long has failed.
pub(crate) const NEVER: Duration = Duration::from_secs(300);

pub(crate) struct Attacked {
    pub(crate) address: SocketAddr,
    /// A request to publish.
    publish: String,
    /// The most memory that the process had before the peers came.
    before: u64,
    shutdown: CancellationToken,
    server: JoinHandle<Result<(), ServeError>>,
    _folder: TempDir,
}

impl Attacked {
    /// Starts a server with changed settings, which has served a publisher once.
    pub(crate) async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            database: folder.path().join("vestnik.sqlite"),
            ..Config::default()
        };
        change(&mut config);
        let app = AppId::parse("shop").unwrap();
        let keys = bootstrap(&config.database, None, app).await.unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let server = tokio::spawn(serve(listener, config, shutdown.clone()));
        let mut attacked = Self {
            address,
            publish: publish_request(&keys.admin_key),
            before: 0,
            shutdown,
            server,
            _folder: folder,
        };
        attacked.serves_a_publisher(0).await;
        attacked.before = peak_bytes();
        attacked
    }

    /// A publisher is served after so many peers have come.
    pub(crate) async fn serves_a_publisher(&self, peers: usize) {
        let published = ask(self.address, &self.publish).await;
        assert_eq!(published, "HTTP/1.1 202 Accepted", "after {peers} peers");
    }

    /// The peers and the server have taken less than this together.
    #[expect(clippy::print_stdout, reason = "the figure is worth reading")]
    pub(crate) fn has_grown_by_less_than(&self, most: u64, peers: usize) {
        let grown = peak_bytes().saturating_sub(self.before);
        println!(
            "{peers} peers: peak memory grew by {} KiB, both sides in one process",
            grown / 1_024
        );
        assert!(grown < most, "{grown} bytes");
    }

    /// The server ends without an error.
    pub(crate) async fn end(self) {
        self.shutdown.cancel();
        tokio::time::timeout(NEVER, self.server)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
    }
}

fn publish_request(key: &str) -> String {
    let body = r#"{"to":{"users":["anna"]},"notification":{"title":"t"}}"#;
    format!(
        "POST /v1/notifications HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The status line of a request on a connection of its own.
pub(crate) async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = connect(address, 1).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n") {
        let byte = tokio::time::timeout(NEVER, stream.read_u8()).await;
        text.push(byte.unwrap().unwrap());
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}

/// Connects from an address of the loopback network.
pub(crate) async fn connect(address: SocketAddr, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, last], 0).into()).unwrap();
    socket.connect(address).await.unwrap()
}

/// The most memory that this process ever had, from the kernel.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1_024
}
