use std::collections::BTreeMap;

use anyhow::Result;

use crate::{
    peer::{Connect, Text, Transport, fill},
    websocket,
};

/// What each client of a peer does until it is ready.
#[derive(Debug)]
pub(crate) struct Script {
    connect: Connect,
    /// The frames after the upgrade, ready to write.
    first: Vec<u8>,
    pub(super) ready: Vec<u8>,
    /// What each client has of its own; empty when all are alike.
    own: Vec<Own>,
}

/// What a client has of its own.
#[derive(Debug)]
pub(crate) struct Own {
    /// Headers of the upgrade, each line with its end.
    pub(crate) headers: String,
    /// The frames after the upgrade.
    pub(crate) first: Vec<u8>,
}

impl Script {
    pub(crate) fn new(connect: &Connect) -> Result<Self> {
        Ok(Self {
            first: Text::frames(&connect.first)?,
            ready: connect.ready.clone().into_bytes(),
            connect: connect.clone(),
            own: Vec::new(),
        })
    }

    /// Clients that upgrade at a path without asking first, each with something of its own; `ready` is
    /// what each then reads.
    pub(crate) fn each(path: &str, ready: &str, own: Vec<Own>) -> Self {
        let connect = Connect {
            kind: Transport::WebSocket,
            path: path.to_owned(),
            headers: BTreeMap::new(),
            negotiate: None,
            first: Vec::new(),
            ready: String::new(),
        };
        Self {
            connect,
            first: Vec::new(),
            ready: ready.as_bytes().to_vec(),
            own,
        }
    }

    /// The frames that a client sends after the upgrade.
    pub(super) fn first(&self, index: usize) -> &[u8] {
        self.own.get(index).map_or(&self.first, |own| &own.first)
    }

    /// The request before the connection, where there is one.
    pub(super) fn negotiate(&self, index: usize) -> Option<Vec<u8>> {
        let negotiate = self.connect.negotiate.as_ref()?;
        let path = fill(&negotiate.path, &[("i", &index.to_string())]);
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        );
        Some(request.into_bytes())
    }

    /// What stands in the answer between the two texts.
    pub(super) fn token(&self, answer: &str) -> Option<String> {
        let negotiate = self.connect.negotiate.as_ref()?;
        let (_, rest) = answer.split_once(&negotiate.after)?;
        let (token, _) = rest.split_once(&negotiate.before)?;
        Some(token.to_owned())
    }

    /// The request that becomes a WebSocket, or nothing for plain TCP.
    pub(super) fn upgrade(&self, index: usize, token: &str) -> Option<Vec<u8>> {
        if self.connect.kind == Transport::Tcp {
            return None;
        }
        let values = [("i", index.to_string()), ("token", token.to_owned())];
        let values = values
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let headers: String = self
            .connect
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let own = self.own.get(index).map_or("", |own| &own.headers);
        let path = fill(&self.connect.path, &values);
        Some(websocket::upgrade(&path, &(headers + own)))
    }
}
