//! Facts that wait.

use std::collections::BTreeSet;

use vestnik_inbox::{OutboxBatch, ReportLimits};
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
