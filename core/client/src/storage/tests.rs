use std::{path::Path, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;
use vestnik_clock::{Clock, ManualClock};
use vestnik_inbox::{
    HistoryQuery, MemorySecrets, Payload, Settled, ShowState, Standing, Taken, spool,
};
use vestnik_model::{Cursor, Entry, NotificationId, UserId};
use vestnik_sqlite::rusqlite::Connection;

use super::{FileOptions, Files, FormerHistory};
use crate::machine::{
    Generation, Secret,
    engine::{Done, TimeReading},
    session::StoreCall,
    sync::{Origin, Proposal},
};

mod beginning;
mod extension;

/// A device of anna's, whose clock is right and known to be.
struct Device {
    folder: TempDir,
    clock: ManualClock,
    secrets: Arc<MemorySecrets>,
    files: Files,
    seq: u64,
    former: FormerHistory,
}

fn anna() -> UserId {
    UserId::parse("anna").unwrap()
}

fn id(number: u128) -> NotificationId {
    let id = format!("ntf_{number:032x}");
    id.parse().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

impl Device {
    fn new(former: FormerHistory) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new(at(0), 1);
        let secrets = Arc::new(MemorySecrets::default());
        let files = open(folder.path(), &clock, &secrets, former).0;
        let mut device = Self {
            folder,
            clock,
            secrets,
            files,
            seq: 0,
            former,
        };
        device.log_in(1);
        device.hear(at(0));
        device.clock.advance(Duration::from_secs(1));
        device
    }

    fn log_in(&mut self, generation: u64) {
        self.log_in_as(anna(), generation);
    }

    fn log_in_as(&mut self, user: UserId, generation: u64) {
        let refresh = Secret::new("refresh");
        let login = StoreCall::Login { user, refresh };
        self.files
            .store(Generation::new(generation), login)
            .unwrap();
    }

    fn log_out(&mut self, generation: u64) {
        let logout = StoreCall::Logout(None);
        self.files
            .store(Generation::new(generation), logout)
            .unwrap();
    }

    /// The server says what time it is.
    fn hear(&mut self, server: Timestamp) {
        let reading = TimeReading {
            server,
            device: self.clock.now(),
            round_trip: Duration::from_millis(100),
        };
        self.files.keep_server_time(reading).unwrap();
    }

    /// The process ends and another begins.
    fn restart(self) -> (Self, Standing) {
        self.restart_after(|_| ())
    }

    /// The process ends, something happens, and another one begins.
    fn restart_after(self, between: impl FnOnce(&Path)) -> (Self, Standing) {
        let Self {
            folder,
            clock,
            secrets,
            files,
            seq,
            former,
        } = self;
        files.close().unwrap();
        between(folder.path());
        let (files, standing) = open(folder.path(), &clock, &secrets, former);
        let device = Self {
            folder,
            clock,
            secrets,
            files,
            seq,
            former,
        };
        (device, standing)
    }

    /// The log gives what was accepted now and lasts an hour.
    fn receive(&mut self, numbers: &[u128]) {
        let now = self.files.server_now();
        self.receive_of(numbers, now);
    }

    /// The log gives what was accepted at a moment and lasts an hour.
    fn receive_of(&mut self, numbers: &[u128], accepted_at: Timestamp) {
        let entries = numbers.iter().map(|number| arrival(*number, accepted_at));
        self.page(entries.collect());
    }

    fn page(&mut self, entries: Vec<Entry>) {
        let own = self
            .files
            .read(|history| history.cursor())
            .unwrap()
            .flatten();
        let after = own.clone().unwrap_or_else(|| cursor(0));
        self.seq += 1;
        let proposal = Proposal {
            origin: Origin::Asked(own),
            after,
            cursor: cursor(self.seq),
            entries,
        };
        let generation = self.files.generation();
        let done = self.files.apply(generation, proposal);
        assert!(matches!(done, Done::Applied { .. }), "{done:?}");
    }

    fn take(&mut self) -> Option<Taken> {
        self.files.take_show().unwrap().map(|(_, taken)| taken)
    }

    fn settle(&mut self, taken: &Taken) -> Result<bool, vestnik_inbox::StoreError> {
        let drawn = (taken.id(), taken.revision());
        self.files.settle_show(&anna(), drawn, &Settled::Shown)
    }

    fn show(&mut self, number: u128) -> ShowState {
        self.files.get(id(number)).unwrap().unwrap().show
    }

    /// Runs SQL, for what only a disk does.
    fn sql(&mut self, sql: &str) {
        let present = self.files.history.as_mut().unwrap();
        present.database.write(|db| db.execute_batch(sql)).unwrap();
    }

    fn history(&self) -> std::path::PathBuf {
        vestnik_inbox::history_path(self.folder.path(), &anna())
    }
}

fn open(
    folder: &Path,
    clock: &ManualClock,
    secrets: &Arc<MemorySecrets>,
    former: FormerHistory,
) -> (Files, Standing) {
    let options = FileOptions {
        folder: folder.to_owned(),
        spool: folder.join("spool"),
        secrets: secrets.clone(),
        former,
        history_rows: 1_000,
        reader: "1".to_owned(),
    };
    Files::open(options, Arc::new(clock.clone())).unwrap()
}

fn cursor(seq: u64) -> Cursor {
    Cursor::parse(format!("e:{seq}:t")).unwrap()
}

fn content(number: u128, accepted: Timestamp) -> serde_json::Value {
    json!({
        "id": id(number), "title": "t", "acceptedAt": accepted,
        "expiresAt": accepted + SignedDuration::from_hours(1),
    })
}

fn arrival(number: u128, accepted: Timestamp) -> Entry {
    arrival_of(number, accepted, None)
}

fn arrival_of(number: u128, accepted: Timestamp, read_at: Option<Timestamp>) -> Entry {
    let entry = json!({
        "kind": "notification", "id": id(number), "at": accepted, "readAt": read_at,
        "deliveryId": format!("dlv_{number:032x}"), "notification": content(number, accepted),
    });
    serde_json::from_value(entry).unwrap()
}

#[test]
fn who_waits_for_a_show_is_told_once_of_one_that_is_postponed() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.receive(&[1]);
    assert!(device.files.take_news().has_show);
    let taken = device.take().unwrap();
    let drawn = (taken.id(), taken.revision());
    let failed = Settled::Failed("busy".to_owned());
    device.files.settle_show(&anna(), drawn, &failed).unwrap();
    assert!(device.files.take_news().has_show);
    for _ in 0..3 {
        assert!(device.take().is_none());
        assert!(!device.files.take_news().has_show, "it asks without end");
    }
    device.receive(&[2]);
    assert!(device.files.take_news().has_show);
}

#[test]
fn a_clock_that_is_set_while_the_program_runs_expires_nothing() {
    let mut device = Device::new(FormerHistory::Wipe);
    let now = device.clock.now();
    device.clock.set(now + SignedDuration::from_hours(9_000));
    device.clock.advance(Duration::from_secs(60));
    assert_eq!(device.files.server_now(), at(61));
    device.receive(&[1]);
    assert_eq!(device.show(1), ShowState::Due);
    // The next process has not been greeted yet.
    let (mut device, _) = device.restart();
    assert!(
        (device.files.server_now() - at(61))
            .total(jiff::Unit::Second)
            .unwrap()
            < 1.0
    );
    assert_eq!(device.take().unwrap().id(), id(1));
}

#[test]
fn damage_that_opening_does_not_see_is_mended_when_it_is_met() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.receive(&[1, 2]);
    device.files.close_history().unwrap();
    let path = device.history();
    // As a bad disk leaves it: the first page, with the schema, is sound.
    let page = root_page(&path, "notification_taken");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[(page - 1) * 4_096..page * 4_096].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();

    let (mut device, _) = device.restart();
    assert!(device.files.take_news().rebuilt.is_some());
    let page = device.files.page(&HistoryQuery::default()).unwrap();
    assert_eq!(page.items.len(), 2);
}

fn root_page(path: &Path, table: &str) -> usize {
    let db = Connection::open(path).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: i64 = db.query_row(sql, [table], |row| row.get(0)).unwrap();
    usize::try_from(page).unwrap()
}

#[test]
fn a_ticket_that_could_not_be_settled_is_settled_before_the_next_is_taken() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.receive(&[1, 2]);
    let taken = device.take().unwrap();
    let refuse = "CREATE TRIGGER refuse BEFORE UPDATE ON notification
        BEGIN SELECT raise(ABORT, 'the disk fails'); END";
    device.sql(refuse);
    device.settle(&taken).unwrap_err();
    assert!(device.files.take_show().is_err());
    device.sql("DROP TRIGGER refuse");
    assert_eq!(device.take().unwrap().id(), id(2));
    assert_eq!(device.show(1), ShowState::Shown);
}

#[test]
fn what_was_read_while_its_ticket_was_out_is_taken_off_the_screen() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.receive(&[1, 2]);
    let (read, kept) = (device.take().unwrap(), device.take().unwrap());
    device
        .files
        .change_flags(&[id(1)], |inbox| inbox.mark_read(&[id(1)]))
        .unwrap();
    drop(device.files.take_news());
    device.settle(&read).unwrap();
    device.settle(&kept).unwrap();
    let withdrawn = device.files.take_news().withdrawn;
    assert_eq!(withdrawn.into_iter().collect::<Vec<_>>(), [read.id()]);
}

#[test]
fn a_ticket_of_a_history_that_was_sealed_meanwhile_comes_back() {
    let mut device = Device::new(FormerHistory::Seal);
    device.receive(&[1]);
    device.take().unwrap();
    device.log_out(2);
    device.log_in(3);
    let again = device.take().unwrap();
    assert_eq!((again.id(), again.again), (id(1), true));
}

#[test]
fn a_copy_that_was_made_while_the_program_ran_is_noticed() {
    let mut device = Device::new(FormerHistory::Wipe);
    let copy = device.folder.path().join("device.sqlite");
    device.files.close_history().unwrap();
    let backup = tempfile::tempdir().unwrap();
    // The log of the file goes with it.
    for suffix in ["", "-wal"] {
        let name = format!("{}{suffix}", copy.display());
        std::fs::copy(&name, backup.path().join(format!("device.sqlite{suffix}"))).unwrap();
    }
    let (device, standing) = device.restart();
    assert_eq!(standing, Standing::Same);
    let Device {
        folder,
        clock,
        secrets,
        files,
        ..
    } = device;
    files.close().unwrap();
    for suffix in ["", "-wal"] {
        let name = format!("device.sqlite{suffix}");
        std::fs::copy(backup.path().join(&name), folder.path().join(&name)).unwrap();
    }
    let (_, standing) = open(folder.path(), &clock, &secrets, FormerHistory::Wipe);
    assert_eq!(standing, Standing::Restored);
}

#[test]
fn an_extension_that_says_nothing_more_is_looked_after() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.receive(&[2]);
    let settled = device.take().unwrap();
    device.settle(&settled).unwrap();
    let spool = device.folder.path().join("spool");
    let notification = serde_json::from_value(content(1, device.clock.now())).unwrap();
    let ticket = spool::write(&spool, &Payload::new(Some(anna()), notification))
        .unwrap()
        .unwrap();
    let written = std::time::SystemTime::from(device.clock.now());
    let file = std::fs::File::options()
        .write(true)
        .open(ticket.path())
        .unwrap();
    file.set_modified(written).unwrap();
    assert!(device.take().is_none());
    let look = device.files.next_show().unwrap();
    device
        .clock
        .advance(look.expect("the extension may have ended"));
    let taken = device.take().unwrap();
    assert_eq!((taken.id(), taken.again), (id(1), true));
}

/// A payload need not say whom it is for.
#[test]
fn what_an_extension_was_given_for_a_former_user_reaches_no_other() {
    for former in [FormerHistory::Wipe, FormerHistory::Seal] {
        let mut device = Device::new(former);
        let now = device.files.server_now();
        let push = json!({ "notification": content(1, now) });
        let push = Payload::parse(&serde_json::to_vec(&push).unwrap()).unwrap();
        let ticket = spool::write(&device.folder.path().join("spool"), &push);
        drop(ticket.unwrap());
        device.log_out(2);
        device.log_in_as(UserId::parse("boris").unwrap(), 3);
        assert!(device.take().is_none());
        let page = device.files.page(&HistoryQuery::default()).unwrap();
        assert_eq!(page.items, []);
    }
}

/// Nothing else may happen for long.
#[test]
fn who_waits_for_a_show_learns_that_the_spool_has_to_be_looked_at() {
    let mut device = Device::new(FormerHistory::Wipe);
    assert!(device.take().is_none());
    drop(device.files.take_news());
    let push = json!({ "notification": content(1, device.files.server_now()) });
    let push = Payload::parse(&serde_json::to_vec(&push).unwrap()).unwrap();
    let spool = device.folder.path().join("spool");
    let ticket = spool::write(&spool, &push).unwrap().unwrap();
    let file = std::fs::File::options().append(true).open(ticket.path());
    let written = std::time::SystemTime::from(device.clock.now());
    file.unwrap().set_modified(written).unwrap();
    device.receive(&[2]);
    let taken = device.take().unwrap();
    assert!(device.files.take_news().has_show);
    assert_eq!(device.settle(&taken).ok(), Some(true));
    drop(device.files.take_news());
    assert!(device.take().is_none());
    assert!(!device.files.take_news().has_show, "it asks without end");
    let pause = device.files.next_show().unwrap().unwrap();
    assert!(pause <= Duration::from_secs(60), "{pause:?}");
    device.clock.advance(pause);
    assert!(device.take().is_some_and(|taken| taken.again));
}

/// Keys are renewed by the server's clock, whatever the device's says, and each start tells the present one.
#[test]
fn the_key_of_pushes_is_renewed_and_told() {
    let mut device = Device::new(FormerHistory::Wipe);
    let key = device.files.envelope_key();
    drop(device.files.take_news());
    device.hear(at(29 * 86_400));
    assert_eq!(device.files.take_news().envelope_key, None);
    device.hear(at(30 * 86_400 + 1));
    let renewed = device.files.take_news().envelope_key;
    assert_eq!(renewed.as_ref(), Some(&device.files.envelope_key()));
    assert_ne!(renewed, Some(key));
}
