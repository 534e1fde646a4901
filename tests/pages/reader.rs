//! Whoever reads: a foreign client, our hub client, our core.

use std::path::Path;

use vestnik_model::{InstallationId, UserId};
use vestnik_signalr::protocol::Protocol;
use vestnik_testkit::{TestServer, name::installation};

use crate::{
    core_reader::CoreReader,
    foreign::{Foreign, Peer},
    hub_reader::HubReader,
    reading::Reading,
};

/// What reads, and how it is connected.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Foreign(Peer),
    Hub(Protocol),
    Core,
}

impl Kind {
    /// Every reader. Server-Sent Events carry no bytes, so MessagePack does not go over them.
    pub(crate) const ALL: [Self; 9] = [
        Self::Foreign(Peer::js("WebSockets", "json")),
        Self::Foreign(Peer::js("ServerSentEvents", "json")),
        Self::Foreign(Peer::js("LongPolling", "json")),
        Self::Foreign(Peer::js("WebSockets", "messagepack")),
        Self::Foreign(Peer::python("json")),
        Self::Foreign(Peer::python("messagepack")),
        Self::Hub(Protocol::Json),
        Self::Hub(Protocol::MessagePack),
        Self::Core,
    ];

    pub(crate) fn name(self) -> String {
        match self {
            Self::Foreign(peer) => peer.name(),
            Self::Hub(protocol) => format!("vestnik-signalr {protocol:?}"),
            Self::Core => "vestnik-core".to_owned(),
        }
    }
}

/// One device of the user.
#[derive(Debug)]
pub(crate) enum Reader {
    Foreign(Box<Foreign>),
    Hub(Box<HubReader>),
    Core(Box<CoreReader>),
}

/// Whose device a reader is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) server: &'a TestServer,
    pub(crate) user: &'a UserId,
    /// The number of the device's installation.
    pub(crate) number: u128,
    pub(crate) python: &'a Path,
}

impl Owner<'_> {
    /// Logs the device in; gives its installation and its access token.
    pub(crate) async fn log_in(self) -> anyhow::Result<(InstallationId, String)> {
        let installation = installation(self.number);
        let tokens = self.server.backend.log_in(self.user, installation).await?;
        Ok((installation, tokens.access_token))
    }
}

impl Reader {
    pub(crate) async fn start(kind: Kind, owner: Owner<'_>) -> anyhow::Result<Self> {
        Ok(match kind {
            Kind::Foreign(peer) => Self::Foreign(Box::new(Foreign::start(peer, owner).await?)),
            Kind::Hub(protocol) => Self::Hub(Box::new(HubReader::start(protocol, owner).await?)),
            Kind::Core => Self::Core(Box::new(CoreReader::start(owner).await?)),
        })
    }

    /// Reads until it has this many notifications in all, and gives those that were not given yet.
    pub(crate) async fn read(&mut self, total: usize) -> anyhow::Result<Reading> {
        match self {
            Self::Foreign(foreign) => foreign.read(total).await,
            Self::Hub(hub) => hub.read(total).await,
            Self::Core(core) => core.read(total).await,
        }
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        match self {
            Self::Foreign(foreign) => foreign.stop().await,
            Self::Hub(hub) => hub.stop().await,
            Self::Core(core) => core.stop().await,
        }
    }
}
