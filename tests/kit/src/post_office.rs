//! A foreign SMTP server (aiosmtpd), and the letters that it took.
//!
//! It needs a Python with what `tests/foreign/requirements.txt` locks, which the environment variable
//! `VESTNIK_PYTHON` names: `cargo xtask` sets it.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    sync::watch,
    task::JoinHandle,
};

use crate::{
    clock,
    wait::{SILENCE, within},
};

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/foreign/smtp_server.py"
);

/// An SMTP server on a free port of loopback, in a process of its own that ends with this value.
#[derive(Debug)]
pub struct PostOffice {
    port: u16,
    certificate: String,
    letters: watch::Receiver<Vec<Taken>>,
    reading: JoinHandle<()>,
    _process: Child,
    _folder: TempDir,
}

/// A letter that it took.
#[derive(Debug, Clone, Deserialize)]
pub struct Taken {
    /// Its `Message-ID`.
    pub message_id: String,
    /// Whom the envelope names.
    pub recipients: Vec<String>,
    /// Its subject.
    pub subject: String,
    /// Its `List-Unsubscribe`, if it has one.
    #[serde(default)]
    pub unsubscribe: Option<String>,
    /// Its `List-Unsubscribe-Post`.
    #[serde(default)]
    pub unsubscribe_post: Option<String>,
    /// Its parts by their kind.
    pub parts: Value,
    /// When this process was told, in milliseconds since 1970.
    #[serde(default)]
    pub at: i64,
}

impl PostOffice {
    /// Starts a server that answers each letter after a pause.
    ///
    /// # Errors
    /// When there is no Python with aiosmtpd.
    pub async fn start(pause: Duration) -> anyhow::Result<Self> {
        let python = std::env::var_os("VESTNIK_PYTHON").context("cargo xtask sets it")?;
        let folder = tempfile::tempdir()?;
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let certificate = made.cert.pem();
        let paths = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
        std::fs::write(&paths[0], &certificate)?;
        std::fs::write(&paths[1], made.signing_key.serialize_pem())?;
        let mut process = Command::new(python)
            .args([Path::new(SCRIPT), &paths[0], &paths[1]])
            .arg(pause.as_millis().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It tells of every connection that a killed server leaves.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let output = process.stdout.take().context("its output is piped")?;
        let mut lines = BufReader::new(output).lines();
        let port = within("the port of the SMTP server", SILENCE, lines.next_line()).await??;
        let (sender, letters) = watch::channel(Vec::new());
        Ok(Self {
            port: port.context("the SMTP server has ended")?.trim().parse()?,
            certificate,
            letters,
            reading: tokio::spawn(read(lines, sender)),
            _process: process,
            _folder: folder,
        })
    }

    /// What an operator gives to `vestnik provider add email`.
    #[must_use]
    pub fn account(&self) -> Value {
        json!({
            "host": "localhost", "port": self.port, "security": "starttls",
            "user": "anna", "password": "пароль",
            "from": "news@shop.example", "from_name": "Лавка", "bounces": "bounce@shop.example",
            "root_certificates": self.certificate,
        })
    }

    /// What the operator of the server lists, because loopback is not public.
    #[must_use]
    pub fn place(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The letters that it took, in the order of their coming.
    #[must_use]
    pub fn letters(&self) -> watch::Receiver<Vec<Taken>> {
        self.letters.clone()
    }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn read(mut lines: Lines<BufReader<ChildStdout>>, letters: watch::Sender<Vec<Taken>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Ok(mut taken) = serde_json::from_str::<Taken>(&line) {
            taken.at = clock::timestamp().as_millisecond();
            letters.send_modify(|letters| letters.push(taken));
        }
    }
}
