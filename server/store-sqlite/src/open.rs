//! Opening: the key of the secrets, the schema, the life of the logs.
//!
//! In this order: a key that is missing or wrong is found before anything is written; the file is
//! locked, checked and brought up to date by [`vestnik_sqlite`]; plain secrets are encrypted if there
//! is a key, and the file is written anew so that nothing of them is left in it; the life goes on or a new one begins ([`crate::life`]).

use std::{path::Path, sync::Arc};

use vestnik_clock::Clock;
use vestnik_rules::contact::ContactKey;
use vestnik_sqlite::{Database, Held, Note};
use vestnik_store::{OpenError, Sink};

use crate::{
    failure::open_error,
    life::{COPY, Found, Life, LifeFile, compare},
    schema::SCHEMA,
    seal::{Seal, SealKey},
    table::{
        audience, chat, email_address, erasure, identity_key, lease,
        meta::{self, ACCESS, SEAL_REMNANTS},
        numbering, phone_number, provider, push_address,
        secret::{self, AtRest},
        webhook, work,
    },
};

/// How to open a store.
pub struct StoreOptions {
    /// The key under which secrets are encrypted at rest. Without one they are stored plainly.
    pub key: Option<SealKey>,
    /// Takes the events of each commit.
    pub sink: Sink,
    /// Time and randomness.
    pub clock: Arc<dyn Clock>,
    /// How the thread that writes works.
    pub writer: vestnik_sqlite::WriterOptions,
    /// The most pages that the file may have; a write beyond it fails with
    /// [`StoreError::Full`](vestnik_store::StoreError::Full). `None` leaves the limit to the disk.
    pub max_pages: Option<u32>,
}

impl StoreOptions {
    /// No key, no sink, the usual writer.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            key: None,
            sink: vestnik_store::effect::no_sink(),
            clock,
            writer: vestnik_sqlite::WriterOptions::default(),
            max_pages: None,
        }
    }
}

impl std::fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreOptions")
            .field("key", &self.key)
            .field("clock", &self.clock)
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}

/// What an operator should know of how a store was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// Whether it is the database that was closed last.
    pub found: Found,
    /// Whether secrets that were stored plainly have been encrypted just now.
    pub has_encrypted: bool,
    /// What was done to the files.
    pub notes: Vec<Note>,
}

/// An open database and what belongs to it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) seal: Seal,
    pub(crate) contact_key: ContactKey,
    pub(crate) life_file: LifeFile,
    pub(crate) opening: Opening,
}

/// Opens a file, making it when it is not there.
pub(crate) fn open(path: &Path, options: &StoreOptions) -> Result<Opened, OpenError> {
    let seal = Seal::new(options.key.as_ref()).map_err(|_| wrong_key(path))?;
    check_key_unlocked(path, &seal)?;
    let mut database = connect(path, options)?;
    let has_encrypted =
        is_to_be_encrypted(path, &mut database, &seal)? && encrypt(path, &mut database, &seal)?;
    if has_remnants(path, &mut database)? {
        database = rewrite(path, database, options)?;
        // It was unlocked for moments.
        is_to_be_encrypted(path, &mut database, &seal)?;
    }
    let now = options.clock.now();
    // The file is locked: claims and leases that a killed server left are nobody's.
    database
        .write(|db| {
            work::release(db)?;
            lease::end_all(db, now)
        })
        .map_err(|failure| migrate_error(path, failure))?;
    let offered = options.clock.random();
    let contact_key = database
        .write(|db| secret::ensure_contact_key(db, &seal, &offered))
        .map_err(|failure| migrate_error(path, failure))?;
    database
        .write(|db| erasure::erase_marked(db, &contact_key, now))
        .map_err(|failure| migrate_error(path, failure))?;
    let life_file = LifeFile::beside(database.path());
    let found = live_on(path, &mut database, &life_file, options.clock.as_ref())?;
    let opening = Opening {
        found,
        has_encrypted,
        notes: database.notes().to_vec(),
    };
    Ok(Opened {
        database,
        seal,
        contact_key,
        life_file,
        opening,
    })
}

fn connect(path: &Path, options: &StoreOptions) -> Result<Database, OpenError> {
    let mut open = vestnik_sqlite::OpenOptions::new(SCHEMA);
    open.max_pages = options.max_pages;
    // Who is erased is gone from the file as well.
    open.secure_delete = true;
    open.open(path, options.clock.now())
        .map_err(|error| open_error(path, error))
}

/// Looks at the key while nothing is written yet. What is wrong with the file itself, or that another
/// process has it, is found by opening it.
fn check_key_unlocked(path: &Path, seal: &Seal) -> Result<(), OpenError> {
    let at_rest = vestnik_sqlite::open_read_only(path)
        .ok()
        .and_then(|connection| secret::at_rest(&connection, seal).ok());
    at_rest.map_or(Ok(()), |at_rest| check_key(path, at_rest, seal).map(drop))
}

/// Refuses a wrong key; tells whether plain secrets are to be encrypted.
fn is_to_be_encrypted(
    path: &Path,
    database: &mut Database,
    seal: &Seal,
) -> Result<bool, OpenError> {
    let at_rest = database
        .read(|db| secret::at_rest(db, seal))
        .map_err(|failure| migrate_error(path, failure))?;
    check_key(path, at_rest, seal)
}

fn check_key(path: &Path, at_rest: AtRest, seal: &Seal) -> Result<bool, OpenError> {
    match (at_rest, seal.is_encrypting()) {
        (AtRest::Plain, is_encrypting) => Ok(is_encrypting),
        (AtRest::Sealed, _) => Ok(false),
        (AtRest::OtherKey, true) => Err(wrong_key(path)),
        (AtRest::OtherKey, false) => Err(OpenError::Key {
            path: path.to_owned(),
            detail: "its secrets are encrypted and no key was given",
        }),
    }
}

fn wrong_key(path: &Path) -> OpenError {
    OpenError::Key {
        path: path.to_owned(),
        detail: "its secrets are encrypted under another key",
    }
}

/// Encrypts every secret in one transaction; tells whether there can have been any: a file that was made
/// just now has none.
fn encrypt(path: &Path, database: &mut Database, seal: &Seal) -> Result<bool, OpenError> {
    let plain = Seal::new(None).map_err(|_| wrong_key(path))?;
    database
        .write(|db| {
            secret::encrypt(db, seal, &plain)?;
            identity_key::reseal(db, &plain, seal)?;
            provider::reseal(db, &plain, seal)?;
            push_address::reseal(db, &plain, seal)?;
            email_address::reseal(db, &plain, seal)?;
            phone_number::reseal(db, &plain, seal)?;
            chat::reseal(db, &plain, seal)?;
            webhook::reseal(db, &plain, seal)?;
            audience::reseal(db, &plain, seal)?;
            let was_in_use = meta::life(db)?.is_some();
            if was_in_use {
                meta::put(db, SEAL_REMNANTS, &[])?;
            }
            Ok(was_in_use)
        })
        .map_err(|failure| migrate_error(path, failure))
}

/// Whether the file may still hold plain secrets in places that are not in use.
fn has_remnants(path: &Path, database: &mut Database) -> Result<bool, OpenError> {
    let remnants: Option<Vec<u8>> = database
        .read(|db| meta::get(db, SEAL_REMNANTS))
        .map_err(|failure| migrate_error(path, failure))?;
    Ok(remnants.is_some())
}

/// Writes the file anew. A process that is killed meanwhile does it again.
fn rewrite(path: &Path, database: Database, options: &StoreOptions) -> Result<Database, OpenError> {
    database
        .close()
        .map_err(|failure| migrate_error(path, failure))?;
    Held::take(path)
        .and_then(|held| held.rewrite())
        .map_err(|error| open_error(path, error))?;
    let mut database = connect(path, options)?;
    database
        .write(|db| meta::remove(db, SEAL_REMNANTS))
        .map_err(|failure| migrate_error(path, failure))?;
    Ok(database)
}

/// Compares the database with the file beside it, and begins the next generation or the next life.
fn live_on(
    path: &Path,
    database: &mut Database,
    file: &LifeFile,
    clock: &dyn Clock,
) -> Result<Found, OpenError> {
    let io_error = |source| OpenError::Io {
        path: file.path().to_owned(),
        source,
    };
    let beside = file.read().map_err(io_error)?;
    let (random, now) = (random_u32(clock), clock.now());
    let (found, life) = database
        .write(|db| {
            let stored = meta::life(db)?;
            let found = compare(stored, beside);
            let life = match (found, stored, beside) {
                // The last opening ended between the database and the file: the file catches up.
                (Found::Same, Some(stored), Some(beside)) if stored != beside => stored,
                _ => next(found, [stored, beside], random),
            };
            meta::put_life(db, life)?;
            if found == Found::Restored {
                forget_future(db, now)?;
            }
            Ok((found, life))
        })
        .map_err(|failure| migrate_error(path, failure))?;
    file.write(life).map_err(io_error)?;
    Ok(found)
}

/// The life after an opening. A new one has a generation beyond all that are known.
fn next(found: Found, known: [Option<Life>; 2], random: u32) -> Life {
    let newest = known
        .into_iter()
        .flatten()
        .max_by_key(|life| life.generation);
    let newest = newest.unwrap_or(Life {
        epoch: random,
        generation: COPY,
    });
    match found {
        Found::Same => newest.grown(),
        Found::New | Found::Restored => Life {
            epoch: random,
            ..newest
        }
        .grown(),
    }
}

/// What a new life makes void: access tokens, and numbers of events that were given in the future
/// that was lost.
pub(crate) fn forget_future(
    db: &rusqlite::Connection,
    now: jiff::Timestamp,
) -> Result<(), rusqlite::Error> {
    meta::remove(db, ACCESS)?;
    numbering::skip_ahead(db, now)
}

pub(crate) fn random_u32(clock: &dyn Clock) -> u32 {
    let [a, b, c, d, ..] = clock.random();
    u32::from_be_bytes([a, b, c, d])
}

fn migrate_error(path: &Path, failure: vestnik_sqlite::Failure) -> OpenError {
    // Damage shows at the first page that is read, which may be later than the opening's own check.
    if let vestnik_sqlite::Failure::Corrupt { source } = &failure {
        return OpenError::Corrupt {
            path: path.to_owned(),
            detail: source.to_string(),
        };
    }
    OpenError::Migrate {
        path: path.to_owned(),
        source: failure.into(),
    }
}
