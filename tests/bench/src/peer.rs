//! A peer is one TOML file: how to start it, how to connect, how to publish.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::websocket::{self, Kind};

/// A server that the benches can load.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    /// What tables call it.
    pub(crate) name: String,
    /// Where it runs and what it is, for whoever reads the file.
    #[serde(rename = "what")]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) needs: Needs,
    pub(crate) start: Start,
    pub(crate) connect: Connect,
    pub(crate) publish: Publish,
    /// How one client asks for its own message back.
    pub(crate) echo: Option<Echo>,
    /// How a message goes to some users only.
    pub(crate) unicast: Option<Unicast>,
}

/// What must be installed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Needs {
    /// Programs in the path.
    programs: Vec<String>,
    /// Files; relative ones are beside the peer's file.
    files: Vec<PathBuf>,
    /// What installs all of it.
    install: String,
}

/// The server's process.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// Prints the version; empty for our own.
    #[serde(default)]
    pub(crate) version: Vec<String>,
    /// A configuration file to write first; `{config}` is its place.
    pub(crate) config: Option<String>,
}

/// How a client connects.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connect {
    pub(crate) kind: Transport,
    #[serde(default)]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Asked first by `POST`; what stands between the two texts becomes `{token}`.
    pub(crate) negotiate: Option<Negotiate>,
    /// What the client sends after the upgrade.
    #[serde(default)]
    pub(crate) first: Vec<Text>,
    /// What the server says when the client will miss nothing any more.
    #[serde(default)]
    pub(crate) ready: String,
}

/// A request before the connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Negotiate {
    pub(crate) path: String,
    pub(crate) after: String,
    pub(crate) before: String,
}

/// How a message goes to all clients.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Publish {
    pub(crate) kind: Channel,
    #[serde(default)]
    pub(crate) port: Port,
    #[serde(default)]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) first: Vec<Text>,
    #[serde(default)]
    pub(crate) ready: String,
    /// What stands before the body; `{length}` is the body's.
    #[serde(default)]
    pub(crate) before: String,
    #[serde(default)]
    pub(crate) after: String,
    /// What the server says when it has taken the message; HTTP has its own end.
    #[serde(default)]
    pub(crate) reply: String,
    /// Puts the payload into a WebSocket frame of this text first: what a raw peer writes.
    pub(crate) frame: Option<String>,
}

/// A message that comes back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Echo {
    #[serde(default)]
    pub(crate) port: Port,
    pub(crate) before: Text,
    pub(crate) after: Text,
}

/// A message for some users, over the publisher's connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unicast {
    /// `{users}` are their numbers with commas between, `{payload}` the payload.
    pub(crate) message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    Tcp,
    #[serde(rename = "websocket")]
    WebSocket,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Channel {
    Tcp,
    #[serde(rename = "websocket")]
    WebSocket,
    Http,
}

/// A peer may listen at two ports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Port {
    #[default]
    Main,
    Control,
}

/// Bytes as text or as hex digits.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Text {
    Text(String),
    Hex(String),
}

impl Text {
    pub(crate) fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Hex(digits) => unhex(digits),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Hex(_) => Kind::Binary,
        }
    }

    /// The text as frames of a client.
    pub(crate) fn frames(texts: &[Self]) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        for text in texts {
            all.extend(websocket::masked(text.kind(), &text.bytes()?));
        }
        Ok(all)
    }
}

impl Peer {
    /// Reads one peer's file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        toml::from_str(&text).with_context(|| format!("{} does not fit", path.display()))
    }

    /// Reads all peers, in the order of their files' names.
    pub(crate) fn all() -> Result<Vec<Self>> {
        let entries = fs::read_dir(folder())?;
        let mut paths: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "toml")
            })
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// What is missing, with what to do about it.
    pub(crate) fn missing(&self) -> Option<String> {
        let programs = self.needs.programs.iter().filter(|name| !is_in_path(name));
        let files = self.needs.files.iter();
        let files = files.filter(|file| !folder().join(file).exists());
        let missing: Vec<String> = programs
            .cloned()
            .chain(files.map(|file| file.display().to_string()))
            .collect();
        (!missing.is_empty()).then(|| {
            let install = &self.needs.install;
            format!("not installed, skipped: {} ({install})", missing.join(", "))
        })
    }
}

/// Where the peers' files are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Puts values in the places that a text names in braces.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

fn is_in_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).exists())
        || Path::new("/usr/sbin").join(program).exists()
}

fn unhex(digits: &str) -> Result<Vec<u8>> {
    ensure!(digits.len().is_multiple_of(2), "hex digits come in pairs");
    let pair = |at: usize| {
        let pair = digits.get(at..at + 2);
        pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())
            .with_context(|| format!("no hex digits at {at}"))
    };
    (0..digits.len()).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_peer_file_is_sound() {
        let peers = Peer::all().unwrap();
        assert!(peers.iter().any(|peer| peer.name == "raw"));
        for peer in peers {
            assert!(!peer.description.is_empty() && !peer.start.command.is_empty());
            for text in peer.connect.first.iter().chain(&peer.publish.first) {
                text.bytes().unwrap();
            }
        }
    }

    #[test]
    fn what_is_missing_is_said_with_its_remedy() {
        let mut peer = Peer::all().unwrap().remove(0);
        peer.needs = Needs {
            programs: vec!["no-such-program".to_owned(), "sh".to_owned()],
            files: vec![PathBuf::from("no-such-file")],
            install: "make it".to_owned(),
        };
        let expected = "not installed, skipped: no-such-program, no-such-file (make it)";
        assert_eq!(peer.missing().unwrap(), expected);
        peer.needs = Needs::default();
        assert_eq!(peer.missing(), None);
    }

    #[test]
    fn values_fill_their_places_and_other_braces_stay() {
        assert_eq!(fill(r#"{"a":{i}}"#, &[("i", "7")]), r#"{"a":7}"#);
        assert_eq!(unhex("81aF").unwrap(), [0x81, 0xaf]);
        assert!(unhex("8").is_err() && unhex("zz").is_err());
    }
}
