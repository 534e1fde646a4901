//! Foreign clients, by small scripts: lines of JSON go in and come out.

use std::{path::Path, process::Stdio};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};
use vestnik_model::route;
use vestnik_testkit::wait::{SILENCE, within};

use crate::{reader::Owner, reading::Reading};

/// A foreign client, and how it is connected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    language: Language,
    transport: &'static str,
    protocol: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Language {
    JavaScript,
    Python,
}

impl Peer {
    /// The official JavaScript client.
    pub(crate) const fn js(transport: &'static str, protocol: &'static str) -> Self {
        Self {
            language: Language::JavaScript,
            transport,
            protocol,
        }
    }

    /// pysignalr, which knows WebSockets only.
    pub(crate) const fn python(protocol: &'static str) -> Self {
        Self {
            language: Language::Python,
            transport: "WebSockets",
            protocol,
        }
    }

    pub(crate) fn name(self) -> String {
        let client = match self.language {
            Language::JavaScript => "@microsoft/signalr",
            Language::Python => "pysignalr",
        };
        format!("{client} {} {}", self.transport, self.protocol)
    }

    fn command(self, python: &Path) -> Command {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
        match self.language {
            Language::JavaScript => {
                let mut node = Command::new("node");
                node.arg(scripts.join("js/pages.mjs"));
                node
            }
            Language::Python => {
                let mut python = Command::new(python);
                python.arg(scripts.join("python/pages.py"));
                python
            }
        }
    }
}

/// A running script.
#[derive(Debug)]
pub(crate) struct Foreign {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Foreign {
    pub(crate) async fn start(peer: Peer, owner: Owner<'_>) -> anyhow::Result<Self> {
        let (installation, token) = owner.log_in().await?;
        let mut child = peer
            .command(owner.python)
            .env("INTEROP_URL", owner.server.url().join(route::HUB)?.as_str())
            .env("INTEROP_TRANSPORT", peer.transport)
            .env("INTEROP_PROTOCOL", peer.protocol)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} could not be started", peer.name()))?;
        let mut foreign = Self {
            input: child.stdin.take().context("its input is piped")?,
            lines: BufReader::new(child.stdout.take().context("its output is piped")?).lines(),
            child,
        };
        // On standard input, since arguments and the environment are no place for a token.
        let line = json!({ "token": token, "installationId": installation });
        foreign.write(&line.to_string()).await?;
        Ok(foreign)
    }

    pub(crate) async fn read(&mut self, total: usize) -> anyhow::Result<Reading> {
        self.write(&total.to_string()).await?;
        let line = within("what was read", SILENCE, self.lines.next_line()).await??;
        let line = line.context("the script ended before it had read everything")?;
        Ok(serde_json::from_str(&line)?)
    }

    async fn write(&mut self, line: &str) -> anyhow::Result<()> {
        Ok(self.input.write_all(format!("{line}\n").as_bytes()).await?)
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.input);
        let status = within("the script's end", SILENCE, self.child.wait()).await??;
        ensure!(status.success(), "the script ended with {status}");
        Ok(())
    }
}
