//! Negotiate: how a client asks for a connection and what it may be told (`TransportProtocols.md`,
//! `POST [endpoint-base]/negotiate` request).

use serde::Serialize;

/// A client's wish, from the query of `POST {hub}/negotiate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NegotiateRequest {
    /// The version to answer in: what the client asks for, at most [`NegotiateRequest::NEWEST`].
    pub version: u32,
    /// Whether the client asks for stateful reconnect.
    pub use_stateful_reconnect: bool,
}

/// Why negotiate fails although the request is well. Answered with status 200, with the official
/// server's texts.
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
        let stateful = parameter(query, "useStatefulReconnect");
        Ok(Self {
            version: Self::NEWEST.min(version),
            use_stateful_reconnect: stateful.is_some_and(|text| text.eq_ignore_ascii_case("true")),
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
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    use_stateful_reconnect: bool,
    available_transports: Vec<Offer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_lifetime_seconds: Option<u64>,
}

/// The transports of a hub; the default is all. What each is, `TransportProtocols.md` says in a
/// section of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transports {
    /// One socket for both ways.
    pub web_sockets: bool,
    /// An endless answer down, a request for each message up; text only.
    pub server_sent_events: bool,
    /// A request for each answer down, another for each message up.
    pub long_polling: bool,
}

impl Default for Transports {
    fn default() -> Self {
        Self {
            web_sockets: true,
            server_sent_events: true,
            long_polling: true,
        }
    }
}

impl Transports {
    /// Only WebSockets: for a hub whose clients may be told to go without negotiation.
    pub const WEB_SOCKETS: Self = Self {
        web_sockets: true,
        server_sent_events: false,
        long_polling: false,
    };

    /// Lists them in the order in which clients are to try them.
    fn offers(self) -> impl Iterator<Item = Offer> {
        let all = [
            (self.web_sockets, Offer::WEB_SOCKETS),
            (self.server_sent_events, Offer::SERVER_SENT_EVENTS),
            (self.long_polling, Offer::LONG_POLLING),
        ];
        all.into_iter()
            .filter_map(|(enabled, offer)| enabled.then_some(offer))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    transport: &'static str,
    transfer_formats: &'static [&'static str],
}

impl Offer {
    const WEB_SOCKETS: Self = Self {
        transport: "WebSockets",
        transfer_formats: &["Text", "Binary"],
    };
    const SERVER_SENT_EVENTS: Self = Self {
        transport: "ServerSentEvents",
        transfer_formats: &["Text"],
    };
    const LONG_POLLING: Self = Self {
        transport: "LongPolling",
        transfer_formats: &["Text", "Binary"],
    };
}

impl NegotiateResponse {
    /// Offers a connection. Version 0 has no token apart from the id.
    pub fn new(
        version: u32,
        connection_id: &str,
        connection_token: &str,
        transports: Transports,
    ) -> Self {
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
            use_stateful_reconnect: false,
            available_transports: transports.offers().collect(),
            token_lifetime_seconds: None,
        }
    }

    /// Grants stateful reconnect, which only a client that asked for it may be told.
    #[must_use]
    pub fn with_stateful_reconnect(self, is_granted: bool) -> Self {
        Self {
            use_stateful_reconnect: is_granted,
            ..self
        }
    }

    /// Tells for how many seconds the client's token is still good, so that it refreshes it in
    /// time: `tokenLifetimeSeconds` of ASP.NET Core 11 (dotnet/aspnetcore pull request 67111),
    /// which older clients ignore.
    #[must_use]
    pub fn with_token_lifetime(self, seconds: Option<u64>) -> Self {
        Self {
            token_lifetime_seconds: seconds,
            ..self
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
        for (query, version, use_stateful_reconnect) in [
            ("", 0, false),
            ("a=b&NegotiateVersion=1", 1, false),
            ("negotiateVersion=7&useStatefulReconnect=true", 1, true),
            ("UseStatefulReconnect=True&negotiateVersion=1", 1, true),
            ("negotiateVersion=1&useStatefulReconnect=1", 1, false),
            ("negotiateVersion=0", 0, false),
        ] {
            let expected = NegotiateRequest {
                version,
                use_stateful_reconnect,
            };
            assert_eq!(NegotiateRequest::parse(query), Ok(expected), "{query}");
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
        let transports = r#""availableTransports":[{"transport":"WebSockets","transferFormats":["Text","Binary"]},{"transport":"ServerSentEvents","transferFormats":["Text"]},{"transport":"LongPolling","transferFormats":["Text","Binary"]}]"#;
        let written = |version| {
            let response = NegotiateResponse::new(version, "id", "token", Transports::default());
            String::from_utf8(response.encode()).unwrap()
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

    #[test]
    fn tells_of_stateful_reconnect_only_when_it_is_granted() {
        let written = |is_granted| {
            let response = NegotiateResponse::new(1, "id", "token", Transports::default())
                .with_stateful_reconnect(is_granted);
            String::from_utf8(response.encode()).unwrap()
        };
        assert!(written(true).contains(r#""useStatefulReconnect":true,"#));
        assert!(!written(false).contains("useStatefulReconnect"));
    }

    #[test]
    fn offers_only_what_is_enabled() {
        let names = |transports: Transports| -> Vec<_> {
            transports.offers().map(|offer| offer.transport).collect()
        };
        assert_eq!(names(Transports::WEB_SOCKETS), ["WebSockets"]);
        let without = Transports {
            web_sockets: false,
            ..Transports::default()
        };
        assert_eq!(names(without), ["ServerSentEvents", "LongPolling"]);
    }
}
