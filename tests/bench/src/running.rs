//! A peer that runs, with its clients.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{self, Command},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    clock,
    peer::{self, Peer, Port, fill},
    process::Server,
    publish::Publisher,
    setting::{Cores, own_program},
    sink::{self, Script, Sink},
};

const PATIENCE: Duration = Duration::from_mins(5);

/// A peer's server, started and listening.
#[derive(Debug)]
pub(crate) struct Running<'a> {
    pub(crate) peer: &'a Peer,
    pub(crate) server: Server,
    main: SocketAddr,
    control: SocketAddr,
    /// Removed at the end.
    _folder: Folder,
}

impl<'a> Running<'a> {
    /// Starts a peer and waits until it listens.
    pub(crate) fn start(peer: &'a Peer, cores: Cores) -> Result<Self> {
        let (main, control) = free_ports()?;
        let folder = Folder::make(main.port())?;
        let config = folder.0.join("config");
        let values = [
            ("self", own_program()?.display().to_string()),
            ("peers", peer::folder().display().to_string()),
            ("work", folder.0.display().to_string()),
            ("config", config.display().to_string()),
            ("port", main.port().to_string()),
            ("control", control.port().to_string()),
        ];
        let values: Vec<(&str, &str)> = values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        if let Some(text) = &peer.start.config {
            fs::write(&config, fill(text, &values))?;
        }
        let words: Vec<String> = peer
            .start
            .command
            .iter()
            .map(|word| fill(word, &values))
            .collect();
        let mut running = Self {
            peer,
            server: Server::start(&words, cores.server)?,
            main,
            control,
            _folder: folder,
        };
        sink::probe(main, PATIENCE)?;
        ensure!(!running.server.has_ended()?, "{} ended at once", peer.name);
        Ok(running)
    }

    /// Clients for this peer, none connected yet.
    pub(crate) fn sink(&self) -> Result<Sink> {
        Sink::new(self.main, Script::new(&self.peer.connect)?)
    }

    pub(crate) fn publisher(&self) -> Result<Publisher> {
        let publish = &self.peer.publish;
        Publisher::connect(self.address(publish.port), publish)
            .with_context(|| format!("the publisher of {}", self.peer.name))
    }

    pub(crate) fn address(&self, port: Port) -> SocketAddr {
        match port {
            Port::Main => self.main,
            Port::Control => self.control,
        }
    }

    /// Connects clients; they are all ready, or the run is void.
    pub(crate) fn connect(&self, sink: &mut Sink, count: usize) -> Result<()> {
        sink.connect(count, PATIENCE)
            .with_context(|| format!("the clients of {}", self.peer.name))
    }

    /// Resident memory once it has come to rest.
    pub(crate) fn resting_memory(&self) -> u64 {
        const REST: Duration = Duration::from_millis(200);
        clock::settle(REST);
        self.server.resident()
    }
}

/// What a peer says of its version, in one line.
pub(crate) fn version(peer: &Peer) -> String {
    let folder = peer::folder().display().to_string();
    let words: Vec<String> = peer
        .start
        .version
        .iter()
        .map(|word| fill(word, &[("peers", &folder)]))
        .collect();
    let Some((program, arguments)) = words.split_first() else {
        return format!("of this tree ({})", env!("CARGO_PKG_VERSION"));
    };
    let Ok(output) = Command::new(program).args(arguments).output() else {
        return "unknown".to_owned();
    };
    // nginx tells its version as an error.
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    text.lines().next().unwrap_or("unknown").trim().to_owned()
}

/// Two ports that are free now; the server's own bind fails loudly if they are not any more.
fn free_ports() -> Result<(SocketAddr, SocketAddr)> {
    let free = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (main, control) = (free()?, free()?);
    Ok((main.local_addr()?, control.local_addr()?))
}

/// A folder of one server, removed when it has ended.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn make(port: u16) -> Result<Self> {
        let name = format!("vestnik-bench-{}-{port}", process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
