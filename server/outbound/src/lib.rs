//! An HTTP client for addresses that users can influence: endpoints of Web Push, webhooks, images.
//!
//! What such an address names is chosen by somebody else, and the server stands where they may not.
//! So a [`Client`]
//! - connects to public addresses only, checked after resolution, and to the very address that was
//!   checked; hosts that the operator lists in [`Reach`] are the exception,
//! - speaks TLS with certificates that the system or the caller's [`Trust`] knows, and plain text to
//!   listed hosts only,
//! - follows no redirect: an answer of 3xx is an answer,
//! - bounds everything by [`Limits`]: origins, connections, requests in flight, bytes, time.
//!
//! A [`SendError`] says whether the request may have been processed ([`SendError::was_sent`]): the end
//! of a request is seen when it is written, so a request that failed before is known to be
//! unprocessed, and so is one that an HTTP/2 server refused by GOAWAY or `REFUSED_STREAM`. [`Writing`] says
//! the same of a request that somebody gave up.
//!
//! How long an answer wants its peer left alone is read by [`retry_after()`].
//!
//! What speaks another protocol opens its connections by [`Wires`], under the same rules. How an operator writes
//! down an account at such a peer is read by [`Fields`].
//!
//! Connections are kept for the next request, over HTTP/2 for many at a time. Requests of different
//! senders that must not share connections take different clients.
//!
//! # Example
//! ```no_run
//! use http::Request;
//! use vestnik_outbound::{Client, Limits, Protocol, Reach, Trust};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let reach = Reach::public().and("hooks.internal:8443")?;
//! let client = Client::new(reach, &Trust::system(), Limits::default())?;
//! let request = Request::post("https://shop.example/hook").body(b"{}".to_vec())?;
//! match client.send(request, Protocol::Any).await {
//!     Ok(answer) => println!("{}", answer.status),
//!     Err(error) if error.was_sent() => println!("it may have arrived: {error}"),
//!     Err(error) => println!("it did not arrive: {error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Start reading at [`Client`]; what may be connected to is decided in `reach` and `public`, which
//! connection a request takes in `lane`.

#![forbid(unsafe_code)]

mod account;
mod answer;
mod body;
mod client;
mod dial;
mod error;
mod lane;
mod limits;
mod link;
mod place;
mod pool;
mod public;
mod reach;
mod resolve;
mod retry_after;
mod trust;
mod wires;
mod writing;

pub use account::{AccountError, FieldFault, Fields, MAX_ACCOUNT, ObjectError, object};
pub use answer::{Answer, Ending};
pub use client::Client;
pub use dial::Stream;
pub use error::{ConnectError, OpenError, SendError};
pub use limits::Limits;
pub use link::Protocol;
pub use place::{Place, PlaceError};
pub use public::is_public;
pub use reach::{Forbidden, Reach, ReachError};
pub use resolve::{Addresses, Resolve, SystemResolver};
pub use retry_after::{MAX_RETRY_AFTER, retry_after};
pub use trust::{Trust, TrustError};
pub use wires::Wires;
pub use writing::{Writing, Written};

#[cfg(test)]
mod tests;
