//! Opens the device's file, and tells whether it is still its own.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use vestnik_model::UserId;
use vestnik_sqlite::{Check, Database, OnDamage, OpenOptions};

use super::{
    identity::{Identity, Kept, KeptSession, new_mark, new_restore},
    logout::{Logouts, PendingLogout, noted_logout},
    session::log_out,
    state::{DeviceState, Restored},
    table::{self, SCHEMA},
};
use crate::{
    Stamp, Standing, StoreError,
    planted::Plant,
    push::PushKeys,
    rule::identity::{InFile, standing},
    secret::{REFRESH, SecretStore},
    store::damage::{log_notes, open_sound, set_aside, was_set_aside},
};

/// Who this device is: the open `device.sqlite`.
#[derive(Debug)]
pub struct Device {
    pub(super) database: Database,
    pub(super) state: DeviceState,
    pub(super) kept: Kept,
    pub(super) keys: PushKeys,
}

/// An opened device.
#[derive(Debug)]
pub struct OpenDevice {
    /// The device.
    pub device: Device,
    /// How the installation was found. With every standing but [`Standing::New`] and [`Standing::Same`] there
    /// is a new [`DeviceState::restored`].
    pub standing: Standing,
    /// Where a damaged file lies.
    pub aside: Option<PathBuf>,
}

impl Device {
    /// Opens `device.sqlite` in the app's data folder, making both if they are not there.
    ///
    /// A damaged file is set aside and made anew from the secret store: the installation stays what it
    /// is. A file that was copied to another device, where the secret store does not know it, becomes
    /// a new installation without a session. So does a secret store whose file is gone: whoever removed the
    /// app and installs it again is asked who they are, and the former session is noted to be ended.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if another process has the file, [`StoreError::Secrets`],
    /// [`StoreError::TooNew`], [`StoreError::Full`] or [`StoreError::Other`].
    pub fn open(
        folder: &Path,
        secrets: &dyn SecretStore,
        stamp: &Stamp,
    ) -> Result<OpenDevice, StoreError> {
        let path = folder.join("device.sqlite");
        let was_absent = replace_if_absent(&path, secrets, stamp)?;
        let (mut database, found, aside) = open(&path, stamp)?;
        log_notes(database.notes());
        let Found {
            in_file,
            mut state,
            pending,
        } = found;
        let kept = Kept::read(secrets)?;
        let in_store = kept.as_ref().map(Kept::in_store);
        let standing = standing(in_file, in_store, was_absent);
        // A session without its installation is another's.
        let session = match kept {
            Some(_) => KeptSession::read(secrets)?,
            None => None,
        };
        let mut kept = kept.unwrap_or_else(|| Kept::new(stamp));
        let logouts = Logouts::find(secrets, &pending, &kept, standing)?;
        state.restored = restored(&state, (standing, &kept), stamp);
        let begun = adopt(&mut state, session, (&kept, &logouts), standing);
        // Before the marks: with those the file is known as its own, so what was concluded from a foreign
        // mark has to be in it.
        database.write(|db| {
            logouts.save(db, begun.as_ref())?;
            table::save(db, &state)
        })?;
        kept.logouts = logouts.all();
        kept.former = in_file
            .filter(|file| file.installation == kept.identity.id)
            .map(|file| file.mark);
        kept.mark = new_mark(stamp);
        kept.generation = state.generation;
        set_mark(&mut database, &mut kept, secrets)?;
        let keys = open_keys((&kept, &state), secrets, stamp)?;
        if !state.is_logged_in {
            // What a login or a logout that was cut short has left.
            secrets.delete(REFRESH)?;
        }
        let device = Self {
            database,
            state,
            kept,
            keys,
        };
        Ok(OpenDevice {
            device,
            standing,
            aside,
        })
    }

    /// By what the server knows this installation.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.kept.identity
    }

    /// What the device remembers.
    #[must_use]
    pub const fn state(&self) -> &DeviceState {
        &self.state
    }

    /// What pushes are opened with.
    #[must_use]
    pub const fn push_keys(&self) -> &PushKeys {
        &self.keys
    }

    /// Makes new keys if it is time for them; gives whether the server has to be told. The time is the
    /// server's, as well as it is known. Keys that the secret store has lost since are kept once more: an
    /// extension has no others.
    ///
    /// # Errors
    /// [`StoreError::Secrets`]; the keys are the former ones then.
    pub fn renew_keys(
        &mut self,
        secrets: &dyn SecretStore,
        stamp: &Stamp,
    ) -> Result<bool, StoreError> {
        let Some(keys) = self.keys.renewed(stamp) else {
            if PushKeys::read(secrets, self.kept.identity.id)?.is_none() {
                self.keys.write(secrets)?;
            }
            return Ok(false);
        };
        keys.write(secrets)?;
        let former = std::mem::replace(&mut self.keys, keys);
        Ok(former.public_text() != self.keys.public_text())
    }

    /// From here on an extension draws nothing, until a login.
    ///
    /// # Errors
    /// [`StoreError::Secrets`]; it may draw for the former user then.
    pub fn withhold_keys(&mut self, secrets: &dyn SecretStore) -> Result<(), StoreError> {
        self.give_keys_to(secrets, None)
    }

    /// Says to an extension whose history is on the device.
    pub(super) fn give_keys_to(
        &mut self,
        secrets: &dyn SecretStore,
        user: Option<&UserId>,
    ) -> Result<(), StoreError> {
        if !self.keys.is_of(user) {
            let keys = self.keys.given_to(user);
            keys.write(secrets)?;
            self.keys = keys;
        }
        Ok(())
    }

    /// Whose history is on the device.
    #[must_use]
    pub const fn user(&self) -> Option<&UserId> {
        self.state.user.as_ref()
    }

    /// Changes what the device remembers. Nothing is written if nothing changes.
    ///
    /// # Errors
    /// [`StoreError`]; the state is the former then.
    pub fn update(&mut self, change: impl FnOnce(&mut DeviceState)) -> Result<(), StoreError> {
        self.change(change, |_| Ok(()))
    }

    /// Closes the file for good, as the end of a process does. A copy of the files that was made while it was
    /// open is noticed as one that was set back.
    ///
    /// # Errors
    /// [`StoreError`]. What was changed stays.
    pub fn end(mut self, secrets: &dyn SecretStore, stamp: &Stamp) -> Result<(), StoreError> {
        self.kept.former = Some(self.kept.mark);
        self.kept.mark = new_mark(stamp);
        set_mark(&mut self.database, &mut self.kept, secrets)?;
        self.close()
    }

    /// Closes the file.
    ///
    /// # Errors
    /// [`StoreError`]. What was changed stays.
    pub fn close(self) -> Result<(), StoreError> {
        Ok(self.database.close()?)
    }

    /// Changes the state and what belongs to the change in one transaction.
    pub(super) fn change(
        &mut self,
        change: impl FnOnce(&mut DeviceState),
        more: impl FnOnce(&Connection) -> Result<(), rusqlite::Error>,
    ) -> Result<(), StoreError> {
        let mut state = self.state.clone();
        change(&mut state);
        state.bound();
        self.database.write(|db| {
            if state != self.state {
                table::save(db, &state)?;
            }
            more(db)
        })?;
        self.state = state;
        Ok(())
    }
}

/// Replaces an installation whose file is gone by a new one without a session; gives whether it did. This is done
/// before there is a file: one that is there and says nothing of the installation is damaged, and costs nobody
/// their session.
fn replace_if_absent(
    path: &Path,
    secrets: &dyn SecretStore,
    stamp: &Stamp,
) -> Result<bool, StoreError> {
    let is_absent = path.try_exists().is_ok_and(|is_there| !is_there);
    if !is_absent || was_set_aside(path) {
        return Ok(false);
    }
    let Some(kept) = Kept::read(secrets)? else {
        return Ok(false);
    };
    let session = KeptSession::read(secrets)?;
    kept.replaced(session, secrets, stamp)?.write(secrets)?;
    secrets.delete(REFRESH)?;
    Ok(true)
}

/// The keys of this installation, for whoever has the device. Those that were lost, or that an extension
/// could not read, are made anew: what was sealed for them is reported, and sealed once more.
fn open_keys(
    (kept, state): (&Kept, &DeviceState),
    secrets: &dyn SecretStore,
    stamp: &Stamp,
) -> Result<PushKeys, StoreError> {
    let installation = kept.identity.id;
    let found = PushKeys::read(secrets, installation)?;
    let is_new = found.is_none();
    let mut keys = found.unwrap_or_else(|| PushKeys::new(installation, stamp));
    if is_new || !keys.is_of(state.user.as_ref()) {
        keys = keys.given_to(state.user.as_ref());
        if !Plant::KeysAreNotKept.is_on() {
            keys.write(secrets)?;
        }
    }
    Ok(keys)
}

/// Gives the file the mark that the secret store has for it.
fn set_mark(
    database: &mut Database,
    kept: &mut Kept,
    secrets: &dyn SecretStore,
) -> Result<(), StoreError> {
    // The secret store first: see the rule.
    kept.write(secrets)?;
    database.write(|db| table::set_in_file(db, kept.identity.id, kept.mark))?;
    kept.former = None;
    if let Err(error) = kept.write(secrets) {
        // A backup of the former opening would not be noticed; there is no other harm.
        tracing::warn!(%error, "the secret store keeps the former mark");
    }
    Ok(())
}

/// What a file says.
struct Found {
    in_file: Option<InFile>,
    state: DeviceState,
    pending: Vec<PendingLogout>,
}

fn read(db: &Connection) -> Result<Found, rusqlite::Error> {
    Ok(Found {
        in_file: table::in_file(db)?,
        state: table::load(db)?,
        pending: table::logouts(db)?,
    })
}

/// Opens the file, or sets a damaged one aside and begins a new one; gives where the damaged one lies.
fn open(path: &Path, stamp: &Stamp) -> Result<(Database, Found, Option<PathBuf>), StoreError> {
    if let Some((database, found)) = open_sound(&options(), path, stamp, read)? {
        return Ok((database, found, None));
    }
    let aside = set_aside(path, stamp)?;
    let mut database = options().open(path, stamp.now)?;
    let found = database.read(read)?;
    Ok((database, found, Some(aside)))
}

/// When the files were found to be set back last. Until the server was heard, that is now: the clock may have
/// been set since.
fn restored(
    state: &DeviceState,
    (standing, kept): (Standing, &Kept),
    stamp: &Stamp,
) -> Option<Restored> {
    let found = stamp.moment();
    if is_set_back(standing, kept) {
        let mark = new_restore(stamp);
        return Some(Restored { mark, found });
    }
    let known = state.restored?;
    Some(if known.found.is_by_device {
        Restored { found, ..known }
    } else {
        known
    })
}

/// Whether nobody can tell any more how old the histories are, if there ever was one.
const fn is_set_back(standing: Standing, kept: &Kept) -> bool {
    match standing {
        Standing::New | Standing::Same => false,
        Standing::Restored | Standing::Cloned => true,
        Standing::Rebuilt | Standing::Wiped => kept.generation > 0,
    }
}

/// What an installation's standing means for its state. Gives the logout that an end of the process
/// left half done, and that is complete now.
fn adopt(
    state: &mut DeviceState,
    session: Option<KeptSession>,
    (kept, logouts): (&Kept, &Logouts),
    standing: Standing,
) -> Option<(u64, UserId)> {
    let of_session = session.as_ref().map(|session| session.generation);
    match standing {
        Standing::New | Standing::Wiped => {}
        Standing::Same => {
            // They differ when the process ended in the middle of a login or a logout.
            state.is_logged_in &= session.is_some_and(|session| Some(session.user) == state.user);
        }
        Standing::Restored | Standing::Cloned | Standing::Rebuilt => {
            state.is_logged_in = session.is_some();
            state.user = session
                .map(|session| session.user)
                .or_else(|| state.user.take());
            // What the file says of a login is of its time.
            state.login = None;
            state.registered = None;
            state.wishes.clear();
            if standing == Standing::Cloned {
                // They reach the device that the file was copied from.
                state.push_addresses.clear();
            }
        }
    }
    let of_file = (standing == Standing::Same).then_some(state.generation);
    let ended = noted_logout(state, of_session.into_iter().chain(of_file), |generation| {
        logouts.has(generation)
    });
    let begun = ended.zip(state.user.clone());
    if begun.is_some() {
        log_out(state);
    }
    state.generation = state.generation.max(kept.generation);
    if begun.is_some() || !matches!(standing, Standing::New | Standing::Same) {
        let known = logouts.all().into_iter().chain(of_session);
        let highest = known.fold(state.generation, u64::max);
        state.generation = highest.saturating_add(1);
    }
    begun
}

fn options() -> OpenOptions {
    OpenOptions {
        on_damage: OnDamage::Refuse,
        check: Check::Always,
        create_folder: true,
        cache_kib: 256,
        secure_delete: true,
        ..OpenOptions::new(SCHEMA)
    }
}
