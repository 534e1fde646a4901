//! The decisions of a core about its connection, without a socket, a clock or a task.
//!
//! Calling contract: hand every [`Input`] to [`Engine::handle`], then drain [`Engine::poll`] and
//! carry each [`Effect`] out; call `handle` with [`Input::Tick`] no later than
//! [`Engine::deadline`]. Each effect that asks for something is answered by one input.

mod effect;
mod input;
mod state;

#[cfg(test)]
mod tests;

pub(crate) use effect::Effect;
pub(crate) use input::{ConnectFailure, Input, Live, TokenFailure};
pub(crate) use state::Engine;
