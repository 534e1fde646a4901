//! The reference model of a server: what the contract says, in memory, and nothing of the real one.

mod answer;
mod facts;
mod log;
mod session;
mod state;

pub(crate) use answer::{Effect, Server};
pub(crate) use session::{identity_token, user_of};
pub(crate) use state::Accepted;
