//! The driver: what connects, keeps provider tokens and sends.
//!
//! Decisions are made by machines without a clock and without a task: `breaker` (whether a service is
//! worth another request), `throttle` (what it wants to be left alone with), `token` (which provider
//! token, and who renews it) and `tries` (what is repeated at once). The rest of this folder carries
//! them out over [`vestnik_outbound`].
//!
//! State belongs to an account, and within it to an origin: accounts share neither connections nor
//! breakers, and one push service of Web Push that fails stops no other. All of it is in memory and
//! bounded; a new process starts with closed breakers and without tokens.

mod account;
mod breaker;
mod check;
mod sent;
mod station;
mod tally;
mod throttle;
mod token;
mod tries;

mod exchange;
mod road;
mod send;

pub use account::{Config, Driver};
pub use breaker::{Admission, Breaker, Probe, Sign, Why};
pub use check::{Check, Finding, Health};
pub use sent::{Hold, Sent};
pub use tally::Breakers;

#[cfg(test)]
mod tests;
