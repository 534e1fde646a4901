//! The sink as a process of its own.

use std::{fs, path::PathBuf};

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};
use vestnik_sim::{Sink, SinkOptions};

use super::sink::PLACE;

/// Takes pushes until it is told to stop.
#[derive(Debug, clap::Args)]
pub(crate) struct SinkRole {
    /// Where it writes what senders need.
    #[arg(long)]
    folder: PathBuf,
}

impl SinkRole {
    pub(crate) fn play(self) -> Result<()> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(self.serve())
    }

    async fn serve(self) -> Result<()> {
        let options = SinkOptions {
            counts_distinct: true,
            ..SinkOptions::default()
        };
        let sink = Sink::start(options).await?;
        let mut terminated = signal(SignalKind::terminate())?;
        let mut place = sink.setup().document();
        place["admin"] = sink.setup().addresses.admin.to_string().into();
        // Whoever finds the file finds all of it.
        let unfinished = self.folder.join("unfinished");
        fs::write(&unfinished, place.to_string())?;
        fs::rename(unfinished, self.folder.join(PLACE))?;
        terminated.recv().await;
        sink.shutdown().await;
        Ok(())
    }
}
