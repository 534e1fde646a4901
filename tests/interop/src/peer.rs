//! The foreign clients, and how each is started.

use std::{path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context as _, Result};
use tokio::process::Command;

use crate::feature::{FEATURES, Outcome, Told};

/// How long a client may take for everything.
const PATIENCE: Duration = Duration::from_secs(90);

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
        let (told, problem) = self.listen(url, python).await?;
        let outcomes = FEATURES.map(|feature| {
            let told = told.iter().find(|told| told.feature == feature);
            let outcome =
                told.map_or_else(|| Outcome::failed(&problem), |told| told.outcome.clone());
            (feature, outcome)
        });
        Ok(outcomes.into())
    }

    /// What it told, and what went wrong if it did not tell everything.
    async fn listen(&self, url: &str, python: &str) -> Result<(Vec<Told>, String)> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let (program, arguments) = self.program.split_first().context("a peer has a program")?;
        let mut command = Command::new(program.replace("{python}", python));
        command
            .args(arguments)
            .current_dir(&folder)
            .env("INTEROP_URL", url)
            .env("INTEROP_TRANSPORT", self.transport)
            .env("INTEROP_PROTOCOL", self.protocol)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let Ok(ended) = tokio::time::timeout(PATIENCE, command.output()).await else {
            let seconds = PATIENCE.as_secs();
            return Ok((Vec::new(), format!("did not end within {seconds} s")));
        };
        let ended = ended.with_context(|| format!("cannot run {program}"))?;
        let text = String::from_utf8_lossy(&ended.stdout);
        let told = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let errors = String::from_utf8_lossy(&ended.stderr);
        let last: Vec<_> = errors.lines().rev().take(3).collect();
        let problem = format!("nothing told; {}: {}", ended.status, last.join(" / "));
        Ok((told.collect(), problem))
    }
}
