//! What a request is, and what it is answered.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

/// The header that names a push to APNs; the answer repeats it.
const APNS_ID: &str = "apns-id";
/// How long an access token is valid, in seconds. Google's tokens have the same.
const LIFE: u32 = 3_599;
/// An access token: as long as Google's are.
const ACCESS_TOKEN: &str = "ya29.c.sink-000000000000000000000000000000000000000000000000000000000000000000\
    0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    000000000000000000000000";

/// What a request is, by its method and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// Asks for an access token, whichever service it is for.
    Token,
    /// A push to FCM, or to another service that has the same path.
    Fcm,
    /// A push to APNs.
    Apns,
    /// A push to a subscription of Web Push.
    WebPush,
    /// Something else.
    Other,
}

impl Route {
    pub(super) fn of(method: &Method, path: &str, headers: &HeaderMap) -> Self {
        if method != Method::POST {
            return Self::Other;
        }
        if path.starts_with("/v1/projects/") && path.ends_with("/messages:send") {
            Self::Fcm
        } else if path.starts_with("/3/device/") {
            Self::Apns
        } else if path.ends_with("/token") {
            Self::Token
        } else if headers.contains_key("ttl") {
            // RFC 8030, 5.2: a push has it.
            Self::WebPush
        } else {
            Self::Other
        }
    }

    /// Whether it hands a push over.
    pub(super) const fn is_push(self) -> bool {
        match self {
            Self::Fcm | Self::Apns | Self::WebPush => true,
            Self::Token | Self::Other => false,
        }
    }

    /// What the request of this number is answered.
    pub(super) fn answer(self, number: u64, headers: &HeaderMap) -> (Response<()>, Bytes) {
        match self {
            Self::Token => {
                let token = format!(
                    r#"{{"access_token":"{ACCESS_TOKEN}","expires_in":{LIFE},"token_type":"Bearer"}}"#
                );
                (json(), token.into())
            }
            Self::Fcm => {
                let name = format!(r#"{{"name":"projects/sink/messages/0:{number:016}"}}"#);
                (json(), name.into())
            }
            Self::Apns => {
                let mut answer = Response::new(());
                if let Some(id) = headers.get(APNS_ID) {
                    answer.headers_mut().insert(APNS_ID, id.clone());
                }
                (answer, Bytes::new())
            }
            Self::WebPush => {
                let mut answer = status(StatusCode::CREATED);
                // Digits are a header's value.
                if let Ok(place) = HeaderValue::try_from(format!("/message/{number}")) {
                    answer.headers_mut().insert(header::LOCATION, place);
                }
                (answer, Bytes::new())
            }
            Self::Other => (status(StatusCode::NOT_FOUND), Bytes::new()),
        }
    }
}

fn json() -> Response<()> {
    let mut answer = Response::new(());
    let json = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer
}

fn status(status: StatusCode) -> Response<()> {
    let mut answer = Response::new(());
    *answer.status_mut() = status;
    answer
}
