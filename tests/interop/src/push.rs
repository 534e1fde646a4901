//! Foreign senders of pushes at our simulator: each must be able to send, and must be told in words that
//! it understands of what is dead.

use std::{path::Path, process::Stdio};

use anyhow::{Result, ensure};
use tokio::process::Command;
use vestnik_sim::{Options, Simulator};

/// A foreign sender: how it is started. It gets the address of the admin API as its last argument.
struct Sender {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
}

const SENDERS: [Sender; 2] = [
    Sender {
        name: "go: google.golang.org/api, apns2, webpush-go",
        program: "tests/interop/push/go/push",
        arguments: &[],
    },
    Sender {
        name: "js: node-apn, web-push",
        program: "node",
        arguments: &["tests/interop/push/js/push.mjs"],
    },
];

/// Tries every sender at a simulator of its own.
pub(crate) async fn run() -> Result<()> {
    for sender in &SENDERS {
        crate::say(sender.name)?;
        let simulator = Simulator::start(Options::default()).await?;
        let folder = tempfile::tempdir()?;
        let authority = folder.path().join("ca.pem");
        std::fs::write(&authority, simulator.setup().ca_certificate())?;
        let passed = sender.run(&simulator, &authority).await?;
        simulator.shutdown().await;
        ensure!(passed, "{} failed", sender.name);
    }
    Ok(())
}

impl Sender {
    async fn run(&self, simulator: &Simulator, authority: &Path) -> Result<bool> {
        let status = Command::new(self.program)
            .args(self.arguments)
            .arg(&simulator.setup().admin_url)
            .env("NODE_EXTRA_CA_CERTS", authority)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .status()
            .await?;
        Ok(status.success())
    }
}
