//! The official JavaScript client and ours with stateful reconnect, through a line that is cut in the middle
//! of traffic: nothing lost, nothing twice, in order, both ways, by the same connection.
#![expect(clippy::print_stdout, reason = "the figures are the proof")]

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    ops::Range,
    path::Path,
    process::Stdio,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use axum::Router;
use serde::Deserialize;
use tokio::{net::TcpListener, process::Command, sync::mpsc};
use vestnik_signalr::{
    client,
    protocol::Protocol,
    server::{Connection, Frame, Hub, HubConfig, HubError, State, machine::StatefulReconnect},
};
use vestnik_tests::{
    chaos::{ChaosProxy, Fault, Script},
    eventually::within,
};

/// How many messages go each way.
const COUNT: u32 = 2_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// What the hub saw.
#[derive(Debug, Clone, Default)]
struct Facts {
    arrived: Arc<Mutex<Vec<u32>>>,
    connected: Arc<AtomicU32>,
    disconnected: Arc<AtomicU32>,
}

impl Facts {
    fn arrived(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn up(State(facts): State<Facts>, number: u32, _padding: String) -> Result<(), HubError> {
    facts.arrived().push(number);
    Ok(())
}

/// Sends everything as fast as the connection takes it, beside the calls that come meanwhile.
async fn begin(connection: Connection, count: u32) -> Result<(), HubError> {
    tokio::spawn(async move {
        for number in 0..count {
            let padding = "y".repeat((number % 90) as usize);
            let frame = Frame::new("Down", (number, padding));
            if connection.send(&frame).await.is_err() {
                return;
            }
        }
    });
    Ok(())
}

async fn arrived(State(facts): State<Facts>) -> Result<usize, HubError> {
    Ok(facts.arrived().len())
}

async fn count_in(State(facts): State<Facts>) -> Result<(), HubError> {
    facts.connected.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

async fn count_out(State(facts): State<Facts>) -> Result<(), HubError> {
    facts.disconnected.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

async fn serve(facts: &Facts) -> anyhow::Result<SocketAddr> {
    let hub = Hub::builder(facts.clone())
        .config(HubConfig {
            stateful_reconnect: Some(StatefulReconnect::default()),
            ..HubConfig::default()
        })
        .on("Up", up)
        .on("Begin", begin)
        .on("Arrived", arrived)
        .on_connected(count_in)
        .on_disconnected(count_out)
        .build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let router = Router::new().nest_service("/hub", hub);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// The first connection negotiates; each of the next is cut, by turns reset and ended, after so
/// many bytes both ways that it is in the middle of something.
fn script(whose: Client, index: u64) -> Script {
    if (1..=whose.cuts()).contains(&index) {
        let budgets = whose.budgets();
        let more = usize::try_from(index).unwrap_or_default() * 7_919 % budgets.len();
        return Script {
            fault: Fault::CutAtByte,
            budget: budgets.start + more,
            reset: index.is_multiple_of(2),
            ..Script::harmless()
        };
    }
    Script::harmless()
}

#[derive(Debug, Clone, Copy)]
enum Client {
    Official,
    Ours,
}

impl Client {
    const fn name(self) -> &'static str {
        match self {
            Self::Official => "js",
            Self::Ours => "rust",
        }
    }

    /// How often its line is cut.
    const fn cuts(self) -> u64 {
        match self {
            Self::Official => 20,
            Self::Ours => 5,
        }
    }

    /// How many bytes pass before a cut. Ours makes pauses after sockets that were of no use, so
    /// they are more for it than what both ends may have to repeat.
    const fn budgets(self) -> Range<usize> {
        match self {
            Self::Official => 3_000..14_000,
            Self::Ours => 150_000..250_000,
        }
    }
}

/// What the client tells.
#[derive(Debug, Deserialize)]
struct Told {
    received: Vec<u32>,
    arrived: u32,
    same: bool,
}

async fn run_official(at: SocketAddr, protocol: Protocol) -> anyhow::Result<Told> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("js");
    ensure!(
        folder
            .join("node_modules/@microsoft/signalr-protocol-msgpack")
            .is_dir(),
        "the official client is not installed; run: npm ci --prefix tests/js"
    );
    let client = Command::new("node")
        .arg(folder.join("stateful.mjs"))
        .env("STATEFUL_URL", format!("http://{at}/hub"))
        .env("STATEFUL_PROTOCOL", protocol.name())
        .env("STATEFUL_COUNT", COUNT.to_string())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = within("the client's end", PATIENCE, client)
        .await?
        .context("node could not be started")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the client failed: {errors}");
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn run_ours(at: SocketAddr, protocol: Protocol) -> anyhow::Result<Told> {
    let (sender, mut numbers) = mpsc::unbounded_channel();
    let hub = client::HubConnection::builder(format!("http://{at}/hub").parse()?)
        .protocol(protocol)
        .stateful_reconnect(client::StatefulReconnect::default())
        .on("Down", move |(number, _padding): (u32, String)| {
            // Nobody listens when the test has failed already.
            sender.send(number).ok();
        })
        .build();
    hub.start().await?;
    let connection = hub.client()?;
    let began = connection.connection_id().map(str::to_owned);
    connection.send("Begin", &(COUNT,)).await?;
    let send_all = async {
        for number in 0..COUNT {
            let padding = "x".repeat((number % 100) as usize);
            connection.send("Up", &(number, padding)).await?;
        }
        anyhow::Ok(())
    };
    let receive_all = async {
        let mut received = Vec::new();
        while received.last() != Some(&(COUNT - 1)) {
            received.push(numbers.recv().await.context("the client lives")?);
        }
        anyhow::Ok(received)
    };
    let both = async { tokio::try_join!(send_all, receive_all) };
    let ((), mut received) = within("all messages", PATIENCE, both).await??;
    let arrived = within("the answer", PATIENCE, hub.invoke("Arrived", &())).await??;
    while let Ok(number) = numbers.try_recv() {
        received.push(number);
    }
    let same = hub.client()?.connection_id().map(str::to_owned) == began;
    hub.stop().await;
    Ok(Told {
        received,
        arrived,
        same,
    })
}

/// Says how numbers came, in the words of a report.
fn figures(numbers: &[u32]) -> String {
    let distinct: BTreeSet<_> = numbers.iter().collect();
    let lost = COUNT as usize - distinct.len();
    let twice = numbers.len() - distinct.len();
    let order = if numbers.is_sorted() {
        "in order"
    } else {
        "out of order"
    };
    format!(
        "{}/{COUNT} received, {lost} lost, {twice} twice, {order}",
        distinct.len()
    )
}

async fn nothing_is_lost_or_repeated(whose: Client, protocol: Protocol) -> anyhow::Result<()> {
    let facts = Facts::default();
    let script = move |index| script(whose, index);
    let proxy = ChaosProxy::scripted(serve(&facts).await?, script).await?;
    let told = match whose {
        Client::Official => run_official(proxy.address(), protocol).await?,
        Client::Ours => run_ours(proxy.address(), protocol).await?,
    };
    let (wanted, whose) = (whose.cuts(), whose.name());
    let cuts: u64 = proxy.cuts().borrow().values().sum();
    let up = facts.arrived().clone();
    println!(
        "stateful {whose} {protocol}: {cuts} cuts, {}",
        figures(&told.received)
    );
    println!(
        "stateful {whose} {protocol}: {cuts} cuts, {} by the server",
        figures(&up)
    );

    let expected: Vec<u32> = (0..COUNT).collect();
    ensure!(told.received == expected, "the client received {told:?}");
    ensure!(up == expected, "the server received {up:?}");
    assert_eq!((told.arrived, told.same), (COUNT, true));
    assert_eq!(cuts, wanted, "the traffic was over before the cuts were");
    assert_eq!(facts.connected.load(Ordering::Relaxed), 1);
    assert_eq!(facts.disconnected.load(Ordering::Relaxed), 0);
    Ok(())
}

#[tokio::test]
async fn the_official_client_loses_nothing_in_json() -> anyhow::Result<()> {
    nothing_is_lost_or_repeated(Client::Official, Protocol::Json).await
}

#[tokio::test]
async fn the_official_client_loses_nothing_in_message_pack() -> anyhow::Result<()> {
    nothing_is_lost_or_repeated(Client::Official, Protocol::MessagePack).await
}

#[tokio::test]
async fn our_client_loses_nothing_in_json() -> anyhow::Result<()> {
    nothing_is_lost_or_repeated(Client::Ours, Protocol::Json).await
}

#[tokio::test]
async fn our_client_loses_nothing_in_message_pack() -> anyhow::Result<()> {
    nothing_is_lost_or_repeated(Client::Ours, Protocol::MessagePack).await
}
