//! A session in virtual time, with a peer whose PDUs the foreign codec writes and reads.

mod arrivals;
mod hostile;
mod messages;
mod stage;

use std::{num::NonZeroU16, time::Duration};

use self::stage::{Stage, config};
use super::*;
use crate::{Status, Verdict, Version, fixture as peer, outcome::BUSY};
use vestnik_model::Reason;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_session_binds_in_the_version_of_the_message_centre() {
    for (asked, said, wanted) in [
        (Version::V3_4, None, Version::V3_4),
        (Version::V5_0, Some(0x50), Version::V5_0),
        (Version::V5_0, Some(0x34), Version::V3_4),
    ] {
        let mut config = config();
        config.login.version = asked;
        let mut stage = Stage::new(config);
        let bind = stage.sent();
        assert_eq!(bind, ["bind_transceiver 1"]);
        stage.receive(&peer::bind_answer(1, Status::OK, said));
        assert_eq!(stage.outputs(), [Output::Bound(wanted)]);
    }
}

/// The example of SMPP 3.4, 3.2.3 has another command and version; the fields are the same.
#[test]
fn the_bind_is_written_as_the_specification_s_example() {
    let mut config = config();
    let login = crate::Login::new("SMPP3TEST", "secret08".into(), "SUBMIT1", Version::V3_4);
    config.login = login.unwrap();
    let mut stage = Stage::new(config);
    let mut wanted = vec![0, 0, 0, 0x2f, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1];
    wanted.extend(b"SMPP3TEST\0secret08\0SUBMIT1\0\x34\0\0\0");
    assert_eq!(stage.take_bytes(), wanted);
}

#[test]
fn a_refused_bind_says_what_it_means_for_every_message() {
    for (status, wanted) in [
        (
            Status::INVALID_PASSWORD,
            Verdict::Refused {
                reason: Reason::ConfigProviderAuth,
            },
        ),
        (Status::ALREADY_BOUND, Verdict::UNAVAILABLE),
        (
            Status::SYSTEM_ERROR,
            Verdict::Retry {
                reason: Reason::ProviderInternal,
                after: Some(BUSY),
            },
        ),
    ] {
        let mut stage = Stage::new(config());
        stage.receive(&peer::bind_answer(1, status, None));
        let closing = Closing::Refused(status);
        assert_eq!(stage.outputs(), [Output::Closed(closing)]);
        assert_eq!(closing.outcome().verdict, wanted);
    }
}

#[test]
fn a_peer_that_does_not_answer_the_bind_is_left() {
    let mut stage = Stage::new(config());
    stage.pass(14 * SECOND);
    assert_eq!(stage.outputs(), []);
    stage.pass(SECOND);
    stage.is_closed_by(Trouble::Silent);
}

#[test]
fn a_silent_peer_is_asked_whether_it_lives() {
    let mut stage = Stage::bound(config());
    stage.pass(29 * SECOND);
    assert_eq!(stage.sent(), [""; 0]);
    stage.pass(SECOND);
    assert_eq!(stage.sent(), ["enquire_link 2"]);
    stage.receive(&peer::empty(0x8000_0015, 2));
    stage.pass(29 * SECOND);
    assert_eq!(stage.sent(), [""; 0]);
    stage.pass(SECOND);
    assert_eq!(stage.sent(), ["enquire_link 3"]);
    stage.pass(15 * SECOND);
    stage.is_closed_by(Trouble::Silent);
}

#[test]
fn a_peer_that_talks_is_not_asked() {
    let mut stage = Stage::bound(config());
    for sequence in 1..=4 {
        stage.pass(20 * SECOND);
        stage.receive(&peer::empty(0x15, sequence));
        let answer = format!("enquire_link_resp {sequence}");
        assert_eq!(stage.sent(), [answer.as_str()]);
    }
}

#[test]
fn the_client_stops_in_order() {
    let mut stage = Stage::bound(config());
    stage.submit(1, "Hi");
    stage.sent();
    stage.handle(Input::Stop);
    // A message is under way.
    assert_eq!(stage.sent(), [""; 0]);
    assert!(!stage.has_room());
    stage.receive(&peer::submit_answer(2, Status::OK, "a"));
    assert_eq!(stage.sent(), ["unbind 3"]);
    assert_eq!(stage.accepted(), [(1, "a".to_owned())]);
    stage.receive(&peer::empty(0x8000_0006, 3));
    assert_eq!(stage.outputs(), [Output::Closed(Closing::Stopped)]);
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let mut stage = Stage::bound(config());
    stage.submit(1, "Hi");
    stage.handle(Input::Stop);
    stage.pass(60 * SECOND);
    let outputs = stage.outputs();
    assert!(
        matches!(&outputs[..], [Output::Trouble(Trouble::Unanswered), Output::Ended(_, outcome)] if outcome.verdict == Verdict::UNPROVEN),
        "{outputs:?}"
    );
    stage.pass(15 * SECOND);
    assert_eq!(stage.outputs(), [Output::Closed(Closing::Stopped)]);
}

#[test]
fn the_peer_unbinds() {
    let mut stage = Stage::bound(config());
    stage.submit(1, "Hi");
    stage.sent();
    stage.receive(&peer::empty(0x06, 9));
    assert_eq!(stage.sent(), ["unbind_resp 9"]);
    let outputs = stage.outputs();
    let [Output::Ended(_, outcome), Output::Closed(Closing::Unbound)] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    assert_eq!(outcome.verdict, Verdict::UNPROVEN);
}

/// The stage sees that whatever has a deadline makes progress at it.
#[test]
fn parts_that_are_not_written_any_more_keep_nobody_busy() {
    let mut narrow = config();
    narrow.window = NonZeroU16::MIN;
    for is_unbound in [true, false] {
        let mut stage = Stage::bound(narrow.clone());
        stage.submit(1, &"x".repeat(400));
        stage.receive(&peer::submit_answer(2, Status::OK, "a"));
        if is_unbound {
            stage.is_taking = false;
            stage.receive(&peer::empty(0x06, 9));
        } else {
            stage.handle(Input::Stop);
            stage.pass(60 * SECOND);
        }
        // A part is answered, and the one behind it waits.
        stage.receive(&peer::submit_answer(3, Status::OK, "b"));
        stage.pass(15 * SECOND);
        let closing = match is_unbound {
            true => Closing::Unbound,
            false => Closing::Stopped,
        };
        assert_eq!(stage.outputs().last(), Some(&Output::Closed(closing)));
    }
}

#[test]
fn a_peer_that_unbinds_and_goes_on_asking_is_left() {
    let mut stage = Stage::bound(config());
    stage.is_taking = false;
    stage.receive(&peer::empty(0x06, 9));
    for _ in 0..15 {
        // Something is to be written whenever something was.
        stage.receive(&peer::empty(0x15, 10));
        stage.handle(Input::Written);
        stage.pass(SECOND);
    }
    assert_eq!(stage.outputs(), [Output::Closed(Closing::Unbound)]);
}

#[test]
fn sequence_numbers_begin_anew_and_are_never_used_twice() {
    let mut config = config();
    config.window = NonZeroU16::new(3).unwrap();
    let mut stage = Stage::bound(config);
    stage.submit(1, "Hi");
    assert_eq!(stage.sent(), ["submit_sm 2"]);
    stage.session.sequence = machine::MAX_SEQUENCE - 1;
    stage.submit(2, "Hi");
    assert_eq!(stage.sent(), ["submit_sm 2147483647"]);
    stage.submit(3, "Hi");
    assert_eq!(stage.sent(), ["submit_sm 1"]);
    stage.receive(&peer::submit_answer(1, Status::OK, "c"));
    stage.submit(4, "Hi");
    // 2 is outstanding still.
    assert_eq!(stage.sent(), ["submit_sm 3"]);
}

#[test]
fn nothing_that_is_shown_has_a_secret_in_it() {
    let (mut session, now) = Stage::unbound(config());
    let bind = peer::bind_answer(1, Status::OK, None);
    let input = Input::Received(&bind);
    let shown = format!("{input:?} {session:?} {:?}", session.poll());
    assert!(shown.contains("Write(") && shown.contains("Received("));
    // Neither as text nor as the numbers of its bytes.
    for secret in ["secret", "115, 101, 99", "99, 101, 110"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    session.handle(now, Input::Written);
    session.handle(now, input);
    session.handle(now, Input::Received(&peer::receipt(1, "a")[..40]));
    let input = Input::Submit(Ticket(1), stage::submission("secret"));
    let shown = format!("{input:?}");
    session.handle(now, input);
    let shown = format!("{shown} {session:?} {:?}", session.poll());
    for secret in ["secret", "4930123456", "115, 101, 99", "105, 100, 58"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}
