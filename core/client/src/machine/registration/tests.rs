//! What a user relies on: the server knows the device as it is, and which topics they joined.

use std::time::Duration;

use jiff::Timestamp;
use vestnik_clock::Now;
use vestnik_model::{
    InstallationState, Permission, ProblemCode, PushAddress, PushAddressKind, TopicName,
};

use super::{Change, Input, Output, Registration, Told, Wish, digest};
use crate::machine::{
    CallFailure, ConnectionNumber, Generation, Pace, Secret, TokenNumber,
    fixture::{device, now},
};

const FIRST: ConnectionNumber = ConnectionNumber::new(1);
const GENERATION: Generation = Generation::new(7);

fn state() -> InstallationState {
    device(Permission::NotAsked)
}

struct Table {
    machine: Registration,
    now: Now,
    version: u64,
}

impl Table {
    fn new(told: Option<Told>) -> Self {
        let mut table = Self {
            machine: Registration::new(state(), Pace::default()),
            now: now(),
            version: 0,
        };
        let begin = Input::Begin {
            generation: GENERATION,
            told,
            wishes: Vec::new(),
        };
        assert_eq!(table.on(begin), [""; 0]);
        table
    }

    /// A device of which the server knows everything.
    fn told() -> Self {
        Self::new(Some(Told {
            digest: digest(&state()),
            at: Timestamp::UNIX_EPOCH,
        }))
    }

    fn on(&mut self, input: Input) -> Vec<String> {
        self.machine.handle(self.now, input);
        let mut texts = Vec::new();
        while let Some(output) = self.machine.poll() {
            if let Output::Put { version, .. } = &output {
                self.version = *version;
            }
            texts.push(written(&output));
        }
        texts
    }

    fn token(&mut self) -> Vec<String> {
        self.on(Input::Token {
            number: TokenNumber::new(1),
            token: Secret::new("acc"),
        })
    }

    fn put(&mut self, result: Result<(), CallFailure>) -> Vec<String> {
        self.on(Input::Put {
            generation: GENERATION,
            version: self.version,
            result,
        })
    }

    fn permission(&mut self, permission: Permission) -> Vec<String> {
        self.on(Input::Change(Change {
            permission: Some(permission),
            ..Change::default()
        }))
    }

    fn topic(&mut self, name: &str, joins: bool) -> Vec<String> {
        let topic = TopicName::parse(name).unwrap();
        self.on(Input::Topic { topic, joins })
    }

    fn topic_told(&mut self, result: Result<(), CallFailure>) -> Vec<String> {
        self.on(Input::TopicTold {
            connection: FIRST,
            result,
        })
    }

    fn step(&mut self) -> (Duration, Vec<String>) {
        let at = self.machine.deadline().unwrap();
        let passed = at - self.now.monotonic;
        self.now.monotonic = self.now.monotonic.max(at);
        (passed, self.on(Input::Tick))
    }
}

fn written(output: &Output) -> String {
    match output {
        Output::WantToken { refused: None } => "token".to_owned(),
        Output::WantToken { refused: Some(_) } => "another token".to_owned(),
        Output::Put { report, .. } => {
            let state = &report.state;
            let addresses: Vec<_> = state
                .push_addresses
                .iter()
                .map(|address| address.value.as_str())
                .collect();
            let opened = report.opened_seconds_ago;
            let opened = opened.map_or_else(String::new, |ago| format!(" opened {ago}"));
            format!("put {} {addresses:?}{opened}", state.permission)
        }
        Output::Topic { topic, joins, .. } => format!("topic {topic} {joins}"),
        Output::KeepTold(told) => format!("keep {}", told.is_some()),
        Output::KeepWishes(wishes) => format!("keep {} wishes", wishes.len()),
        Output::TopicDone { topic, joins } => format!("done {topic} {joins}"),
        Output::TopicRefused { topic, code } => format!("refused {topic} {code}"),
    }
}

fn problem(code: ProblemCode) -> CallFailure {
    CallFailure::Problem {
        code: code.into(),
        status: code.status(),
        retry_after: None,
    }
}

#[test]
fn a_device_is_told_once() {
    let mut table = Table::new(None);
    assert_eq!(table.on(Input::Up(FIRST)), ["token"]);
    assert_eq!(table.token(), ["put not_asked []"]);
    assert_eq!(table.put(Ok(())), ["keep true"]);
    assert_eq!(table.machine.deadline(), None);
    let mut table = Table::told();
    assert_eq!(table.on(Input::Up(FIRST)), [""; 0]);
}

#[test]
fn a_device_is_told_again_after_a_week_and_after_the_clock_was_put_back() {
    for (second, is_told) in [(7 * 86_400 - 1, false), (7 * 86_400, true), (-1, true)] {
        let mut table = Table::told();
        table.now.wall = Timestamp::from_second(second).unwrap();
        assert_eq!(table.on(Input::Up(FIRST)).len(), usize::from(is_told));
    }
}

#[test]
fn a_permission_changed_offline_is_told_later() {
    let mut table = Table::told();
    assert_eq!(table.permission(Permission::Granted), [""; 0]);
    assert_eq!(table.on(Input::Up(FIRST)), ["token"]);
    assert_eq!(table.token(), ["put granted []"]);
}

#[test]
fn two_changes_never_land_in_the_wrong_order() {
    let mut table = Table::told();
    table.on(Input::Up(FIRST));
    assert_eq!(table.permission(Permission::Granted), ["token"]);
    assert_eq!(table.token(), ["put granted []"]);
    // The second waits until the first has landed, and nothing is told in between.
    assert_eq!(table.permission(Permission::Denied), [""; 0]);
    assert_eq!(table.put(Ok(())), ["token"]);
    assert_eq!(table.token(), ["put denied []"]);
    assert_eq!(table.put(Ok(())), ["keep true"]);
}

#[test]
fn a_state_that_follows_one_without_an_answer_is_told_twice() {
    let mut table = Table::told();
    table.on(Input::Up(FIRST));
    table.permission(Permission::Granted);
    table.token();
    assert_eq!(table.put(Err(CallFailure::NoAnswer)), ["keep false"]);
    assert_eq!(table.permission(Permission::Denied), ["token"]);
    table.token();
    assert_eq!(table.put(Ok(())), [""; 0]);
    let (passed, outputs) = table.step();
    assert_eq!((passed.as_secs(), outputs), (60, vec!["token".to_owned()]));
    assert_eq!(table.token(), ["put denied []"]);
    assert_eq!(table.put(Ok(())), ["keep true"]);
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn an_opening_is_told_by_how_long_ago_it_is() {
    let mut table = Table::told();
    let opened = table.now.monotonic;
    assert_eq!(table.on(Input::Opened(opened)), [""; 0]);
    table.now.monotonic = opened + Duration::from_secs(90);
    assert_eq!(table.on(Input::Up(FIRST)), ["token"]);
    assert_eq!(table.token(), ["put not_asked [] opened 90"]);
    // Without an answer it is told again, and by then it is longer ago.
    assert_eq!(table.put(Err(CallFailure::NoAnswer)), ["keep false"]);
    table.now.monotonic = opened + Duration::from_secs(160);
    assert_eq!(table.on(Input::Tick), ["token"]);
    assert_eq!(table.token(), ["put not_asked [] opened 160"]);
    table.put(Ok(()));
    assert_eq!(table.on(Input::Tick), [""; 0]);
}

#[test]
fn openings_in_a_row_are_told_once_in_a_while_and_the_last_one_counts() {
    let mut table = Table::told();
    table.on(Input::Up(FIRST));
    assert_eq!(table.on(Input::Opened(table.now.monotonic)), ["token"]);
    table.token();
    assert_eq!(table.put(Ok(())), ["keep true"]);
    assert_eq!(table.machine.deadline(), None);
    for _ in 0..3 {
        table.now.monotonic = table.now.monotonic + Duration::from_secs(1);
        assert_eq!(table.on(Input::Opened(table.now.monotonic)), [""; 0]);
    }
    let (passed, outputs) = table.step();
    assert_eq!((passed.as_secs(), outputs), (7, vec!["token".to_owned()]));
    assert_eq!(table.token(), ["put not_asked [] opened 7"]);
    table.put(Ok(()));
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn an_opening_before_the_login_counts_for_who_logs_in() {
    let mut table = Table::told();
    table.on(Input::Up(FIRST));
    table.on(Input::Opened(table.now.monotonic));
    table.token();
    table.put(Ok(()));
    let told = Some(Told {
        digest: digest(&state()),
        at: Timestamp::UNIX_EPOCH,
    });
    table.on(Input::End);
    table.on(Input::Begin {
        generation: GENERATION,
        told,
        wishes: Vec::new(),
    });
    table.now.monotonic = table.now.monotonic + Duration::from_secs(3);
    assert_eq!(table.on(Input::Up(FIRST)), ["token"]);
    assert_eq!(table.token(), ["put not_asked [] opened 3"]);
}

#[test]
fn a_refused_state_is_not_repeated_hot() {
    let mut table = Table::new(None);
    table.on(Input::Up(FIRST));
    table.token();
    assert_eq!(
        table.put(Err(problem(ProblemCode::RequestInvalid))),
        [""; 0]
    );
    let (pause, outputs) = table.step();
    assert!(pause > Duration::from_secs(200), "{pause:?}");
    assert_eq!(outputs, ["token"]);
}

#[test]
fn a_refused_token_is_replaced_once() {
    let mut table = Table::new(None);
    table.on(Input::Up(FIRST));
    table.token();
    let expired = || Err(problem(ProblemCode::AuthExpired));
    assert_eq!(table.put(expired()), ["another token"]);
    table.token();
    assert_eq!(table.put(expired()), [""; 0]);
    assert!(table.machine.deadline().is_some());
}

#[test]
fn a_push_address_replaces_the_former_one_of_its_kind() {
    let mut table = Table::told();
    table.on(Input::Up(FIRST));
    let address = |value: &str| Input::PushAddress(PushAddress::new(PushAddressKind::Apns, value));
    assert_eq!(table.on(address("a")), ["token"]);
    table.on(address("b"));
    assert_eq!(table.token(), [r#"put not_asked ["b"]"#]);
    table.put(Ok(()));
    assert_eq!(table.on(address("b")), [""; 0]);
    let forget = Input::ForgetPushAddress(PushAddressKind::Apns);
    assert_eq!(table.on(forget), ["token"]);
    assert_eq!(table.token(), ["put not_asked []"]);
}

#[test]
fn a_token_of_firebase_replaces_the_installation_id_and_the_reverse() {
    use PushAddressKind::{FcmFid, FcmToken, Hms};
    let mut table = Table::told();
    let set = |kind, value| Input::PushAddress(PushAddress::new(kind, value));
    table.on(set(FcmToken, "t"));
    table.on(set(Hms, "h"));
    table.on(set(FcmFid, "f"));
    assert_eq!(table.on(Input::Up(FIRST)), ["token"]);
    assert_eq!(table.token(), [r#"put not_asked ["f", "h"]"#]);
}

#[test]
fn a_state_that_the_server_may_have_forgotten_is_told_again() {
    let mut table = Table::told();
    assert_eq!(table.on(Input::Up(FIRST)), [""; 0]);
    assert_eq!(table.on(Input::TellAgain), ["keep false", "token"]);
    assert_eq!(table.token(), ["put not_asked []"]);
    // While it is on its way, once more: the one under way may have been read before.
    table.on(Input::TellAgain);
    assert_eq!(table.put(Ok(())), ["token"]);
}

#[test]
fn a_topic_toggled_in_a_tunnel_is_told_later_by_its_last_wish() {
    let mut table = Table::told();
    assert_eq!(table.topic("news", true), ["keep 1 wishes"]);
    assert_eq!(table.topic("offers", true), ["keep 2 wishes"]);
    assert_eq!(table.topic("news", false), ["keep 2 wishes"]);
    assert_eq!(table.on(Input::Up(FIRST)), ["topic offers true"]);
    assert_eq!(
        table.topic_told(Ok(())),
        ["keep 1 wishes", "done offers true", "topic news false"]
    );
    assert_eq!(
        table.topic_told(Ok(())),
        ["keep 0 wishes", "done news false"]
    );
}

#[test]
fn a_wish_that_changes_on_its_way_is_told_again() {
    let mut table = Table::told();
    table.on(Input::Up(FIRST));
    assert_eq!(
        table.topic("news", true),
        ["keep 1 wishes", "topic news true"]
    );
    assert_eq!(table.topic("news", false), ["keep 1 wishes"]);
    assert_eq!(
        table.topic_told(Ok(())),
        ["keep 1 wishes", "done news true", "topic news false"]
    );
}

#[test]
fn a_refused_wish_is_told_to_the_app_and_blocks_no_other() {
    let mut table = Table::told();
    table.on(Input::Up(FIRST));
    table.topic("secret", true);
    table.topic("news", true);
    assert_eq!(
        table.topic_told(Err(problem(ProblemCode::TopicUnavailable))),
        [
            "keep 1 wishes",
            "refused secret topic.unavailable",
            "topic news true"
        ]
    );
    assert_eq!(table.topic_told(Err(CallFailure::NoAnswer)), [""; 0]);
    let (pause, outputs) = table.step();
    assert!(pause >= Duration::from_secs(1));
    assert_eq!(outputs, ["topic news true"]);
}

#[test]
fn the_next_user_inherits_no_wish_and_the_device_is_told_anew() {
    let mut table = Table::told();
    table.topic("news", true);
    table.on(Input::End);
    let begin = Input::Begin {
        generation: Generation::new(8),
        told: None,
        wishes: vec![Wish {
            topic: TopicName::parse("own").unwrap(),
            joins: true,
        }],
    };
    table.on(begin);
    assert_eq!(table.on(Input::Up(FIRST)), ["token", "topic own true"]);
}

#[test]
fn a_pause_that_has_no_purpose_any_more_wakes_nobody() {
    let mut table = Table::told();
    // By a clock that was put back the device was told in the future, so that it is told again.
    table.now.wall = Timestamp::from_second(-9).unwrap();
    assert_eq!(table.on(Input::Up(FIRST)), ["token"]);
    table.token();
    table.put(Err(problem(ProblemCode::Unavailable)));
    table.now.wall = Timestamp::UNIX_EPOCH;
    assert_eq!(table.step().1, [""; 0]);
    assert_eq!(table.machine.deadline(), None);
}

#[test]
fn a_request_whose_answer_is_lost_is_repeated() {
    let mut table = Table::new(None);
    table.topic("news", true);
    assert_eq!(table.on(Input::Up(FIRST)), ["token", "topic news true"]);
    table.token();
    let (passed, outputs) = table.step();
    assert!(passed <= Duration::from_secs(60), "{passed:?}");
    assert_eq!(outputs, [""; 0]);
    assert_eq!(table.step().1, ["token", "topic news true"]);
}

#[test]
fn a_refused_token_is_not_replaced_while_nothing_is_connected() {
    let mut table = Table::new(None);
    table.on(Input::Up(FIRST));
    table.token();
    table.on(Input::Down(FIRST));
    assert_eq!(table.put(Err(problem(ProblemCode::AuthExpired))), [""; 0]);
    assert_eq!(table.token(), [""; 0]);
}

#[test]
fn a_wish_that_cannot_be_told_blocks_no_other() {
    let mut table = Table::told();
    table.on(Input::Up(FIRST));
    table.topic("broken", true);
    table.topic("news", true);
    for told in ["topic news true", "topic broken true", "topic news true"] {
        table.topic_told(Err(problem(ProblemCode::Internal)));
        assert_eq!(table.step().1, [told]);
    }
}

#[test]
fn after_a_request_without_an_answer_a_reconnect_does_not_make_the_state_certain() {
    let mut table = Table::new(None);
    table.on(Input::Up(FIRST));
    table.token();
    table.put(Err(CallFailure::NoAnswer));
    table.on(Input::Down(FIRST));
    for number in 2..4 {
        let connection = ConnectionNumber::new(number);
        assert_eq!(table.on(Input::Up(connection)), ["token"]);
        table.token();
        assert_eq!(table.put(Ok(())), [""; 0]);
        table.on(Input::Down(connection));
    }
    table.on(Input::Up(FIRST));
    table.token();
    table.put(Ok(()));
    assert_eq!(table.step().1, ["token"]);
    table.token();
    assert_eq!(table.put(Ok(())), ["keep true"]);
}
