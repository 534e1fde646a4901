//! Secrets and tokens: how they are made, hashed and verified. No I/O; time and randomness are
//! arguments.

mod access;
pub(crate) mod identity;
pub(crate) mod secret;
mod unsubscribe;

pub(crate) use access::{AccessTokens, Grant, Held};
pub(crate) use unsubscribe::{LinkKey, Unsubscription};
