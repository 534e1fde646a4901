//! A device that was left logged in, with the history that is measured.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use rusqlite::Connection;
use tempfile::TempDir;
use vestnik_core::{Secret, Vestnik};
use vestnik_inbox::history_path;

use super::role;
use crate::{
    client::history::{Bench, user},
    say,
    server::{Running, Site, identity},
};

const CURSOR: &str = "SELECT value FROM meta WHERE name = 'cursor'";
const MOVE: &str = "UPDATE meta SET value = ?1 WHERE name = 'cursor'";

/// The folder of a device; removed at the end.
#[derive(Debug)]
pub(super) struct Stored {
    folder: TempDir,
}

impl Stored {
    /// Logs a device in at a server, and puts a copy of the history in the place of its empty one.
    pub(super) fn make(bench: &mut Bench, running: &Running<'_>, site: &Site) -> Result<Self> {
        let stored = Self {
            folder: TempDir::new()?,
        };
        let server = format!("http://{}/", running.address);
        let token = identity(&site.keys, user()?.as_str())?;
        let config = role::config(stored.folder(), &server)?;
        role::runtime()?.block_on(async {
            let vestnik = Vestnik::open(config).await?;
            vestnik.go_online();
            vestnik.login(user()?, Secret::new(token)).await?;
            role::online(&vestnik).await?;
            vestnik.stop().await;
            anyhow::Ok(())
        })?;
        stored.take(bench)?;
        Ok(stored)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn history(&self) -> Result<PathBuf> {
        Ok(history_path(self.folder(), &user()?))
    }

    fn take(&self, bench: &mut Bench) -> Result<()> {
        say::progress("the device gets a copy of the history");
        bench.move_log()?;
        let own = self.history()?;
        let cursor: String = Connection::open(&own)?.query_row(CURSOR, [], |row| row.get(0))?;
        fs::copy(history_path(bench.folder(), &user()?), &own)
            .context("the history cannot be copied")?;
        Connection::open(&own)?.execute(MOVE, [cursor])?;
        Ok(())
    }
}
