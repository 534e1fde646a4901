//! The whole server as a process of its own.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use anyhow::{Result, ensure};
use vestnik_model::route;

use super::{load::Target, part::Bench, rest::Rest, site::Site};
use crate::{process::Server, sink};

const PATIENCE: Duration = Duration::from_mins(2);

/// How a server differs from the usual one of the benches.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Kind {
    /// Milliseconds that each commit takes longer.
    pub(crate) commit_delay: u64,
    /// Whether calls of one installation are limited as they are by default.
    pub(crate) is_limiting: bool,
    /// A port of this machine that it may send pushes to.
    pub(crate) listed: Option<u16>,
}

/// A server that takes requests.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    pub(super) server: Server,
    pub(crate) address: SocketAddr,
    key: &'a str,
}

impl<'a> Running<'a> {
    /// Starts a server and waits until it is ready.
    pub(super) fn start(bench: &Bench, site: &'a Site, kind: Kind) -> Result<Self> {
        Self::launch(&bench.program, bench.cores.server, site, kind)
    }

    /// As [`start`](Self::start), of a program and on a core, if on one.
    pub(crate) fn launch(
        program: &str,
        core: Option<usize>,
        site: &'a Site,
        kind: Kind,
    ) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
            .local_addr()?
            .port();
        let mut words = vec![
            program.to_owned(),
            "role".to_owned(),
            "serve".to_owned(),
            "--database".to_owned(),
            site.database().display().to_string(),
            "--port".to_owned(),
            port.to_string(),
            "--commit-delay".to_owned(),
            kind.commit_delay.to_string(),
        ];
        words.extend(kind.is_limiting.then(|| "--limiting".to_owned()));
        let listed = kind.listed.map(|port| format!("--listed=localhost:{port}"));
        words.extend(listed);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut running = Self {
            server: Server::start(&words, core)?,
            address,
            key: &site.keys.admin,
        };
        sink::probe(address, PATIENCE)?;
        // It listens before its database is open, and answers after.
        running
            .rest()?
            .request("GET", route::READYZ, "")?
            .expect(200)?;
        ensure!(!running.server.has_ended()?, "the server ended at once");
        Ok(running)
    }

    pub(crate) fn rest(&self) -> Result<Rest> {
        Rest::connect(self.address, self.key)
    }

    /// CPU time so far, in nanoseconds.
    pub(crate) fn cpu_nanos(&self) -> u64 {
        self.server.cpu_nanos()
    }

    /// The most memory that it ever had, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.server.peak()
    }

    pub(super) fn target(&self) -> Target<'_> {
        Target {
            address: self.address,
            key: self.key,
        }
    }
}
