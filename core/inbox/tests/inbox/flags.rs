//! Flags, and what a person does.

use serde_json::json;
use vestnik_inbox::{Filter, HistoryQuery, Shelf};
use vestnik_model::{FactId, FactResult, Reported};

use super::world::{World, arrival, at, content, cursor, flag, id, notification, recall};

fn shelf(world: &mut World, shelf: Shelf) -> Vec<vestnik_model::NotificationId> {
    let query = HistoryQuery {
        filter: Filter {
            shelf,
            ..Filter::default()
        },
        ..HistoryQuery::default()
    };
    let page = world.read(|history| history.page(&query));
    page.items.iter().map(|item| item.notification.id).collect()
}

#[test]
fn reading_is_counted_and_reported_once() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    let ids = [id(1)];
    assert_eq!(world.write(|inbox| inbox.mark_read(&ids)), [id(1)]);
    assert_eq!(world.write(|inbox| inbox.mark_read(&ids)), []);
    assert_eq!(world.unread(), 1);
    assert_eq!(world.kinds(1), ["delivered", "read"]);
    let item = world.read(|history| history.get(id(1))).unwrap();
    assert_eq!((item.is_read, item.read_at), (true, Some(at(0))));
}

#[test]
fn unread_again_has_a_version_that_wins() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.write(|inbox| inbox.mark_read(&[id(1)]));
    world.pass(5);
    assert_eq!(world.write(|inbox| inbox.mark_unread(&[id(1)])), [id(1)]);
    assert_eq!(world.unread(), 1);
    // The reading, as the server tells it to all devices, is older.
    let read_at = u64::try_from(at(0).as_millisecond()).unwrap();
    let applied = world.page(vec![flag(1, "read", true, read_at)]);
    assert_eq!((applied.withdrawn, applied.unread), (vec![], 1));
    // Read again: a flag with a version now, since the receipt was told.
    world.write(|inbox| inbox.mark_read(&[id(1)]));
    let facts = world.facts();
    let flags: Vec<_> = facts
        .iter()
        .filter(|fact| fact.kind.as_str() == "flag")
        .collect();
    let bodies: Vec<_> = flags
        .iter()
        .map(|fact| fact.body.clone().unwrap())
        .collect();
    let expected = [false, true].map(|value| json!({"flag": "read", "value": value}));
    assert_eq!(bodies, expected);
    assert!(flags[0].version < flags[1].version);
    assert!(facts.iter().all(|fact| fact.parse().is_ok()));
    assert_eq!(world.show_all(), [], "what was read once is not shown");
}

#[test]
fn what_is_deleted_is_hidden_until_that_is_taken_back() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    let applied = world.page(vec![flag(1, "deleted", true, 5)]);
    assert_eq!((applied.withdrawn, applied.unread), (vec![id(1)], 1));
    assert_eq!(world.ids(), [id(2)]);
    assert_eq!(world.read(|history| history.get(id(1))), None);
    assert_eq!(world.search("order"), [id(2)]);

    let older = world.page(vec![flag(1, "deleted", false, 4)]);
    assert!(older.changed.is_empty());
    let newer = world.page(vec![flag(1, "deleted", false, 6)]);
    assert_eq!((newer.changed, newer.unread), (vec![id(1)], 2));
    assert_eq!(world.ids(), [id(2), id(1)]);
    assert_eq!(world.show_all(), [(id(2), false)]);
}

#[test]
fn a_person_deletes_and_takes_it_back() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    assert_eq!(world.write(|inbox| inbox.delete(&[id(1)], true)), [id(1)]);
    assert_eq!(
        world.write(|inbox| inbox.mark_read(&[id(1)])),
        [],
        "it is gone"
    );
    assert!(!world.write(|inbox| inbox.clicked(id(1))));
    assert_eq!(world.write(|inbox| inbox.delete(&[id(1)], false)), [id(1)]);
    assert_eq!((world.ids(), world.unread()), (vec![id(1)], 1));
}

#[test]
fn what_is_read_while_it_is_deleted_is_counted_once() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    world.page(vec![flag(1, "deleted", true, 1), flag(1, "read", true, 1)]);
    world.page(vec![flag(1, "deleted", false, 2)]);
    assert_eq!(world.unread(), 1);
    assert_eq!(world.write(|inbox| inbox.mark_all_read(None)), 1);
    assert_eq!(world.unread(), 0);
}

#[test]
fn what_is_archived_leaves_the_inbox_and_its_count() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    assert_eq!(world.write(|inbox| inbox.archive(&[id(1)], true)), [id(1)]);
    assert_eq!(world.unread(), 1);
    assert_eq!(shelf(&mut world, Shelf::Inbox), [id(2)]);
    assert_eq!(shelf(&mut world, Shelf::Archive), [id(1)]);
    assert_eq!(shelf(&mut world, Shelf::All), [id(2), id(1)]);
    assert_eq!(world.search("order"), [id(2), id(1)]);
    world.write(|inbox| inbox.archive(&[id(1)], false));
    assert_eq!((world.unread(), world.ids()), (2, vec![id(2), id(1)]));
}

#[test]
fn m7_all_read_is_one_fact_whatever_the_number() {
    let mut world = World::new();
    world.page((1..=1_000).map(notification).collect());
    let before = world.read(|history| history.facts_waiting());
    assert_eq!(world.write(|inbox| inbox.mark_all_read(None)), 1_000);
    assert_eq!(world.unread(), 0);
    assert_eq!(world.read(|history| history.facts_waiting()), before + 1);
    assert_eq!(world.show_all(), [], "what was read is not shown");
    assert_eq!(world.write(|inbox| inbox.mark_all_read(None)), 0);
    assert_eq!(world.read(|history| history.facts_waiting()), before + 1);
    // A later change of one of them wins over it.
    world.write(|inbox| inbox.mark_unread(&[id(7)]));
    assert_eq!(world.unread(), 1);
}

#[test]
fn all_read_says_up_to_where() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    world.write(|inbox| inbox.mark_all_read(None));
    let facts = world.facts();
    let told = facts
        .iter()
        .find(|fact| fact.kind.as_str() == "read_up_to")
        .unwrap();
    assert_eq!(told.up_to.as_deref(), Some(cursor(2).as_str()));
    assert!(told.parse().is_ok());
}

/// The cursor stands behind what came since the person looked, so it must not be told.
#[test]
fn all_read_up_to_a_place_leaves_what_is_newer() {
    let mut world = World::new();
    world.page((1..=3).map(notification).collect());
    let place = world.history().items[1].place;
    assert_eq!(world.write(|inbox| inbox.mark_all_read(Some(place))), 2);
    assert_eq!(world.unread(), 1);
    let kinds: Vec<_> = (1..=3).map(|number| world.kinds(number)).collect();
    assert_eq!(kinds[2], ["delivered"]);
    assert_eq!(
        (&kinds[0], &kinds[1]),
        (&vec!["delivered".to_owned(), "read".to_owned()], &kinds[0])
    );
    let facts = world.facts();
    assert!(facts.iter().all(|fact| fact.kind.as_str() != "read_up_to"));
}

#[test]
fn what_a_person_does_is_reported() {
    let mut world = World::new();
    world.page((1..=4).map(notification).collect());
    assert!(world.write(|inbox| inbox.clicked(id(1))));
    assert!(world.write(|inbox| inbox.actioned(id(2), "accept")));
    for text in ["да", "и ещё"] {
        assert!(world.write(|inbox| inbox.reply(id(3), Some("answer"), text)));
    }
    let taken = world.take().unwrap();
    assert_eq!(taken.id(), id(4), "the others were read");
    assert!(world.write(|inbox| inbox.dismissed(id(4))));
    let expected = [
        &["delivered", "clicked", "read"][..],
        &["delivered", "actioned", "read"],
        &["delivered", "reply", "read", "reply"],
        &["delivered", "displayed", "dismissed"],
    ];
    for (number, kinds) in (1..).zip(expected) {
        assert_eq!(world.kinds(number), kinds);
    }
    assert!(world.facts().iter().all(|fact| fact.parse().is_ok()));
    assert_eq!(world.unread(), 1, "putting a toast away is no reading");
}

#[test]
fn a_flag_at_the_end_of_all_versions_stays_and_says_so() {
    let mut world = World::new();
    let last = (1 << 53) - 1;
    world.page(vec![notification(1), flag(1, "read", true, last)]);
    let facts = world.facts();
    assert_eq!(world.write(|inbox| inbox.mark_unread(&[id(1)])), []);
    assert_eq!((world.unread(), world.facts()), (0, facts));
    // The other way round the person wins.
    world.page(vec![notification(2), flag(2, "read", false, last)]);
    assert_eq!(world.write(|inbox| inbox.mark_all_read(None)), 1);
    let version: u64 = world.raw(|db| {
        db.query_row("SELECT max(read_version) FROM notification", [], |row| {
            row.get(0)
        })
    });
    assert_eq!(version, last);
}

#[test]
fn m7_reading_up_to_a_place_is_a_fact_or_two_also_when_something_came_meanwhile() {
    let mut world = World::new();
    for begin in [1, 301, 601] {
        world.page((begin..begin + 300).map(notification).collect());
    }
    let query = HistoryQuery {
        limit: 1,
        ..HistoryQuery::default()
    };
    let seen = world.read(|history| history.page(&query)).items[0].place;
    let pushed = vestnik_inbox::Payload::new(None, content(2_000, json!({})));
    world.write(|inbox| inbox.handle_push(&pushed));
    world.page((901..=910).map(notification).collect());
    assert_eq!(world.write(|inbox| inbox.mark_all_read(Some(seen))), 900);
    assert_eq!(world.unread(), 11);
    let facts = drained(&mut world);
    let read: Vec<_> = facts
        .iter()
        .filter(|fact| fact.kind.as_str() == "read")
        .collect();
    let up_to: Vec<_> = facts.iter().filter_map(|fact| fact.up_to.clone()).collect();
    assert_eq!((read.len(), up_to), (0, vec![cursor(900).to_string()]));
}

#[test]
fn reading_up_to_a_place_between_two_pages_leaves_what_is_newer_unread_everywhere() {
    let mut world = World::new();
    world.page((1..=300).map(notification).collect());
    world.page((301..=600).map(notification).collect());
    let place = world.read(|history| history.get(id(310))).unwrap().place;
    assert_eq!(world.write(|inbox| inbox.mark_all_read(Some(place))), 310);
    let facts = drained(&mut world);
    let read: Vec<_> = facts
        .iter()
        .filter(|fact| fact.kind.as_str() == "read")
        .map(|fact| fact.notification_id.clone().unwrap())
        .collect();
    let expected: Vec<_> = (301..=310).map(|number| id(number).to_string()).collect();
    assert_eq!(read, expected);
    let up_to: Vec<_> = facts.iter().filter_map(|fact| fact.up_to.clone()).collect();
    assert_eq!(up_to, [cursor(300).to_string()]);
}

/// Whether what waits says that a notification was read, apart from places of the log.
fn is_read_by_itself(world: &mut World, number: u64) -> bool {
    let about = id(number).to_string();
    let mut facts = drained(world).into_iter();
    facts.any(|fact| {
        fact.kind.as_str() == "read" && fact.notification_id.as_deref() == Some(about.as_str())
    })
}

#[test]
fn a_place_of_the_log_says_nothing_of_what_came_ahead_of_it_then() {
    let mut world = World::new();
    let pushed = vestnik_inbox::Payload::new(None, content(2_000, json!({})));
    world.write(|inbox| inbox.handle_push(&pushed));
    world.page((1..=300).map(notification).collect());
    let place = world.read(|history| history.get(id(300))).unwrap().place;
    // The log reaches it only now.
    world.page(vec![notification(2_000), notification(301)]);
    assert_eq!(world.write(|inbox| inbox.mark_all_read(Some(place))), 301);
    assert!(is_read_by_itself(&mut world, 2_000));
}

#[test]
fn a_place_of_the_log_says_nothing_of_what_could_not_be_read_then() {
    let mut world = World::new();
    let unreadable = super::world::entry(json!({
        "kind": "notification", "id": id(2_000), "at": at(0), "notification": {"title": 1},
    }));
    world.page(vec![unreadable]);
    world.page((1..=300).map(notification).collect());
    let place = world.read(|history| history.get(id(300))).unwrap().place;
    let readable = serde_json::to_string(&notification(2_000)).unwrap();
    world.sql(&format!("UPDATE opaque SET raw = '{readable}'"));
    let applied = world.write(|inbox| inbox.reread_opaque("1.1"));
    assert_eq!(applied.inserted, [id(2_000)]);
    // It stands behind the others in the history, and before them in the log.
    assert_eq!(world.write(|inbox| inbox.mark_all_read(Some(place))), 300);
    assert_eq!(world.unread(), 1);
    assert!(drained(&mut world).iter().all(|fact| fact.up_to.is_none()));
}

#[test]
fn places_of_a_log_that_is_gone_are_not_used() {
    let mut world = World::new();
    world.page((1..=300).map(notification).collect());
    let place = world.read(|history| history.get(id(300))).unwrap().place;
    world.rebase(vec![notification(301)]);
    assert_eq!(world.write(|inbox| inbox.mark_all_read(Some(place))), 300);
    assert!(drained(&mut world).iter().all(|fact| fact.up_to.is_none()));
}

/// Everything that waits, report by report.
fn drained(world: &mut World) -> Vec<vestnik_model::Fact> {
    let mut facts = Vec::new();
    loop {
        let batch = world.outbox();
        if batch.facts.is_empty() {
            return facts;
        }
        facts.extend(batch.facts.iter().map(|waiting| waiting.fact.clone()));
        let taken = |fact: &vestnik_inbox::WaitingFact| {
            FactResult::taken(&FactId::parse(&fact.fact.id).unwrap(), true)
        };
        let answer = Reported {
            results: batch.facts.iter().map(taken).collect(),
        };
        world.write(|inbox| inbox.answered(&batch, &answer));
    }
}

#[test]
fn what_comes_again_as_read_is_taken_off_the_screen() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    world.show_all();
    let newer = content(2, json!({"revision": 1}));
    let read = [content(1, json!({})), newer].map(|content| arrival(&content, Some(at(9))));
    let applied = world.rebase(read.to_vec());
    assert_eq!(
        (applied.withdrawn, applied.redraw),
        (vec![id(1), id(2)], vec![])
    );
    assert_eq!(applied.unread, 0);
}

/// The alert of a push without content is on the screen under the notification's id, and the log is not read
/// yet.
#[test]
fn what_a_person_does_with_what_has_not_come_yet_is_kept() {
    let mut world = World::new();
    assert!(!world.write(|inbox| inbox.clicked(id(1))));
    assert!(!world.write(|inbox| inbox.actioned(id(2), "accept")));
    assert!(!world.write(|inbox| inbox.reply(id(3), None, "yes")));
    assert_eq!(world.write(|inbox| inbox.mark_read(&[id(4)])), []);
    assert!(!world.write(|inbox| inbox.dismissed(id(5))));
    assert!(!world.write(|inbox| inbox.dismissed(id(5))));
    let kinds: Vec<_> = (1..=5).map(|number| world.kinds(number)).collect();
    let expected: [&[&str]; 5] = [
        &["clicked", "read"],
        &["actioned", "read"],
        &["reply", "read"],
        &["read"],
        &["displayed", "dismissed"],
    ];
    assert_eq!(kinds, expected);
    world.page((1..=6).map(notification).collect());
    assert_eq!(world.unread(), 2, "one was put away, one is new");
    assert_eq!(world.show_all(), [(id(6), false)]);
    assert!(world.write(|inbox| inbox.clicked(id(5))));
    assert_eq!(
        world.kinds(5),
        ["displayed", "dismissed", "delivered", "clicked", "read"]
    );
}

#[test]
fn nothing_is_kept_of_what_never_comes() {
    let mut world = World::new();
    world.page(vec![recall(1)]);
    assert!(!world.write(|inbox| inbox.clicked(id(1))));
    assert!(!world.write(|inbox| inbox.dismissed(id(1))));
    assert_eq!(world.write(|inbox| inbox.mark_read(&[id(1)])), []);
    // Nor of what is put into a place of the inbox that it does not have yet.
    assert_eq!(world.write(|inbox| inbox.archive(&[id(2)], true)), []);
    assert_eq!(world.facts(), []);
}
