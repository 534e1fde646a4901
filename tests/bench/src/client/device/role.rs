//! The process of a device.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use tokio::runtime::{Builder, Runtime};
use vestnik_core::{Config, DeviceInfo, HistoryQuery, Snapshot, Vestnik};
use vestnik_model::{AppId, Permission, Platform};

use crate::{clock, say, server};

/// As many as the bindings have for a phone.
const WORKERS: usize = 2;

/// More than the history has: nothing of it goes.
const ROWS: u32 = 10_000_000;

/// What the process writes once the first page of the history is read, before a moment.
pub(super) const PAGE: &str = "page";
/// What it writes once it is online, before a moment.
pub(super) const ONLINE: &str = "online";

/// A device that was left logged in.
#[derive(Debug, clap::Args)]
pub(crate) struct Device {
    /// Where its data is.
    #[arg(long)]
    folder: PathBuf,
    /// The server's address.
    #[arg(long)]
    server: String,
}

impl Device {
    /// Reads the first page of the history, gets online, and stays so until the input ends.
    pub(in crate::client) fn run(self) -> Result<()> {
        let config = config(&self.folder, &self.server)?;
        let runtime = runtime()?;
        let vestnik = runtime.block_on(start(config))?;
        io::stdin().read_to_end(&mut Vec::new())?;
        runtime.block_on(vestnik.stop());
        Ok(())
    }
}

pub(super) fn runtime() -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(WORKERS).enable_all();
    Ok(builder.build()?)
}

pub(super) fn config(folder: &Path, server: &str) -> Result<Config> {
    let device = DeviceInfo {
        platform: Platform::current(),
        model: None,
        os_version: None,
        app_version: Some("1.0".to_owned()),
        locale: Some("ru".to_owned()),
        time_zone: Some("Europe/Moscow".to_owned()),
        permission: Permission::Granted,
    };
    let app = AppId::parse(server::APP)?;
    let mut config = Config::new(server.parse()?, app, folder.to_owned(), device);
    config.tuning.history_rows = ROWS;
    Ok(config)
}

/// Does as an app does: it draws a page of the history while the device gets online, and shows what is
/// due.
async fn start(config: Config) -> Result<Vestnik> {
    let vestnik = Vestnik::open(config).await?;
    vestnik.go_online();
    let page = vestnik.history(HistoryQuery::default()).await?;
    ensure!(!page.items.is_empty(), "the history is empty");
    say::out(format!("{PAGE} {}", clock::boot_nanos()));
    tokio::spawn(show(vestnik.clone()));
    online(&vestnik).await?;
    say::out(format!("{ONLINE} {}", clock::boot_nanos()));
    Ok(vestnik)
}

pub(super) async fn online(vestnik: &Vestnik) -> Result<()> {
    let mut snapshot = vestnik.snapshot();
    let online = snapshot.wait_for(Snapshot::is_online).await;
    online.map(drop).context("the device has stopped")
}

async fn show(vestnik: Vestnik) {
    while let Some(ticket) = vestnik.next_show().await {
        if ticket.shown().await.is_err() {
            return;
        }
    }
}
