//! The decisions of Vestnik's server.
//!
//! Everything here is a pure function or a value: no socket, file, clock, random source or task. Time
//! and randomness are arguments. The stores load rows, ask these rules and save the verdicts, so that
//! every database decides alike; the server's rooms ask them for limits and cursors.
//!
//! A notification's way through the modules: a publish request is recognised by [`idempotency`], its
//! audience, parts of which may have been uploaded as a file ([`audience_file`]), is kept as a plan and
//! expanded by [`audience`] into deliveries, which get their ids from
//! [`identity`] and their places in users' logs from [`log`]. Hand-overs, expiry and cancellation change
//! them by [`delivery`], facts of devices by [`receipt`]; [`explain`] says in words what became of one,
//! [`retry`] whether one that was lost is tried anew. When each is due is for [`schedule`] to say; one whose
//! time has not come waits by [`release`]. [`work`] says what is due when, and [`settle`] when
//! nothing is waited for any more. [`cascade`] says over which channels a delivery is sent, to the addresses
//! that [`address`] knows; what the App's own backend answers is read by
//! [`backend`], and where gateways reach people by [`gateway`], which messages to one of them wait by [`spacing`]; who is named by an address is found by [`contact`]; [`withdrawal`]
//! takes a recalled one off screens, and one that gave way to a later one by [`collapse`]. [`session`] and [`token`] are about who a device is, [`limit`] about
//! how much anybody may do, [`cost`] about what messages cost and saved, [`webhook`] about who is sent what happened, [`provider`] about whether services
//! take the credentials of an App.
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

pub mod address;
pub mod app_version;
pub mod attempt;
mod attempt_state;
pub mod audience;
pub mod audience_file;
pub mod backend;
pub mod bounce;
pub mod cascade;
pub mod chat;
pub mod collapse;
pub mod consent;
pub mod contact;
pub mod cost;
pub mod decrypt;
pub mod delivery;
pub mod device;
pub mod edit;
pub mod erasure;
pub mod explain;
pub mod gateway;
pub mod gateway_report;
pub mod hold;
pub mod idempotency;
pub mod identity;
pub mod installation;
pub mod limit;
pub mod log;
pub mod patience;
pub mod provider;
pub mod push_receipt;
pub mod reach;
pub mod reason;
pub mod receipt;
pub mod release;
pub mod retry;
pub mod schedule;
pub mod session;
pub mod settle;
pub mod spacing;
pub mod token;
pub mod webhook;
pub mod withdrawal;
pub mod work;
