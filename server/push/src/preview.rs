//! What a push would be at a service, without an address, credentials or a connection.
//!
//! The bodies are those of the adapters' requests; the address and what encrypts a Web Push are samples,
//! which no device has. A push that is too large is rendered all the same, so that its sender sees by how
//! much.

use aws_lc_rs::{
    agreement::{ECDH_P256, PrivateKey},
    error::Unspecified,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    account::Service,
    address::{FcmAddress, HmsAddress, RustoreAddress, SubscriptionKeys},
    apns,
    build_error::BuildError,
    fcm, hms,
    push::Push,
    rustore,
    web_push::{self, Entropy, Form, Padding},
};

/// What stands where an address would.
const SAMPLE: &str = "sample";
/// The keys of a browser that does not exist; any number makes one.
const SAMPLE_PRIVATE: [u8; 32] = [7; 32];

/// A push at a service.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The service.
    pub service: Service,
    /// What the service, or for Web Push the browser, reads.
    pub payload: Value,
    /// What the service counts of it, in bytes.
    pub bytes: usize,
    /// The most that the service takes.
    pub cap: usize,
}

/// What a push would be at a service.
///
/// # Errors
/// [`BuildError`] if the push expired, or cannot be written.
pub fn preview(service: Service, push: &Push, now: Timestamp) -> Result<Preview, BuildError> {
    match service {
        Service::Fcm => {
            let address = FcmAddress::token(SAMPLE)?;
            let (payload, bytes) = fcm::rendered(push, &address, now)?;
            Ok(Preview {
                service,
                payload,
                bytes,
                cap: fcm::MAX_PAYLOAD_BYTES,
            })
        }
        Service::Apns => {
            apns::headers(push, now)?;
            let body = apns::body(push)?;
            Ok(Preview {
                service,
                bytes: body.len(),
                payload: serde_json::from_slice(&body)?,
                cap: apns::MAX_PAYLOAD_BYTES,
            })
        }
        Service::WebPush => web(push, now),
        Service::Hms => {
            let (payload, bytes) = hms::rendered(push, &HmsAddress::parse(SAMPLE)?, now)?;
            Ok(Preview {
                service,
                payload,
                bytes,
                cap: hms::MAX_PAYLOAD_BYTES,
            })
        }
        Service::Rustore => {
            let (payload, bytes) = rustore::rendered(push, &RustoreAddress::parse(SAMPLE)?, now)?;
            Ok(Preview {
                service,
                payload,
                bytes,
                cap: rustore::MAX_PAYLOAD_BYTES,
            })
        }
    }
}

/// The bytes of a Web Push are those after encryption.
fn web(push: &Push, now: Timestamp) -> Result<Preview, BuildError> {
    push.seconds_left(now, web_push::MAX_TTL_SECONDS)?;
    let content = web_push::content(push, &Form::Worker)?;
    let keys = sample_keys().map_err(|Unspecified| BuildError::Entropy)?;
    let entropy = Entropy {
        private: SAMPLE_PRIVATE,
        salt: [9; 16],
    };
    let overhead = web_push::MAX_BODY_BYTES - web_push::MAX_CLEAR_BYTES;
    let bytes = match web_push::encrypt(&content, &keys, Padding::Block, &entropy) {
        Ok(body) => body.len(),
        Err(BuildError::TooLarge { bytes, cap: _ }) => bytes + overhead,
        Err(error) => return Err(error),
    };
    Ok(Preview {
        service: Service::WebPush,
        payload: serde_json::from_slice(&content)?,
        bytes,
        cap: web_push::MAX_BODY_BYTES,
    })
}

fn sample_keys() -> Result<SubscriptionKeys, Unspecified> {
    let private = PrivateKey::from_private_key(&ECDH_P256, &SAMPLE_PRIVATE)?;
    let public = URL_SAFE_NO_PAD.encode(private.compute_public_key()?);
    let auth = URL_SAFE_NO_PAD.encode([8; 16]);
    SubscriptionKeys::parse(&public, &auth).map_err(|_| Unspecified)
}

#[cfg(test)]
mod tests {
    use vestnik_model::open::Word as _;

    use super::*;
    use crate::{
        fixture::{now, push, sealed, time},
        push::Content,
    };

    const SERVICES: &[Service] = Service::WORDS;

    fn of(service: Service, content: Content) -> Preview {
        preview(service, &push(content), now()).unwrap()
    }

    #[test]
    fn a_push_that_fits_is_rendered_with_its_size() {
        for service in SERVICES.iter().copied() {
            let small = of(service, sealed(100));
            let large = of(service, sealed(1_000));
            assert!(
                small.bytes < large.bytes && large.bytes <= large.cap,
                "{service:?}"
            );
            let text = large.payload.to_string();
            assert!(text.contains("vestnik"), "{text}");
        }
        let apns = of(Service::Apns, sealed(100));
        assert_eq!(apns.payload["aps"]["alert"]["title"], "New message");
        let fcm = of(Service::Fcm, sealed(100));
        assert_eq!(fcm.payload["message"]["android"]["ttl"], "3600s");
    }

    #[test]
    fn the_size_is_what_the_adapter_refuses() {
        for service in SERVICES.iter().copied() {
            let large = of(service, sealed(5_000));
            assert!(
                large.bytes > large.cap,
                "{service:?}: {} bytes",
                large.bytes
            );
        }
        let apns = of(Service::Apns, sealed(1_000));
        let body = apns::body(&push(sealed(1_000))).unwrap();
        assert_eq!(apns.bytes, body.len());
    }

    #[test]
    fn what_has_expired_is_not_rendered() {
        let late = time("2026-11-28T10:00:00Z");
        for service in SERVICES.iter().copied() {
            let refused = preview(service, &push(sealed(1)), late);
            assert!(
                matches!(refused, Err(BuildError::Expired { .. })),
                "{service:?}"
            );
        }
    }
}
