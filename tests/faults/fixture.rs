//! What the trials with processes share: a folder, a server process, a backend, devices, ledgers.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch};
use vestnik_model::{Engagement, NotificationId};

use crate::{
    process::{Process, ready},
    progress::{Progress, watched},
    role::{FailPoint, PushPoint},
};
use vestnik_testkit::{
    Backend, CoreDevice,
    backend::Secrets,
    core_device::Setup,
    ledger::{self, Acknowledged, Shown, Verdict},
    name::{base, free_port, user},
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
        self.server_with(&[]).await
    }

    /// The same with further arguments.
    pub(crate) async fn server_with(&self, more: &[OsString]) -> anyhow::Result<Process> {
        let mut arguments = vec![
            OsString::from("server"),
            "--database".into(),
            database(self.folder.path()).into(),
            "--address".into(),
            self.address.to_string().into(),
        ];
        arguments.extend_from_slice(more);
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

    /// Has each device logged in once: what is accepted before a device's login is not shown there.
    pub(crate) async fn log_in(&self) -> anyhow::Result<()> {
        for name in &self.devices {
            let setup = Setup::new(&self.backend, &user(name), &self.data(name))?;
            let device = CoreDevice::start(setup).await?;
            device.online().await?;
            device.stop().await?;
        }
        Ok(())
    }

    /// Starts the process of a device's extension, which is given a push.
    pub(crate) async fn extension(
        &self,
        device: &str,
        push: &[u8],
        (slow, die): (Duration, Option<PushPoint>),
    ) -> anyhow::Result<Process> {
        let mut arguments = vec![
            OsString::from("extension"),
            "--folder".into(),
            self.data(device).into(),
            "--device".into(),
            device.into(),
            "--ledger".into(),
            self.pushed(device).into(),
            "--slow".into(),
            slow.as_millis().to_string().into(),
        ];
        if let Some(point) = die {
            arguments.extend(["--die".into(), point.as_str().into()]);
        }
        let mut process = Process::start(&arguments, &[])?;
        process.give(push).await?;
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
        let mut shown = Vec::<Shown>::new();
        for process in processes {
            shown.extend(ledger::read::<Shown>(&self.shown(process))?);
        }
        for device in &self.devices {
            shown.extend(ledger::read::<Shown>(&self.pushed(device))?);
        }
        Ok(Verdict::of(&self.all_acknowledged()?, &shown))
    }

    /// How many toasts were reported to the sender as drawn and were not.
    pub(crate) async fn reported_and_not_shown(&self) -> anyhow::Result<usize> {
        let mut count = 0;
        for device in &self.devices {
            let mut shown = ledger::read::<Shown>(&self.shown(device))?;
            shown.extend(ledger::read::<Shown>(&self.pushed(device))?);
            let shown: BTreeSet<_> = shown.iter().map(|one| one.notification).collect();
            for publish in self.all_acknowledged()? {
                if publish.devices.contains(device)
                    && !shown.contains(&publish.notification)
                    && self.is_reported(publish.notification).await?
                {
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    async fn is_reported(&self, id: NotificationId) -> anyhow::Result<bool> {
        let deliveries = self.backend.deliveries(id).await?;
        let mut deliveries = deliveries.iter();
        Ok(deliveries.any(|delivery| delivery.engagement.contains(&Engagement::Displayed)))
    }

    fn all_acknowledged(&self) -> anyhow::Result<Vec<Acknowledged>> {
        let mut all: Vec<Acknowledged> = ledger::read(&self.acknowledged())?;
        for device in &self.devices {
            all.extend(ledger::read(&self.promised(device))?);
        }
        Ok(all)
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

    /// The server's file.
    pub(crate) fn database(&self) -> PathBuf {
        database(self.folder.path())
    }

    /// The ledger of publishes to a device that were given to its extension too.
    pub(crate) fn promised(&self, device: &str) -> PathBuf {
        self.folder.path().join(format!("promised-{device}"))
    }

    /// The ledger of what a device's extension has drawn.
    fn pushed(&self, device: &str) -> PathBuf {
        self.folder.path().join(format!("pushed-{device}"))
    }

    fn data(&self, device: &str) -> PathBuf {
        self.folder.path().join(device)
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
