use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;
use vestnik_model::{
    Cursor, Epoch, NotificationId,
    contract::{Entry, EpochText, HistoryState, Page, StateChange, Welcome},
};

use super::*;
use crate::{
    config::Tuning,
    event::{ConnectionState, OfflineReason},
};

fn at(seq: u64) -> Cursor {
    Cursor {
        epoch: Epoch(1),
        seq,
    }
}

fn entry(seq: u64) -> Entry {
    Entry::State(StateChange {
        cursor: at(seq),
        id: NotificationId::from_uuid(Uuid::from_u128(u128::from(seq))),
        state: HistoryState::Read,
        at: Timestamp::UNIX_EPOCH,
    })
}

fn welcome(head: u64, behind_by: u64) -> Input {
    Input::Welcomed(Some(Welcome {
        epoch: EpochText(Epoch(1)),
        cursor: at(head),
        behind_by,
        server_time: Timestamp::UNIX_EPOCH,
    }))
}

fn page(entries: std::ops::RangeInclusive<u64>, more: bool) -> Input {
    let cursor = at(*entries.end());
    Input::Page(Some(Page {
        entries: entries.map(entry).collect(),
        cursor,
        more,
    }))
}

fn live(seqs: &[u64]) -> Input {
    Input::Heard(Live::Entries(seqs.iter().map(|seq| entry(*seq)).collect()))
}

/// An engine in virtual time; what it does is told in words.
struct Table {
    engine: Engine,
    now: Instant,
}

impl Table {
    #[expect(
        clippy::disallowed_methods,
        reason = "virtual time has to begin somewhere"
    )]
    fn new(cursor: Option<Cursor>) -> Self {
        Self {
            engine: Engine::new(Tuning::default(), cursor, 0),
            now: Instant::now(),
        }
    }

    fn online(cursor: u64) -> Self {
        let mut table = Self::new(Some(at(cursor)));
        for input in [
            Input::Begin,
            Input::Token(Ok(())),
            Input::Connected(Ok(())),
            welcome(cursor, 0),
        ] {
            table.on(input);
        }
        assert!(table.engine.is_online());
        table
    }

    fn on(&mut self, input: Input) -> Vec<String> {
        self.engine.handle(self.now, 1.0, input);
        std::iter::from_fn(|| self.engine.poll())
            .map(|effect| words(&effect))
            .collect()
    }

    /// Jumps to the next deadline.
    fn step(&mut self) -> (Duration, Vec<String>) {
        let next = self.engine.deadline().unwrap();
        let passed = next - self.now;
        self.now = next;
        (passed, self.on(Input::Tick))
    }
}

fn words(effect: &Effect) -> String {
    match effect {
        Effect::GetToken { fresh: false } => "token".to_owned(),
        Effect::GetToken { fresh: true } => "fresh token".to_owned(),
        Effect::Connect => "connect".to_owned(),
        Effect::Greet(cursor) => format!("greet {}", seq(*cursor)),
        Effect::Read(cursor) => format!("read {}", seq(*cursor)),
        Effect::Apply { entries, cursor } => {
            let seqs: Vec<_> = entries
                .iter()
                .map(|entry| entry.cursor().seq.to_string())
                .collect();
            format!("apply [{}] -> {}", seqs.join(" "), cursor.seq)
        }
        Effect::Report => "report".to_owned(),
        Effect::Register => "register".to_owned(),
        Effect::HangUp => "hang up".to_owned(),
        Effect::AskForIdentity => "ask".to_owned(),
        Effect::Tell(ConnectionState::Offline { reason, .. }) => format!("offline {reason:?}"),
        Effect::Tell(state) => format!("{state:?}"),
    }
}

fn seq(cursor: Option<Cursor>) -> String {
    cursor.map_or_else(|| "start".to_owned(), |cursor| cursor.seq.to_string())
}

#[test]
fn catching_up_is_part_of_connecting() {
    let mut table = Table::new(Some(at(4)));
    assert_eq!(table.on(Input::Begin), ["Connecting", "token"]);
    assert_eq!(table.on(Input::Token(Ok(()))), ["connect"]);
    assert_eq!(table.on(Input::Connected(Ok(()))), ["Syncing", "greet 4"]);
    assert_eq!(table.on(welcome(9, 5)), ["register", "read 4"]);
    assert_eq!(
        table.on(page(5..=7, true)),
        ["apply [5 6 7] -> 7", "read 7"]
    );
    assert_eq!(table.on(page(8..=9, false)), ["apply [8 9] -> 9", "Online"]);
}

#[test]
fn a_device_that_has_nothing_reads_from_the_start() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    assert_eq!(
        table.on(Input::Connected(Ok(()))),
        ["Syncing", "greet start"]
    );
    assert_eq!(table.on(welcome(0, 0)), ["register", "read start"]);
}

#[test]
fn a_gap_is_fetched_and_never_skipped() {
    let mut table = Table::online(4);
    assert_eq!(table.on(live(&[5])), ["apply [5] -> 5"]);
    assert_eq!(table.on(live(&[7])), ["Syncing", "read 5"]);
    assert_eq!(table.on(live(&[8])), Vec::<String>::new());
    assert_eq!(
        table.on(page(6..=7, false)),
        ["apply [6 7] -> 7", "Online", "apply [8] -> 8"]
    );
}

#[test]
fn a_known_entry_is_not_taken_twice() {
    let mut table = Table::online(4);
    assert!(table.on(live(&[3, 4])).is_empty());
}

#[test]
fn an_epoch_of_another_life_is_read_anew() {
    let mut table = Table::new(Some(Cursor {
        epoch: Epoch(9),
        seq: 40,
    }));
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    table.on(Input::Connected(Ok(())));
    assert_eq!(table.on(welcome(3, 3)), ["register", "read start"]);
}

#[test]
fn retries_go_on_for_ever_with_growing_pauses_up_to_a_cap() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    let mut pauses = Vec::new();
    for _ in 0..20 {
        let told = table.on(Input::Token(Err(TokenFailure::Unreachable(None))));
        assert_eq!(told, ["offline Unreachable"]);
        let (passed, effects) = table.step();
        assert_eq!(effects, ["Connecting", "token"]);
        pauses.push(passed.as_secs());
    }
    assert_eq!(pauses[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(pauses[19], 60);
}

#[test]
fn a_nudge_tries_now() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    table.on(Input::Token(Err(TokenFailure::Unreachable(None))));
    assert_eq!(table.on(Input::Nudge), ["Connecting", "token"]);
    assert!(table.on(Input::Nudge).is_empty());
}

#[test]
fn a_nudge_puts_a_standing_connection_to_the_test() {
    let mut table = Table::online(4);
    assert_eq!(table.on(Input::Nudge), ["Syncing", "read 4"]);
    assert_eq!(table.on(Input::Nudge), [""; 0]);
    assert_eq!(
        table.on(Input::Page(None)),
        ["hang up", "offline Unreachable"]
    );
}

#[test]
fn what_the_server_asks_for_wins() {
    let mut table = Table::online(1);
    let drain = Input::Heard(Live::Drain(Duration::from_millis(700)));
    assert_eq!(table.on(drain), ["hang up", "offline Draining"]);
    assert!(table.on(Input::Lost { may_return: true }).is_empty());
    assert_eq!(
        table.step(),
        (
            Duration::from_millis(700),
            vec!["Connecting".into(), "token".into()]
        )
    );
}

#[test]
fn a_refused_token_is_replaced_once() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    let refused = || Input::Connected(Err(ConnectFailure::Unauthorized));
    assert_eq!(table.on(refused()), ["fresh token"]);
    table.on(Input::Token(Ok(())));
    assert_eq!(table.on(refused()), ["offline Refused"]);
}

#[test]
fn a_device_nobody_vouches_for_asks() {
    let mut table = Table::new(None);
    table.on(Input::Begin);
    let told = table.on(Input::Token(Err(TokenFailure::NeedsIdentity)));
    assert_eq!(told, ["offline Refused", "NeedsIdentity", "ask"]);
    assert_eq!(table.on(Input::Nudge), ["Connecting", "token"]);
}

#[test]
fn receipts_wait_for_company_and_for_a_connection() {
    let mut table = Table::new(Some(at(1)));
    assert!(table.on(Input::OutboxHas(3)).is_empty());
    table.on(Input::Begin);
    table.on(Input::Token(Ok(())));
    table.on(Input::Connected(Ok(())));
    table.on(welcome(1, 0));
    assert_eq!(
        table.step(),
        (Tuning::default().report_delay, vec!["report".to_owned()])
    );
    assert!(table.on(Input::OutboxHas(2)).is_empty());
    table.on(Input::Reported(Some(())));
    assert_eq!(table.step().1, ["report"]);
    table.on(Input::OutboxHas(0));
    table.on(Input::Reported(Some(())));
    assert_eq!(table.engine.deadline(), None);
}

#[test]
fn what_is_lost_with_the_connection_is_tried_on_the_next() {
    let mut table = Table::online(4);
    table.on(live(&[6]));
    assert_eq!(
        table.on(Input::Lost { may_return: true }),
        ["offline Unreachable"]
    );
    table.step();
    table.on(Input::Token(Ok(())));
    assert_eq!(table.on(Input::Connected(Ok(()))), ["Syncing", "greet 4"]);
}

#[test]
fn a_store_that_fails_is_asked_where_it_stands() {
    let mut table = Table::online(4);
    table.on(live(&[5]));
    assert_eq!(
        table.on(Input::StorageFailed(Some(at(4)))),
        ["hang up", "offline Storage"]
    );
    table.step();
    table.on(Input::Token(Ok(())));
    assert_eq!(table.on(Input::Connected(Ok(()))), ["Syncing", "greet 4"]);
}

#[test]
fn after_a_stable_while_the_next_failure_is_the_first() {
    let mut table = Table::online(4);
    table.now += Duration::from_secs(3_600);
    table.on(Input::Lost { may_return: true });
    assert_eq!(table.step().0, Duration::from_secs(1));
}

#[test]
fn a_refusal_for_good_is_tried_again_rarely() {
    let mut table = Table::online(4);
    assert_eq!(
        table.on(Input::Lost { may_return: false }),
        ["offline Refused"]
    );
    assert_eq!(table.step().0, Duration::from_secs(60));
    let state = ConnectionState::Offline {
        reason: OfflineReason::Refused,
        retry_at: None,
    };
    assert_eq!(
        state.to_string(),
        "offline: the server ended the connection"
    );
}

#[test]
fn a_logout_ends_everything() {
    let mut table = Table::online(4);
    assert_eq!(table.on(Input::LoggedOut), ["hang up", "SignedOut"]);
    assert!(table.on(live(&[5])).is_empty());
    assert!(table.on(Input::Nudge).is_empty());
    assert_eq!(table.engine.deadline(), None);
}
