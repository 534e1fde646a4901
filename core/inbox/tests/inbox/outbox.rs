//! Facts that wait.

use std::collections::BTreeSet;

use vestnik_inbox::{Inbox, OutboxBatch, ReportLimits};
use vestnik_model::{FactId, FactOutcome, FactRefusal, FactResult, Reported};

use super::world::{World, id, notification};

fn taken(batch: &OutboxBatch) -> Reported {
    let result = |fact: &vestnik_inbox::WaitingFact| {
        FactResult::taken(&FactId::parse(&fact.fact.id).unwrap(), true)
    };
    Reported {
        results: batch.facts.iter().map(result).collect(),
    }
}

#[test]
fn every_fact_has_an_id_of_its_own_and_keeps_it() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    world.write(|inbox| inbox.clicked(id(1)));
    let before = world.outbox();
    let ids: BTreeSet<_> = before.facts.iter().map(|one| &one.fact.id).collect();
    assert_eq!(ids.len(), 4);
    world.restart();
    assert_eq!(world.outbox(), before);
}

#[test]
fn answered_facts_are_gone_and_others_wait() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    let mut batch = world.outbox();
    batch.facts.truncate(1);
    let answer = taken(&batch);
    let reporting = world.write(|inbox| inbox.answered(&batch, &answer));
    assert_eq!(
        (reporting.done, reporting.parked, reporting.waiting),
        (1, 0, 1)
    );
    // The answer comes again: nothing is counted twice.
    let again = world.write(|inbox| inbox.answered(&batch, &answer));
    assert_eq!((again.done, again.waiting), (0, 1));
    world.restart();
    assert_eq!(
        (world.kinds(1), world.kinds(2)),
        (vec![], vec!["delivered".to_owned()])
    );
}

#[test]
fn h4_a_refused_fact_is_set_aside_and_blocks_no_other() {
    let mut world = World::new();
    world.page((1..=3).map(notification).collect());
    let batch = world.outbox();
    let mut answer = taken(&batch);
    answer.results[1] =
        FactResult::refused(&batch.facts[1].fact.id, FactRefusal::UnknownNotification);
    let reporting = world.write(|inbox| inbox.answered(&batch, &answer));
    assert_eq!(
        (reporting.done, reporting.parked, reporting.waiting),
        (2, 1, 0)
    );
    assert!(world.outbox().facts.is_empty());
    let parked = world.read(|history| history.parked());
    let expected = (
        "delivered".to_owned(),
        "fact.unknown_notification".to_owned(),
    );
    assert_eq!(parked, [expected]);
    // The same happens again later: it is a fact of its own.
    world.write(|inbox| inbox.mark_read(&[id(2)]));
    assert_eq!(world.kinds(2), ["read"]);
}

/// A server that refuses every report that holds one certain fact, as an older one may.
#[test]
fn h4_a_report_that_is_refused_as_a_whole_is_halved_until_the_one_at_fault_is_alone() {
    let mut world = World::new();
    world.page((1..=100).map(notification).collect());
    let bad = id(37).to_string();
    let (mut reports, mut stored, mut parked) = (0, 0, 0);
    while let Some(next) = world.read(|history| history.next_report()) {
        world.now = world.now.max(next);
        let batch = world.write(|inbox| inbox.outbox(ReportLimits::default()));
        assert!(!batch.facts.is_empty());
        reports += 1;
        let is_bad = batch
            .facts
            .iter()
            .any(|one| one.fact.notification_id.as_deref() == Some(&bad));
        let reporting = if is_bad {
            world.write(|inbox| inbox.refused_whole(&batch.rows(), "request.invalid"))
        } else {
            let answer = taken(&batch);
            world.write(|inbox| inbox.answered(&batch, &answer))
        };
        stored += reporting.done;
        parked += reporting.parked;
        assert!(reports < 50, "it does not end");
    }
    assert_eq!((stored, parked), (99, 1));
    assert_eq!(world.read(|history| history.facts_waiting()), 0);
}

#[test]
fn h4_a_refused_report_is_not_repeated_at_once() {
    let mut world = World::new();
    world.page((1..=2).map(notification).collect());
    for _ in 0..3 {
        let batch = world.outbox();
        world.write(|inbox| inbox.refused_whole(&batch.rows(), "internal"));
    }
    let next = world.read(|history| history.next_report());
    assert_eq!(next, None, "alone, each was found at fault");
}

#[test]
fn h4_a_fact_without_a_result_pauses() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    for pause in [1, 2, 3] {
        let batch = world.outbox();
        assert_eq!(batch.facts.len(), 1);
        world.write(|inbox| inbox.answered(&batch, &Reported::default()));
        assert!(world.outbox().facts.is_empty());
        let next = world.read(|history| history.next_report()).unwrap();
        assert_eq!(next.as_second() - world.now.as_second(), pause);
        world.now = next;
    }
    // A clock that is put back does not make it wait for days.
    let batch = world.outbox();
    world.write(|inbox| inbox.answered(&batch, &Reported::default()));
    world.pass(-100_000);
    assert_eq!(world.outbox().facts.len(), 1);
}

#[test]
fn an_outcome_of_a_later_version_is_final() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    let batch = world.outbox();
    let mut answer = taken(&batch);
    answer.results[0].outcome = vestnik_model::Open::<FactOutcome>::read("postponed");
    world.write(|inbox| inbox.answered(&batch, &answer));
    assert_eq!(world.read(|history| history.facts_waiting()), 0);
}

#[test]
fn a_fact_of_another_version_of_the_app_is_reported_as_it_is() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    world.sql("UPDATE outbox SET kind = 'glanced', body = '{\"ms\": 40}'");
    let facts = world.facts();
    assert_eq!(facts[0].kind.as_str(), "glanced");
    assert_eq!(facts[0].body, Some(serde_json::json!({"ms": 40})));
}

#[test]
fn refused_facts_are_bounded_in_number() {
    let mut world = World::new();
    world.page((1..=300).map(notification).collect());
    let batch = world.outbox();
    let refuse = |one: &vestnik_inbox::WaitingFact| {
        FactResult::refused(&one.fact.id, FactRefusal::UnknownKind)
    };
    let answer = Reported {
        results: batch.facts.iter().map(refuse).collect(),
    };
    assert_eq!(
        world.write(|inbox| inbox.answered(&batch, &answer)).parked,
        300
    );
    let file = vestnik_inbox::history_path(world.folder(), &super::world::anna());
    world.close();
    let db = rusqlite::Connection::open(file).unwrap();
    let kept: u32 = db
        .query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 256);
}

#[test]
fn two_inboxes_of_one_moment_lose_no_fact() {
    let mut world = World::new();
    world.page(vec![notification(1), notification(2)]);
    let stamp = world.stamp();
    world.raw(|db| Inbox::new(db, stamp).clicked(id(1)));
    world.raw(|db| Inbox::new(db, stamp).clicked(id(2)));
    assert_eq!(world.kinds(1), ["delivered", "clicked", "read"]);
    assert_eq!(world.kinds(2), ["delivered", "clicked", "read"]);
    // Nor one that is like another that the server has already.
    let batch = world.outbox();
    let answer = taken(&batch);
    world.write(|inbox| inbox.answered(&batch, &answer));
    world.raw(|db| Inbox::new(db, stamp).clicked(id(1)));
    let ids: BTreeSet<_> = batch.facts.iter().map(|one| one.fact.id.clone()).collect();
    assert!(!ids.contains(&world.facts()[0].id));
}

#[test]
fn the_largest_answer_of_a_person_fits_what_a_server_takes() {
    let mut world = World::new();
    world.page(vec![notification(1)]);
    for text in ["\u{1}", "😀", "\"", "я"] {
        let text = text.repeat(3_000);
        world.write(|inbox| inbox.reply(id(1), Some(&text), &text));
        world.write(|inbox| inbox.actioned(id(1), &text));
    }
    for fact in world.facts() {
        fact.parse().unwrap();
    }
}

#[test]
fn facts_of_a_device_that_never_reports_are_bounded() {
    let mut world = World::new();
    world.page((1..=3).map(notification).collect());
    world.write(|inbox| inbox.mark_read(&[id(1)]));
    world.raw(|db| {
        db.execute_batch(
            "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 50000)
             INSERT INTO outbox (id, kind, notification, at, is_single, batch)
             SELECT 'x' || x, 'not_shown', randomblob(16), 0, 1, 500 FROM n;
             UPDATE meta SET value = value + 50000 WHERE name = 'facts_waiting'",
        )
    });
    world.write(|inbox| inbox.prune(100));
    assert_eq!(world.read(|history| history.facts_waiting()), 20_000);
    let kept: u32 = world.raw(|db| {
        db.query_row(
            "SELECT count(*) FROM outbox WHERE kind = 'read'",
            [],
            |row| row.get(0),
        )
    });
    assert_eq!(kept, 1, "what a person did stays");
}
