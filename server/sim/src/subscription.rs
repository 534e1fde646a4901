//! A Web Push subscription, with the keys that a browser would hold.

use std::fmt;

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};

use crate::{base64url, hex};

/// A subscription that the simulator has made. It plays the browser too, so it holds the private key.
pub(crate) struct Subscription {
    /// The last part of the endpoint.
    pub(crate) id: String,
    pub(crate) private: PrivateKey,
    /// The public key `p256dh`, an uncompressed point.
    pub(crate) public: [u8; 65],
    /// The authentication secret `auth`.
    pub(crate) auth: [u8; 16],
    /// The sender that the subscription is restricted to (`applicationServerKey`).
    pub(crate) sender: Option<[u8; 65]>,
}

impl Subscription {
    /// Makes a subscription of random bytes. Nothing, if the bytes are no private key; one try of 2³² is
    /// such.
    pub(crate) fn new(private: [u8; 32], rest: [u8; 32], sender: Option<[u8; 65]>) -> Option<Self> {
        let mut auth = [0; 16];
        auth.copy_from_slice(&rest[..16]);
        Self::of_keys(&private, auth, sender).map(|subscription| Self {
            id: hex::encode(&rest[16..]),
            ..subscription
        })
    }

    pub(crate) fn of_keys(
        private: &[u8],
        auth: [u8; 16],
        sender: Option<[u8; 65]>,
    ) -> Option<Self> {
        let private = PrivateKey::from_private_key(&ECDH_P256, private).ok()?;
        let public = private.compute_public_key().ok()?;
        let public = public.as_ref().try_into().ok()?;
        Some(Self {
            id: String::new(),
            private,
            public,
            auth,
            sender,
        })
    }

    pub(crate) fn p256dh(&self) -> String {
        base64url::encode(self.public)
    }

    pub(crate) fn auth(&self) -> String {
        base64url::encode(self.auth)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
