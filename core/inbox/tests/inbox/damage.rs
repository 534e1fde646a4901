//! Damaged files.

use std::{collections::BTreeSet, fs, path::Path};

use jiff::SignedDuration;
use serde_json::json;
use vestnik_inbox::{
    Device, HistoryFile, HistoryQuery, Inbox, MemorySecrets, Offset, Outcome, ProcessMark, Settled,
    Stamp, Standing, StoreError, Stretch, Suspicion, history_path,
};
use vestnik_model::{Entry, NotificationId, contract::Page};

use super::world::{World, anna, at, cursor, folder, id, notification, with};

/// How many notifications there are, and how many of them were shown when the damage is done.
const ALL: u64 = 200;
const SHOWN: u64 = 190;
/// The one whose ticket is out then.
const TAKEN: u64 = SHOWN + 1;

fn entries() -> Vec<Entry> {
    let text = "ordinary words of an ordinary text ".repeat(8);
    (1..=ALL)
        .map(|number| with(number, json!({"body": format!("{text} {number}")})))
        .collect()
}

/// A device with a history of which most was shown, closed properly.
fn world() -> World {
    let mut world = World::new();
    world.page(entries());
    for _ in 0..SHOWN {
        let taken = world.take().unwrap();
        world.settle(&taken, &Settled::Shown);
    }
    // One is out: it may be on the screen.
    assert_eq!(world.take().unwrap().id(), id(TAKEN));
    world.write(|inbox| inbox.mark_read(&(1..=50).map(id).collect::<Vec<_>>()));
    world.close();
    world
}

/// A sequence of numbers that follows from a seed (`SplitMix64`).
struct Seed(u64);

impl Seed {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

/// Damages a file in one of the ways that files are damaged in.
fn damage(bytes: &mut Vec<u8>, seed: &mut Seed) {
    match seed.below(5) {
        0 => bytes.truncate(seed.below(bytes.len())),
        1 => {
            // A bit of the header or of the schema, which stands on the first page.
            let (place, bit) = (seed.below(4_096.min(bytes.len())), seed.below(8));
            bytes[place] ^= 1 << bit;
        }
        2 => {
            for _ in 0..=seed.below(40) {
                let (place, value) = (seed.below(bytes.len()), seed.next());
                bytes[place] = value.to_le_bytes()[0];
            }
        }
        3 => {
            // A page of zeros, as a disk that lost a write.
            let page = seed.below(bytes.len() / 4_096) * 4_096;
            bytes[page..page + 4_096].fill(0);
        }
        _ => {
            // A page in the place of another.
            let (from, to) = (
                seed.below(bytes.len() / 4_096),
                seed.below(bytes.len() / 4_096),
            );
            let page = bytes[from * 4_096..(from + 1) * 4_096].to_vec();
            bytes[to * 4_096..(to + 1) * 4_096].copy_from_slice(&page);
        }
    }
}

/// What a device does from its start on with files that may be damaged: it opens, shows what is due,
/// reads the log on and its pages, and begins anew with the file set aside when it finds damage.
struct Life<'a> {
    folder: &'a Path,
    random: u8,
    shown: Vec<NotificationId>,
    set_aside: u32,
    recovered: u64,
}

impl Life<'_> {
    fn stamp(&mut self) -> Stamp {
        self.random = self.random.wrapping_add(1);
        Stamp {
            now: at(100),
            offset: Offset::Heard(SignedDuration::ZERO),
            random: [self.random; 32],
        }
    }

    fn live(&mut self) -> Vec<NotificationId> {
        let mut suspicion = Suspicion::Check;
        for _ in 0..4 {
            match self.attempt(suspicion) {
                Ok(ids) => return ids,
                Err(StoreError::Corrupt { .. } | StoreError::Other { .. }) => {
                    suspicion = Suspicion::Damaged;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        panic!("it does not heal");
    }

    fn attempt(&mut self, suspicion: Suspicion) -> Result<Vec<NotificationId>, StoreError> {
        let stamp = self.stamp();
        let file = HistoryFile::open(self.folder, &anna(), suspicion, &stamp)?;
        self.set_aside += u32::from(file.opening.aside.is_some());
        self.recovered += file
            .opening
            .recovered
            .map_or(0, |found| found.notifications);
        let mut database = file.database;
        let process = ProcessMark::new([7; 8]);
        database.write(|db| Inbox::new(db, stamp).release_taken(process))?;
        loop {
            let own = database.read(|db| vestnik_inbox::History::new(db).cursor())?;
            let page = Page {
                after: own.clone().unwrap_or_else(|| cursor(0)),
                cursor: cursor(1_000),
                entries: match own {
                    None => entries(),
                    Some(_) => vec![with(ALL + 1, json!({"acceptedAt": at(101)}))],
                },
                more: false,
            };
            let stretch = Stretch::page(anna(), own.clone(), page);
            let stamp = self.stamp();
            let outcome = database.write(|db| Inbox::new(db, stamp).apply(&stretch))?;
            assert!(matches!(outcome, Outcome::Applied(_)), "{outcome:?}");
            if own.is_some() {
                break;
            }
        }
        loop {
            let stamp = self.stamp();
            let taken = database.write(|db| Inbox::new(db, stamp).take_show(process))?;
            let Some(taken) = taken else { break };
            self.shown.push(taken.id());
            database.write(|db| {
                Inbox::new(db, stamp).settle_show(taken.id(), taken.revision(), &Settled::Shown)
            })?;
        }
        let stamp = self.stamp();
        database.write(|db| Inbox::new(db, stamp).mark_all_read(None))?;
        database.write(|db| Inbox::new(db, stamp).prune(10_000))?;
        database.read(|db| vestnik_inbox::History::new(db).search(&search("words")))?;
        let mut ids = Vec::new();
        let mut query = HistoryQuery {
            limit: 200,
            ..HistoryQuery::default()
        };
        loop {
            let page = database.read(|db| vestnik_inbox::History::new(db).page(&query))?;
            ids.extend(page.items.iter().map(|item| item.notification.id));
            match page.end.filter(|_| page.has_more) {
                Some(end) => query.start = vestnik_inbox::Start::Before(end),
                None => break,
            }
        }
        database.close()?;
        Ok(ids)
    }
}

fn search(text: &str) -> vestnik_inbox::SearchQuery {
    vestnik_inbox::SearchQuery {
        text: text.to_owned(),
        before: None,
        limit: 50,
    }
}

fn stamp(random: u8) -> Stamp {
    Stamp {
        now: at(90),
        offset: Offset::Unknown,
        random: [random; 32],
    }
}

fn damage_file(path: &Path, mut bytes: Vec<u8>, seed: &mut Seed) {
    damage(&mut bytes, seed);
    fs::write(path, bytes).unwrap();
}

/// Lays out a device whose history is damaged, and opens who it is; half of the times the device's own
/// file is damaged, too.
fn damaged_device(sound: &World, folder: &Path, number: u64) {
    let (mut seed, secrets) = (Seed(number), MemorySecrets::default());
    let opened = Device::open(folder, &secrets, &stamp(1)).unwrap();
    let mut device = opened.device;
    device
        .log_in(&secrets, 1, &anna(), &"token".into())
        .unwrap();
    let identity = device.identity().clone();
    device.close().unwrap();
    let history = fs::read(history_path(sound.folder(), &anna())).unwrap();
    damage_file(&history_path(folder, &anna()), history, &mut seed);
    if seed.below(2) == 0 {
        let path = folder.join("device.sqlite");
        damage_file(&path, fs::read(&path).unwrap(), &mut seed);
    }
    let opened = Device::open(folder, &secrets, &stamp(2)).unwrap();
    let expected = [Standing::Same, Standing::Rebuilt, Standing::Restored];
    assert!(expected.contains(&opened.standing), "seed {number}");
    assert_eq!(opened.device.identity(), &identity, "seed {number}");
    assert_eq!(opened.device.user(), Some(&anna()), "seed {number}");
}

/// The damage of one seed, and what a device makes of it. Gives how many rows were recovered, if the
/// file was set aside.
fn survive(sound: &World, number: u64) -> Option<u64> {
    let folder = folder();
    damaged_device(sound, folder.path(), number);
    let mut life = Life {
        folder: folder.path(),
        random: 0,
        shown: Vec::new(),
        set_aside: 0,
        recovered: 0,
    };
    let ids = life.live();
    let unique: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "seed {number}: there twice");
    for shown in &life.shown {
        assert!(
            *shown > id(SHOWN),
            "seed {number}: {shown} was shown before"
        );
    }
    let unique: BTreeSet<_> = life.shown.iter().collect();
    assert_eq!(unique.len(), life.shown.len(), "seed {number}: shown twice");
    let is_new_shown = life.shown.contains(&id(ALL + 1));
    assert!(is_new_shown, "seed {number}: what is new is not shown");
    if life.set_aside == 0 {
        return None;
    }
    // The log gave what was lost.
    assert_eq!(ids.len() as u64, ALL + 1, "seed {number}");
    Some(life.recovered)
}

#[test]
fn h13_three_hundred_damaged_files_cost_no_identity_and_show_nothing_again() {
    let sound = world();
    let recovered: Vec<_> = (0..300)
        .filter_map(|number| survive(&sound, number))
        .collect();
    let whole = recovered.iter().filter(|rows| **rows >= ALL - 20).count();
    println!(
        "{} files were set aside; of {whole} nearly everything was recovered",
        recovered.len()
    );
    assert!(recovered.len() >= 100, "{}", recovered.len());
    assert!(whole >= 20, "{whole}");
}

#[test]
fn h13_what_can_be_read_of_a_damaged_history_is_carried_over() {
    let mut world = world();
    let path = history_path(world.folder(), &anna());
    let mut bytes = fs::read(&path).unwrap();
    // Zeros in the place of one page with notifications.
    let needle = b"ordinary words";
    let place = bytes
        .windows(needle.len())
        .position(|window| window == needle)
        .unwrap();
    let page = place / 4_096 * 4_096;
    bytes[page..page + 4_096].fill(0);
    fs::write(&path, bytes).unwrap();
    world.pass(10);
    world.open(Suspicion::Check);
    assert!(world.opening.is_new);
    let recovered = world.opening.recovered.unwrap();
    assert!(recovered.notifications >= ALL - 20, "{recovered:?}");
    assert!(recovered.failures > 0 && recovered.facts > 0);
    assert_eq!(
        world.read(|history| history.cursor()),
        None,
        "the log gives what is missing"
    );
    assert_eq!(
        world.search("ordinary").len() as u64,
        recovered.notifications
    );
    world.end = 0;
    world.page(entries());
    assert_eq!(world.ids().len() as u64, ALL);
    let shown: Vec<_> = world.show_all().into_iter().map(|(id, _)| id).collect();
    assert!(shown.iter().all(|shown| *shown > id(TAKEN)), "{shown:?}");
    let unread = world
        .history()
        .items
        .iter()
        .filter(|item| !item.is_read)
        .count();
    assert_eq!(world.unread(), unread as u64);
}

#[test]
fn damage_that_shows_only_later_is_told_as_such() {
    let mut world = world();
    let path = history_path(world.folder(), &anna());
    let mut bytes = fs::read(&path).unwrap();
    let needle = b"ordinary words";
    for page in bytes.chunks_mut(4_096) {
        if page.windows(needle.len()).any(|window| window == needle) {
            page.fill(0xff);
        }
    }
    fs::write(&path, bytes).unwrap();
    world.pass(10);
    // It was closed properly, so it is not checked.
    world.open(Suspicion::None);
    let failure = world.try_page(vec![notification(1)]).unwrap_err();
    assert!(matches!(
        StoreError::from(failure),
        StoreError::Corrupt { .. }
    ));
    world.close();
    world.pass(1);
    world.open(Suspicion::Damaged);
    let first = world.opening.aside.clone().unwrap();
    world.close();
    world.pass(1);
    world.open(Suspicion::Damaged);
    let second = world.opening.aside.clone().unwrap();
    assert!(!first.exists() && second.exists(), "the newest is kept");
    world.end = 0;
    world.page(entries());
    assert_eq!(
        world.show_all(),
        [],
        "everything may have been shown before"
    );
}

#[test]
fn a_history_that_is_gone_comes_back_quietly() {
    let mut world = world();
    fs::remove_file(history_path(world.folder(), &anna())).unwrap();
    world.pass(10);
    world.open(Suspicion::None);
    assert!(world.opening.is_new && world.opening.aside.is_none());
    world.end = 0;
    world.page(entries());
    assert_eq!((world.show_all(), world.unread()), (vec![], ALL));
}

#[test]
fn a_history_that_was_being_made_is_no_damaged_one() {
    let mut world = World::at_login();
    world.close();
    // The process ended between the tables and the name of the user.
    let path = history_path(world.folder(), &anna());
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute("DELETE FROM meta WHERE name = 'user'", [])
        .unwrap();
    db.close().unwrap();
    world.open(Suspicion::None);
    assert!(world.opening.is_new && world.opening.aside.is_none());
    world.begin_session();
    world.page(vec![with(1, json!({"acceptedAt": at(1)}))]);
    assert_eq!(world.show_all(), [(id(1), false)]);
}

#[test]
fn a_newer_file_is_left_alone_and_a_damaged_header_is_not_taken_for_one() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.sql("PRAGMA user_version = 9");
    world.close();
    // The table says version 1, so the header is damaged.
    world.open(Suspicion::None);
    assert!(world.opening.aside.is_some());
    assert_eq!(world.ids(), [id(1)]);
    world.sql("PRAGMA user_version = 9; UPDATE meta SET value = '9' WHERE name = 'schema'");
    world.close();
    let path = history_path(world.folder(), &anna());
    let before = fs::read(&path).unwrap();
    let stamp = world.stamp();
    let refused = HistoryFile::open(world.folder(), &anna(), Suspicion::None, &stamp).unwrap_err();
    assert!(
        matches!(refused, StoreError::TooNew { found: 9, known: 1 }),
        "{refused:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_another_user_under_this_name_is_set_aside() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.sql("UPDATE meta SET value = 'lena' WHERE name = 'user'");
    world.close();
    world.open(Suspicion::None);
    assert!(world.opening.aside.is_some());
}

#[test]
fn an_end_of_the_process_in_the_middle_of_recovering_loses_nothing() {
    // Before the new file is made, and after some of it was carried over.
    for is_made in [false, true] {
        let mut world = world();
        let path = history_path(world.folder(), &anna());
        let aside = path.with_extension("sqlite.corrupt-7");
        fs::rename(&path, &aside).unwrap();
        if is_made {
            world.open(Suspicion::None);
            world.sql(
                "DELETE FROM notification WHERE row > 20; DELETE FROM outbox WHERE row > 20;
                 INSERT OR REPLACE INTO meta (name, value) VALUES ('recovering', 'file');",
            );
            world.sql(&format!(
                "UPDATE meta SET value = '{}' WHERE name = 'recovering'",
                aside.file_name().unwrap().to_str().unwrap()
            ));
            world.close();
        }
        world.pass(10);
        world.open(Suspicion::None);
        assert_eq!(world.opening.aside.as_ref(), Some(&aside), "{is_made}");
        let ids = world.ids();
        assert_eq!(ids.len() as u64, ALL, "{is_made}");
        assert_eq!(world.unread(), ALL - 50, "{is_made}");
        assert_eq!(world.search("ordinary").len() as u64, ALL);
        world.end = 0;
        world.page(entries());
        let shown: Vec<_> = world.show_all().into_iter().map(|(id, _)| id).collect();
        assert!(shown.iter().all(|shown| *shown > id(TAKEN)), "{shown:?}");
        world.close();
        world.open(Suspicion::None);
        assert_eq!(
            world.opening,
            vestnik_inbox::Opening::default(),
            "it is over"
        );
    }
}

#[test]
fn a_row_whose_number_leaves_no_room_is_not_carried_over() {
    let mut world = world();
    world.open(Suspicion::None);
    world.sql(&format!(
        "UPDATE notification SET row = {} WHERE row = 7",
        i64::MAX
    ));
    world.close();
    world.open(Suspicion::Damaged);
    assert_eq!(world.ids().len() as u64, ALL - 1);
    world.end = 0;
    assert_eq!(world.page(entries()).inserted, [id(7)]);
}

#[test]
fn nothing_of_another_users_file_is_carried_over() {
    for suspicion in [Suspicion::None, Suspicion::Damaged] {
        let mut world = World::new();
        world.page(vec![notification(1)]);
        world.sql("UPDATE meta SET value = 'lena' WHERE name = 'user'");
        world.close();
        world.open(suspicion);
        assert!(world.opening.aside.is_some());
        assert_eq!(world.ids(), []);
        assert_eq!(world.facts(), []);
    }
}

#[test]
fn a_row_that_says_two_ids_is_not_carried_over() {
    let mut world = world();
    world.open(Suspicion::None);
    world.sql(&format!(
        "UPDATE notification SET content = replace(content, '{}', '{}') WHERE row = 7",
        id(7),
        id(999)
    ));
    world.close();
    world.open(Suspicion::Damaged);
    assert_eq!(world.ids().len() as u64, ALL - 1);
    assert!(!world.ids().contains(&id(999)));
    world.end = 0;
    assert_eq!(world.page(entries()).inserted, [id(7)]);
}

#[test]
fn a_table_that_is_not_as_it_was_made_is_damage() {
    let mut world = world();
    world.open(Suspicion::None);
    world.sql(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'show_reason TEXT', 'show_raeson TEXT')
             WHERE name = 'notification';",
    );
    world.close();
    world.open(Suspicion::None);
    assert!(world.opening.aside.is_some());
    assert_eq!(
        world.page(vec![notification(ALL + 1)]).inserted,
        [id(ALL + 1)]
    );
}
