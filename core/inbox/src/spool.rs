//! The spool: how a notification extension hands over what it was given.
//!
//! On iOS a push reaches an extension, a process of its own with little memory and time, which must not
//! open the app's databases. It writes the payload into a file of the spool and then draws. The file is
//! the ticket of the show:
//!
//! 1. [`write`](fn@write) makes the file `….taken` durable. From here on the notification is not lost.
//! 2. The extension draws under the identifier that [`Ticket::identifier`] gives.
//! 3. [`Ticket::shown`] renames the file to `….shown`; or [`Ticket::suppressed`] does to another name, if the
//!    person has forbidden to show it.
//!
//! The app [ingests](ingest) the spool before it takes a show and before it applies entries. What was
//! shown is stored as shown. What an extension has taken just now is stored as taken; when the
//! extension has ended without step 3, the show is due again and says so, and drawing it under the same
//! identifier replaces. What was not to be shown is stored as such and reported, and does not pop up when it
//! may be shown again. After the transaction is committed, [`Ingested::remove_files`] removes the
//! files; a crash in between ingests them again, which changes nothing.
//!
//! What was withdrawn leaves a file `….withdrawn`: no ticket is made for its notification any more, and the app
//! takes it out of the history.
//!
//! What an extension could not open leaves a file `….dropped` with the reason, which the app reports.
//!
//! The reverse way there are [marks](mark_seen): an extension does not draw what the app has begun to show,
//! or has decided not to, nor anything while the person has [switched the app off](leave_switch). Both sides
//! write first and then look for what the other has written: an extension looks for marks when its ticket is
//! there, the app [for tickets](lent) when its mark is. If both yield, the app's show is due again when it next
//! looks into the spool. Who draws a text without content, the app or an extension, [leaves a mark](announce),
//! too: a notification is announced once, and the text goes when the notification is not to be shown.
//!
//! A payload need not say whom it is for. So [`clear`] the spool when a user has logged out and when
//! another one logs in.
//!
//! The spool is bounded: an extension that finds it full draws nothing of ours and leaves the
//! notification to the log.

mod clear;
mod dropped;
mod file;
mod had;
mod ingest;
mod seen;
mod switch;
mod withdrawn;
mod write;

pub use clear::clear;
pub(crate) use dropped::write_dropped;
pub use file::Blocked;
pub(crate) use had::is_had;
pub use ingest::{Ingested, ingest};
pub use seen::{
    announce, is_announced, mark_put_away, mark_seen, prune_seen, put_away, seen, take_announced,
};
pub(crate) use seen::{is_put_away, mark_repeated, take_put_away};
pub(crate) use switch::is_switched_off;
pub use switch::leave_switch;
pub(crate) use withdrawn::write_withdrawal;
pub use write::{SpoolError, Ticket, lent, write};

/// The most tickets of a spool.
pub const MAX_FILES: usize = 256;
/// The most files of a spool that say what could not be opened.
pub const MAX_DROPPED: usize = 64;
/// The most files of a spool that say what was withdrawn.
pub const MAX_WITHDRAWN: usize = 256;
/// The most bytes of all files of a spool.
pub const MAX_BYTES: u64 = 4 * 1_024 * 1_024;
