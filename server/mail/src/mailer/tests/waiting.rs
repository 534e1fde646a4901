//! How long a server, and a place at it, are waited for.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let short = Duration::from_millis(30);
    let silent = Server::new(vec![vec![Silence]]).await;
    let mut relay = silent.relay();
    relay.patience.opening = short;
    let mailer = Mailer::new(relay, here()).unwrap();
    assert_eq!(mailer.send(&envelope()).await.verdict, LATER);

    let script = acts(&[&HELLO, &MAIL, &[Letter, Silence]]);
    let server = Server::new(vec![script]).await;
    let mut relay = server.relay();
    relay.patience.verdict = short;
    let mailer = Mailer::new(relay, here()).unwrap();
    assert_eq!(mailer.send(&envelope()).await.verdict, UNPROVEN);
}

#[tokio::test]
async fn a_letter_has_a_time_to_be_written_and_its_server_one_to_answer() {
    for (script, verdict) in [
        (vec![Silence], LATE.verdict),
        (acts(&[&HELLO, &MAIL[..1], &[Silence]]), LOST),
    ] {
        let server = Server::new(vec![script]).await;
        let mut relay = server.relay();
        relay.patience.written = Duration::from_millis(100);
        let mailer = Mailer::new(relay, here()).unwrap();
        assert_eq!(mailer.send(&envelope()).await.verdict, verdict);
    }
}

/// What a letter comes to if its server takes so many seconds for each command, and for the whole letter.
async fn verdict_of_a_slow_server(commands: u64, answer: u64) -> Verdict {
    let later = |act: &Act| match act {
        Say(_) => vec![Pause(commands), *act],
        Hear(_) | Letter | Tls | Pause(_) | Silence | Flood(_) => vec![*act],
    };
    let slowly = MAIL.iter().flat_map(later).collect();
    let end = vec![Letter, Pause(answer), TAKEN[1]];
    let server = Server::new(vec![[HELLO.to_vec(), slowly, end].concat()]).await;
    server.mailer().send(&envelope()).await.verdict
}

/// RFC 5321, 4.5.3.2: who does not wait for a server that looks at a letter repeats what was taken.
#[tokio::test]
async fn a_server_may_take_minutes_for_each_command_and_ten_for_a_letter() {
    assert_eq!(verdict_of_a_slow_server(0, 599).await, Verdict::Accepted);
    // Longer than a letter may take that is not written: its server has the time to answer all the same.
    assert_eq!(verdict_of_a_slow_server(230, 599).await, Verdict::Accepted);
}

#[tokio::test]
async fn a_letter_is_unproven_when_its_server_has_had_ten_minutes() {
    assert_eq!(verdict_of_a_slow_server(0, 601).await, UNPROVEN);
}

#[tokio::test]
async fn a_command_that_is_not_answered_for_five_minutes_hands_nothing_over() {
    assert_eq!(verdict_of_a_slow_server(301, 0).await, LOST);
}

#[tokio::test]
async fn a_letter_waits_a_while_for_a_place_and_no_longer() {
    let server = Server::new(vec![acts(&[&HELLO, &MAIL, &[Letter, Silence]])]).await;
    let (mailer, writing) = (server.mailer(), Writing::default());
    let envelope = envelope();
    let first = mailer.send_noted(&envelope, &writing);
    let second = async {
        while !writing.may_be_taken() {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
        mailer.send(&envelope).await.verdict
    };
    tokio::select! {
        outcome = first => panic!("{outcome:?}"),
        verdict = second => assert_eq!(verdict, Verdict::Busy),
    }
}

/// Those behind them have not begun when the process ends: nobody has to ask whether they were taken.
#[tokio::test]
async fn as_many_letters_as_connections_have_their_turn() {
    let server = Server::new(vec![acts(&[&HELLO, &MAIL, &[Letter, Silence]])]).await;
    let (mailer, writing, begun) = (server.mailer(), Writing::default(), AtomicUsize::new(0));
    let envelope = envelope();
    let begins = || async {
        begun.fetch_add(1, Ordering::SeqCst);
        true
    };
    let first = mailer.send_in_turn(&envelope, &writing, begins());
    let behind = async |writing: &Writing| {
        let sent = mailer.send_in_turn(&envelope, writing, begins()).await;
        sent.map(|outcome| outcome.verdict)
    };
    let others = async {
        while !writing.may_be_taken() {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
        let [one, two, three] = [(); 3].map(|()| Writing::default());
        tokio::join!(behind(&one), behind(&two), behind(&three))
    };
    let busy = Some(Verdict::Busy);
    tokio::select! {
        outcome = first => panic!("{outcome:?}"),
        verdicts = others => assert_eq!(verdicts, (busy, busy, busy)),
    }
    assert_eq!(begun.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_letter_that_is_not_to_begin_is_not_sent_and_takes_nothing() {
    let server = Server::new(vec![acts(&[&HELLO, &MAIL, &TAKEN])]).await;
    let (mailer, writing, envelope) = (server.mailer(), Writing::default(), envelope());
    for _ in 0..5 {
        let stopped = mailer.send_in_turn(&envelope, &writing, async { false });
        assert_eq!(stopped.await, None);
    }
    assert!(!writing.may_be_taken());
    assert_eq!(mailer.send(&envelope).await.verdict, Verdict::Accepted);
}

/// Who waits no longer asks whether the server may have the letter.
#[tokio::test]
async fn a_letter_that_is_given_up_may_have_been_taken_only_if_its_end_was_written() {
    let short = Duration::from_millis(50);
    for script in [
        vec![Silence],
        acts(&[&HELLO, &MAIL[..1], &[Silence]]),
        acts(&[&HELLO, &MAIL[..5], &[Silence]]),
    ] {
        let (server, writing) = (Server::new(vec![script]).await, Writing::default());
        let mailer = server.mailer();
        let given_up = timeout(short, mailer.send_noted(&envelope(), &writing)).await;
        assert!(given_up.is_err() && !writing.may_be_taken());
    }
    let server = Server::new(vec![acts(&[&HELLO, &MAIL, &[Letter, Silence]])]).await;
    let (mailer, writing) = (server.mailer(), Writing::default());
    let envelope = envelope();
    let mut sending = Box::pin(mailer.send_noted(&envelope, &writing));
    while !writing.may_be_taken() {
        let soon = timeout(Duration::from_millis(1), &mut sending).await;
        assert!(soon.is_err());
    }
    drop(sending);
    assert!(writing.may_be_taken());
}

#[tokio::test]
async fn a_letter_that_was_refused_at_its_end_was_not_taken() {
    let refused = [
        Letter,
        Say("550 5.7.1 not this"),
        Hear("RSET"),
        Say("250 ok"),
    ];
    for (end, may_be_taken) in [(&refused[..], false), (&TAKEN[..], true)] {
        let server = Server::new(vec![acts(&[&HELLO, &MAIL, end])]).await;
        let (mailer, writing) = (server.mailer(), Writing::default());
        mailer.send_noted(&envelope(), &writing).await;
        assert_eq!(writing.may_be_taken(), may_be_taken);
    }
}
