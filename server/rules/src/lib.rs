//! The decisions of Vestnik's server.
//!
//! Everything here is a pure function or a value: no socket, file, clock, random source or task. Time
//! and randomness are arguments. The stores load rows, ask these rules and save the verdicts, so that
//! every database decides alike; the server's rooms ask them for limits and cursors.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_rules::session::{Exchange, Family, FamilyId, Presented, exchange};
//!
//! # let now: Timestamp = "2026-11-28T09:00:00Z".parse()?;
//! # let family = Family {
//! #     id: FamilyId([7; 16]), generation: 1, counter: 4, exchanged_at: None, is_used: false,
//! #     expires_at: "2027-01-01T00:00:00Z".parse()?,
//! # };
//! // The newest refresh token of a family gives its successor.
//! let presented = Presented { counter: 4, is_secret_right: None };
//! assert_eq!(exchange(&family, presented, now), Exchange::Next { counter: 5 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod audience;
pub mod delivery;
pub mod idempotency;
pub mod identity;
pub mod limit;
pub mod log;
pub mod receipt;
pub mod session;
pub mod settle;
pub mod token;
pub mod work;
