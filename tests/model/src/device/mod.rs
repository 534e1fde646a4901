//! A device of the model: the real engine over the real files, and what surrounds them.

mod diary;
mod process;
mod secrets;
mod shell;

pub(crate) use diary::{Diary, Draw, Since};
pub(crate) use process::{Deed, Job, Pending, Process, Reply, Request};
pub(crate) use secrets::Keystore;
pub(crate) use shell::{Habit, Shell, Show};

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use tempfile::TempDir;
use vestnik_clock::ManualClock;
use vestnik_core::{DeviceInfo, FormerHistory, storage::FileOptions};
use vestnik_model::{InstallationId, NotificationId, Permission, Platform, UserId};

use crate::{disk::Disk, time::At};

/// The number of a device.
pub(crate) type Number = usize;

/// A device.
#[derive(Debug)]
pub(crate) struct Device {
    folder: TempDir,
    pub(crate) disk: Disk,
    pub(crate) secrets: Arc<Keystore>,
    pub(crate) clock: ManualClock,
    pub(crate) former: FormerHistory,
    pub(crate) reader: u32,
    pub(crate) network: Network,
    pub(crate) permission: Permission,
    pub(crate) habit: Habit,
    /// Whom the app wants to be logged in.
    pub(crate) wanted: Option<UserId>,
    pub(crate) is_online: bool,
    /// Until when the machine sleeps.
    pub(crate) asleep_until: Option<At>,
    /// Counts the processes of the app.
    pub(crate) life: u64,
    pub(crate) process: Option<Box<Process>>,
    /// The server has refused a token of the session.
    pub(crate) was_refused: bool,
    /// Something asked for a pause that is beyond all measure.
    pub(crate) was_asked_to_wait: bool,
    /// How often an access token was refused.
    pub(crate) refusals: BTreeMap<String, u32>,
    /// What is on the screen, and its revision.
    pub(crate) screen: BTreeMap<NotificationId, u32>,
    /// A copy of the files, and by which process they were open when it was made.
    pub(crate) backup: Option<(TempDir, u64)>,
    /// Whether the last process ended as it should.
    pub(crate) has_closed: bool,
    /// Where the push service reaches it.
    pub(crate) address: String,
    pub(crate) diary: Diary,
}

/// How a device reaches the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) mode: Mode,
    /// How many calls or answers out of a hundred are lost.
    pub(crate) loss: u64,
    /// A page of more entries than this never arrives; the connection breaks.
    pub(crate) narrow: Option<usize>,
    /// So many answers to calls without a connection are lost.
    pub(crate) lost_answers: u32,
}

/// What a device's network does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Up,
    /// It is refused at once.
    Down,
    /// There is no answer.
    Silent,
    /// Another network answers, with a page or with a redirection.
    Portal {
        redirects: bool,
    },
    /// What stands before the server answers, with this pause in seconds.
    Busy {
        retry_after: Option<u64>,
    },
    /// What stands before the server refuses whatever token there is.
    Unauthorized,
}

impl Device {
    pub(crate) fn new(
        folder: TempDir,
        disk: Disk,
        clock: ManualClock,
        former: FormerHistory,
    ) -> Self {
        Self {
            folder,
            disk,
            secrets: Arc::default(),
            clock,
            former,
            reader: 1,
            network: Network {
                mode: Mode::Up,
                loss: 0,
                narrow: None,
                lost_answers: 0,
            },
            permission: Permission::Granted,
            habit: Habit::Draws,
            wanted: None,
            is_online: true,
            asleep_until: None,
            life: 0,
            process: None,
            was_refused: false,
            was_asked_to_wait: false,
            refusals: BTreeMap::new(),
            screen: BTreeMap::new(),
            backup: None,
            has_closed: true,
            address: "address 0".to_owned(),
            diary: Diary::default(),
        }
    }

    /// The app's data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn file_options(&self) -> FileOptions {
        FileOptions {
            folder: self.data(),
            spool: self.data().join("spool"),
            secrets: self.secrets.clone(),
            former: self.former,
            history_rows: 10_000,
            reader: self.reader.to_string(),
        }
    }

    pub(crate) fn info(&self) -> DeviceInfo {
        DeviceInfo {
            platform: Platform::Linux,
            model: None,
            os_version: None,
            app_version: Some(self.reader.to_string()),
            locale: Some("ru".to_owned()),
            time_zone: Some("Europe/Moscow".to_owned()),
            permission: self.permission,
        }
    }

    /// The installation of the process that runs.
    pub(crate) fn installation(&self) -> Option<InstallationId> {
        self.process.as_ref().map(|process| process.installation)
    }

    /// Whether a span of time belongs to the process that runs.
    pub(crate) fn is_living(&self, life: u64) -> bool {
        self.life == life && self.process.is_some()
    }
}
