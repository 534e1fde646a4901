//! What apps and systems do at awkward moments.

use super::*;
use crate::machine::connection::Nudge;

impl Table {
    fn connects(&self) -> usize {
        let is_connect =
            |output: &&Output| matches!(output, Output::Network(ToNetwork::Connect { .. }));
        self.outputs.iter().filter(is_connect).count()
    }

    fn step(&mut self) {
        self.now.monotonic = self.engine.deadline().unwrap();
        self.on(Input::Tick);
    }
}

#[test]
fn a_shower_of_network_changes_is_two_attempts() {
    let mut table = Table::new(Some("anna"));
    table.command(Command::GoOnline);
    table.stands(4, 0);
    table.granted("anna");
    table.stored();
    let mut attempts = 0;
    for _ in 0..20 {
        table.command(Command::Nudge(Nudge::NetworkChanged));
        attempts += table.connects();
        table.now.monotonic = table.now.monotonic + Duration::from_millis(20);
    }
    assert_eq!(attempts, 1);
    table.step();
    assert_eq!(table.connects(), 1);
}

#[test]
fn a_topic_joined_right_after_a_login_is_told() {
    let mut table = Table::new(Some("anna"));
    table.command(Command::GoOnline);
    let topic = vestnik_model::TopicName::parse("news").unwrap();
    let joins = true;
    table.command(Command::Topic { topic, joins });
    table.stands(4, 0);
    let is_kept = |output: &Output| matches!(output, Output::Storage(ToStorage::KeepWishes(wishes)) if wishes.len() == 1);
    assert!(table.has(is_kept), "{:?}", table.outputs);
}

#[test]
fn what_is_not_known_is_not_said_to_be_reported() {
    let mut table = Table::new(Some("anna"));
    table.command(Command::Flush);
    let is_empty = false;
    assert!(table.outputs.contains(&ToApp::Flushed { is_empty }.into()));
    let mut table = Table::online("anna", 4);
    table.command(Command::Flush);
    let is_empty = true;
    assert!(table.outputs.contains(&ToApp::Flushed { is_empty }.into()));
}

#[test]
fn a_log_that_cannot_be_read_is_not_waited_for() {
    let caught_up = |table: &Table| {
        let told = |is_read| ToApp::CaughtUp { is_read }.into();
        [true, false].map(|is_read| table.outputs.contains(&told(is_read)))
    };
    // The store has not said where it stands.
    let mut table = Table::new(Some("anna"));
    table.command(Command::CatchUp);
    assert_eq!(caught_up(&table), [false, false]);
    table.stands(4, 0);
    assert_eq!(caught_up(&table), [false, true], "it is not to be online");
    let mut table = Table::online("anna", 4);
    table.command(Command::CatchUp);
    assert_eq!(caught_up(&table), [false, false], "it is being read");
    table.command(Command::GoOffline);
    assert_eq!(caught_up(&table), [false, true]);
}

#[test]
fn a_device_that_went_offline_asks_for_no_token() {
    let mut table = Table::new(Some("anna"));
    table.command(Command::GoOnline);
    table.stands(4, 0);
    table.exchanged(Err(CallFailure::NoAnswer));
    table.command(Command::GoOffline);
    assert_eq!(table.engine.deadline(), None);
    assert_eq!(table.engine.snapshot().last_error, None);
    // The next time, it is asked for at once or soon.
    table.command(Command::GoOnline);
    while table.outputs.is_empty() {
        table.step();
    }
}

#[test]
fn a_store_that_cannot_be_read_is_asked_ever_more_rarely() {
    let mut table = Table::new(Some("anna"));
    for least in [1, 3, 7, 15, 31, 59] {
        table.done(Done::Stands(None));
        let at = table.engine.deadline().unwrap();
        assert!(at - table.now.monotonic >= Duration::from_secs(least));
        table.step();
    }
}
