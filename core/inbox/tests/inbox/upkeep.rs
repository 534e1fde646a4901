//! Pruning, wiping, and who may read the file.

use std::{fs, path::Path};

use serde_json::json;
use vestnik_inbox::{
    Filter, HistoryFile, HistoryQuery, Inbox, Payload, Shelf, Stamp, StoreError, Suspicion,
    history_path, wipe, wipe_others,
};
use vestnik_model::UserId;

use super::world::{World, anna, at, content, folder, id, notification, recall, with};

fn prune(world: &mut World, keep: u32) -> u64 {
    let mut removed = 0;
    loop {
        let pruned = world.write(|inbox| inbox.prune(keep));
        removed += pruned.removed;
        if !pruned.has_more {
            return removed;
        }
    }
}

#[test]
fn m6_a_history_is_pruned_while_the_process_runs_in_bounded_steps() {
    let mut world = World::new();
    world.page((1..=1_700).map(notification).collect());
    world.write(|inbox| inbox.mark_all_read(None));
    let step = world.write(|inbox| inbox.prune(100));
    assert_eq!((step.removed, step.unread, step.has_more), (500, 0, true));
    assert_eq!(prune(&mut world, 100), 1_100);
    assert_eq!(world.ids().len(), 100);
    assert_eq!(world.search("order").len(), 100);
    assert_eq!(prune(&mut world, 100), 0);
}

#[test]
fn m6_what_is_due_stays_and_unread_ones_are_told() {
    let mut world = World::new();
    world.page((1..=5).map(notification).collect());
    assert_eq!(prune(&mut world, 3), 0, "all are due");
    let taken = world.take().unwrap();
    world.show_all();
    let pruned = world.write(|inbox| inbox.prune(1));
    assert_eq!((pruned.removed, pruned.unread), (4, 4));
    assert_eq!((world.ids(), world.unread()), (vec![taken.id()], 1));
}

#[test]
fn m6_what_left_the_history_is_not_shown_again() {
    let mut world = World::new();
    world.page((1..=5).map(notification).collect());
    world.show_all();
    prune(&mut world, 2);
    let applied = world.page((1..=5).map(notification).collect());
    assert_eq!(applied.inserted, []);
    assert_eq!(world.ids(), [id(5), id(4)]);
}

#[test]
fn what_was_deleted_is_kept_for_28_days() {
    let mut world = World::new();
    world.page(vec![
        with(1, json!({"expiresAt": at(100)})),
        notification(2),
    ]);
    world.write(|inbox| inbox.delete(&[id(1)], true));
    world.pass(28 * 86_400 - 10);
    assert_eq!(prune(&mut world, 100), 0);
    world.pass(20);
    assert_eq!(prune(&mut world, 100), 1);
    assert_eq!(world.write(|inbox| inbox.delete(&[id(1)], false)), []);
}

#[test]
fn m6_facts_that_wait_are_bounded_and_what_the_person_did_is_kept() {
    let mut world = World::new();
    for part in 0..21_u64 {
        let entries = (1..=1_000).map(|number| notification(part * 1_000 + number));
        world.page(entries.collect());
    }
    world.write(|inbox| inbox.reply(id(1), None, "да"));
    prune(&mut world, 30_000);
    assert_eq!(world.read(|history| history.facts_waiting()), 20_000);
    let facts = world.facts();
    assert_eq!(facts[0].notification_id, Some(id(1_003).to_string()));
}

#[test]
fn a_clock_that_may_be_wrong_takes_nothing_away_by_its_age() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.write(|inbox| inbox.delete(&[id(1)], true));
    // The process ended, and the clock was set.
    world.is_kept = true;
    world.pass(86_400 * 400);
    assert_eq!(prune(&mut world, 100), 0);
    let taken_back = world.write(|inbox| inbox.delete(&[id(1)], false));
    assert_eq!(taken_back, [id(1)]);
}

#[test]
fn what_left_by_a_clock_that_was_behind_stays_known() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    world.show_all();
    world.is_kept = true;
    world.now = at(-86_400 * 400);
    assert_eq!(prune(&mut world, 1), 1);
    // The clock is set right, and the server says so.
    (world.now, world.is_kept) = (at(100), false);
    world.write(|inbox| inbox.hear_time());
    prune(&mut world, 1);
    world.rebase(vec![notification(1)]);
    assert_eq!(world.ids(), [id(2)]);
    // From now on it is as any other.
    world.pass(86_400 * 36);
    prune(&mut world, 1);
    world.page(vec![notification(1)]);
    assert_eq!(world.ids(), [id(1), id(2)]);
}

#[test]
fn h9_the_same_user_gets_their_history_back_and_is_shown_nothing_twice() {
    let mut world = World::new();
    world.page((1..=6).map(notification).collect());
    for _ in 0..3 {
        let taken = world.take().unwrap();
        world.settle(&taken, &vestnik_inbox::Settled::Shown);
    }
    prune(&mut world, 5);
    world.page(vec![recall(6)]);
    world.write(|inbox| inbox.wipe());
    assert_eq!((world.ids().len(), world.unread()), (0, 0));
    assert_eq!(world.read(|history| history.cursor()), None);
    assert_eq!(world.read(|history| history.facts_waiting()), 0);
    // What was due has never been shown, and was accepted before this login: it is quiet, too.
    world.pass(10);
    world.begin_session();
    world.end = 0;
    let mut log: Vec<_> = (1..=6).map(notification).collect();
    log.push(with(7, json!({"acceptedAt": at(11)})));
    world.page(log);
    assert_eq!(world.ids(), [7, 5, 4, 3, 2, 1].map(id));
    assert_eq!(world.show_all(), [(id(7), false)]);
    assert_eq!(world.search("order").len(), 6);
}

#[test]
fn nothing_of_a_wiped_history_is_left_in_its_files() {
    let mut world = World::new();
    let secret = json!({"title": "Сверхсекретно", "body": "zzqqy plutonium"});
    world.page(vec![with(1, secret)]);
    world.write(|inbox| inbox.reply(id(1), None, "zzqqy reply"));
    let aside = world.folder().join(format!("{}.corrupt-1", name(&world)));
    fs::write(&aside, "zzqqy aside").unwrap();
    world.close();
    assert!(holds(&world, "zzqqy") && holds(&world, "plutonium"));
    let stamp = world.stamp();
    wipe(world.folder(), &anna(), &stamp).unwrap();
    for text in ["zzqqy", "plutonium", "Сверхсекретно", "сверхсекретн"] {
        assert!(!holds(&world, text), "{text}");
    }
    assert!(!aside.exists());
    // What was never there is wiped, too.
    wipe(world.folder(), &"lena".parse().unwrap(), &stamp).unwrap();
    world.open(Suspicion::None);
    assert_eq!(world.ids(), []);
}

#[test]
fn a_wiped_history_has_no_row_but_ids_that_were_shown() {
    let mut world = World::new();
    let later = super::world::entry(json!({"kind": "later", "id": id(900), "at": at(0)}));
    world.page((1..=200).map(notification).chain([later]).collect());
    world.page(vec![super::world::flag(901, "read", true, 1)]);
    world.write(|inbox| inbox.clicked(id(1)));
    world.show_all();
    let count = |world: &mut World, table: &str| -> u32 {
        let count = format!("SELECT count(*) FROM {table}");
        world.raw(|db| db.query_row(&count, [], |row| row.get(0)))
    };
    let tables = ["notification", "outbox", "opaque", "early", "boundary"];
    for table in tables {
        assert!(count(&mut world, table) > 0, "{table}");
    }
    world.write(|inbox| inbox.wipe());
    for table in tables {
        assert_eq!(count(&mut world, table), 0, "{table}");
    }
    assert_eq!(count(&mut world, "known"), 200);
}

#[test]
fn a_wiped_history_takes_no_room() {
    let mut world = World::new();
    let body = "words that take up room ".repeat(40);
    let long = |number| with(number, json!({"body": format!("{body}{number}")}));
    world.page((1..=200).map(long).collect());
    world.close();
    let path = history_path(world.folder(), &anna());
    let size = || fs::metadata(&path).unwrap().len();
    assert!(size() > 200_000, "{}", size());
    let stamp = world.stamp();
    wipe(world.folder(), &anna(), &stamp).unwrap();
    // The tables, their indexes, and the ids of what was shown.
    assert!(size() < 150_000, "{}", size());
}

#[test]
fn a_damaged_history_is_wiped_as_a_whole() {
    let mut world = World::new();
    world.close();
    let path = history_path(world.folder(), &anna());
    fs::write(&path, "no database").unwrap();
    let stamp = world.stamp();
    wipe(world.folder(), &anna(), &stamp).unwrap();
    assert!(!path.exists());
}

fn stamp(second: i64) -> Stamp {
    Stamp {
        now: at(second),
        offset: vestnik_inbox::Offset::Unknown,
        random: [3; 32],
    }
}

/// Makes a history with one notification whose title is `text`.
fn history_of(folder: &Path, user: &UserId, text: &str) {
    let stamp = stamp(0);
    let opened = HistoryFile::open(folder, user, Suspicion::None, &stamp).unwrap();
    let mut database = opened.database;
    let payload = Payload::new(None, content(1, json!({"title": text})));
    database
        .write(|db| Inbox::new(db, stamp).handle_push(&payload))
        .unwrap();
    database.close().unwrap();
}

/// Whether the text is anywhere in the files of a folder.
fn is_anywhere(folder: &Path, text: &str) -> bool {
    let files = fs::read_dir(folder).unwrap().map(Result::unwrap);
    files
        .filter(|file| file.path().is_file())
        .any(|file| String::from_utf8_lossy(&fs::read(file.path()).unwrap()).contains(text))
}

#[test]
fn of_all_histories_only_that_of_the_user_stays() {
    let folder = folder();
    let folder = folder.path();
    let stamp = stamp(10);
    let [anna, lena, mira, kira] =
        ["anna", "lena", "mira", "kira"].map(|name| name.parse::<UserId>().unwrap());
    for user in [&anna, &lena, &mira, &kira] {
        history_of(folder, user, &format!("private for {user}"));
    }
    // One is damaged, one was set aside by an end of the process in its middle, one is under a name that
    // is not its own, and there are names of files that nobody made.
    fs::write(history_path(folder, &mira), "private for mira").unwrap();
    let aside = history_path(folder, &kira).with_extension("sqlite.corrupt-17");
    fs::rename(history_path(folder, &kira), aside).unwrap();
    let lenas = history_path(folder, &lena);
    fs::copy(&lenas, folder.join("history-0000000000000000.sqlite")).unwrap();
    fs::copy(&lenas, folder.join("history-x.sqlite")).unwrap();
    fs::create_dir(folder.join("history-folder.sqlite")).unwrap();
    fs::create_dir(folder.join("history-x.sqlite.corrupt-1")).unwrap();
    for part in ["-wal", "-journal", ".new"] {
        let left = folder.join(format!("history-ffffffffffffffff.sqlite{part}"));
        fs::write(left, "private for lena").unwrap();
    }
    fs::write(folder.join("history-notes.txt"), "private for the app").unwrap();

    assert_eq!(wipe_others(folder, Some(&anna), &stamp).unwrap(), 5);
    for user in ["lena", "mira", "kira"] {
        assert!(
            !is_anywhere(folder, &format!("private for {user}")),
            "{user}"
        );
    }
    assert!(is_anywhere(folder, "private for anna"));
    assert!(is_anywhere(folder, "private for the app"));
    // There is nothing more to do, until somebody comes back.
    let wiped = fs::read(&lenas).unwrap();
    assert_eq!(wipe_others(folder, Some(&anna), &stamp).unwrap(), 0);
    assert!(wiped == fs::read(&lenas).unwrap(), "it is left as it is");
    history_of(folder, &lena, "private for lena");
    assert_eq!(wipe_others(folder, Some(&anna), &stamp).unwrap(), 1);
    assert!(!is_anywhere(folder, "private for lena"));
    assert_eq!(wipe_others(folder, None, &stamp).unwrap(), 1);
    assert!(!is_anywhere(folder, "private for anna"));
    let absent = folder.join("absent");
    assert_eq!(wipe_others(&absent, None, &stamp).unwrap(), 0);
}

#[test]
fn a_history_that_is_open_keeps_no_other_from_being_wiped() {
    let users = ["anna", "lena", "mira"].map(|name| name.parse::<UserId>().unwrap());
    // Whichever comes first in the folder.
    for present in &users {
        let folder = folder();
        let folder = folder.path();
        for user in &users {
            history_of(folder, user, &format!("private for {user}"));
        }
        let open = HistoryFile::open(folder, present, Suspicion::None, &stamp(10)).unwrap();
        let refused = wipe_others(folder, None, &stamp(10)).unwrap_err();
        assert!(matches!(refused, StoreError::Busy));
        drop(open);
        for user in users.iter().filter(|user| *user != present) {
            assert!(
                !is_anywhere(folder, &format!("private for {user}")),
                "{user}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn a_link_among_the_histories_is_not_followed() {
    let (folder, elsewhere) = (folder(), folder());
    let user: UserId = "lena".parse().unwrap();
    history_of(elsewhere.path(), &user, "private elsewhere");
    let link = history_path(folder.path(), &user);
    std::os::unix::fs::symlink(history_path(elsewhere.path(), &user), &link).unwrap();
    let stamp = stamp(10);
    assert_eq!(wipe_others(folder.path(), None, &stamp).unwrap(), 1);
    assert!(link.symlink_metadata().is_err());
    assert!(is_anywhere(elsewhere.path(), "private elsewhere"));
}

#[test]
fn an_open_history_is_not_wiped() {
    let mut world = World::new();
    let stamp = world.stamp();
    let refused = wipe(world.folder(), &anna(), &stamp).unwrap_err();
    assert!(matches!(refused, StoreError::Busy) && refused.is_retryable());
}

#[test]
fn m13_the_files_name_and_its_readers_are_private() {
    let world = World::new();
    assert!(!name(&world).contains("anna"));
    #[cfg(unix)]
    for file in fs::read_dir(world.folder()).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = file.unwrap().metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o077, 0);
    }
}

#[test]
fn counters_agree_with_the_rows() {
    let mut world = World::new();
    world.page((1..=30).map(notification).collect());
    world.write(|inbox| inbox.archive(&[id(1), id(2)], true));
    world.write(|inbox| inbox.delete(&[id(2), id(3)], true));
    world.write(|inbox| inbox.mark_read(&[id(3), id(4)]));
    world.page(vec![recall(5), recall(4)]);
    world.show_all();
    prune(&mut world, 20);
    let query = HistoryQuery {
        filter: Filter {
            unread_only: true,
            shelf: Shelf::Inbox,
            ..Filter::default()
        },
        limit: 200,
        ..HistoryQuery::default()
    };
    let unread = world.read(|history| history.page(&query)).items.len() as u64;
    assert_eq!(world.unread(), unread);
    let facts = world.facts().len() as u64;
    assert_eq!(world.read(|history| history.facts_waiting()), facts);
}

#[test]
fn a_write_that_fails_changes_nothing() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let failed = world.try_write(|inbox| {
        inbox.mark_read(&[id(1)])?;
        Err::<(), _>(rusqlite::Error::InvalidQuery)
    });
    assert!(failed.is_err());
    assert_eq!(world.unread(), 1);
}

/// A full disk, by a bound on the file's pages: nothing changes, and it goes on when there is room.
#[test]
fn m8_a_full_disk_loses_nothing() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.pragma("PRAGMA max_page_count = 1");
    let process = world.process;
    let big = with(2, json!({"body": "x".repeat(3_900)}));
    let mut full = 0;
    for number in 10..60 {
        let entries = vec![
            big.clone(),
            with(number, json!({"body": "y ".repeat(1_900)})),
        ];
        full += u32::from(world.try_page(entries).is_err());
    }
    assert!(full > 0, "the disk was never full");
    world.pragma("PRAGMA max_page_count = 1000000");
    // The show that was due before is still due.
    assert!(world.write(|inbox| inbox.take_show(process)).is_some());
    let after = world.page(vec![with(99, json!({}))]);
    assert_eq!(after.inserted, [id(99)]);
}

fn name(world: &World) -> String {
    let path = history_path(world.folder(), &anna());
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Whether any file of the folder holds a text.
fn holds(world: &World, text: &str) -> bool {
    let mut files = fs::read_dir(world.folder()).unwrap();
    files.any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    })
}

#[test]
fn two_processes_never_have_one_history() {
    let mut world = World::new();
    let stamp = world.stamp();
    let refused = HistoryFile::open(world.folder(), &anna(), Suspicion::None, &stamp);
    assert!(matches!(refused, Err(StoreError::Busy)));
}

/// A job of a writer with group commit may be run again after a rollback.
#[test]
fn a_step_may_be_run_twice() {
    let mut world = World::new();
    let stamp = world.stamp();
    let entries = (1..=3).map(notification).collect::<Vec<_>>();
    let stretch = vestnik_inbox::Stretch::page(
        anna(),
        None,
        vestnik_model::contract::Page {
            after: super::world::cursor(0),
            cursor: super::world::cursor(3),
            entries,
            more: false,
        },
    );
    let outcome = world.raw(|db| {
        db.execute_batch("SAVEPOINT twice")?;
        let first = Inbox::new(db, stamp).apply(&stretch)?;
        db.execute_batch("ROLLBACK TO twice; RELEASE twice")?;
        let second = Inbox::new(db, stamp).apply(&stretch)?;
        assert_eq!(first, second);
        Ok(second)
    });
    assert!(matches!(outcome, vestnik_inbox::Outcome::Applied(applied) if applied.unread == 3));
}

#[test]
fn shows_that_nobody_takes_keep_no_history_from_being_pruned() {
    let mut world = World::new();
    world.page(
        (1..=300)
            .map(|n| with(n, json!({"expiresAt": at(50)})))
            .collect(),
    );
    world.page((301..=900).map(notification).collect());
    world.pass(60);
    prune(&mut world, 100);
    let left: u32 =
        world.raw(|db| db.query_row("SELECT count(*) FROM notification", [], |row| row.get(0)));
    assert_eq!(
        left, 200,
        "what is due and has not expired stays, within bounds"
    );
    assert_eq!(world.ids().first(), Some(&id(900)));
    assert_eq!(world.unread(), 200);
    assert_eq!(world.show_all().len(), 200);
    let reasons: std::collections::BTreeSet<String> = world.raw(|db| {
        let mut bodies = db.prepare("SELECT body FROM outbox WHERE kind = 'not_shown'")?;
        let bodies = bodies.query_map([], |row| row.get::<_, String>(0))?;
        bodies.collect()
    });
    let expected = ["expired.ttl", "too_many"].map(|reason| format!("{{\"reason\":\"{reason}\"}}"));
    assert_eq!(reasons, expected.into());
}

#[test]
fn what_is_known_of_former_notifications_is_bounded() {
    let mut world = World::new();
    world.raw(|db| {
        db.execute_batch(
            "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 101000)
             INSERT INTO known (id, state, at) SELECT randomblob(16), 'recalled', 1800000000000 + x
             FROM n",
        )
    });
    world.write(|inbox| inbox.prune(100));
    let kept: u32 =
        world.raw(|db| db.query_row("SELECT count(*) FROM known", [], |row| row.get(0)));
    assert_eq!(kept, 100_000);
}

#[test]
fn a_clock_that_nobody_has_set_right_forgets_nothing() {
    let mut world = World::new();
    world.page(vec![notification(1), recall(1)]);
    world.now = at(10 * 365 * 86_400);
    world.offset = None;
    world.write(|inbox| inbox.prune(100));
    world.page(vec![notification(1)]);
    assert_eq!(world.ids(), []);
}

#[test]
fn a_full_disk_at_any_step_changes_nothing_and_the_same_call_succeeds_later() {
    let text = "words that take up room ".repeat(100);
    let more = move |number| with(number, json!({"body": format!("{text} {number}")}));
    let mut failures = 0;
    for pages in (1..40).step_by(3) {
        let mut world = World::new();
        world.page((1..=20).map(&more).collect());
        let size: u32 = world.raw(|db| db.query_row("PRAGMA page_count", [], |row| row.get(0)));
        let before = (world.ids(), world.unread(), world.facts());
        world.pragma(&format!("PRAGMA max_page_count = {}", size + pages));
        let entries = || (21..=60).map(&more).chain([recall(3)]).collect();
        match world.try_page(entries()) {
            Ok(_) => {}
            Err(error) => {
                failures += 1;
                assert!(matches!(StoreError::from(error), StoreError::Full));
                assert_eq!((world.ids(), world.unread(), world.facts()), before);
                world.pragma("PRAGMA max_page_count = 100000");
                world.page(entries());
            }
        }
        assert_eq!((world.ids().len(), world.unread()), (59, 59));
        assert_eq!(world.search("room").len(), 59);
    }
    assert!(failures > 3, "{failures}");
}
