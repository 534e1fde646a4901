//! What a push service brings.
//!
//! A push is a *parcel*: `{"v", "id", "notification", "envelope"}`, the member `vestnik` of what a service
//! brings: in the JSON of APNs and Web Push an object, in FCM's data, which are texts, the text of one. The envelope is sealed for this installation, so that
//! the service in between learns nothing of the content; `vestnik-envelope` has the format. Inside is the
//! JSON of a [`Payload`](crate::Payload).
//!
//! A parcel without an envelope is a *hint*: the content was too large, or the server has no key of this
//! installation. The log has it.
//!
//! - An extension process calls [`handle`]: it has no database, [spools](crate::spool) what it was given, and
//!   is told what to draw.
//! - The app calls [`open`], and [`Inbox::handle_push`](crate::Inbox::handle_push) with the payload.
//!
//! Either needs the [`PushKeys`], which lie in the secret store under
//! [`secret::ENVELOPE`](crate::secret::ENVELOPE). An extension reads them there by itself, as a
//! [text](PushKeys::parse).

mod handle;
mod keys;
mod open;
mod parcel;
mod undrawn;

pub use handle::{Draw, handle};
pub use keys::PushKeys;
pub use open::{Closed, Opened, open};
pub use parcel::PARCEL_BYTES;
pub use undrawn::Undrawn;
