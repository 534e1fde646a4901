//! Show tickets.

use serde_json::json;
use vestnik_inbox::{ProcessMark, Settled, ShowState, Suppression};

use super::world::{World, at, flag, id, notification, recall, with};

fn failed() -> Settled {
    Settled::Failed("toast.refused".to_owned())
}

#[test]
fn what_is_due_is_taken_one_at_a_time_and_shown_once() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    let first = world.take().unwrap();
    assert_eq!((first.id(), first.again, first.attempt), (id(1), false, 1));
    assert_eq!(world.show_of(1), ShowState::Taken);
    let second = world.take().unwrap();
    assert_eq!(second.id(), id(2));
    assert_eq!(world.take(), None);
    assert!(world.settle(&first, &Settled::Shown));
    assert!(!world.settle(&first, &Settled::Shown), "it is settled");
    assert_eq!(world.kinds(1), ["delivered", "displayed"]);
    assert_eq!(world.show_of(1), ShowState::Shown);
    assert_eq!(world.read(|history| history.next_show()), None);
}

#[test]
fn h14_only_what_a_process_took_may_have_been_drawn() {
    let mut world = World::new();
    world.page((1..=200).map(notification).collect());
    let mut shown = Vec::new();
    for _ in 0..3 {
        let taken = world.take().unwrap();
        shown.push(taken.id());
        if shown.len() < 3 {
            world.settle(&taken, &Settled::Shown);
        }
    }
    // Killed with one ticket out: that one says that it may be a repetition, and no other.
    world.restart();
    let rest = world.show_all();
    assert_eq!(rest.len(), 198);
    let again: Vec<_> = rest.iter().filter(|(_, again)| *again).collect();
    assert_eq!(again, [&(id(3), true)]);
    let displayed = world.facts();
    let displayed = displayed
        .iter()
        .filter(|fact| fact.kind.as_str() == "displayed");
    assert_eq!(displayed.count(), 200);
}

#[test]
fn h10_what_was_read_is_never_shown() {
    let mut world = World::new();
    world.page((1..=4).map(notification).collect());
    let taken = world.take().unwrap();
    // Read in the inbox: one whose ticket is out, and one that is due.
    world.write(|inbox| inbox.mark_read(&[id(1), id(2)]));
    world.restart();
    world.suppressed(1, Suppression::Read);
    world.suppressed(2, Suppression::Read);
    assert!(
        !world.settle(&taken, &Settled::Shown),
        "the ticket was taken back"
    );
    // Read on another device, and deleted.
    let applied = world.page(vec![flag(3, "read", true, 1), flag(4, "deleted", true, 1)]);
    assert_eq!(applied.withdrawn, [id(3), id(4)]);
    assert_eq!(world.show_all(), []);
    assert_eq!(world.kinds(2), ["delivered", "read"], "nothing failed");
}

#[test]
fn h10_a_failed_show_of_what_was_read_is_over() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let taken = world.take().unwrap();
    world.write(|inbox| inbox.mark_read(&[id(1)]));
    world.settle(&taken, &failed());
    world.suppressed(1, Suppression::Read);
}

#[test]
fn h10_a_denied_permission_makes_no_backlog() {
    let mut world = World::new();
    world.page((1..=20).map(notification).collect());
    while let Some(taken) = world.take() {
        world.settle(&taken, &Settled::Suppressed(Suppression::BlockedOs));
    }
    // The permission is granted, the app begins anew: nothing of then pops up.
    world.restart();
    world.page(vec![notification(21)]);
    assert_eq!(world.show_all(), [(id(21), false)]);
    world.suppressed(7, Suppression::BlockedOs);
    let fact = world.facts();
    let not_shown = fact.iter().find(|fact| fact.kind.as_str() == "not_shown");
    assert_eq!(
        not_shown.unwrap().body,
        Some(json!({"reason": "blocked.os"}))
    );
    assert!(not_shown.unwrap().parse().is_ok());
}

#[test]
fn h10_a_failed_show_is_tried_again_a_bounded_number_of_times() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let mut pauses = Vec::new();
    while let Some(taken) = world.take() {
        assert!(!taken.again, "nothing was drawn");
        world.settle(&taken, &failed());
        assert_eq!(world.take(), None, "not before its time");
        if let Some(next) = world.read(|history| history.next_show()) {
            pauses.push((next.as_second() - world.now.as_second()).max(0));
            world.now = next;
        }
    }
    assert_eq!(pauses, [5, 30, 300, 1_800]);
    world.suppressed(1, Suppression::Failed);
    let facts = world.facts();
    let told: Vec<_> = facts.iter().filter_map(|fact| fact.body.clone()).collect();
    assert_eq!(told, [json!({"reason": "toast.refused"})]);
}

#[test]
fn h10_a_daemon_that_starts_late_costs_no_toast() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let taken = world.take().unwrap();
    world.settle(&taken, &failed());
    world.pass(6);
    assert_eq!(world.show_all(), [(id(1), false)]);
}

#[test]
fn a_show_is_limited_in_age() {
    let mut world = World::new();
    world.page(vec![with(1, json!({"expiresAt": at(9_000_000)}))]);
    let taken = world.take().unwrap();
    world.pass(24 * 3_600);
    world.settle(&taken, &failed());
    world.suppressed(1, Suppression::Failed);
}

#[test]
fn what_expires_while_it_is_due_is_not_shown_and_says_so() {
    let mut world = World::new();
    let short = |number| with(number, json!({"expiresAt": at(60)}));
    let mut entries: Vec<_> = (1..=300).map(short).collect();
    entries.push(notification(301));
    world.page(entries);
    world.pass(60);
    let mut shown = Vec::new();
    // One call passes over a bounded number.
    while world.read(|history| history.next_show()).is_some() {
        shown.extend(world.show_all());
    }
    assert_eq!(shown, [(id(301), false)]);
    world.suppressed(300, Suppression::Expired);
    assert_eq!(world.kinds(100), ["delivered", "not_shown"]);
}

#[test]
fn a_ticket_that_is_given_back_costs_no_attempt() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    for _ in 0..20 {
        let taken = world.take().unwrap();
        assert_eq!((taken.attempt, taken.again), (1, false));
        assert!(world.write(|inbox| inbox.return_show(id(1))));
    }
    assert_eq!(world.show_all(), [(id(1), false)]);
}

#[test]
fn a_notification_that_ends_its_program_waits_and_is_not_lost() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    for _ in 0..4 {
        assert_eq!(world.take().unwrap().id(), id(1));
        world.restart();
    }
    // It holds up no other from here on.
    world.page(vec![notification(2)]);
    assert_eq!(world.show_all(), [(id(2), false)]);
    for _ in 0..20 {
        world.pass(61);
        assert_eq!(world.take().unwrap().id(), id(1));
        world.restart();
    }
    world.pass(61);
    assert_eq!(world.show_all(), [(id(1), true)]);
}

#[test]
fn tickets_of_the_process_itself_stay_out() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let taken = world.take().unwrap();
    let (own, other) = (world.process, ProcessMark::new([9; 8]));
    assert_eq!(world.write(|inbox| inbox.release_taken(own)), 0);
    assert_eq!(world.write(|inbox| inbox.release_taken(other)), 1);
    assert!(!world.settle(&taken, &Settled::Shown));
}

#[test]
fn content_that_changes_while_it_is_drawn_is_drawn_again() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let taken = world.take().unwrap();
    let applied = world.page(vec![with(1, json!({"revision": 1, "title": "new"}))]);
    assert_eq!((applied.replaced, applied.redraw), (vec![id(1)], vec![]));
    world.settle(&taken, &Settled::Shown);
    let again = world.take().unwrap();
    assert_eq!((again.revision(), again.again), (1, true));
    world.settle(&again, &Settled::Shown);
    assert_eq!(world.show_all(), []);
    assert_eq!(world.kinds(1), ["delivered", "displayed"]);
}

/// A clock that is put back must not turn a pause of seconds into one of days.
#[test]
fn a_pause_ends_when_the_clock_is_put_back() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.pass(50_000);
    let taken = world.take().unwrap();
    world.settle(&taken, &failed());
    world.pass(-50_000);
    assert_eq!(world.show_all(), [(id(1), false)]);
}

#[test]
fn h13_one_row_that_cannot_be_read_stops_no_other() {
    let mut world = World::new();
    world.page((1..=3).map(notification).collect());
    world.sql("UPDATE notification SET content = '{\"title\": 1}' WHERE row = 1");
    world.sql("UPDATE notification SET content = 'not even JSON' WHERE row = 2");
    assert_eq!(world.show_all(), [(id(3), false)]);
    let page = world.history();
    assert_eq!((page.items.len(), page.unreadable), (1, 2));
    assert_eq!(world.read(|history| history.get(id(1))), None);
    assert_eq!(world.kinds(1), ["delivered", "not_shown"]);
}

#[test]
fn a_live_card_that_changes_while_it_is_drawn_is_no_failure() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    for revision in 1..=8 {
        let taken = world.take().unwrap();
        world.page(vec![with(1, json!({"revision": revision}))]);
        assert!(world.settle(&taken, &Settled::Shown));
    }
    assert_eq!(world.show_all(), [(id(1), true)]);
    assert_eq!(world.kinds(1), ["delivered", "displayed"]);
}

#[test]
fn what_ought_not_be_on_the_screen_is_known() {
    let mut world = World::new();
    world.page((1..=5).map(notification).collect());
    let taken: Vec<_> = std::iter::from_fn(|| world.take()).collect();
    world.page(vec![
        recall(1),
        flag(2, "read", true, 1),
        flag(3, "deleted", true, 1),
        flag(4, "archived", true, 1),
    ]);
    for one in &taken {
        world.settle(one, &Settled::Shown);
    }
    let unwanted: Vec<bool> = (1..=5)
        .map(|number| world.read(|history| history.is_unwanted(id(number))))
        .collect();
    assert_eq!(unwanted, [true, true, true, false, false]);
}

#[test]
fn a_ticket_whose_holder_is_not_known_comes_back() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.take().unwrap();
    world.sql("UPDATE notification SET taken_by = NULL");
    world.restart();
    assert_eq!(world.show_all(), [(id(1), true)]);
}
