//! A stateful connection whose sockets are cut.

use super::*;
use crate::resume::ACK_DELAY;

const CALL: &str = "{\"type\":1,\"target\":\"Say\",\"arguments\":[]}\x1e";
const CALLED: &str = "> {\"type\":1,\"target\":\"Say\",\"arguments\":[]}";

impl Table {
    fn stateful(buffer: usize) -> Self {
        let mut table = Self::new();
        table.machine = table.machine.stateful(buffer);
        table.hear("{}\x1e");
        assert_eq!(
            table.drain(),
            [
                "> {\"protocol\":\"json\",\"version\":2}",
                "Opened",
                "> {\"type\":6}"
            ]
        );
        table
    }

    fn say(&mut self, target: &str) {
        self.machine.send(self.now, call(target));
    }

    fn cut(&mut self) {
        self.machine.handle_lost();
    }

    fn reopen(&mut self) {
        self.machine.handle_reopened(self.now);
    }
}

fn said(target: &str) -> String {
    format!("> {{\"type\":1,\"target\":\"{target}\",\"arguments\":[]}}")
}

fn sequence(id: u64) -> String {
    format!("{{\"type\":9,\"sequenceId\":{id}}}\x1e")
}

fn ack(id: u64) -> String {
    format!("{{\"type\":8,\"sequenceId\":{id}}}\x1e")
}

#[test]
fn after_a_cut_what_is_not_confirmed_is_repeated_behind_its_place() {
    let mut table = Table::stateful(1_000);
    for target in ["A", "B", "C"] {
        table.say(target);
    }
    table.hear(&ack(1));
    table.drain();
    table.cut();
    assert_eq!(table.drain(), ["Resuming", "reopen after Progress"]);
    assert_eq!(table.machine.deadline(), None);
    table.say("D");
    assert_eq!(table.drain(), [""; 0]);
    table.reopen();
    let place = "> {\"type\":9,\"sequenceId\":2}".to_owned();
    assert_eq!(table.drain(), [place, said("B"), said("C"), said("D")]);
    table.hear(&sequence(1));
    assert_eq!(table.drain(), ["Resumed"]);
    table.say("E");
    assert_eq!(table.drain(), [said("E")]);
}

#[test]
fn calls_and_streams_outlive_the_socket() {
    let mut table = Table::stateful(1_000);
    let call_id = table.invoke("Add");
    let stream = table
        .machine
        .stream(table.now, call("Count").with_uploads(1));
    table.cut();
    let upload = &stream.uploads[0];
    table.machine.upload(table.now, upload, number(7));
    table.reopen();
    assert_eq!(
        table.drain()[2..].len(),
        1 + 3,
        "the place, both calls and the item"
    );
    table.hear(&sequence(1));
    table.hear(&format!(
        "{{\"type\":2,\"invocationId\":\"{}\",\"item\":1}}\x1e{{\"type\":3,\"invocationId\":\"{call_id}\",\"result\":5}}\x1e",
        stream.id
    ));
    assert_eq!(
        table.drain(),
        [
            "Resumed".to_owned(),
            format!("item {} 1", stream.id),
            format!("completed {call_id} 5")
        ]
    );
}

#[test]
fn what_the_server_repeats_is_passed_over() {
    let mut table = Table::stateful(1_000);
    table.hear(&CALL.repeat(3));
    table.cut();
    table.reopen();
    table.drain();
    table.hear(&sequence(2));
    table.hear(&CALL.repeat(4));
    assert_eq!(table.drain(), ["Resumed", "called Say", "called Say"]);
}

#[test]
fn half_a_message_is_forgotten_and_so_is_what_was_not_written() {
    let mut table = Table::stateful(1_000);
    let (half, _) = CALL.split_at(10);
    table.hear(half);
    table.say("A");
    table.cut();
    assert_eq!(table.drain(), ["Resuming", "reopen after Progress"]);
    table.reopen();
    assert_eq!(table.drain()[1..], [said("A")]);
    table.hear(&sequence(1));
    table.hear(CALL);
    assert_eq!(table.drain(), ["Resumed", "called Say"]);
}

#[test]
fn what_comes_before_the_servers_place_is_taken() {
    let mut table = Table::stateful(1_000);
    table.hear(&CALL.repeat(2));
    table.cut();
    table.reopen();
    table.hear(&sequence(1));
    table.hear(CALL);
    table.cut();
    table.reopen();
    table.drain();
    table.hear(CALL);
    assert_eq!(table.drain(), ["Resumed", "called Say"]);
    table.hear(&sequence(4));
    table.hear(CALL);
    assert_eq!(table.drain(), ["called Say"]);
}

#[test]
fn a_server_that_cannot_be_right_is_left() {
    for (message, error) in [
        (
            sequence(2),
            "Sequence ID greater than amount of messages we've received.",
        ),
        (sequence(0), "Sequence ID must be at least 1."),
        (ack(1), "Acknowledged more messages than we've sent."),
    ] {
        let mut table = Table::stateful(1_000);
        table.cut();
        table.reopen();
        table.drain();
        table.hear(&message);
        let closed = format!("closed: the server broke stateful reconnect: {error}");
        assert_eq!(table.drain(), ["Resumed".to_owned(), closed]);
    }
}

#[test]
fn received_messages_are_confirmed_a_second_later_and_once() {
    let mut table = Table::stateful(1_000);
    table.hear(&CALL.repeat(2));
    table.drain();
    assert_eq!(table.machine.deadline(), Some(table.now + ACK_DELAY));
    table.pass(1);
    assert_eq!(table.drain(), ["> {\"type\":8,\"sequenceId\":2}"]);
    table.pass(1);
    assert_eq!(table.drain(), [""; 0]);
}

#[test]
fn a_due_ack_goes_before_what_is_repeated() {
    let mut table = Table::stateful(1_000);
    table.say("A");
    table.hear(CALL);
    table.cut();
    table.now += ACK_DELAY;
    table.drain();
    table.reopen();
    let [place, ack] = [9, 8].map(|kind| format!("> {{\"type\":{kind},\"sequenceId\":1}}"));
    assert_eq!(table.drain(), [place, ack, said("A")]);
}

#[test]
fn a_full_window_has_no_room_until_the_server_confirms() {
    let mut table = Table::stateful(CALLED.len());
    assert!(table.machine.has_room());
    table.say("Say");
    assert!(table.machine.has_room(), "up to the limit");
    table.say("Say");
    assert!(!table.machine.has_room());
    table.cut();
    table.reopen();
    assert!(!table.machine.has_room(), "a socket alone changes nothing");
    table.hear(&sequence(1));
    table.hear(&ack(1));
    assert!(table.machine.has_room());
}

#[test]
fn silence_and_a_failed_probe_are_cuts() {
    let mut table = Table::stateful(1_000);
    table.pass(30);
    assert_eq!(table.drain(), ["Resuming", "reopen after Progress"]);
    table.reopen();
    table.hear(&sequence(1));
    table.drain();
    table.machine.probe(table.now);
    table.pass(5);
    assert_eq!(table.drain(), ["Resuming", "reopen after Greeting"]);
}

#[test]
fn a_socket_on_which_nothing_is_heard_is_left_soon_and_told_of_only_once() {
    let mut table = Table::stateful(1_000);
    table.cut();
    table.reopen();
    table.drain();
    table.pass(5);
    assert_eq!(table.drain(), ["reopen after Nothing"]);
    table.reopen();
    table.drain();
    table.cut();
    assert_eq!(table.drain(), ["reopen after Nothing"]);
}

#[test]
fn given_up_it_ends_as_it_would_have_ended_at_the_cut() {
    let mut table = Table::stateful(1_000);
    let call_id = table.invoke("Add");
    table.drain();
    table.cut();
    table.machine.handle_given_up();
    assert_eq!(table.drain()[2..], ["closed: the connection was lost"]);
    table.machine.cancel(table.now, &id(&call_id));
    table.reopen();
    assert_eq!(table.drain(), [""; 0]);

    let mut table = Table::stateful(1_000);
    table.pass(30);
    table.machine.handle_given_up();
    let reason = "closed: nothing was heard from the server in time";
    assert_eq!(table.drain()[2..], [reason]);
}

#[test]
fn an_end_in_order_is_no_cut() {
    let mut table = Table::stateful(1_000);
    table.machine.handle_ended();
    assert_eq!(table.drain(), ["closed: the connection was lost"]);

    let mut table = Table::stateful(1_000);
    table.hear("{\"type\":7,\"allowReconnect\":true}\x1e");
    table.cut();
    assert_eq!(table.drain(), ["closed: closed by the server"]);

    let mut table = Table::new();
    table.machine = table.machine.stateful(1_000);
    table.drain();
    table.cut();
    assert_eq!(table.drain(), ["closed: the connection was lost"]);
}

#[test]
fn without_an_agreement_acks_and_sequences_are_nothing() {
    let mut table = Table::open();
    table.hear(&sequence(9));
    table.hear(&ack(9));
    table.hear(CALL);
    assert_eq!(table.drain(), ["called Say"]);
    table.pass(1);
    table.cut();
    assert_eq!(table.drain(), ["closed: the connection was lost"]);
}

#[test]
fn a_server_that_asks_on_and_confirms_nothing_is_left() {
    let mut table = Table::stateful(1_000);
    for number in 0..2_000 {
        table.hear(&format!(
            "{{\"type\":1,\"invocationId\":\"s{number}\",\"target\":\"Ask\",\"arguments\":[]}}\x1e"
        ));
    }
    let last = table.drain().pop().unwrap();
    assert!(
        last.ends_with("Asked on without acknowledging the answers."),
        "{last}"
    );
}
