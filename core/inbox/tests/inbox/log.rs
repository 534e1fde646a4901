//! The log on its way into the history.

use jiff::SignedDuration;
use serde_json::json;
use vestnik_inbox::{
    HistoryFile, Inbox, Outcome, Payload, Settled, ShowState, Stretch, Suppression, Suspicion,
};
use vestnik_model::contract::{Entries, Page};

use super::world::{
    World, anna, arrival, at, content, cursor, entry, flag, id, notification, recall, with,
};

fn live(after: u64, end: u64) -> Entries {
    Entries {
        after: cursor(after),
        cursor: cursor(end),
        entries: (after + 1..=end).map(notification).collect(),
    }
}

fn page(after: u64, end: u64) -> Page {
    let Entries {
        after,
        cursor,
        entries,
    } = live(after, end);
    Page {
        after,
        cursor,
        entries,
        more: false,
    }
}

fn apply(world: &mut World, stretch: &Stretch) -> Outcome {
    world.write(|inbox| inbox.apply(stretch))
}

#[test]
fn one_transaction_stores_entries_cursor_and_facts_and_says_what_it_knows() {
    let mut world = World::new();
    let applied = world.page(vec![notification(1), notification(2)]);
    assert_eq!(applied.cursor, Some(cursor(2)));
    assert_eq!(applied.inserted, [id(1), id(2)]);
    assert_eq!((applied.unread, applied.facts_waiting), (2, 2));
    assert_eq!(applied.next_show, Some(jiff::Timestamp::UNIX_EPOCH));
    assert_eq!(world.ids(), [id(2), id(1)]);
    assert_eq!(world.kinds(1), ["delivered"]);
    assert_eq!(world.outbox().cursor, Some(cursor(2)));
}

#[test]
fn the_same_again_changes_nothing() {
    let mut world = World::new();
    let entries = || vec![notification(1), flag(1, "read", true, 1)];
    world.page(entries());
    let facts = world.facts();
    let again = world.page(entries());
    assert!(again.inserted.is_empty() && again.withdrawn.is_empty());
    assert_eq!((world.unread(), world.facts()), (0, facts));
    assert_eq!(world.show_all(), []);
}

#[test]
fn c7_entries_that_do_not_follow_are_stale_and_change_nothing() {
    let mut world = World::new();
    world.page((1..=4).map(notification).collect());
    for stretch in [
        Stretch::live(anna(), live(5, 6)),
        Stretch::live(anna(), live(3, 4)),
        Stretch::page(anna(), Some(cursor(2)), page(2, 6)),
        Stretch::page(anna(), None, page(0, 6)),
    ] {
        let stale = Outcome::Stale {
            cursor: Some(cursor(4)),
        };
        assert_eq!(apply(&mut world, &stretch), stale);
    }
    assert_eq!(world.ids().len(), 4);
    let Outcome::Applied(applied) = apply(&mut world, &Stretch::live(anna(), live(4, 6))) else {
        panic!("it follows");
    };
    assert_eq!(applied.inserted, [id(5), id(6)]);
}

/// A live call that comes before the answer to `Hello` is judged by the cursor that is stored, so it
/// can be given at any time.
#[test]
fn c7_a_live_call_may_come_before_everything_else() {
    let mut world = World::new();
    let early = Stretch::live(anna(), live(0, 1));
    assert_eq!(apply(&mut world, &early), Outcome::Stale { cursor: None });
    world.page(Vec::new());
    assert!(matches!(apply(&mut world, &early), Outcome::Applied(_)));
    assert_eq!(world.show_all(), [(id(1), false)]);
}

#[test]
fn a_page_of_another_epoch_is_applied_and_shows_nothing_again() {
    let mut world = World::new();
    world.page((1..=3).map(notification).collect());
    world.show_all();
    let other = |seq: u64| vestnik_model::Cursor::parse(format!("f:{seq}:t")).unwrap();
    let page = Page {
        after: other(0),
        cursor: other(4),
        entries: (1..=4).map(notification).collect(),
        more: false,
    };
    let stretch = Stretch::page(anna(), Some(cursor(3)), page);
    let Outcome::Applied(applied) = apply(&mut world, &stretch) else {
        panic!("another history is no error");
    };
    assert!(applied.is_rebased);
    assert_eq!(
        (applied.inserted, applied.cursor),
        (vec![id(4)], Some(other(4)))
    );
    assert_eq!(world.show_all(), [(id(4), false)]);
}

#[test]
fn c5_another_users_entries_change_nothing() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let lena = "lena".parse().unwrap();
    let stretch = Stretch::live(lena, live(1, 2));
    assert_eq!(apply(&mut world, &stretch), Outcome::OtherUser);
    assert_eq!(world.ids(), [id(1)]);
}

/// Each user has a cursor of their own: who comes after another reads their log from where they stand.
#[test]
fn c5_each_user_has_a_history_and_a_cursor_of_their_own() {
    let mut world = World::new();
    world.page((1..=40).map(notification).collect());
    let (stamp, lena) = (world.stamp(), "lena".parse().unwrap());
    let lenas = HistoryFile::open(world.folder(), &lena, Suspicion::None, &stamp).unwrap();
    let mut database = lenas.database;
    let stretch = Stretch::page(lena, None, page(0, 60));
    let outcome = database
        .write(|db| Inbox::new(db, stamp).apply(&stretch))
        .unwrap();
    let Outcome::Applied(applied) = outcome else {
        panic!("her own log begins at its beginning");
    };
    assert_eq!(applied.inserted.len(), 60);
    assert_eq!(world.ids().len(), 40);
}

#[test]
fn h12_what_was_accepted_before_the_login_is_quiet_and_what_came_after_is_due() {
    let mut world = World::at_login();
    let before = |number| with(number, json!({"acceptedAt": at(-1)}));
    let after = with(3, json!({"acceptedAt": at(1)}));
    world.pass(10);
    let applied = world.page(vec![before(1), before(2), after]);
    assert_eq!((applied.inserted.len(), applied.unread), (3, 3));
    assert_eq!(world.show_all(), [(id(3), false)]);
    world.suppressed(1, Suppression::FirstSync);
    assert_eq!(world.kinds(1), ["delivered"], "it is no failure to show");
}

#[test]
fn h12_a_login_over_a_history_with_a_cursor_is_loud() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.pass(1_000);
    world.begin_session();
    world.page(vec![with(2, json!({"acceptedAt": at(500)}))]);
    assert_eq!(world.show_all(), [(id(1), false), (id(2), false)]);
}

#[test]
fn a_login_again_before_the_first_page_is_loud() {
    let mut world = World::at_login();
    world.begin_session();
    world.pass(100);
    world.begin_session();
    world.page(vec![
        with(1, json!({"acceptedAt": at(-1)})),
        with(2, json!({"acceptedAt": at(50)})),
    ]);
    assert_eq!(world.show_all(), [(id(2), false)]);
    world.suppressed(1, Suppression::FirstSync);
}

#[test]
fn what_has_expired_by_a_clock_that_was_set_meanwhile_is_shown() {
    let mut world = World::new();
    world.page(vec![
        with(1, json!({"expiresAt": at(1_000)})),
        with(2, json!({"expiresAt": at(2_000)})),
    ]);
    // The process ended, and the clock was set by a day.
    world.pass(86_400);
    world.is_kept = true;
    assert_eq!(world.show_all(), []);
    assert_eq!(world.kinds(1), ["delivered"], "nothing is given up");
    let waits = world.read(|history| history.next_show()).unwrap();
    assert!(waits > world.now, "and it is not asked for all the time");
    // The server says what time it is.
    world.is_kept = false;
    world.offset = Some(vestnik_inbox::Stamp::offset_of(at(1_500), world.now));
    world.write(|inbox| inbox.hear_time());
    assert_eq!(world.show_all(), [(id(2), false)]);
    world.suppressed(1, Suppression::Expired);
}

#[test]
fn a_show_that_fails_is_given_up_by_no_clock_that_may_be_wrong() {
    let mut world = World::new();
    world.offset = None;
    world.page(vec![with(1, json!({"expiresAt": at(1_000)}))]);
    // The clock is set by a day.
    world.pass(86_400);
    let taken = world.take().unwrap();
    world.settle(&taken, &Settled::Failed("busy".to_owned()));
    assert_eq!(world.show_of(1), ShowState::Due);
    world.pass(5);
    assert_eq!(world.show_all(), [(id(1), false)]);
}

#[test]
fn what_came_by_a_clock_that_was_behind_is_no_older_than_it_is() {
    let mut world = World::new();
    world.pass(86_400 * 300);
    let accepted_at = at(86_400 * 302);
    let lasts = json!({"acceptedAt": accepted_at, "expiresAt": at(86_400 * 303)});
    world.offset = None;
    world.page(vec![with(1, lasts)]);
    // The server says what time it is.
    world.offset = Some(SignedDuration::from_hours(48));
    world.write(|inbox| inbox.hear_time());
    let taken = world.take().unwrap();
    assert_eq!(taken.item.received_at, accepted_at);
    world.settle(&taken, &Settled::Failed("busy".to_owned()));
    assert_eq!(world.show_of(1), ShowState::Due);
}

#[test]
fn a_history_learns_once_that_the_files_were_set_back_and_as_of_when() {
    let mut world = World::new();
    let device = world.restored();
    // It is opened when somebody else had the device for long.
    let begin = |world: &mut World| {
        let opening = world.opening.clone();
        world.write(|inbox| inbox.begin(&device, &opening));
    };
    world.pass(1_000);
    world.restart();
    begin(&mut world);
    world.page(vec![
        with(1, json!({"acceptedAt": at(-1)})),
        with(2, json!({"acceptedAt": at(500)})),
    ]);
    begin(&mut world);
    assert_eq!(world.show_all(), [(id(2), false)]);
    world.suppressed(1, Suppression::Restored);
}

/// A device that was set back has a session and no history.
#[test]
fn a_history_that_was_lost_is_quiet_as_of_now_and_a_later_login_is_not_its_first() {
    let mut world = World::at_login();
    let device = world.restored();
    world.pass(1_000);
    let opening = world.opening.clone();
    world.write(|inbox| inbox.begin(&device, &opening));
    world.pass(1_000);
    world.begin_session();
    world.page(vec![
        with(1, json!({"acceptedAt": at(500)})),
        with(2, json!({"acceptedAt": at(1_500)})),
    ]);
    assert_eq!(world.show_all(), [(id(2), false)]);
    world.suppressed(1, Suppression::Restored);
}

/// The damage came later than the backup: what was shown meanwhile is lost.
#[test]
fn a_damaged_history_of_files_that_were_set_back_is_quiet_as_of_now() {
    let mut world = World::new();
    let device = world.set_back();
    world.page(vec![with(1, json!({"acceptedAt": at(100)}))]);
    world.pass(1_000);
    assert_eq!(world.show_all(), [(id(1), false)]);
    world.close();
    world.open(Suspicion::Damaged);
    let opening = world.opening.clone();
    world.write(|inbox| inbox.begin(&device, &opening));
    world.page(vec![
        with(2, json!({"acceptedAt": at(500)})),
        with(3, json!({"acceptedAt": at(1_001)})),
    ]);
    assert_eq!(world.show_all(), [(id(3), false)]);
}

/// It may have been shown after the backup was made, and the damage says nothing of that.
#[test]
fn what_is_due_in_a_damaged_history_of_files_that_were_set_back_is_quiet() {
    for is_known in [false, true] {
        let mut world = World::new();
        let device = if is_known {
            world.set_back()
        } else {
            world.restored()
        };
        world.page(vec![with(1, json!({"acceptedAt": at(100)}))]);
        world.pass(200);
        world.close();
        world.open(Suspicion::Damaged);
        let opening = world.opening.clone();
        world.write(|inbox| inbox.begin(&device, &opening));
        let expected = if is_known {
            vec![(id(1), false)]
        } else {
            vec![]
        };
        assert_eq!(world.show_all(), expected, "known: {is_known}");
        world.page(vec![with(2, json!({"acceptedAt": at(201)}))]);
        assert_eq!(world.show_all(), [(id(2), false)], "known: {is_known}");
    }
}

#[test]
fn h12_files_that_were_set_back_are_quiet() {
    let mut world = World::new();
    world.pass(50);
    world.set_back();
    world.page(vec![
        notification(1),
        with(2, json!({"acceptedAt": at(51)})),
    ]);
    world.suppressed(1, Suppression::Restored);
    assert_eq!(world.show_all(), [(id(2), false)]);
}

#[test]
fn h11_a_wrong_clock_does_not_make_a_device_mute() {
    for hours in [-48, 48] {
        let mut world = World::at_login();
        // The login is at second 0, by a clock that is wrong, and before the server's is known.
        let wrong = SignedDuration::from_hours(hours);
        world.offset = None;
        world.close();
        let path = vestnik_inbox::history_path(world.folder(), &anna());
        std::fs::remove_file(path).unwrap();
        world.now = at(0) + wrong;
        world.open(Suspicion::None);
        // `Hello` is answered five seconds later.
        world.pass(5);
        world.offset = Some(vestnik_inbox::Stamp::offset_of(at(5), world.now));
        let entry = |number, second| {
            with(
                number,
                json!({"acceptedAt": at(second), "expiresAt": at(second + 60)}),
            )
        };
        world.page(vec![entry(1, -1), entry(2, 1), entry(3, 4)]);
        assert_eq!(
            world.show_all(),
            [(id(2), false), (id(3), false)],
            "{hours}"
        );
        let facts = world.facts();
        assert!(
            facts.iter().all(|fact| fact.at == at(5)),
            "by the server's clock"
        );
    }
}

#[test]
fn h11_what_has_expired_by_the_servers_clock_is_kept_and_not_shown() {
    let mut world = World::new();
    world.now = at(-1_000_000);
    world.offset = Some(SignedDuration::from_secs(1_000_070));
    world.page(vec![with(1, json!({"expiresAt": at(60)}))]);
    assert_eq!(world.show_all(), []);
    world.suppressed(1, Suppression::Expired);
    assert_eq!(world.kinds(1), ["delivered", "not_shown"]);
}

#[test]
fn a_higher_revision_replaces_the_content_in_its_place() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    world.show_all();
    let second = |revision: u32| {
        with(
            1,
            json!({"revision": revision, "title": "замена", "category": "orders"}),
        )
    };
    let applied = world.page(vec![second(3), second(2), second(3), notification(1)]);
    assert_eq!(
        (applied.replaced, applied.redraw),
        (vec![id(1)], vec![id(1)])
    );
    assert_eq!(world.ids(), [id(2), id(1)]);
    let item = world.history().items.remove(1);
    assert_eq!(item.notification.revision, 3);
    assert_eq!(world.search("замен"), [id(1)]);
    assert_eq!(world.search("order"), [id(2)]);
    assert_eq!(world.show_all(), [], "drawing it again is no second show");
}

#[test]
fn what_was_read_elsewhere_before_it_came_is_read() {
    let mut world = World::new();
    let one = content(1, json!({}));
    world.page(vec![notification(1)]);
    // The same notification, in an envelope that knows more.
    let applied = world.page(vec![arrival(&one, Some(at(7)))]);
    assert_eq!(applied.unread, 0);
    world.page(vec![arrival(&content(2, json!({})), Some(at(8)))]);
    assert_eq!(world.show_all(), []);
    world.suppressed(2, Suppression::Read);
}

#[test]
fn a_recalled_notification_leaves_and_never_comes_back() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    let applied = world.page(vec![recall(1), recall(3)]);
    assert_eq!((applied.withdrawn, applied.unread), (vec![id(1), id(3)], 1));
    let applied = world.page(vec![notification(1), notification(3)]);
    assert_eq!(applied.inserted, []);
    assert_eq!(world.ids(), [id(2)]);
    assert_eq!(world.search("order"), [id(2)]);
    assert_eq!(world.show_all(), [(id(2), false)]);
}

/// What a ticket is out for may be recalled: settling it changes nothing then.
#[test]
fn a_ticket_ends_with_a_recall() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let taken = world.take().unwrap();
    world.page(vec![recall(1)]);
    assert!(!world.settle(&taken, &Settled::Shown));
    assert_eq!(world.kinds(1), ["delivered"]);
}

fn later_kind(number: u64) -> vestnik_model::Entry {
    entry(json!({"kind": "liveCard", "id": id(number), "card": {"title": "secret"}}))
}

#[test]
fn an_entry_of_a_later_version_stops_nothing_and_is_kept() {
    let mut world = World::new();
    for _ in 0..2 {
        world.page(vec![
            later_kind(1),
            notification(1),
            flag(1, "pinned", true, 1),
        ]);
    }
    assert_eq!(world.ids(), [id(1)]);
    let file = vestnik_inbox::history_path(world.folder(), &anna());
    world.close();
    let db = rusqlite::Connection::open(file).unwrap();
    let kinds: String = db
        .query_row("SELECT group_concat(kind) FROM opaque", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(kinds, "liveCard,state");
}

#[test]
fn opaque_entries_are_bounded_in_number() {
    let mut world = World::new();
    world.page((1..=300).map(later_kind).collect());
    let file = vestnik_inbox::history_path(world.folder(), &anna());
    world.close();
    let db = rusqlite::Connection::open(file).unwrap();
    let count: u32 = db
        .query_row("SELECT count(*) FROM opaque", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 256);
}

/// A notification that an older version of the app could not read, and what happened to it since.
#[test]
fn opaque_entries_are_read_again_once_after_an_update() {
    let mut world = World::new();
    let title = json!({"secret": "a form of a later version"});
    let unreadable = entry(json!({
        "kind": "notification", "id": id(1), "at": at(0), "notification": {"title": title},
    }));
    world.page(vec![
        unreadable,
        later_kind(2),
        flag(1, "archived", true, 5),
    ]);
    world.write(|inbox| inbox.reread_opaque("1.0"));
    assert_eq!(world.ids(), []);
    // The later version can read the first: as if that version had stored it.
    let readable = serde_json::to_string(&notification(1)).unwrap();
    world.sql(&format!(
        "UPDATE opaque SET raw = '{readable}' WHERE kind = 'notification'"
    ));
    let unchanged = world.write(|inbox| inbox.reread_opaque("1.0"));
    assert_eq!(unchanged.inserted, [], "only after an update");
    let applied = world.write(|inbox| inbox.reread_opaque("1.1"));
    assert_eq!((applied.inserted, applied.unread), (vec![id(1)], 0));
    assert_eq!(applied.changed, [id(1)], "it was archived meanwhile");
    assert_eq!(applied.cursor, Some(cursor(3)));
}

#[test]
fn what_happens_before_a_notification_comes_counts_when_it_comes() {
    let mut world = World::new();
    let applied = world.page(vec![
        flag(1, "read", true, 5),
        flag(2, "deleted", true, 5),
        flag(3, "archived", true, 5),
        flag(4, "read", true, 5),
        flag(4, "read", false, 6),
        recall(5),
    ]);
    assert_eq!(applied.inserted, []);
    world.page((1..=5).map(notification).collect());
    assert_eq!(world.unread(), 1);
    assert_eq!(world.ids(), [4, 1].map(id));
    assert_eq!(world.show_all(), [(id(3), false), (id(4), false)]);
    world.suppressed(1, Suppression::Read);
    let kept: u32 =
        world.raw(|db| db.query_row("SELECT count(*) FROM early", [], |row| row.get(0)));
    assert_eq!(kept, 0, "it has come");
    // What comes later wins by its version only.
    world.page(vec![flag(1, "read", false, 6)]);
    assert_eq!(world.unread(), 2);
}

#[test]
fn what_comes_early_is_bounded() {
    let mut world = World::new();
    for begin in [0_u64, 500, 1_000, 1_500] {
        world.page(
            (begin..begin + 500)
                .map(|number| flag(number, "read", true, 1))
                .collect(),
        );
    }
    let kept: u32 =
        world.raw(|db| db.query_row("SELECT count(*) FROM early", [], |row| row.get(0)));
    assert_eq!(kept, 1_024);
    world.page(vec![notification(0), notification(1_999)]);
    assert_eq!(world.unread(), 1, "the newest are kept");
}

#[test]
fn the_log_has_the_whole_content_of_what_a_push_cut_short() {
    let mut world = World::new();
    let short = Payload::new(None, content(1, json!({"title": "short"})));
    world.write(|inbox| inbox.handle_push(&short)).unwrap();
    let shown = world.show_all();
    assert_eq!(shown, [(id(1), false)]);
    let applied = world.page(vec![with(1, json!({"title": "whole", "body": "words"}))]);
    assert_eq!(
        (applied.replaced, applied.redraw),
        (vec![id(1)], vec![id(1)])
    );
    assert_eq!(world.search("words"), [id(1)]);
    // It is the log's now, and the same again is the same.
    let applied = world.page(vec![with(1, json!({"title": "whole", "body": "words"}))]);
    assert_eq!(applied.replaced, []);
    world.write(|inbox| inbox.handle_push(&short)).unwrap();
    assert_eq!(
        world.history().items[0].notification.title.as_str(),
        "whole"
    );
    // A push of the same content changes nothing when the log follows.
    let same = Payload::new(None, content(2, json!({})));
    world.write(|inbox| inbox.handle_push(&same)).unwrap();
    let applied = world.page(vec![notification(2)]);
    assert_eq!((applied.replaced, applied.redraw), (vec![], vec![]));
}

#[test]
fn h11_a_clock_that_was_years_ahead_at_the_login_makes_nobody_mute() {
    for offset in [None, Some(SignedDuration::ZERO)] {
        let mut world = World::at_login();
        world.now = at(300_000_000);
        world.offset = offset;
        world.begin_session();
        // Then it is set right.
        world.now = at(10);
        world.offset = Some(SignedDuration::ZERO);
        world.page(vec![with(1, json!({"acceptedAt": at(5)}))]);
        world.now = at(20);
        world.page(vec![with(2, json!({"acceptedAt": at(15)}))]);
        assert_eq!(world.show_all(), [(id(2), false)], "{offset:?}");
        world.suppressed(1, Suppression::FirstSync);
    }
}

#[test]
fn h12_a_clock_that_was_years_behind_at_the_login_shows_no_old_ones() {
    let mut world = World::at_login();
    world.now = at(-300_000_000);
    world.offset = None;
    world.begin_session();
    world.now = at(1_000);
    world.offset = Some(SignedDuration::ZERO);
    world.page((1..=3).map(notification).collect());
    assert_eq!(world.show_all(), []);
    world.page(vec![with(4, json!({"acceptedAt": at(1_000)}))]);
    assert_eq!(world.show_all(), [(id(4), false)]);
}

#[test]
fn files_that_were_set_back_show_nothing_that_was_due_then() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2), notification(3)]);
    world.take().unwrap();
    world.pass(10);
    world.set_back();
    assert_eq!(world.show_all(), []);
    world.suppressed(1, Suppression::Restored);
    world.suppressed(3, Suppression::Restored);
    assert_eq!(world.unread(), 3);
}

#[test]
fn what_is_recalled_leaves_the_screen_also_when_the_history_has_it_no_more() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    world.show_all();
    world.write(|inbox| inbox.prune(1));
    assert_eq!(world.ids(), [id(2)]);
    assert_eq!(world.page(vec![recall(1)]).withdrawn, [id(1)]);
    assert_eq!(world.page(vec![recall(1)]).withdrawn, []);
}

#[test]
fn the_largest_and_smallest_values_of_a_peer_are_values() {
    let mut world = World::new();
    let (first, last) = ("-009999-01-02T01:59:59Z", "9999-12-30T22:00:00Z");
    world.page(vec![
        with(
            1,
            json!({"revision": u32::MAX, "acceptedAt": last, "expiresAt": last}),
        ),
        with(2, json!({"acceptedAt": first, "expiresAt": first})),
        with(3, json!({"acceptedAt": last, "expiresAt": first})),
        arrival(&content(4, json!({})), Some(first.parse().unwrap())),
        arrival(&content(5, json!({})), Some(last.parse().unwrap())),
        flag(1, "read", false, u64::MAX),
        flag(1, "archived", true, i64::MAX as u64),
        flag(9, "read", true, u64::MAX),
        with(9, json!({})),
    ]);
    world.page(vec![
        with(1, json!({"revision": u32::MAX - 1})),
        flag(1, "archived", false, (1 << 53) - 1),
        flag(4, "deleted", true, 0),
    ]);
    world.write(|inbox| inbox.archive(&[id(2)], true));
    world.write(|inbox| inbox.mark_unread(&[id(5)]));
    world.write(|inbox| inbox.mark_all_read(None));
    for fact in world.facts() {
        fact.parse().unwrap();
    }
    assert!(world.show_all().iter().all(|(shown, _)| *shown == id(1)));
    while world.write(|inbox| inbox.prune(0)).removed > 0 {}
    assert_eq!((world.ids(), world.unread()), (vec![], 0));
}
