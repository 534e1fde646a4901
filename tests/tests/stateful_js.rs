//! The official JavaScript client with stateful reconnect, through a line that is cut in the middle
//! of traffic: nothing lost, nothing twice, in order, both ways, by the same connection.
#![expect(clippy::print_stdout, reason = "the figures are the proof")]

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
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
use tokio::{net::TcpListener, process::Command};
use vestnik_signalr::server::{
    Connection, Frame, Hub, HubConfig, HubError, State, machine::StatefulReconnect,
};
use vestnik_tests::{
    chaos::{ChaosProxy, Fault, Script},
    eventually::within,
};

/// How often the line is cut.
const CUTS: u64 = 20;
/// How many messages go each way.
const COUNT: u32 = 2_000;
/// How many bytes pass before a cut at least: more than it takes to come again.
const SHORTEST: usize = 3_000;
const PATIENCE: Duration = Duration::from_mins(5);

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
fn script(index: u64) -> Script {
    if (1..=CUTS).contains(&index) {
        let more = usize::try_from(index * 7_919 % 11_000).unwrap_or_default();
        return Script {
            fault: Fault::CutAtByte,
            budget: SHORTEST + more,
            reset: index.is_multiple_of(2),
            ..Script::harmless()
        };
    }
    Script::harmless()
}

/// What the client tells.
#[derive(Debug, Deserialize)]
struct Told {
    received: Vec<u32>,
    arrived: u32,
    same: bool,
}

async fn run_client(at: SocketAddr, protocol: &str) -> anyhow::Result<Told> {
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
        .env("STATEFUL_PROTOCOL", protocol)
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

async fn nothing_is_lost_or_repeated(protocol: &str) -> anyhow::Result<()> {
    let facts = Facts::default();
    let proxy = ChaosProxy::scripted(serve(&facts).await?, script).await?;
    let told = run_client(proxy.address(), protocol).await?;
    let cuts: u64 = proxy.cuts().borrow().values().sum();
    let up = facts.arrived().clone();
    println!(
        "stateful js {protocol}: {cuts} cuts, {}",
        figures(&told.received)
    );
    println!(
        "stateful js {protocol}: {cuts} cuts, {} by the server",
        figures(&up)
    );

    let expected: Vec<u32> = (0..COUNT).collect();
    ensure!(told.received == expected, "the client received {told:?}");
    ensure!(up == expected, "the server received {up:?}");
    assert_eq!((told.arrived, told.same), (COUNT, true));
    assert_eq!(cuts, CUTS, "the traffic was over before the cuts were");
    assert_eq!(facts.connected.load(Ordering::Relaxed), 1);
    assert_eq!(facts.disconnected.load(Ordering::Relaxed), 0);
    Ok(())
}

#[tokio::test]
async fn nothing_is_lost_or_repeated_in_json() -> anyhow::Result<()> {
    nothing_is_lost_or_repeated("json").await
}

#[tokio::test]
async fn nothing_is_lost_or_repeated_in_message_pack() -> anyhow::Result<()> {
    nothing_is_lost_or_repeated("messagepack").await
}
