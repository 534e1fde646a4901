//! Negotiate: how a client asks for a connection and what it may be told.

use serde::Serialize;

/// A client's wish, from the query of `POST {hub}/negotiate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiateRequest {
    /// The version to answer in: what the client asks for, at most [`NegotiateRequest::NEWEST`].
    pub version: u32,
}

/// Why negotiate fails although the request is well. Answered with status 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NegotiateRefusal {
    /// The version is no number.
    #[error("The client requested a non-integer protocol version.")]
    NotAnInteger,
}

impl NegotiateRequest {
    /// The newest version of negotiate.
    pub const NEWEST: u32 = 1;

    /// Reads the query; its keys have no case, and a missing version is 0.
    ///
    /// # Errors
    /// [`NegotiateRefusal`], whose text is for the client.
    pub fn parse(query: &str) -> Result<Self, NegotiateRefusal> {
        let version = match parameter(query, "negotiateVersion") {
            None => 0,
            Some(text) => text.parse().map_err(|_| NegotiateRefusal::NotAnInteger)?,
        };
        Ok(Self {
            version: Self::NEWEST.min(version),
        })
    }
}

/// Finds a parameter of a query by its name without case.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// What the server answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NegotiateResponse {
    negotiate_version: u32,
    connection_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_token: Option<String>,
    available_transports: &'static [Transport],
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Transport {
    transport: &'static str,
    transfer_formats: &'static [&'static str],
}

const TRANSPORTS: &[Transport] = &[Transport {
    transport: "WebSockets",
    transfer_formats: &["Text", "Binary"],
}];

impl NegotiateResponse {
    /// Offers a connection by WebSocket. Version 0 has no token apart from the id.
    pub fn new(version: u32, connection_id: &str, connection_token: &str) -> Self {
        let names_token = version > 0;
        let id = if names_token {
            connection_id
        } else {
            connection_token
        };
        Self {
            negotiate_version: version,
            connection_id: id.to_owned(),
            connection_token: names_token.then(|| connection_token.to_owned()),
            available_transports: TRANSPORTS,
        }
    }

    /// Writes the body.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain fields are always JSON")
    }
}

impl NegotiateRefusal {
    /// Writes the body.
    pub fn encode(&self) -> Vec<u8> {
        let body = serde_json::json!({ "error": self.to_string() });
        body.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_from_the_query() {
        for (query, version) in [
            ("", 0),
            ("a=b&NegotiateVersion=1", 1),
            ("negotiateVersion=7&useStatefulReconnect=true", 1),
            ("negotiateVersion=0", 0),
        ] {
            assert_eq!(
                NegotiateRequest::parse(query),
                Ok(NegotiateRequest { version }),
                "{query}"
            );
        }
        for query in [
            "negotiateVersion=x",
            "negotiateVersion=",
            "negotiateVersion=1.5",
        ] {
            let refusal = NegotiateRequest::parse(query).unwrap_err();
            assert_eq!(refusal, NegotiateRefusal::NotAnInteger, "{query}");
        }
    }

    #[test]
    fn writes_both_versions() {
        let transports = r#""availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]}]"#;
        let written = |version| {
            String::from_utf8(NegotiateResponse::new(version, "id", "token").encode()).unwrap()
        };
        assert_eq!(
            written(1),
            format!(
                r#"{{"negotiateVersion":1,"connectionId":"id","connectionToken":"token",{transports}}}"#
            )
        );
        assert_eq!(
            written(0),
            format!(r#"{{"negotiateVersion":0,"connectionId":"token",{transports}}}"#)
        );
    }
}
