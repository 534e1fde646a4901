//! X25519 of the library that TLS has, which multiplies several times as fast as the one that devices have.

use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use vestnik_envelope::{Agreed, Curve};
use zeroize::Zeroizing;

/// The curve that envelopes are sealed by.
#[derive(Debug, Clone, Copy)]
pub struct FastCurve;

impl Curve for FastCurve {
    fn agree(&self, private: &[u8; 32], peer: &[u8; 32]) -> Option<Agreed> {
        let private = PrivateKey::from_private_key(&X25519, private).ok()?;
        let mut public = [0; 32];
        public.copy_from_slice(private.compute_public_key().ok()?.as_ref());
        let peer = UnparsedPublicKey::new(&X25519, peer);
        // A product that is the same for every private key is an error of this library.
        let shared = agree(&private, peer, (), |product| {
            let mut shared = Zeroizing::new([0; 32]);
            shared.copy_from_slice(product);
            Ok(shared)
        });
        let shared = shared.ok()?;
        Some(Agreed { public, shared })
    }
}

#[cfg(test)]
mod tests {
    use vestnik_envelope::{Context, KeyRing, PublicKey, seal, seal_by};

    use super::*;

    fn context() -> Context {
        Context {
            installation: "ins_00000000000000000000000000000001".parse().unwrap(),
            notification: "ntf_00000000000000000000000000000002".parse().unwrap(),
        }
    }

    #[test]
    fn the_envelope_is_the_same_as_by_the_other_library() {
        for byte in 0..50 {
            let ring = KeyRing::new("2026-11-28T09:00:00Z".parse().unwrap(), [byte; 32]);
            let (key, random) = (ring.public_key(), [byte ^ 0x5a; 32]);
            let sealed = seal_by(&FastCurve, b"content", (&key, &context()), random).unwrap();
            assert_eq!(
                Ok(&sealed),
                seal(b"content", &key, &context(), random).as_ref()
            );
            assert_eq!(&*ring.open(&sealed, &context()).unwrap(), b"content");
        }
    }

    /// RFC 7748, 6.1. The point is of small order, in a spelling that keys are not refused for.
    #[test]
    fn a_point_of_small_order_is_no_peer() {
        assert!(FastCurve.agree(&[7; 32], &[0; 32]).is_none());
        let mut one = [0; 32];
        one[0] = 1;
        assert!(FastCurve.agree(&[7; 32], &one).is_none());
        assert!(PublicKey::parse(&one).is_err());
    }
}
