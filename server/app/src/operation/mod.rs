//! What the server does for its callers: one async function per use case.
//!
//! An operation takes what it needs, checks, calls the store, and after the commit hands hints to
//! the bus. It knows neither HTTP nor the hub; its errors are [`Refusal`](crate::refusal::Refusal)s.
//! Views that need no decision are read from the store by the doors themselves.

mod hello;
mod identity_keys;
mod keys;
mod login;
mod logout;
mod publish;
mod register;
mod renew;
mod report;
mod subscribe;
mod sync;
mod token_issuer;
mod watch;

pub(crate) use hello::{Greeting, hello};
pub(crate) use identity_keys::put_identity_key;
pub(crate) use keys::{create_key, revoke_key};
pub(crate) use login::log_in;
pub(crate) use logout::logout;
pub(crate) use publish::{Publishing, publish};
pub(crate) use register::register;
pub(crate) use renew::renew;
pub(crate) use report::{Reporting, report};
pub(crate) use subscribe::{join, leave, subscribe};
pub(crate) use sync::{Syncing, sync};
pub(crate) use token_issuer::TokenIssuer;
pub(crate) use watch::{Watching, watch};
