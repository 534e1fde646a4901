//! What the trials with processes share: a folder, a server process, a backend, devices, ledgers.

use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    process::{Process, ready},
    progress::{Progress, watched},
    role::FailPoint,
};
use vestnik_testkit::{
    Backend,
    backend::Secrets,
    ledger::{self, Acknowledged, Shown, Verdict},
    name::{base, free_port},
    server::{bootstrap, integrity},
    wait::eventually,
};

/// What the trials with processes share.
#[derive(Debug)]
pub(crate) struct Fixture {
    pub(crate) backend: Backend,
    /// The devices' names; each is also its user's.
    pub(crate) devices: Vec<String>,
    pub(crate) progress: watch::Sender<Progress>,
    /// Whether the server is up, as far as the trial knows.
    pub(crate) is_up: watch::Sender<bool>,
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Fixture {
    pub(crate) async fn prepare(devices: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let secrets = bootstrap(&database(folder.path()), "shop").await?;
        // The port stays the same over every restart, so it is chosen once.
        let address = TcpListener::bind(free_port()).await?.local_addr()?;
        Ok(Self {
            backend: Backend::new(base(address), secrets)?,
            devices: (0..devices).map(|n| format!("device-{n}")).collect(),
            progress: watched(),
            is_up: watch::Sender::new(false),
            address,
            folder,
        })
    }

    /// Starts the server process and waits until it is ready.
    pub(crate) async fn server(&self) -> anyhow::Result<Process> {
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
    pub(crate) fn device(
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

    /// Waits until everything acknowledged is shown, or until nothing is shown any more; the verdict says which.
    pub(crate) async fn settle(&self) {
        let mut progress = self.progress.subscribe();
        let is_settled = |progress: &Progress| (progress.outstanding() == 0).then_some(());
        let settled = eventually("every toast", &mut progress, is_settled).await;
        // What is still outstanding is counted as lost by the verdict.
        drop(settled);
    }

    /// The comparison of the ledgers. `processes` are the first devices of each device process.
    pub(crate) fn verdict(&self, processes: &[&str]) -> anyhow::Result<Verdict> {
        let acknowledged: Vec<Acknowledged> = ledger::read(&self.acknowledged())?;
        let mut shown = Vec::<Shown>::new();
        for process in processes {
            shown.extend(ledger::read::<Shown>(&self.shown(process))?);
        }
        Ok(Verdict::of(&acknowledged, &shown))
    }

    /// The ledger of acknowledged publishes.
    pub(crate) fn acknowledged(&self) -> PathBuf {
        self.folder.path().join("acknowledged")
    }

    /// What is wrong with the file of a server that has ended, or `ok`: SQLite's own check, and
    /// every counter against a recount.
    pub(crate) async fn integrity(&self) -> anyhow::Result<String> {
        integrity(&database(self.folder.path())).await
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
