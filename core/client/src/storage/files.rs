//! The open files of a device, and the one way to their transactions.

use std::sync::Arc;

use jiff::Timestamp;
use vestnik_clock::{Clock, Monotonic};
use vestnik_inbox::{
    Device, History, HistoryFile, Inbox, Moment, OpenDevice, Opening, ProcessMark, Standing,
    StoreError, Suppression, Suspicion, planted::Plant, spool, wipe_others,
};
use vestnik_model::{Open, Permission, PushAddress, UserId};
use vestnik_sqlite::{Database, rusqlite};

use super::{
    app::Unsettled,
    news::{Counts, News, Rebuilt},
    options::{FileOptions, FormerHistory},
    time::stamp,
};
use crate::machine::Generation;

/// The open files of a device.
#[derive(Debug)]
pub struct Files {
    pub(super) options: FileOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) device: Device,
    pub(super) history: Option<Present>,
    /// The session that the engine is in.
    pub(super) generation: Generation,
    /// When that session was to be made durable for the first time, if it is a login's.
    pub(super) login: Option<(Generation, Moment)>,
    pub(super) process: ProcessMark,
    /// Why the app may show nothing, if it may not.
    pub(super) blocked: Option<Suppression>,
    /// Whether nothing of the history may be seen any more, until a session begins.
    pub(super) is_hidden: bool,
    /// When the spool is looked at again at the latest, by the device's clock.
    pub(super) spool_again: Option<Timestamp>,
    /// How many marks were left for an extension since the oldest were removed.
    pub(super) marked: u32,
    /// How many notifications came since the history was pruned.
    pub(super) since_prune: usize,
    /// Whether a former user's history could not be wiped yet. Nobody sees it.
    pub(super) former_stays: bool,
    pub(super) news: News,
    /// Tickets that were given back while the storage failed.
    pub(super) unsettled: Vec<Unsettled>,
    /// When the next show is due, as those who watch were told last.
    told_show: Option<Timestamp>,
    /// The server's time and when that was, by the clock that no one sets.
    pub(super) server_time: Option<(Timestamp, Monotonic)>,
    /// What both clocks of the device said when they were compared last.
    pub(super) looked_at: (Timestamp, Monotonic),
}

/// The open history of whoever it belongs to.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) user: UserId,
    pub(super) database: Database,
}

impl Files {
    /// Opens the files of a device, and the history if it is anybody's. A former user's history that a
    /// user switch or a logout has left, because the process ended in its middle, is wiped.
    ///
    /// Gives how the installation was found beside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(
        options: FileOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Standing), StoreError> {
        let stamp = stamp(&*clock, None);
        let OpenDevice {
            device,
            standing,
            aside,
        } = Device::open(&options.folder, &*options.secrets, &stamp)?;
        if let Some(aside) = aside {
            tracing::warn!(aside = %aside.display(), "the device's file was damaged");
        }
        let mut files = Self {
            generation: Generation::new(device.state().generation),
            options,
            process: process_mark(&*clock),
            looked_at: (stamp.now, clock.monotonic()),
            clock,
            device,
            history: None,
            login: None,
            blocked: None,
            is_hidden: false,
            spool_again: None,
            marked: 0,
            since_prune: 0,
            former_stays: false,
            news: News::default(),
            unsettled: Vec::new(),
            told_show: None,
            server_time: None,
        };
        files.make_spool();
        files.prune_marks();
        files.wipe_left();
        files.clear_nobodys();
        files.ensure_open()?;
        Ok((files, standing))
    }

    /// Who the device is, what it remembers.
    #[must_use]
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// The session that the engine is in, as far as the files know.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// The addresses by which push services reach the installation.
    #[must_use]
    pub fn push_addresses(&self) -> Vec<PushAddress> {
        self.device.state().push_addresses.clone()
    }

    /// Keeps the addresses by which push services reach the installation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_push_addresses(&mut self, addresses: Vec<PushAddress>) -> Result<(), StoreError> {
        self.device
            .update(|state| state.push_addresses = addresses)?;
        self.make_spool();
        Ok(())
    }

    /// Whether the app may show notifications, as it says while it runs. While it may not, whatever becomes due
    /// is suppressed, so that nothing pops up when it may again.
    ///
    /// The app's own switch is kept apart from what the system lets it do: [`Permission::SwitchedOff`] turns it
    /// off, and everything else turns it on, except [`Permission::Denied`], which says nothing of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_permission(&mut self, permission: Permission) -> Result<(), StoreError> {
        let is_off = match permission {
            Permission::SwitchedOff => true,
            Permission::Denied => self.device.state().is_switched_off,
            Permission::Unknown
            | Permission::NotAsked
            | Permission::Granted
            | Permission::Provisional => false,
        };
        self.permit(permission, is_off)
    }

    /// The same, as the app says when it is opened: what the system lets it do. The switch stays as it was kept,
    /// unless the app says that it is off.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_permission(&mut self, permission: Permission) -> Result<(), StoreError> {
        let is_off = permission == Permission::SwitchedOff || self.device.state().is_switched_off;
        self.permit(permission, is_off)
    }

    /// Whether the app may show notifications, by the system and by its own switch.
    #[must_use]
    pub fn permission(&self) -> Permission {
        let state = self.device.state();
        match state.permission.as_ref().and_then(Open::known) {
            Some(Permission::Denied) => Permission::Denied,
            _ if state.is_switched_off => Permission::SwitchedOff,
            system => system.unwrap_or(Permission::Unknown),
        }
    }

    fn permit(&mut self, permission: Permission, is_off: bool) -> Result<(), StoreError> {
        // What came back while it might not does not pop up now.
        self.suppress_blocked()?;
        let system = if permission == Permission::SwitchedOff {
            Permission::Granted
        } else {
            permission
        };
        self.device.update(|state| {
            state.permission = Some(Open::Known(system));
            state.is_switched_off = is_off;
        })?;
        self.blocked = blocked_by(self.permission());
        self.leave_switch();
        self.suppress_blocked()
    }

    /// Takes what the transactions so far mean to those who watch.
    #[must_use]
    pub fn take_news(&mut self) -> News {
        let mut news = std::mem::take(&mut self.news);
        self.mark_seen(&mut news);
        if let Some(counts) = news.counts {
            let told = std::mem::replace(&mut self.told_show, counts.next_show);
            news.has_show |= counts.next_show.is_some() && counts.next_show != told;
        }
        news
    }

    /// Closes the files. What was committed stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn close(mut self) -> Result<(), StoreError> {
        self.close_history()?;
        self.keep_offset()?;
        let stamp = self.stamp();
        self.device.end(&*self.options.secrets, &stamp)
    }

    /// Changes the history in one transaction, which is durable when this returns; `None` if there is
    /// none. If the history is damaged, it is made anew and the work is done once more.
    pub(super) fn write<T>(
        &mut self,
        mut work: impl FnMut(&mut Inbox<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, StoreError> {
        self.notice_set_clock();
        if let Err(error) = self.keep_offset() {
            tracing::warn!(%error, "it is not kept how far the clock is off");
        }
        self.mended(|files| files.write_once(&mut work))
    }

    /// Works on the open history. If it is damaged, it is made anew and the work is done once more.
    pub(super) fn mended<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.ensure_open()?;
        match work(self) {
            Err(StoreError::Corrupt { .. }) => {
                self.rebuild()?;
                work(self)
            }
            done => done,
        }
    }

    pub(super) fn write_once<T>(
        &mut self,
        work: &mut impl FnMut(&mut Inbox<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, StoreError> {
        let stamp = self.stamp();
        let Some(present) = &mut self.history else {
            return Ok(None);
        };
        let (value, counts) = present.database.write(|db| {
            let mut inbox = Inbox::new(db, stamp);
            let value = work(&mut inbox)?;
            Ok((value, Counts::read(&inbox.history())?))
        })?;
        self.news.counts = Some(counts);
        Ok(Some(value))
    }

    /// Reads the history in one snapshot; `None` if there is none.
    pub(super) fn read<T>(
        &mut self,
        mut work: impl FnMut(&History<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, StoreError> {
        self.mended(|files| files.read_once(&mut work))
    }

    fn read_once<T>(
        &mut self,
        work: &mut impl FnMut(&History<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<Option<T>, StoreError> {
        let Some(present) = &mut self.history else {
            return Ok(None);
        };
        let value = present.database.read(|db| work(&History::new(db)))?;
        Ok(Some(value))
    }

    /// Opens the history of whoever it belongs to, unless it is open.
    pub(super) fn ensure_open(&mut self) -> Result<(), StoreError> {
        match self.device.user().cloned() {
            Some(user) if self.history.is_none() && !self.is_hidden => {
                self.notice_set_clock();
                self.open_history(user)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Damage may be where no check of the structure looks; then it is found when the history is used for
    /// the first time.
    fn open_history(&mut self, user: UserId) -> Result<(), StoreError> {
        match self.open_as(user.clone(), Suspicion::None) {
            Err(StoreError::Corrupt { .. }) => self.open_as(user, Suspicion::Damaged),
            done => done,
        }
    }

    fn open_as(&mut self, user: UserId, suspicion: Suspicion) -> Result<(), StoreError> {
        let folder = &self.options.folder;
        let opened = HistoryFile::open(folder, &user, suspicion, &self.stamp())?;
        self.history = Some(Present {
            user,
            database: opened.database,
        });
        let begun = self.begin_history(opened.opening);
        if begun.is_err() {
            // What is left undone is done when it is opened again.
            self.history = None;
        }
        begun
    }

    /// What a history needs before it is used: it learns what the device knows, shows that a process has left
    /// are due again, what an extension was given goes in, and what an older version could not read is tried
    /// again.
    fn begin_history(&mut self, opening: Opening) -> Result<(), StoreError> {
        let (state, is_heard) = (self.device.state().clone(), self.server_time.is_some());
        let (process, reader) = (self.process, self.options.reader.clone());
        let begun = self.write_once(&mut |inbox| {
            inbox.begin(&state, &opening)?;
            if is_heard {
                inbox.hear_time()?;
            }
            inbox.release_taken(process)?;
            let applied = inbox.reread_opaque(&reader)?;
            Ok((applied, inbox.history().cursor()?))
        })?;
        let known = self.device.update(|state| state.login = None);
        if let Err(error) = known {
            tracing::warn!(%error, "the history learns once more how it begins");
        }
        if let Some((applied, cursor)) = begun {
            // A process that ended may not have taken off the screen, or drawn again, what it was told to.
            // What a lost history lacks may come back.
            self.news.is_reread |= !opening.is_new || state.login.is_some();
            self.news.add(applied);
            if let Some(aside) = opening.aside {
                self.news.rebuilt = Some(Rebuilt { aside, cursor });
            }
        }
        self.ingest_once()?;
        self.suppress_once()
    }

    /// Sets the damaged history aside and makes it anew.
    fn rebuild(&mut self) -> Result<(), StoreError> {
        let Some(Present { user, database }) = self.history.take() else {
            return Ok(());
        };
        drop(database);
        self.open_as(user, Suspicion::Damaged)
    }

    /// Takes in what an extension was given. The files are removed after the commit.
    pub(super) fn ingest_spool(&mut self) -> Result<(), StoreError> {
        self.mended(Self::ingest_once)
    }

    fn ingest_once(&mut self) -> Result<(), StoreError> {
        if self.device.user().is_none() {
            self.clear_nobodys();
            return Ok(());
        }
        let spool = self.options.spool.clone();
        let former = self.spool_again.take();
        if !spool.exists() || Plant::SpoolIsForgotten.is_on() {
            return Ok(());
        }
        let Some(mut ingested) = self.write_once(&mut |inbox| spool::ingest(inbox, &spool))? else {
            return Ok(());
        };
        self.news.add(std::mem::take(&mut ingested.applied));
        self.news.tells_again |= ingested.is_key_in_doubt && !Plant::KeyInDoubtIsNotTold.is_on();
        self.spool_again = ingested.again_at;
        // Who waits for a show does not know that the spool has to be looked at sooner than before.
        let is_sooner = |at| former.is_none_or(|former| at < former);
        self.news.has_show |= self.spool_again.is_some_and(is_sooner);
        if let Err(error) = ingested.remove_files() {
            tracing::warn!(%error, "files of the spool stay and are taken in again");
        }
        Ok(())
    }

    /// Nothing of the history is seen any more, until a session begins: the user is logged out, and the
    /// files follow.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hide(&mut self) -> Result<(), StoreError> {
        if self.history.is_some()
            && let Err(error) = self.ingest_once()
        {
            tracing::warn!(%error, "what an extension has drawn may be shown once more");
        }
        self.is_hidden = true;
        self.unsettled.clear();
        // When this user comes back, tickets that are out now are those of a process that has ended.
        self.process = process_mark(&*self.clock);
        self.news = News {
            counts: Some(Counts::default()),
            ..News::default()
        };
        self.close_history()
    }

    /// As [`hide`](Self::hide), unless the history is already that of the user whose session has begun:
    /// then only those who watch are told to read it again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hide_former(&mut self, present: Option<&UserId>) -> Result<(), StoreError> {
        if present.is_some_and(|user| self.is_of(user)) {
            self.news.is_reread = true;
            return Ok(());
        }
        self.hide()
    }

    pub(super) fn close_history(&mut self) -> Result<(), StoreError> {
        match self.history.take() {
            Some(present) => Ok(present.database.close()?),
            None => Ok(()),
        }
    }

    /// What a user switch or a logout has left is wiped, now or later: it keeps nobody from their history.
    pub(super) fn wipe_left(&mut self) {
        let wiped = self.wipe_former();
        self.former_stays = wiped.is_err();
        if let Err(error) = wiped {
            tracing::error!(%error, "a former user's history is not wiped yet");
        }
    }

    /// What an extension was given for a former user goes, off the screen, too: a payload need not say whom
    /// it is for.
    pub(super) fn clear_spool(&mut self) -> Result<(), StoreError> {
        let cleared = spool::clear(&self.options.spool).map_err(|error| StoreError::Other {
            source: Arc::new(error),
        })?;
        self.news.withdrawn.extend(cleared);
        Ok(())
    }

    /// Wipes what belongs to anybody but the present user, if that is the policy.
    pub(super) fn wipe_former(&mut self) -> Result<(), StoreError> {
        match self.options.former {
            FormerHistory::Seal => Ok(()),
            FormerHistory::Wipe => {
                let (folder, user) = (&self.options.folder, self.device.user());
                wipe_others(folder, user, &self.stamp()).map(drop)
            }
        }
    }
}

/// Why an app may show nothing, if it may not.
const fn blocked_by(permission: Permission) -> Option<Suppression> {
    match permission {
        Permission::Denied => Some(Suppression::BlockedOs),
        Permission::SwitchedOff => Some(Suppression::BlockedApp),
        Permission::Unknown
        | Permission::NotAsked
        | Permission::Granted
        | Permission::Provisional => None,
    }
}

fn process_mark(clock: &dyn Clock) -> ProcessMark {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&clock.random()[..8]);
    ProcessMark::new(bytes)
}
