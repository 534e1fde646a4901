//! What a run is made of: sizes, rounds, and where the processes sit.

use std::{path::PathBuf, thread, time::Duration};

use anyhow::Result;

/// How large a run is.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// Numbers of connections for fan-out and memory.
    pub(crate) sizes: Vec<usize>,
    /// How often each figure is made.
    pub(crate) rounds: usize,
    /// Bytes of a payload.
    pub(crate) payload: usize,
    /// How long a paced phase lasts.
    pub(crate) paced: Duration,
    /// Deliveries of a burst in all.
    pub(crate) burst: usize,
    /// How many messages of a burst may be on their way.
    pub(crate) window: usize,
    /// Messages to single users in all.
    pub(crate) unicasts: usize,
    /// How long some clients read nothing.
    pub(crate) stall: Duration,
    /// Connections while some stall.
    pub(crate) stall_connections: usize,
    /// Round trips.
    pub(crate) echoes: usize,
    /// How long one message is encoded or decoded over and over.
    pub(crate) codec: Duration,
}

impl Setting {
    /// What the published figures are made with.
    pub(crate) fn full(connections: Option<usize>) -> Self {
        let sizes = connections.map_or_else(|| vec![1_000, 10_000], |count| vec![count]);
        Self {
            stall_connections: sizes[0],
            sizes,
            rounds: 5,
            payload: 200,
            paced: Duration::from_secs(4),
            burst: 200_000,
            window: 8,
            unicasts: 200_000,
            stall: Duration::from_secs(30),
            echoes: 5_000,
            codec: Duration::from_millis(60),
        }
    }

    /// A smoke run: everything once or twice, nothing to be trusted as a figure.
    pub(crate) fn brief(connections: Option<usize>) -> Self {
        let count = connections.unwrap_or(200);
        Self {
            sizes: vec![count],
            rounds: 1,
            paced: Duration::from_millis(500),
            burst: 10_000,
            unicasts: 10_000,
            stall: Duration::from_secs(2),
            stall_connections: count,
            echoes: 200,
            codec: Duration::from_millis(2),
            ..Self::full(None)
        }
    }
}

/// Which core the server has, and which everything else has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cores {
    pub(crate) server: Option<usize>,
    pub(crate) load: Option<usize>,
}

impl Cores {
    /// The first core for the server and the second for the load; with one core nobody is bound.
    pub(crate) fn of_machine() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let bound = cores >= 2;
        Self {
            server: bound.then_some(0),
            load: bound.then_some(1),
        }
    }
}

/// This program, to be started in another role.
pub(crate) fn own_program() -> Result<PathBuf> {
    Ok(std::env::current_exe()?)
}
