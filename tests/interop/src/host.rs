//! Foreign servers, and how each is started and ended.

use std::{net::SocketAddr, path::PathBuf, process::Stdio};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use vestnik_signalr::protocol::Protocol;

use crate::silence::arrives;

/// A server with one way to connect to it.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) server: &'static str,
    pub(crate) transport: &'static str,
    pub(crate) protocol: Protocol,
    program: &'static [&'static str],
}

const GO: &[&str] = &["go/server/server"];
const AIOSIGNALR: &[&str] = &["{python}", "python/serve_aiosignalr.py"];

/// Every server in every way that both it and we have.
pub(crate) const HOSTS: &[Host] = &[
    host("go", "WebSockets", Protocol::Json, GO),
    host("go", "WebSockets", Protocol::MessagePack, GO),
    host("go", "ServerSentEvents", Protocol::Json, GO),
    host("aiosignalr", "WebSockets", Protocol::Json, AIOSIGNALR),
];

const fn host(
    server: &'static str,
    transport: &'static str,
    protocol: Protocol,
    program: &'static [&'static str],
) -> Host {
    Host {
        server,
        transport,
        protocol,
        program,
    }
}

impl Host {
    /// What it is called in the table.
    pub(crate) fn name(&self) -> String {
        format!(
            "{} server {} {}",
            self.server, self.transport, self.protocol
        )
    }

    /// Whether its method `Stopped` answers when a client has canceled a stream. The Go library stops
    /// taking items from its hub, which cannot see that.
    pub(crate) fn tells_stopped(&self) -> bool {
        self.program == AIOSIGNALR
    }

    /// Starts it; it ends when the child is dropped.
    pub(crate) async fn start(&self, python: &str) -> Result<(Child, SocketAddr)> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let (program, arguments) = self.program.split_first().context("a host has a program")?;
        let program = match program.strip_prefix("go/") {
            Some(built) => folder.join("go").join(built),
            None => PathBuf::from(program.replace("{python}", python)),
        };
        let mut child = Command::new(&program)
            .args(arguments)
            .current_dir(&folder)
            .env("INTEROP_TRANSPORT", self.transport)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(output).lines();
        let line = arrives(lines.next_line()).await??;
        let address = line.context("it ended without an address")?.parse()?;
        Ok((child, address))
    }
}
