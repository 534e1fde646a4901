//! Typed hubs: a hub is a state and named async functions.
//!
//! A handler is an ordinary async function. Each of its parameters is either
//! something the hub knows about the call (an *extractor*: [`State`],
//! [`Caller`], [`Connection`](crate::server::Connection), [`Cancellation`]) or the next positional
//! argument that the client sent, of any type that serde can read or as it came
//! ([`Payload`](crate::payload::Payload)), or ([`Upload`]) the next stream that the
//! client sends along. They mix in any order; only the arguments count.
//!
//! ```no_run
//! use vestnik_signalr::server::{Connection, Hub, HubError, State};
//!
//! async fn add(State(offset): State<i64>, a: i64, b: i64) -> Result<i64, HubError> {
//!     a.checked_add(b)
//!         .and_then(|sum| sum.checked_add(offset))
//!         .ok_or_else(|| HubError::new("the sum is too large"))
//! }
//!
//! async fn whoami(connection: Connection) -> Result<String, HubError> {
//!     Ok(connection.id().to_string())
//! }
//!
//! let service = Hub::builder(10_i64).on("Add", add).on("WhoAmI", whoami).build();
//! # drop(service);
//! ```
//!
//! A handler's error reaches the client as the text of a completion:
//! [`HubError::new`] always shows its text, [`HubError::internal`] hides it
//! unless the hub is configured with detailed errors. A panic is an error of
//! that call only.

mod builder;
mod call;
mod cancellation;
mod error;
mod extract;
mod function;
mod guard;
mod method;
mod upload;

pub use builder::{Hub, HubBuilder};
pub use call::Call;
pub use cancellation::Cancellation;
pub use error::HubError;
pub use extract::{Caller, FromCall, State, ViaArgument, ViaContext, ViaPayload};
pub use function::{HubFn, Misfit};
pub use guard::{Authorized, Guarded, authorized};
pub use method::{ItemStream, Items, Reply};
pub use upload::Upload;

pub(crate) use builder::Methods;
pub(crate) use method::{Method, Plain};
pub(crate) use upload::{Taken, TakenLog, UploadPart, UploadSource};
