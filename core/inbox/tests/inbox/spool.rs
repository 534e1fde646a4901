//! The spool of a notification extension.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use vestnik_inbox::{
    Payload, Settled, ShowState, Suppression,
    spool::{self, Blocked, Ingested, SpoolError, Ticket},
};

use super::world::{World, anna, content, id, notification, recall, with};

fn payload(number: u64) -> Payload {
    Payload::new(Some(anna()), content(number, json!({})))
}

fn write(world: &World, number: u64) -> Ticket {
    let folder = world.folder().join("spool");
    spool::write(&folder, &payload(number)).unwrap().unwrap()
}

fn ingest(world: &mut World) -> Ingested {
    let folder = world.folder().join("spool");
    world.write(|inbox| spool::ingest(inbox, &folder))
}

fn files(world: &World) -> usize {
    let entries = fs::read_dir(world.folder().join("spool")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names.filter(|name| name != "seen").count()
}

/// Sets the device's clock to so many seconds after a ticket was written, which the system's clock
/// says; the server's clock stays where the test has it.
fn age(world: &mut World, ticket: &Ticket, seconds: i64) {
    let written = fs::metadata(ticket.path()).unwrap().modified().unwrap();
    let server = world.now;
    world.now = Timestamp::try_from(written).unwrap() + SignedDuration::from_secs(seconds);
    world.offset = Some(vestnik_inbox::Stamp::offset_of(server, world.now));
}

#[test]
fn what_an_extension_has_shown_is_stored_as_shown() {
    let mut world = World::new();
    let ticket = write(&world, 1);
    assert_eq!(ticket.identifier(), id(1).to_string());
    ticket.shown().unwrap();
    let ingested = ingest(&mut world);
    assert_eq!(ingested.applied.inserted, [id(1)]);
    assert_eq!((ingested.applied.unread, ingested.dropped), (1, 0));
    ingested.remove_files().unwrap();
    assert_eq!(files(&world), 0);
    assert_eq!(world.kinds(1), ["delivered", "displayed"]);
    // Then it comes by the log.
    let applied = world.page(vec![notification(1), notification(2)]);
    assert_eq!(applied.inserted, [id(2)]);
    assert_eq!(world.show_all(), [(id(2), false)]);
}

#[test]
fn a_crash_before_the_files_are_removed_changes_nothing() {
    let mut world = World::new();
    write(&world, 1).shown().unwrap();
    let first = ingest(&mut world);
    drop(first);
    let facts = world.facts();
    let again = ingest(&mut world);
    assert_eq!(again.applied.inserted, []);
    assert_eq!((world.facts(), world.unread()), (facts, 1));
    again.remove_files().unwrap();
    assert_eq!(files(&world), 0);
}

#[test]
fn what_came_by_the_log_and_was_drawn_by_an_extension_is_not_drawn_again() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    write(&world, 1).shown().unwrap();
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(world.show_all(), []);
    assert_eq!(world.kinds(1), ["delivered", "displayed"]);
}

#[test]
fn while_an_extension_draws_the_app_does_not() {
    let mut world = World::new();
    let ticket = write(&world, 1);
    age(&mut world, &ticket, 1);
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(files(&world), 1, "the ticket is out");
    assert_eq!(world.show_of(1), ShowState::Taken);
    world.page(vec![notification(1)]);
    assert_eq!(world.show_all(), []);
    ticket.shown().unwrap();
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(world.show_of(1), ShowState::Shown);
    assert_eq!(world.kinds(1), ["delivered", "displayed"]);
    assert_eq!(files(&world), 0);
}

#[test]
fn a_ticket_of_an_extension_that_was_killed_is_drawn_again_and_says_so() {
    let mut world = World::new();
    let ticket = write(&world, 1);
    age(&mut world, &ticket, 1);
    ingest(&mut world).remove_files().unwrap();
    age(&mut world, &ticket, 61);
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(files(&world), 0);
    assert_eq!(world.show_all(), [(id(1), true)]);
    // The extension was only slow: drawing under the same identifier has replaced.
    ticket.shown().unwrap();
    assert_eq!(files(&world), 0);
}

/// The system has emptied the folder, or a person did.
#[test]
fn a_ticket_whose_file_is_gone_is_drawn_again_and_says_so() {
    let mut world = World::new();
    let tickets = [1, 2].map(|number| write(&world, number));
    age(&mut world, &tickets[0], 1);
    ingest(&mut world).remove_files().unwrap();
    fs::remove_file(tickets[0].path()).unwrap();
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(world.show_of(2), ShowState::Taken, "its file is there");
    assert_eq!(world.show_all(), [(id(1), true)]);
    fs::remove_dir_all(world.folder().join("spool")).unwrap();
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(world.show_all(), [(id(2), true)]);
}

/// Not all files are looked at in one call.
#[test]
fn a_ticket_among_many_files_of_somebody_else_is_not_taken_for_gone() {
    let mut world = World::new();
    let ticket = write(&world, 1);
    age(&mut world, &ticket, 1);
    ingest(&mut world).remove_files().unwrap();
    let spool = world.folder().join("spool");
    fs::remove_file(ticket.path()).unwrap();
    for number in 0..1_100 {
        fs::write(spool.join(format!("{number}.taken")), "{}").unwrap();
    }
    drop(ingest(&mut world));
    assert_eq!(world.show_of(1), ShowState::Taken);
    ingest(&mut world).remove_files().unwrap();
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(world.show_all(), [(id(1), true)]);
}

#[test]
fn a_push_payload_is_stored_without_moving_the_cursor() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let applied = world.write(|inbox| inbox.handle_push(&payload(2))).unwrap();
    assert_eq!(applied.inserted, [id(2)]);
    assert_eq!(applied.cursor, Some(super::world::cursor(1)));
    assert_eq!(world.page(vec![notification(2)]).inserted, []);
    assert_eq!(world.show_all(), [(id(1), false), (id(2), false)]);
}

/// What the log has not given yet is not behind its cursor, so its reading is told by itself.
#[test]
fn all_read_tells_what_is_ahead_of_the_log_by_itself() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.write(|inbox| inbox.handle_push(&payload(2)));
    world.write(|inbox| inbox.handle_push(&payload(3)));
    world.page(vec![notification(3)]);
    world.write(|inbox| inbox.mark_all_read(None));
    let kinds: Vec<_> = (1..=3).map(|number| world.kinds(number)).collect();
    assert_eq!(
        kinds,
        [
            vec!["delivered"],
            vec!["delivered", "read"],
            vec!["delivered"]
        ]
    );
    assert_eq!(world.unread(), 0);
}

#[test]
fn what_is_for_another_user_is_stored_for_nobody() {
    let mut world = World::new();
    let other = Payload::new(Some("lena".parse().unwrap()), content(1, json!({})));
    assert_eq!(world.write(|inbox| inbox.handle_push(&other)), None);
    let folder = world.folder().join("spool");
    spool::write(&folder, &other)
        .unwrap()
        .unwrap()
        .shown()
        .unwrap();
    let ingested = ingest(&mut world);
    assert_eq!((ingested.dropped, ingested.applied.unread), (1, 0));
    ingested.remove_files().unwrap();
    assert_eq!(files(&world), 0);
}

/// The user was switched while an extension drew.
#[test]
fn what_is_drawn_for_another_user_is_taken_off_the_screen() {
    let mut world = World::new();
    let folder = world.folder().join("spool");
    let other = |number| Payload::new(Some("lena".parse().unwrap()), content(number, json!({})));
    let write = |number| spool::write(&folder, &other(number)).unwrap().unwrap();
    let (drawn, killed) = (write(1), write(2));
    age(&mut world, &drawn, 1);
    let ingested = ingest(&mut world);
    assert!(ingested.again_at.is_some(), "it may be drawn yet");
    assert_eq!(ingested.applied.withdrawn, []);
    ingested.remove_files().unwrap();
    drawn.shown().unwrap();
    let ingested = ingest(&mut world);
    assert_eq!(
        (ingested.dropped, &*ingested.applied.withdrawn),
        (1, &[id(1)][..])
    );
    ingested.remove_files().unwrap();
    age(&mut world, &killed, 61);
    let ingested = ingest(&mut world);
    assert_eq!(
        (ingested.dropped, &*ingested.applied.withdrawn),
        (1, &[id(2)][..])
    );
    ingested.remove_files().unwrap();
    assert_eq!((files(&world), world.ids()), (0, vec![]));
}

/// An extension that draws its push later would not know it.
#[test]
fn what_is_recalled_before_it_came_is_withdrawn() {
    let mut world = World::new();
    assert_eq!(world.page(vec![recall(1)]).withdrawn, [id(1)]);
    assert_eq!(world.page(vec![recall(1)]).withdrawn, []);
}

#[test]
fn what_was_recalled_stays_away() {
    let mut world = World::new();
    world.page(vec![recall(1)]);
    write(&world, 1).shown().unwrap();
    ingest(&mut world).remove_files().unwrap();
    assert_eq!((world.ids(), world.facts()), (vec![], vec![]));
}

#[test]
fn what_an_extension_drew_although_it_was_read_or_recalled_is_withdrawn() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2), notification(3)]);
    world.write(|inbox| inbox.mark_read(&[id(1), id(3)]));
    world.page(vec![recall(2)]);
    write(&world, 1).shown().unwrap();
    write(&world, 2).shown().unwrap();
    // This one ended before it could say so.
    let ticket = write(&world, 3);
    age(&mut world, &ticket, 1);
    let ingested = ingest(&mut world);
    assert_eq!(ingested.applied.withdrawn, [id(1), id(2)]);
    ingested.remove_files().unwrap();
    age(&mut world, &ticket, 61);
    assert_eq!(ingest(&mut world).applied.withdrawn, [id(3)]);
}

#[test]
fn odd_files_stop_nothing() {
    let mut world = World::new();
    write(&world, 1).shown().unwrap();
    let folder = world.folder().join("spool");
    fs::write(folder.join("00000000000000000000000000000007.0.shown"), "{").unwrap();
    fs::write(folder.join("x.shown"), vec![b' '; 100_000]).unwrap();
    fs::write(folder.join("notes.txt"), "not ours").unwrap();
    let ingested = ingest(&mut world);
    assert_eq!((ingested.dropped, ingested.applied.inserted.len()), (2, 1));
    ingested.remove_files().unwrap();
    assert_eq!(files(&world), 1, "only what is not ours");
}

#[test]
fn a_spool_is_bounded_and_takes_a_payload_once() {
    let world = World::new();
    let folder = world.folder().join("spool");
    let _ticket = write(&world, 1);
    assert!(spool::write(&folder, &payload(1)).unwrap().is_none());
    for number in 2..=spool::MAX_FILES as u64 {
        let _ticket = write(&world, number);
    }
    let full = spool::write(&folder, &payload(9_999)).unwrap_err();
    assert!(matches!(full, SpoolError::Full));
}

/// The app does not run: only the tickets tell what was drawn.
#[test]
fn a_slow_push_of_an_earlier_revision_has_no_ticket() {
    let settlings: [fn(Ticket); 3] = [
        drop,
        |ticket| ticket.shown().unwrap(),
        |ticket| ticket.suppressed(Blocked::App).unwrap(),
    ];
    for settle in settlings {
        let world = World::new();
        let folder = world.folder().join("spool");
        let write = |number: u64, revision: u32| {
            let content = content(number, json!({"revision": revision}));
            spool::write(&folder, &Payload::new(Some(anna()), content)).unwrap()
        };
        settle(write(1, 2).unwrap());
        assert!(
            write(1, 1).is_none(),
            "it would bring back what was replaced"
        );
        assert!(write(1, 2).is_none(), "it came twice");
        assert_eq!(files(&world), 1, "what is refused leaves nothing");
        assert!(write(2, 1).is_some(), "it is another notification");
        assert!(write(1, 3).is_some(), "it is a later one");
    }
}

#[test]
fn a_full_spool_is_left_as_it_is() {
    let world = World::new();
    let folder = world.folder().join("spool");
    for number in 1..=spool::MAX_FILES as u64 {
        write(&world, number).shown().unwrap();
    }
    let full = spool::write(&folder, &payload(9_999)).unwrap_err();
    assert!(matches!(full, SpoolError::Full));
    assert_eq!(files(&world), spool::MAX_FILES);
    // What is there is there, full or not.
    assert!(spool::write(&folder, &payload(1)).unwrap().is_none());
}

#[test]
fn what_may_not_be_shown_counts_as_what_is_shown_does() {
    let world = World::new();
    let folder = world.folder().join("spool");
    for number in 1..=spool::MAX_FILES as u64 {
        write(&world, number).suppressed(Blocked::Os).unwrap();
    }
    let full = spool::write(&folder, &payload(9_999)).unwrap_err();
    assert!(matches!(full, SpoolError::Full));
}

#[test]
fn a_spool_that_is_not_there_is_empty() {
    let mut world = World::new();
    assert_eq!(ingest(&mut world).applied.inserted, []);
}

#[test]
fn files_that_cannot_be_removed_use_up_no_attempt() {
    let mut world = World::new();
    let ticket = write(&world, 1);
    age(&mut world, &ticket, 61);
    for _ in 0..9 {
        drop(ingest(&mut world));
    }
    let taken = world.take().unwrap();
    assert_eq!((taken.id(), taken.again, taken.attempt), (id(1), true, 2));
    // While the app has the ticket, the file changes nothing either, nor after a failure.
    drop(ingest(&mut world));
    assert!(world.settle(&taken, &Settled::Failed("toast.refused".to_owned())));
    drop(ingest(&mut world));
    assert_eq!(world.take(), None, "it pauses");
    world.pass(30);
    assert_eq!(world.show_all(), [(id(1), true)]);
}

#[cfg(unix)]
#[test]
fn only_files_are_read_and_nothing_else_is_in_the_way() {
    let mut world = World::new();
    write(&world, 1).shown().unwrap();
    let spool = world.folder().join("spool");
    std::os::unix::fs::symlink("/dev/zero", spool.join("0.taken")).unwrap();
    fs::create_dir(spool.join("1.taken")).unwrap();
    fs::create_dir(spool.join("2.shown")).unwrap();
    fs::write(spool.join("\u{435}.0.taken"), "{}").unwrap();
    let ingested = ingest(&mut world);
    assert_eq!(ingested.applied.inserted, [id(1)]);
    ingested.remove_files().unwrap();
    assert_eq!(files(&world), 3, "what is no file of ours");
    assert_eq!(ingest(&mut world).applied.inserted, []);
}

#[test]
fn what_an_extension_left_half_written_goes() {
    let mut world = World::new();
    let ticket = write(&world, 1);
    let spool = world.folder().join("spool");
    fs::write(spool.join("2.0.taken.new"), "{").unwrap();
    fs::write(spool.join("other"), "not ours").unwrap();
    age(&mut world, &ticket, 1);
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(files(&world), 3, "it may be being written");
    age(&mut world, &ticket, 61);
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(files(&world), 1);
}

#[test]
fn an_older_revision_that_an_extension_drew_is_replaced_on_the_screen() {
    let mut world = World::new();
    let ticket = write(&world, 1);
    world.page(vec![with(1, json!({"revision": 1}))]);
    ticket.shown().unwrap();
    drop(ingest(&mut world));
    assert_eq!(world.kinds(1), ["delivered", "displayed"]);
    let taken = world.take().unwrap();
    assert_eq!((taken.revision(), taken.again), (1, true));
    // The file stays and says the same again: that is no news.
    drop(ingest(&mut world));
    assert!(world.settle(&taken, &Settled::Failed("toast.refused".to_owned())));
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(world.take(), None, "it pauses");
}

#[test]
fn a_spool_is_emptied_when_its_user_goes() {
    let mut world = World::new();
    write(&world, 1).shown().unwrap();
    let _ticket = write(&world, 2);
    let spool = world.folder().join("spool");
    fs::write(spool.join("3.0.taken.new"), "{").unwrap();
    fs::write(spool.join("other"), "not ours").unwrap();
    let drawn = spool::clear(&spool).unwrap();
    assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [id(1), id(2)]);
    assert_eq!(files(&world), 1);
    assert_eq!(ingest(&mut world).applied.inserted, []);
    let none = spool::clear(&world.folder().join("absent")).unwrap();
    assert!(none.is_empty());
}

#[test]
fn many_files_of_somebody_else_are_taken_in_by_parts() {
    let mut world = World::new();
    let spool = world.folder().join("spool");
    fs::create_dir(&spool).unwrap();
    for number in 0..3_000 {
        fs::write(spool.join(format!("{number}.taken")), "{}").unwrap();
    }
    let ingested = ingest(&mut world);
    assert!(ingested.dropped <= 1_024, "{}", ingested.dropped);
    ingested.remove_files().unwrap();
    for _ in 0..2 {
        ingest(&mut world).remove_files().unwrap();
    }
    assert_eq!(files(&world), 0);
}

#[test]
fn an_extension_that_ended_may_have_drawn_what_the_app_failed_to_draw() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let taken = world.take().unwrap();
    let failed = Settled::Failed("busy".to_owned());
    world.write(|inbox| inbox.settle_show(taken.id(), taken.revision(), &failed));
    let ticket = write(&world, 1);
    age(&mut world, &ticket, 90);
    let ingested = ingest(&mut world);
    ingested.remove_files().unwrap();
    world.pass(3_600);
    assert_eq!(world.show_all(), [(id(1), true)]);
}

/// The person forbids notifications while the app is closed, and allows them again.
#[test]
fn what_came_while_it_was_forbidden_does_not_pop_up_later() {
    let mut world = World::new();
    write(&world, 1).suppressed(Blocked::Os).unwrap();
    write(&world, 2).suppressed(Blocked::App).unwrap();
    // The hub was first, and an extension has this one in hand while the app looks.
    world.page(vec![notification(3)]);
    write(&world, 3).suppressed(Blocked::Os).unwrap();
    let ticket = write(&world, 4);
    age(&mut world, &ticket, 1);
    ingest(&mut world).remove_files().unwrap();
    ticket.suppressed(Blocked::Os).unwrap();
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(files(&world), 0);
    assert_eq!(world.show_all(), []);
    for (number, reason) in [
        (1, Suppression::BlockedOs),
        (2, Suppression::BlockedApp),
        (3, Suppression::BlockedOs),
        (4, Suppression::BlockedOs),
    ] {
        assert_eq!(world.kinds(number), ["delivered", "not_shown"]);
        assert_eq!(world.show_of(number), ShowState::Suppressed(Some(reason)));
    }
    // Its push comes once more, then the log.
    let folder = world.folder().join("spool");
    assert!(spool::write(&folder, &payload(1)).unwrap().is_none());
    world.page((1..=4).map(notification).collect());
    assert_eq!(world.show_all(), []);
}

#[test]
fn what_was_drawn_stays_drawn_though_a_later_push_is_blocked() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.show_all();
    write(&world, 1).suppressed(Blocked::Os).unwrap();
    ingest(&mut world).remove_files().unwrap();
    assert_eq!(world.show_of(1), ShowState::Shown);
    assert_eq!(world.kinds(1), ["delivered", "displayed"]);
}

/// The transaction took its time before the extension wrote.
#[test]
fn what_an_extension_writes_while_the_app_looks_stays_its_own() {
    let mut world = World::new();
    let ticket = write(&world, 1);
    let spool = world.folder().join("spool");
    fs::write(spool.join("2.0.taken.new"), "{").unwrap();
    age(&mut world, &ticket, -1);
    ingest(&mut world).remove_files().unwrap();
    assert_eq!((files(&world), world.show_of(1)), (2, ShowState::Taken));
    // The clock was put back.
    age(&mut world, &ticket, -3_600);
    ingest(&mut world).remove_files().unwrap();
    assert_eq!((files(&world), world.show_of(1)), (0, ShowState::Due));
}
