#![doc = include_str!("guide.md")]

mod builder;
mod call;
mod cancellation;
mod error;
mod extract;
mod function;
mod guard;
mod method;
mod tracked;
mod upload;

pub use builder::{Hub, HubBuilder};
pub use call::Call;
pub use cancellation::Cancellation;
pub use error::HubError;
pub use extract::{Caller, Extension, FromCall, State, ViaArgument, ViaContext, ViaPayload};
pub use function::{HubFn, Misfit};
pub use guard::{Authorized, Guarded, authorized};
pub use method::{ItemStream, Items, Replied, Reply};
pub use tracked::Tracked;
pub use upload::Upload;

pub(crate) use builder::Methods;
pub(crate) use method::{Method, Plain};
pub(crate) use upload::{Taken, TakenLog, UploadPart, UploadSource};
