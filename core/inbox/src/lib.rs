//! What a device has and decides: its history with flags and search, which notifications are shown,
//! the facts that wait to be reported, who the device is, and what an extension process hands over.
//!
//! Everything is synchronous. There is no network, no TLS, no thread and no async runtime in this crate,
//! so that it fits into a notification extension; `vestnik-core` drives it.
//!
//! # The idea
//! **A transaction at a time.** [`Inbox`] is a history within a transaction that may change it,
//! [`History`] is one within a snapshot. A method does everything that belongs together, counters and
//! facts included, in the caller's transaction, and gives back what the transaction knows besides. So
//! one trip to the database is enough: [`Inbox::apply`] stores entries of the log, moves the cursor,
//! enqueues receipts, and says what is due, how many are unread and how many facts wait.
//!
//! **The transaction decides.** The cursor, the user and the revision of a notification are compared
//! where they are stored. A caller proposes a [`Stretch`] of the log; if it does not follow what the
//! device has, the [`Outcome`] is `Stale` and nothing has changed.
//!
//! **A show is a ticket.** A notification is `due`, is `taken` by one process, and is then `shown` or
//! `suppressed` for a [reason](Suppression). [`Inbox::take_show`] marks it before it is handed out.
//! A ticket of a process that has ended is due again and says so; a failed one is due again after a
//! pause, a bounded number of times. What was read is never shown.
//!
//! **The server's clock counts.** A [`Stamp`] is the device's time and its difference to the server's.
//! Expiry, receipts and versions of flags go by the corrected time.
//!
//! # Files
//! | in the app's data folder | module | what it is |
//! |---|---|---|
//! | `device.sqlite` | [`Device`] | who this device is; open for the life of the program |
//! | `history-….sqlite` | [`HistoryFile`] | a file for each user who logged in: history, cursor, shows, facts |
//! | `spool/` | [`spool`] | what a notification extension was given, by [`push`] |
//! | `secrets/` | [`secret`] | the fallback for systems without a keystore |
//!
//! When another user logs in, the former user's history is [wiped](wipe_others), or stays sealed, which means
//! that nobody opens it. A damaged history is set aside and what can be read of it is carried over; the
//! log is then read from its beginning, and nothing that was accepted before is shown again. The
//! identity is not in it: see [`Standing`] for how a copied or a restored device is noticed.
//!
//! # Search
//! [`History::search`] looks for words in titles and texts, and gives the newest first. Every word of
//! the search must be there, in any order, in the title or in the text.
//! - **Case** does not matter, nor do marks of Latin and Greek letters: `cafe` finds `Café`. `е` finds
//!   `ё` and the reverse; `й` and `и` are two letters.
//! - **Forms** of a word are found by its Snowball stem, for English words (of Latin letters) and
//!   Russian ones (of Cyrillic letters): `deliveries` finds `delivery`, `заказов` finds `заказ`. A verb
//!   and the noun that it comes from are mostly two stems.
//! - **The last word** of the search is also a beginning, from two letters on: `deliv` finds `delivery`.
//!   So a list can follow what is being typed.
//! - **Numbers** are words: `8812` finds `№8812`, and `88` as the last word does, too.
//! - Signs, punctuation and emoji are no words: they separate. Languages that do not separate words
//!   are found by the beginning of a run only. There are no phrases, no operators and no typing errors.
//!
//! What is deleted is not found; what is archived is.
//!
//! # Example
//! ```
//! use vestnik_inbox::{
//!     Device, HistoryFile, HistoryQuery, Inbox, MemorySecrets, Outcome, Offset, ProcessMark, SearchQuery,
//!     Settled, Stamp, Standing, Stretch, Suspicion,
//! };
//! use vestnik_clock::{Clock, SystemClock};
//! use vestnik_inbox::History;
//! use vestnik_model::{UserId, contract::Page};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let clock = SystemClock;
//! // As an answer to `Hello` gave it: this device's clock is right.
//! let offset = Offset::Heard(jiff::SignedDuration::ZERO);
//! let stamp = || Stamp { now: clock.now(), offset, random: clock.random() };
//!
//! // Who this device is.
//! let secrets = MemorySecrets::default();
//! let mut opened = Device::open(folder, &secrets, &stamp())?;
//! assert_eq!(opened.standing, Standing::New);
//! let anna: UserId = "anna".parse()?;
//! opened.device.log_in(&secrets, 1, &anna, &"a refresh token".into())?;
//!
//! // Her history, and the first page of her log.
//! let mut history = HistoryFile::open(folder, &anna, Suspicion::None, &stamp())?.database;
//! # let (accepted, expires) = (clock.now() + std::time::Duration::from_secs(1), clock.now() + std::time::Duration::from_secs(3600));
//! let page: Page = serde_json::from_value(serde_json::json!({
//!     "after": "e:0:t", "cursor": "e:1:t", "entries": [{
//!         "kind": "notification", "id": "ntf_0192f0c1000070008000000000000001", "at": accepted,
//!         "deliveryId": "dlv_0192f0c1000070008000000000000002",
//!         "notification": {
//!             "id": "ntf_0192f0c1000070008000000000000001", "title": "Заказы в пути 🚚",
//!             "acceptedAt": accepted, "expiresAt": expires,
//!         },
//!     }],
//! }))?;
//! let stretch = Stretch::page(anna.clone(), None, page);
//! let Outcome::Applied(applied) = history.write(|db| Inbox::new(db, stamp()).apply(&stretch))? else {
//!     unreachable!("it was asked for from where the device stands");
//! };
//! assert_eq!((applied.inserted.len(), applied.unread, applied.facts_waiting), (1, 1, 1));
//!
//! // The shell draws what is due.
//! let process = ProcessMark::new(*b"a random");
//! let taken = history.write(|db| Inbox::new(db, stamp()).take_show(process))?;
//! let taken = taken.ok_or("it was accepted after the login")?;
//! println!("draw {} under {}", taken.item.notification.title.as_str(), taken.id());
//! history.write(|db| {
//!     Inbox::new(db, stamp()).settle_show(taken.id(), taken.revision(), &Settled::Shown)
//! })?;
//!
//! // The person reads.
//! let page = history.read(|db| History::new(db).page(&HistoryQuery::default()))?;
//! assert_eq!(page.items[0].notification.id, taken.id());
//! let search = SearchQuery { text: "заказ".to_owned(), before: None, limit: 20 };
//! assert_eq!(history.read(|db| History::new(db).search(&search))?.items.len(), 1);
//! history.write(|db| Inbox::new(db, stamp()).mark_all_read(None))?;
//! assert_eq!(history.read(|db| History::new(db).unread_count())?, 0);
//! # Ok(())
//! # }
//! ```
//!
//! # Where to start reading
//! [`Inbox`] lists what a history can do. In the source, `rule` has the decisions, each a pure function
//! with its cases as a test; `store` has the history's file, with `migrations/history/0001` as its
//! schema and a file of `store/table` for each table; `device` and `secret` are who the device is.
#![forbid(unsafe_code)]

mod applied;
mod device;
mod error;
mod fact;
mod history;
mod payload;
#[doc(hidden)]
pub mod planted;
pub mod push;
mod rule;
pub mod secret;
pub mod spool;
mod sql;
mod stamp;
mod store;
mod withdrawal;

pub use applied::{Applied, Origin, Outcome, Stretch};
pub use device::{
    Device, DeviceState, Identity, MAX_WISHES, NewLogout, OpenDevice, PendingLogout, Registered,
    Restored, SentOptOuts,
};
pub use error::StoreError;
pub use fact::{FactRow, OutboxBatch, Reporting, WaitingFact};
pub use history::{
    Filter, HistoryItem, HistoryPage, HistoryQuery, MAX_PAGE, ParsePlaceError, Place, SearchQuery,
    Settled, Shelf, ShowState, Start, Taken,
};
pub use payload::{Payload, PayloadError};
pub use rule::{
    clock::{Moment, Offset},
    identity::{RestoreMark, Standing},
    outbox::ReportLimits,
    suppression::Suppression,
};
pub use secret::{FileSecrets, MemorySecrets, SecretError, SecretStore};
pub use stamp::Stamp;
pub use store::{
    History, HistoryFile, Inbox, Opening, ProcessMark, Pruned, Recovered, Suspicion, history_path,
    wipe, wipe_others,
};
pub use withdrawal::Withdrawal;
