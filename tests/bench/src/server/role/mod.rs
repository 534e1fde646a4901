//! The processes that `server` measures with: the server, and the plain work beside it.

mod expand;
mod greed;
mod pages;
mod serve;
mod store;

use std::path::PathBuf;

use anyhow::Result;

pub(super) use self::{greed::Greedy, pages::PagesRead};

/// What a process is.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Role {
    /// The server.
    Serve(serve::Serve),
    /// Publishes by calls of the store.
    Store {
        #[command(flatten)]
        on: On,
        /// Publishes.
        #[arg(long)]
        count: usize,
        /// Users whom they are for.
        #[arg(long)]
        users: usize,
    },
    /// Writes the rows of an expansion by plain statements.
    Expand {
        #[command(flatten)]
        on: On,
        /// The subscribers of the topic.
        #[arg(long)]
        subscribers: usize,
        /// Members of one transaction.
        #[arg(long)]
        rows: usize,
    },
    /// Reads pages of logs by a plain statement.
    Pages {
        #[command(flatten)]
        on: On,
        /// Users whose logs are read.
        #[arg(long)]
        users: usize,
        /// Milliseconds.
        #[arg(long)]
        millis: u64,
    },
    /// One user who takes all that is allowed.
    Greed(greed::Greed),
}

/// Which database.
#[derive(Debug, clap::Args)]
pub(crate) struct On {
    #[arg(long)]
    database: PathBuf,
}

impl Role {
    /// Plays the role to its end.
    pub(crate) fn play(self) -> Result<()> {
        match self {
            Self::Serve(serve) => serve.run(),
            Self::Store { on, count, users } => store::publish(&on.database, count, users),
            Self::Expand {
                on,
                subscribers,
                rows,
            } => expand::expand(&on.database, subscribers, rows),
            Self::Pages { on, users, millis } => pages::read(&on.database, users, millis),
            Self::Greed(greed) => greed.run(),
        }
    }
}
