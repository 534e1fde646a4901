//! The device process: cores, and shells that write down what they draw. Told so, it kills itself
//! at a named point between the core's commit and its knowing that the toast is drawn.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use nix::{
    sys::signal::{Signal, raise},
    unistd::pause,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use vestnik_core::{Error, Login, Secret, ShowTicket, Vestnik};
use vestnik_model::AppId;

use crate::process::end_with_parent;
use vestnik_testkit::{
    Backend,
    backend::Secrets,
    core_device::Setup,
    ledger::{LedgerWriter, Shown},
    name::{base, user},
};

/// Where a device process kills itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum FailPoint {
    /// The core has committed and handed over; the shell has not looked yet.
    BeforeReading,
    /// The shell has read what to show, and not drawn it.
    BeforeDrawing,
    /// The toast is drawn, and the core does not know.
    AfterDrawing,
    /// The core was told.
    AfterReporting,
}

impl FailPoint {
    /// Every point.
    pub(crate) const ALL: [Self; 4] = [
        Self::BeforeReading,
        Self::BeforeDrawing,
        Self::AfterDrawing,
        Self::AfterReporting,
    ];

    /// Its name on the command line and in figures.
    #[must_use]
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeReading => "before-reading",
            Self::BeforeDrawing => "before-drawing",
            Self::AfterDrawing => "after-drawing",
            Self::AfterReporting => "after-reporting",
        }
    }
}

/// Runs devices until it is asked to stop, or killed.
#[derive(Debug, Args)]
pub(crate) struct DeviceRole {
    /// Where the server is, or what lies in front of it.
    #[arg(long)]
    server: SocketAddr,
    /// The App.
    #[arg(long)]
    app: AppId,
    /// Where devices keep what they have, each in a folder of its name.
    #[arg(long)]
    folder: PathBuf,
    /// Where to write down what is drawn.
    #[arg(long)]
    ledger: PathBuf,
    /// Where to die.
    #[arg(long)]
    die: Option<FailPoint>,
    /// Names of the devices; each is also its user's.
    #[arg(required = true)]
    devices: Vec<String>,
    /// What the identity key is called.
    #[arg(long, env = "FAULTS_KEY_ID", hide_env_values = true)]
    key_id: String,
    /// The identity key's secret.
    #[arg(long, env = "FAULTS_SECRET", hide_env_values = true)]
    secret: String,
}

impl DeviceRole {
    /// Plays the role.
    ///
    /// # Errors
    /// When a core does not start, or fails underway.
    pub(crate) async fn play(self) -> anyhow::Result<()> {
        end_with_parent()?;
        let ledger = LedgerWriter::start(&self.ledger)?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut shells = JoinSet::new();
        let mut clients = Vec::new();
        for name in &self.devices {
            let client = self.start(name).await?;
            let shell = Shell {
                device: name.clone(),
                client: client.clone(),
                ledger: ledger.clone(),
                die: self.die,
            };
            shells.spawn(shell.run());
            clients.push(client);
        }
        tokio::select! {
            _ = terminate.recv() => {}
            Some(ended) = shells.join_next() => ended?.context("a shell has ended early")?,
        }
        for client in clients {
            client.stop().await;
        }
        while let Some(ended) = shells.join_next().await {
            ended??;
        }
        Ok(())
    }

    async fn start(&self, name: &str) -> anyhow::Result<Vestnik> {
        let server = base(self.server);
        let secrets = Secrets {
            app: self.app.clone(),
            key: String::new(),
            identity_key_id: self.key_id.clone(),
            identity_secret: self.secret.clone(),
        };
        let backend = Backend::new(server, secrets)?;
        let data_dir = self.folder.join(name);
        std::fs::create_dir_all(&data_dir)?;
        let setup = Setup::new(&backend, &user(name), &data_dir)?;
        let client = Vestnik::open(setup.impatient()).await?;
        client.go_online();
        let login = client.login(setup.user, Secret::new(setup.identity));
        match login.await? {
            Login::Done | Login::Pending(_) => Ok(client),
        }
    }
}

struct Shell {
    device: String,
    client: Vestnik,
    ledger: LedgerWriter<Shown>,
    die: Option<FailPoint>,
}

impl Shell {
    async fn run(self) -> anyhow::Result<()> {
        if self.die == Some(FailPoint::BeforeReading) {
            self.die_unread().await?;
        }
        while let Some(ticket) = self.client.next_show().await {
            self.draw(&ticket).await?;
            match ticket.shown().await {
                // Stopped between drawing and reporting: the next start draws it again.
                Err(Error::Closed) => return Ok(()),
                reported => reported?,
            }
            self.point(FailPoint::AfterReporting)?;
        }
        Ok(())
    }

    async fn draw(&self, ticket: &ShowTicket) -> anyhow::Result<()> {
        self.point(FailPoint::BeforeDrawing)?;
        let shown = Shown {
            device: self.device.clone(),
            notification: ticket.item().notification.id,
            again: ticket.again(),
        };
        self.ledger.append(shown.clone()).await?;
        tell(&shown)?;
        self.point(FailPoint::AfterDrawing)
    }

    /// The unread count rises with a commit, so something has been handed over that nobody reads.
    async fn die_unread(&self) -> anyhow::Result<()> {
        let mut snapshot = self.client.snapshot();
        let before = snapshot.borrow_and_update().unread;
        snapshot
            .wait_for(|snapshot| snapshot.unread > before)
            .await?;
        die()
    }

    fn point(&self, here: FailPoint) -> anyhow::Result<()> {
        if self.die == Some(here) {
            die()
        } else {
            Ok(())
        }
    }
}

/// Nothing of this process runs any more once the signal is out.
pub(super) fn die() -> anyhow::Result<()> {
    raise(Signal::SIGKILL)?;
    pause();
    Ok(())
}

/// Tells the parent, which counts.
fn tell(shown: &Shown) -> io::Result<()> {
    let mut line = serde_json::to_vec(shown)?;
    line.push(b'\n');
    let mut output = io::stdout().lock();
    output.write_all(&line)?;
    output.flush()
}
