//! What every trial stands on: a folder, a server process, a backend, names of devices, ledgers.

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch};
use vestnik_model::Epoch;
use vestnik_store::Store as _;
use vestnik_store_sqlite::SqliteStore;

use super::{
    process::{Process, ready},
    progress::{Progress, watched},
    role::FailPoint,
};
use crate::{
    backend::{Backend, Secrets},
    eventually::eventually,
    ledger::{self, Acknowledged, Shown, Verdict},
    world::{base, bootstrap, free_port},
};

/// How long the last toasts may take once all faults are over.
const HEALED_WITHIN: Duration = Duration::from_mins(5);

/// What every trial stands on.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) backend: Backend,
    /// The devices' names; each is also its user's.
    pub(super) devices: Vec<String>,
    pub(super) progress: watch::Sender<Progress>,
    /// Whether the server is, as far as we know.
    pub(super) is_up: watch::Sender<bool>,
    pub(super) address: SocketAddr,
    folder: TempDir,
}

impl Ground {
    pub(super) async fn prepare(devices: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let secrets = bootstrap(&database(folder.path()), "shop").await?;
        // The port stays the same over every restart, so it is chosen once.
        let address = TcpListener::bind(free_port()).await?.local_addr()?;
        Ok(Self {
            backend: Backend::new(base(address)?, secrets)?,
            devices: (0..devices).map(|n| format!("device-{n}")).collect(),
            progress: watched(),
            is_up: watch::Sender::new(false),
            address,
            folder,
        })
    }

    /// Starts the server process and waits until it is ready.
    pub(super) async fn server(&self) -> anyhow::Result<Process> {
        let arguments = [
            OsString::from("server"),
            "--database".into(),
            database(self.folder.path()).into(),
            "--address".into(),
            self.address.to_string().into(),
        ];
        let server = Process::start(&arguments, &[])?;
        ready(self.address).await?;
        self.is_up.send_replace(true);
        Ok(server)
    }

    /// Starts a process with these devices, which reach the server at `server`.
    pub(super) fn device(
        &self,
        devices: &[String],
        server: SocketAddr,
        die: Option<FailPoint>,
    ) -> anyhow::Result<Process> {
        let secrets = self.backend.secrets();
        let mut arguments = vec![
            OsString::from("device"),
            "--server".into(),
            server.to_string().into(),
            "--app".into(),
            secrets.app.to_string().into(),
            "--folder".into(),
            self.folder.path().into(),
            "--ledger".into(),
            self.shown(&devices[0]).into(),
        ];
        if let Some(point) = die {
            arguments.extend(["--die".into(), point.as_str().into()]);
        }
        arguments.extend(devices.iter().map(OsString::from));
        let mut process = Process::start(&arguments, &environment(secrets))?;
        process.follow(self.progress.clone())?;
        Ok(process)
    }

    /// Waits until everything acknowledged is shown, if it ever is; the verdict tells.
    pub(super) async fn settle(&self) {
        let mut progress = self.progress.subscribe();
        let is_settled = |progress: &Progress| (progress.outstanding() == 0).then_some(());
        let settled = eventually("every toast", HEALED_WITHIN, &mut progress, is_settled).await;
        // What is still outstanding is counted as lost by the verdict.
        drop(settled);
    }

    /// What the ledgers say. `processes` are the first devices of each device process.
    pub(super) fn verdict(&self, processes: &[&str]) -> anyhow::Result<Verdict> {
        let acknowledged: Vec<Acknowledged> = ledger::read(&self.acknowledged())?;
        let mut shown = Vec::<Shown>::new();
        for process in processes {
            shown.extend(ledger::read::<Shown>(&self.shown(process))?);
        }
        Ok(Verdict::of(&acknowledged, &shown))
    }

    /// The ledger of acknowledged publishes.
    pub(super) fn acknowledged(&self) -> PathBuf {
        self.folder.path().join("acknowledged")
    }

    /// What is wrong with the file of a server that has ended, or `ok`: SQLite's own check, and
    /// every counter against a recount.
    pub(super) async fn integrity(&self) -> anyhow::Result<String> {
        let path = database(self.folder.path());
        let check = "PRAGMA integrity_check";
        let said: String = Connection::open(&path)?.query_row(check, [], |row| row.get(0))?;
        let store = SqliteStore::open(&path, Epoch(0))?;
        let wrong = store.check_integrity().await;
        store.close().await;
        let wrong = wrong?;
        if wrong.is_empty() {
            return Ok(said);
        }
        Ok(format!("{said}, and {}", wrong.join(", ")))
    }

    fn shown(&self, process: &str) -> PathBuf {
        self.folder.path().join(format!("shown-{process}"))
    }
}

fn database(folder: &Path) -> PathBuf {
    folder.join("vestnik.sqlite")
}

fn environment(secrets: &Secrets) -> [(&str, &str); 2] {
    [
        ("FAULTS_KEY_ID", &secrets.identity_key_id),
        ("FAULTS_SECRET", &secrets.identity_secret),
    ]
}
