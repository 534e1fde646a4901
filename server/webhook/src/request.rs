//! A webhook as an HTTP request.

use http::{HeaderValue, Method, Request, Uri, header::CONTENT_TYPE};
use jiff::Timestamp;

use crate::key::SigningKey;

/// The id of an event: the same each time that it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageId(String);

/// A text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 100 letters, digits, _ or -")]
pub struct MessageIdError;

impl MessageId {
    /// Reads an id. It has no full stop, which ends it in what is signed.
    ///
    /// # Errors
    /// [`MessageIdError`] if it is empty, too long or has other characters.
    pub fn parse(text: impl Into<String>) -> Result<Self, MessageIdError> {
        let text = text.into();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let fits = (1..=100).contains(&text.len()) && text.bytes().all(is_plain);
        fits.then_some(Self(text)).ok_or(MessageIdError)
    }

    /// The id itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// A receiver has at least one key.
    #[error("the webhook has no signing key")]
    NoKey,
    /// A header or the address was refused.
    #[error("the request cannot be written")]
    Http(#[from] http::Error),
}

/// A signed request. With two keys, while one takes the place of the other, it has two signatures.
///
/// The time is the try's, not the event's: receivers refuse what is older than five minutes.
///
/// # Errors
/// [`RequestError`] if there is no key, or the address is none that a request can have.
pub fn request(
    url: &Uri,
    (id, body): (&MessageId, Vec<u8>),
    keys: &[SigningKey],
    now: Timestamp,
) -> Result<Request<Vec<u8>>, RequestError> {
    if keys.is_empty() {
        return Err(RequestError::NoKey);
    }
    let seconds = now.as_second();
    let mut signed = format!("{}.{seconds}.", id.as_str()).into_bytes();
    signed.extend_from_slice(&body);
    let signatures: Vec<_> = keys.iter().map(|key| key.sign(&signed)).collect();
    let request = Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header("webhook-id", id.as_str())
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signatures.join(" "));
    Ok(request.body(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signatures(keys: &[&str]) -> String {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| SigningKey::parse(key).unwrap())
            .collect();
        let id = MessageId::parse("msg_p5jXN8AQM9LWM0D4loKWxJek").unwrap();
        let url = Uri::from_static("https://shop.example/hook");
        let now = Timestamp::from_second(1_614_265_330).unwrap();
        let body = br#"{"test": 2432232314}"#.to_vec();
        let request = request(&url, (&id, body), &keys, now).unwrap();
        request.headers()["webhook-signature"]
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// The vectors of the reference libraries.
    const SYMMETRIC: (&str, &str) = (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
    const ASYMMETRIC: (&str, &str) = (
        "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=",
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
    );

    #[test]
    fn signatures_are_those_of_the_reference_libraries() {
        assert_eq!(signatures(&[SYMMETRIC.0]), SYMMETRIC.1);
        assert_eq!(signatures(&[ASYMMETRIC.0]), ASYMMETRIC.1);
    }

    #[test]
    fn while_a_key_takes_another_s_place_both_sign() {
        let both = signatures(&[SYMMETRIC.0, ASYMMETRIC.0]);
        assert_eq!(both, format!("{} {}", SYMMETRIC.1, ASYMMETRIC.1));
    }

    #[test]
    fn nothing_is_sent_without_a_signature() {
        let id = MessageId::parse("evt_1").unwrap();
        let url = Uri::from_static("https://shop.example/");
        let unsigned = request(&url, (&id, Vec::new()), &[], Timestamp::UNIX_EPOCH);
        assert!(matches!(unsigned, Err(RequestError::NoKey)));
    }

    #[test]
    fn an_id_cannot_reach_into_what_is_signed_beside_it() {
        for text in ["", "a.1", "a b", "ы", &"a".repeat(101)] {
            assert_eq!(MessageId::parse(text), Err(MessageIdError), "{text}");
        }
    }
}
