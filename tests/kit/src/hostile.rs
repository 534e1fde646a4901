//! A server that misbehaves on order, as real networks and later versions do.
//!
//! It is a real TCP server that speaks HTTP and WebSocket by hand, so that it can be wrong at every byte.
//! Without orders it behaves well: it grants tokens, keeps a log for each user, takes facts, and calls the
//! devices of a user when something is published. What it is to do otherwise is ordered by the route that
//! a device asks for:
//!
//! - [`HostileServer::next`] for the next request or call of a [`Route`], one order after the other;
//!   [`HostileServer::always`] for all of them.
//! - An [`Answer`] can be good, edited, of another status or body, cut, stalled, endless, silent, held at a
//!   [`Gate`], preceded or followed by calls, or all of it in one frame.
//! - [`HostileServer::hold`] and [`HostileServer::release`] delay bytes in steps that the test takes;
//!   [`HostileServer::cut`] breaks connections; [`HostileServer::restore`] begins another epoch;
//!   [`HostileServer::set_ahead`] makes its clock wrong; [`HostileServer::refuse_access_tokens`] and
//!   [`HostileServer::log_out`] end authority.
//! - [`kinds`] lists statuses, bodies and values of `Retry-After` to try one after the other.
//!
//! Everything that comes is in a [`Journal`], with the tokens it came with. No step waits for time: a test
//! waits for what comes, by [`HostileServer::has`].
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use vestnik_testkit::{HostileServer, hostile::{Answer, Route}, name::user};
//!
//! let server = HostileServer::start().await?;
//! let anna = user("anna");
//! server.next(Route::Token, Answer::captive_portal());
//! // The welcome says that nothing is missing; what follows is called before it.
//! server.next(Route::Hello, Answer::good().preceded_by_notification(&anna, 1));
//! // … a device of Anna's is started here …
//! server.has("a second login", |journal| journal.count(Route::Token) == 2).await
//! # }
//! ```

mod answer;
mod connection;
pub mod entry;
mod frame;
mod gate;
mod http;
mod hub;
mod journal;
pub mod kinds;
mod log;
mod outlet;
mod rest;
mod route;
mod server;
mod session;
mod valve;
mod world;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Call};
pub use gate::Gate;
pub use journal::{Journal, Received};
pub use route::Route;
pub use server::HostileServer;
