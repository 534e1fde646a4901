//! The head of an HTTP/1.1 request, as far as a proxy has to read it.

use std::io;

use tokio::{io::AsyncReadExt as _, net::TcpStream};

const END: &[u8] = b"\r\n\r\n";
/// The longest head that is read.
const MAX_BYTES: usize = 64 * 1_024;

/// A request's head.
#[derive(Debug)]
pub(super) struct Head {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
}

impl Head {
    /// Reads a head, byte by byte, so that nothing behind it is taken. None when the peer says nothing
    /// that is a head.
    pub(super) async fn read(client: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        while !head.ends_with(END) && head.len() < MAX_BYTES {
            match client.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Self::parse(&String::from_utf8_lossy(&head)))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        Some(Self {
            method,
            target,
            headers: headers.collect(),
        })
    }

    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The target below a path, if it lies there.
    pub(super) fn below(&self, path: &str) -> Option<&str> {
        let below = self.target.strip_prefix(path)?;
        below.starts_with('/').then_some(below)
    }

    /// The method and the path of a target, without its query.
    pub(super) fn line(&self, target: &str) -> String {
        let path = target.split('?').next().unwrap_or_default();
        format!("{} {path}", self.method)
    }

    pub(super) fn bearer(&self) -> Option<String> {
        let token = self.header("authorization")?.strip_prefix("Bearer ")?;
        Some(token.to_owned())
    }

    pub(super) fn is_upgrade(&self) -> bool {
        self.header("upgrade").is_some()
    }

    /// Reads as much content as the head names.
    pub(super) async fn body(&self, client: &mut TcpStream) -> io::Result<Vec<u8>> {
        let length = self
            .header("content-length")
            .and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or_default()];
        client.read_exact(&mut body).await?;
        Ok(body)
    }

    /// The head as it goes on to another target. Unless the connection becomes another protocol's, it
    /// ends with the answer.
    pub(super) fn passed_on(&self, target: &str) -> Vec<u8> {
        let mut head = format!("{} {target} HTTP/1.1\r\n", self.method);
        let kept = |name: &str| self.is_upgrade() || name != "connection";
        for (name, value) in self.headers.iter().filter(|(name, _)| kept(name)) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.is_upgrade() {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }
}
