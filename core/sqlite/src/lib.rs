//! What each SQLite database of Vestnik needs: the server's store and the inbox of a device.
//!
//! - [`OpenOptions::open`] opens one file for one process, whatever name it is reached by: it
//!   resolves links, takes a lock, makes the files private, checks ownership and soundness, runs
//!   [`Schema`] migrations, and gives a [`Database`].
//! - [`Database`] is used by itself where one thread does everything ([`Database::write`]).
//! - [`Writer`] owns the database on a thread of its own and commits the jobs that wait together.
//!   What a job [emits](WriteTxn::emit) reaches a sink after the commit, in commit order, before
//!   the job's caller is answered.
//! - [`ReaderPool`] runs reads on a fixed number of threads, each in one snapshot, with a time
//!   limit; a caller that stops waiting ends its statement.
//! - [`Backup`] copies a database that is in use; [`inspect`] examines a file and changes nothing.
//! - [`Held`] replaces the file of a database that nobody has open; [`write_private_file`] and
//!   [`make_private_file`] write small files beside one, in a folder by [`create_private_folder`].
//! - [`value`] converts times, UUIDs, JSON and parsed text from and to columns.
//!
//! The feature `tokio` adds async methods beside the blocking ones.
//!
//! ```
//! use std::sync::Arc;
//! use vestnik_clock::{Clock, SystemClock};
//! use vestnik_sqlite::{OpenOptions, Priority, ReaderOptions, ReaderPool, Schema, Writer};
//! use vestnik_sqlite::WriterOptions;
//!
//! const SCHEMA: Schema = Schema {
//!     application_id: 0x1234_5678,
//!     migrations: &["CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"],
//! };
//!
//! #[derive(Debug)]
//! struct NoteAdded(i64);
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("notes.sqlite");
//! let clock: Arc<dyn Clock> = Arc::new(SystemClock);
//! let database = OpenOptions::new(SCHEMA).open(&path, clock.now())?;
//! let readers = ReaderPool::start(&database, ReaderOptions::named("lists"), clock.clone())?;
//! let sink = |events: Vec<NoteAdded>| println!("committed: {events:?}");
//! let writer = Writer::start(database, WriterOptions::default(), Box::new(sink), clock)?;
//!
//! let id = writer.call_blocking(Priority::Normal, |txn| {
//!     txn.execute("INSERT INTO note (text) VALUES (?1)", ["first"])?;
//!     let id = txn.last_insert_rowid();
//!     txn.emit(NoteAdded(id));
//!     Ok(id)
//! })?;
//! let text: String = readers.read_blocking(move |snapshot| {
//!     snapshot.query_row("SELECT text FROM note WHERE id = ?1", [id], |row| row.get(0))
//! })?;
//! assert_eq!(text, "first");
//! readers.close();
//! writer.close_blocking()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Start reading at [`OpenOptions`], then [`Writer`].
#![forbid(unsafe_code)]

mod backup;
mod checkpointer;
mod create;
mod database;
mod failure;
mod file;
mod held;
mod inspect;
mod lock;
mod mode;
mod mutex;
mod note;
mod open;
mod open_error;
mod path;
mod place;
mod priority;
mod private_file;
mod quarantine;
mod queue;
mod reader;
mod reply;
mod schema;
pub mod value;
mod wal;
mod writer;

pub use backup::{Backup, BackupError, BackupProgress};
pub use database::Database;
pub use failure::Failure;
pub use held::Held;
pub use inspect::{Depth, Inspection, inspect, open_read_only};
pub use note::Note;
pub use open::{Check, OnDamage, OpenOptions};
pub use open_error::{Damage, OpenError, PathFault};
pub use priority::Priority;
pub use private_file::{create_private_folder, make_private_file, write_private_file};
pub use reader::{ReaderOptions, ReaderPool, ReaderStats};
pub use rusqlite;
pub use schema::Schema;
pub use wal::WalLimits;
pub use writer::{CommitHook, EventSink, WriteTxn, Writer, WriterOptions, WriterStats, slow_disk};
