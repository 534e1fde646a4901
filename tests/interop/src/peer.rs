//! The foreign clients, and how each is started.

use std::{path::PathBuf, process::Stdio};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::{
    feature::{FEATURES, Outcome, Told},
    silence::arrives,
};

/// A client with one way to connect.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) client: &'static str,
    pub(crate) transport: &'static str,
    pub(crate) protocol: &'static str,
    program: &'static [&'static str],
}

const JS: &[&str] = &["node", "js/client.mjs"];
const JAVA: &[&str] = &[
    "java",
    "-cp",
    "java/target/classes:java/target/dependency/*",
    "dev.vestnik.interop.Client",
];
const PYSIGNALR: &[&str] = &["{python}", "python/use_pysignalr.py"];
const SIGNALRCORE: &[&str] = &["{python}", "python/use_signalrcore.py"];
const AIOSIGNALR: &[&str] = &["{python}", "python/use_aiosignalr.py"];

/// Every client in every way that both it and we have, and the one that neither can have.
pub(crate) const PEERS: &[Peer] = &[
    peer("javascript", "WebSockets", "json", JS),
    peer("javascript", "ServerSentEvents", "json", JS),
    peer("javascript", "LongPolling", "json", JS),
    peer("javascript", "WebSockets", "messagepack", JS),
    peer("javascript", "ServerSentEvents", "messagepack", JS),
    peer("javascript", "LongPolling", "messagepack", JS),
    peer("java", "WebSockets", "json", JAVA),
    peer("java", "LongPolling", "json", JAVA),
    peer("pysignalr", "WebSockets", "json", PYSIGNALR),
    peer("pysignalr", "WebSockets", "messagepack", PYSIGNALR),
    peer("signalrcore", "WebSockets", "json", SIGNALRCORE),
    peer("aiosignalr", "WebSockets", "json", AIOSIGNALR),
];

const fn peer(
    client: &'static str,
    transport: &'static str,
    protocol: &'static str,
    program: &'static [&'static str],
) -> Peer {
    Peer {
        client,
        transport,
        protocol,
        program,
    }
}

impl Peer {
    /// What it is called in the table.
    pub(crate) fn name(&self) -> String {
        format!("{} {} {}", self.client, self.transport, self.protocol)
    }

    /// Runs it through everything; features it says nothing of have failed.
    pub(crate) async fn run(
        &self,
        url: &str,
        python: &str,
    ) -> Result<Vec<(&'static str, Outcome)>> {
        let mut child = self.start(url, python)?;
        let (told, problem) = follow(&mut child).await?;
        let outcomes = FEATURES.map(|feature| {
            let told = told.iter().find(|told| told.feature == feature);
            let outcome =
                told.map_or_else(|| Outcome::failed(&problem), |told| told.outcome.clone());
            (feature, outcome)
        });
        Ok(outcomes.into())
    }

    fn start(&self, url: &str, python: &str) -> Result<Child> {
        let (program, arguments) = self.program.split_first().context("a peer has a program")?;
        Command::new(program.replace("{python}", python))
            .args(arguments)
            .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")))
            .env("INTEROP_URL", url)
            .env("INTEROP_TRANSPORT", self.transport)
            .env("INTEROP_PROTOCOL", self.protocol)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {program}"))
    }
}

/// The outcomes that a client's program prints, and what went wrong if some are missing.
async fn follow(child: &mut Child) -> Result<(Vec<Told>, String)> {
    let output = child.stdout.take().context("its output is piped")?;
    let mut errors = child.stderr.take().context("its errors are piped")?;
    let errors = tokio::spawn(async move {
        let mut text = Vec::new();
        errors.read_to_end(&mut text).await.map(|_| text)
    });
    let mut lines = BufReader::new(output).lines();
    let mut told = Vec::new();
    loop {
        match arrives(lines.next_line()).await {
            Ok(Ok(Some(line))) => told.extend(serde_json::from_str::<Told>(&line)),
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(error.into()),
            Err(silent) => {
                child.kill().await?;
                return Ok((told, format!("{silent} after the features that it told of")));
            }
        }
    }
    let status = child.wait().await?;
    let errors = errors.await??;
    let errors = String::from_utf8_lossy(&errors);
    let last: Vec<_> = errors.lines().rev().take(3).collect();
    Ok((
        told,
        format!("nothing told; {status}: {}", last.join(" / ")),
    ))
}
