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
    pub(super) first: Vec<u8>,
    pub(super) ready: Vec<u8>,
}

impl Script {
    pub(crate) fn new(connect: &Connect) -> Result<Self> {
        Ok(Self {
            first: Text::frames(&connect.first)?,
            ready: connect.ready.clone().into_bytes(),
            connect: connect.clone(),
        })
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
        let path = fill(&self.connect.path, &values);
        Some(websocket::upgrade(&path, &headers))
    }
}
