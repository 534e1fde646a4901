//! A device of a test: a folder, a clock that the test moves, and one open history.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;
use vestnik_inbox::{
    Applied, DeviceState, History, HistoryFile, HistoryPage, HistoryQuery, Inbox, Offset, Opening,
    OutboxBatch, Outcome, ProcessMark, ReportLimits, RestoreMark, Restored, SearchQuery, Settled,
    ShowState, Stamp, Stretch, Suppression, Suspicion, Taken,
};
use vestnik_model::{Cursor, Entry, Fact, Notification, NotificationId, UserId, contract::Page};
use vestnik_sqlite::Database;

/// A moment of the server's clock.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(crate) fn id(number: u64) -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(u128::from(number)))
}

pub(crate) fn cursor(seq: u64) -> Cursor {
    Cursor::parse(format!("e:{seq}:t")).unwrap()
}

pub(crate) fn anna() -> UserId {
    "anna".parse().unwrap()
}

/// A notification that was accepted at second 0 and expires at 100,000, unless `more` says otherwise.
#[expect(
    clippy::needless_pass_by_value,
    reason = "its callers write it down where they call"
)]
pub(crate) fn content(number: u64, more: Value) -> Notification {
    let mut content = json!({
        "id": id(number), "title": format!("order {number}"),
        "acceptedAt": at(0), "expiresAt": at(100_000),
    });
    for (name, value) in more.as_object().unwrap() {
        content[name] = value.clone();
    }
    serde_json::from_value(content).unwrap()
}

pub(crate) fn notification(number: u64) -> Entry {
    with(number, json!({}))
}

pub(crate) fn with(number: u64, more: Value) -> Entry {
    arrival(&content(number, more), None)
}

pub(crate) fn arrival(content: &Notification, read_at: Option<Timestamp>) -> Entry {
    entry(json!({
        "kind": "notification", "id": content.id, "at": content.accepted_at,
        "deliveryId": content.id.to_string().replace("ntf", "dlv"), "readAt": read_at,
        "notification": content,
    }))
}

pub(crate) fn flag(number: u64, flag: &str, value: bool, version: u64) -> Entry {
    entry(json!({
        "kind": "state", "id": id(number), "at": at(9), "flag": flag, "value": value,
        "version": version,
    }))
}

pub(crate) fn recall(number: u64) -> Entry {
    entry(json!({"kind": "recall", "id": id(number), "at": at(9)}))
}

pub(crate) fn entry(value: Value) -> Entry {
    serde_json::from_value(value).unwrap()
}

/// A folder of a test. It lies in memory where the system has a place for that: the tests commit some
/// ten thousand times, and a disk that others use takes its time for each.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// A device.
#[derive(Debug)]
pub(crate) struct World {
    folder: TempDir,
    database: Option<Database>,
    pub(crate) opening: Opening,
    /// The device's clock.
    pub(crate) now: Timestamp,
    pub(crate) offset: Option<SignedDuration>,
    /// Whether an earlier process was told the offset.
    pub(crate) is_kept: bool,
    pub(crate) process: ProcessMark,
    drawn: u64,
    /// Where the log ends that the device was given.
    pub(crate) end: u64,
}

impl World {
    /// A device whose history was made a day ago, so that nothing is quiet, and whose clock is right.
    pub(crate) fn new() -> Self {
        let mut world = Self::at_login();
        world.end_day();
        world
    }

    /// A device whose user logged in at second 0.
    pub(crate) fn at_login() -> Self {
        let folder = folder();
        let mut world = Self {
            folder,
            database: None,
            opening: Opening::default(),
            now: at(0),
            offset: Some(SignedDuration::ZERO),
            is_kept: false,
            process: ProcessMark::new([1; 8]),
            drawn: 0,
            end: 0,
        };
        world.open(Suspicion::None);
        world
    }

    /// Makes what was accepted from second 0 on loud.
    fn end_day(&mut self) {
        let now = self.now;
        self.now = at(-86_400);
        self.begin_session();
        self.now = now;
    }

    /// A user logs in now.
    pub(crate) fn begin_session(&mut self) {
        let login = self.stamp().moment();
        self.write(|inbox| inbox.begin_session(login));
    }

    /// The device's files were set back; gives what the device knows of it.
    pub(crate) fn set_back(&mut self) -> DeviceState {
        let device = self.restored();
        self.write(|inbox| inbox.begin(&device, &Opening::default()));
        device
    }

    /// A device that finds now that its files were set back.
    pub(crate) fn restored(&mut self) -> DeviceState {
        let mut device = DeviceState::default();
        device.restored = Some(Restored {
            mark: RestoreMark::new([9; 16]),
            found: self.stamp().moment(),
        });
        device
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn open(&mut self, suspicion: Suspicion) {
        let stamp = self.stamp();
        let file = HistoryFile::open(self.folder.path(), &anna(), suspicion, &stamp).unwrap();
        self.database = Some(file.database);
        self.opening = file.opening;
    }

    pub(crate) fn close(&mut self) {
        self.database.take().unwrap().close().unwrap();
    }

    /// The process ends and a new one begins.
    pub(crate) fn restart(&mut self) {
        self.close();
        self.open(Suspicion::None);
        self.drawn += 1;
        self.process = ProcessMark::new((self.drawn + 100).to_le_bytes());
        let process = self.process;
        self.write(|inbox| inbox.release_taken(process));
    }

    pub(crate) fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    pub(crate) fn stamp(&mut self) -> Stamp {
        self.drawn += 1;
        let mut random = [0; 32];
        random[..8].copy_from_slice(&self.drawn.to_le_bytes());
        Stamp {
            now: self.now,
            offset: match self.offset {
                None => Offset::Unknown,
                Some(offset) if self.is_kept => Offset::Kept(offset),
                Some(offset) => Offset::Heard(offset),
            },
            random,
        }
    }

    pub(crate) fn try_write<T>(
        &mut self,
        step: impl FnOnce(&mut Inbox<'_>) -> Result<T, rusqlite::Error>,
    ) -> Result<T, vestnik_sqlite::Failure> {
        let stamp = self.stamp();
        let database = self.database.as_mut().unwrap();
        database.write(|db| step(&mut Inbox::new(db, stamp)))
    }

    pub(crate) fn write<T>(
        &mut self,
        step: impl FnOnce(&mut Inbox<'_>) -> Result<T, rusqlite::Error>,
    ) -> T {
        self.try_write(step).unwrap()
    }

    pub(crate) fn read<T>(
        &mut self,
        read: impl FnOnce(History<'_>) -> Result<T, rusqlite::Error>,
    ) -> T {
        let database = self.database.as_mut().unwrap();
        database.read(|db| read(History::new(db))).unwrap()
    }

    /// Runs SQL, for what only another version or damage does.
    pub(crate) fn sql(&mut self, sql: &str) {
        self.raw(|db| db.execute_batch(sql));
    }

    /// Runs a pragma, which no transaction may hold.
    pub(crate) fn pragma(&mut self, pragma: &str) {
        self.raw(|db| db.query_row(pragma, [], |_| Ok(())));
    }

    /// Does work in one transaction of the database itself.
    pub(crate) fn raw<T>(
        &mut self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T, rusqlite::Error>,
    ) -> T {
        self.database.as_mut().unwrap().write(work).unwrap()
    }

    /// What the log gives next, as the answer to a `Sync`.
    pub(crate) fn page(&mut self, entries: Vec<Entry>) -> Applied {
        self.try_page(entries).unwrap()
    }

    pub(crate) fn try_page(
        &mut self,
        entries: Vec<Entry>,
    ) -> Result<Applied, vestnik_sqlite::Failure> {
        let own = self.read(|history| history.cursor());
        let length = entries.len() as u64;
        let page = Page {
            after: own.clone().unwrap_or_else(|| cursor(self.end)),
            cursor: cursor(self.end + length),
            entries,
            more: false,
        };
        let stretch = Stretch::page(anna(), own, page);
        let outcome = self.try_write(|inbox| inbox.apply(&stretch))?;
        self.end += length;
        match outcome {
            Outcome::Applied(applied) => Ok(applied),
            other @ (Outcome::Stale { .. } | Outcome::OtherUser) => panic!("{other:?}"),
        }
    }

    /// The answer of a server that began another history.
    pub(crate) fn rebase(&mut self, entries: Vec<Entry>) -> Applied {
        let own = self.read(|history| history.cursor());
        let page = Page {
            after: Cursor::parse("other:0:t").unwrap(),
            cursor: Cursor::parse("other:1:t").unwrap(),
            entries,
            more: false,
        };
        let stretch = Stretch::page(anna(), own, page);
        match self.write(|inbox| inbox.apply(&stretch)) {
            Outcome::Applied(applied) => {
                assert!(applied.is_rebased);
                applied
            }
            other @ (Outcome::Stale { .. } | Outcome::OtherUser) => panic!("{other:?}"),
        }
    }

    pub(crate) fn take(&mut self) -> Option<Taken> {
        let process = self.process;
        self.write(|inbox| inbox.take_show(process))
    }

    pub(crate) fn settle(&mut self, taken: &Taken, settled: &Settled) -> bool {
        self.write(|inbox| inbox.settle_show(taken.id(), taken.revision(), settled))
    }

    /// Shows all that is due; gives the numbers, and whether each said that it may be a repetition.
    pub(crate) fn show_all(&mut self) -> Vec<(NotificationId, bool)> {
        let mut shown = Vec::new();
        while let Some(taken) = self.take() {
            assert!(self.settle(&taken, &Settled::Shown));
            shown.push((taken.id(), taken.again));
        }
        shown
    }

    pub(crate) fn history(&mut self) -> HistoryPage {
        let query = HistoryQuery {
            limit: 200,
            ..HistoryQuery::default()
        };
        self.read(|history| history.page(&query))
    }

    pub(crate) fn ids(&mut self) -> Vec<NotificationId> {
        let page = self.history();
        page.items.iter().map(|item| item.notification.id).collect()
    }

    pub(crate) fn show_of(&mut self, number: u64) -> ShowState {
        let item = self.read(|history| history.get(id(number)));
        item.unwrap().show
    }

    pub(crate) fn suppressed(&mut self, number: u64, reason: Suppression) {
        assert_eq!(self.show_of(number), ShowState::Suppressed(Some(reason)));
    }

    pub(crate) fn unread(&mut self) -> u64 {
        self.read(|history| history.unread_count())
    }

    pub(crate) fn search(&mut self, text: &str) -> Vec<NotificationId> {
        let query = SearchQuery {
            text: text.to_owned(),
            before: None,
            limit: 200,
        };
        let page = self.read(|history| history.search(&query));
        page.items.iter().map(|item| item.notification.id).collect()
    }

    pub(crate) fn outbox(&mut self) -> OutboxBatch {
        let limits = ReportLimits {
            facts: 500,
            ..ReportLimits::default()
        };
        self.write(|inbox| inbox.outbox(limits))
    }

    /// The facts that wait.
    pub(crate) fn facts(&mut self) -> Vec<Fact> {
        let batch = self.outbox();
        batch
            .facts
            .into_iter()
            .map(|waiting| waiting.fact)
            .collect()
    }

    /// The kinds of the facts about a notification that wait.
    pub(crate) fn kinds(&mut self, number: u64) -> Vec<String> {
        let about = id(number).to_string();
        let facts = self.facts().into_iter();
        facts
            .filter(|fact| fact.notification_id.as_deref() == Some(&about))
            .map(|fact| fact.kind.as_str().to_owned())
            .collect()
    }
}
