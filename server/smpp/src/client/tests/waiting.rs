//! Messages that wait for a place in the window.

use std::{cell::Cell, future::pending, sync::atomic::AtomicBool};

use futures_util::poll;
use jiff::Timestamp;
use tokio::{
    sync::{Notify, Semaphore},
    task::yield_now,
};
use vestnik_clock::Monotonic;
use vestnik_outbound::Wires;

use super::*;
use crate::{Answer, Arrival, Taking, Trouble, client::talk::Talk, session::Reconnect};

/// A client with a window of one, whose place is taken by a message that is not answered.
async fn full(
    centre: &Centre,
    patience: Patience,
) -> (Client, Line, tokio::task::JoinHandle<Outcome>) {
    let account = centre
        .account(&json!({"window": 1}))
        .with_patience(patience);
    let client = centre.client_of(&account, Kept::default());
    let mut line = centre.bind().await;
    let to = to();
    let now = SystemClock.now();
    let first = Submission::of(&message(&to, "first"), account.form(), 1, now).unwrap();
    // Without a limit to how long it waits.
    let place = Queue::claim(&client.0.queue).granted().await;
    let mut first = place.fill(first, Writing::default());
    let first = tokio::spawn(async move { first.ended().await });
    assert_eq!(line.read().await.id(), rusmpp::CommandId::SubmitSm);
    (client, line, first)
}

#[tokio::test]
async fn a_message_that_waits_too_long_was_not_written() {
    let centre = Centre::start().await;
    let patience = Patience {
        place: Duration::from_millis(50),
        submission: LONG,
        ..Patience::default()
    };
    let (client, mut line, first) = full(&centre, patience).await;
    let (to, writing) = (to(), Writing::default());
    let late = client.send_noted(&message(&to, "late"), &writing).await;
    assert_eq!(late.verdict, Verdict::Throttled { after: FULL });
    assert!(!writing.may_be_taken());
    line.write(&submit_answer(2, Status::OK, "a")).await;
    assert_eq!(first.await.unwrap().verdict, accepted("a"));
    // The next PDU is not of the message that was given up.
    client.0.stop.send_replace(true);
    assert_eq!(line.read().await.id(), rusmpp::CommandId::Unbind);
}

#[tokio::test]
async fn a_message_that_is_given_up_while_it_waits_is_not_written() {
    let centre = Centre::start().await;
    let (client, mut line, first) = full(&centre, Patience::default()).await;
    let (to, writing) = (to(), Writing::default());
    let text = message(&to, "given up");
    let mut waits = Box::pin(client.send_noted(&text, &writing));
    assert!(poll!(&mut waits).is_pending());
    assert!(client.0.queue.has_claims());
    drop(waits);
    assert!(!client.0.queue.has_claims());
    line.write(&submit_answer(2, Status::OK, "a")).await;
    assert_eq!(first.await.unwrap().verdict, accepted("a"));
    client.0.stop.send_replace(true);
    assert_eq!(line.read().await.id(), rusmpp::CommandId::Unbind);
    assert!(!writing.may_be_taken());
}

#[tokio::test]
async fn a_message_begins_when_it_has_its_place() {
    let centre = Centre::start().await;
    let (client, mut line, first) = full(&centre, Patience::default()).await;
    let (to, writing) = (to(), Writing::default());
    let text = message(&to, "second");
    let has_begun = Cell::new(false);
    let mut sends = Box::pin(client.send_in_turn(&text, &writing, async {
        has_begun.set(true);
        true
    }));
    // The session looks at who waits before it answers.
    line.write(&empty(0x15, 9)).await;
    tokio::select! {
        outcome = &mut sends => panic!("{outcome:?}"),
        answer = line.read() => assert_eq!(answer.sequence_number(), 9),
    }
    assert!(!has_begun.get());
    line.write(&submit_answer(2, Status::OK, "a")).await;
    let (second, ()) = tokio::join!(sends, line.take("b"));
    assert_eq!(second.unwrap().verdict, accepted("b"));
    assert!(has_begun.get());
    assert_eq!(first.await.unwrap().verdict, accepted("a"));
}

#[tokio::test]
async fn a_place_that_is_not_used_is_given_to_the_next() {
    let centre = Centre::start().await;
    let client = centre.client(&json!({"window": 1}), Kept::default());
    let mut line = centre.bind().await;
    let (to, writing) = (to(), Writing::default());
    let text = message(&to, "second");
    // One is not to be sent, and one is given up while it begins.
    let none = client.send_in_turn(&text, &writing, async { false });
    assert_eq!(none.await, None);
    let begins = Notify::new();
    let mut given_up = Box::pin(client.send_in_turn(&text, &writing, async {
        begins.notify_one();
        pending().await
    }));
    tokio::select! {
        outcome = &mut given_up => panic!("{outcome:?}"),
        () = begins.notified() => {}
    }
    let mut next = Box::pin(client.send(&text));
    assert!(poll!(&mut next).is_pending());
    drop(given_up);
    let (next, ()) = tokio::join!(next, line.take("a"));
    assert_eq!(next.verdict, accepted("a"));
}

/// A clock whose day a test changes.
#[derive(Debug, Default)]
struct Later(AtomicBool);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        let is_later = self.0.load(Ordering::Relaxed);
        SystemClock.now() + Duration::from_secs(if is_later { 86_400 } else { 0 })
    }

    fn monotonic(&self) -> Monotonic {
        SystemClock.monotonic()
    }

    fn random(&self) -> [u8; 32] {
        SystemClock.random()
    }
}

#[tokio::test]
async fn how_long_a_message_is_valid_is_counted_from_when_it_begins() {
    let centre = Centre::start().await;
    let clock = Arc::new(Later::default());
    let account = centre.account(&json!({}));
    let kept = Arc::new(Kept::default());
    let client = Client::start(&account, centre.reach(), Arc::clone(&clock) as _, kept).unwrap();
    let _line = centre.bind().await;
    let (to, writing) = (to(), Writing::default());
    let text = Message {
        expires_at: Some(clock.now() + Duration::from_secs(3_600)),
        ..message(&to, "Hi")
    };
    let outcome = client.send_in_turn(&text, &writing, async {
        clock.0.store(true, Ordering::Relaxed);
        true
    });
    let reason = Reason::ExpiredTtl;
    assert_eq!(outcome.await.unwrap().verdict, Verdict::Rejected { reason });
    assert!(!writing.may_be_taken());
}

/// A client that is bound over a line that holds a few bytes.
async fn over_a_short_line(centre: &Centre, consumer: impl Consumer) -> (Client, Line) {
    let account = centre.account(&json!({}));
    let wires = Wires::new(centre.reach(), account.trust()).unwrap();
    let (clock, consumer) = (Arc::new(SystemClock), Arc::new(consumer));
    let (client, task) = Client::new(&account, wires, clock, consumer);
    let (near, far) = tokio::io::duplex(100);
    tokio::spawn(async move {
        let mut reconnect = Reconnect::default();
        Talk::new(&task, &mut reconnect, Box::new(near)).run().await
    });
    let mut line = Line::over(far);
    line.bind().await;
    becomes(&client, |now| matches!(now, Condition::Bound(_))).await;
    (client, line)
}

#[tokio::test]
async fn a_message_that_is_given_up_before_it_is_written_is_never_written() {
    let centre = Centre::start().await;
    let (client, mut line) = over_a_short_line(&centre, Kept::default()).await;
    let to = to();
    let long = "x".repeat(150);
    let (first, second) = (message(&to, &long), message(&to, "given up"));
    let (writing, begun) = (Writing::default(), Semaphore::new(0));
    let begins = || async {
        begun.add_permits(1);
        true
    };
    // Both have a place before the line is full.
    let (gate, unwritten) = (Notify::new(), Writing::default());
    let mut given_up = Box::pin(client.send_in_turn(&second, &unwritten, async {
        begun.add_permits(1);
        gate.notified().await;
        true
    }));
    let mut sends = Box::pin(client.send_in_turn(&first, &writing, begins()));
    while begun.available_permits() < 2 || !writing.may_be_taken() {
        assert!(poll!(&mut given_up).is_pending());
        assert!(poll!(&mut sends).is_pending());
        yield_now().await;
    }
    gate.notify_one();
    for _ in 0..100 {
        assert!(poll!(&mut given_up).is_pending());
        yield_now().await;
    }
    drop(given_up);
    assert!(!unwritten.may_be_taken());
    let (outcome, ()) = tokio::join!(sends, line.take("a"));
    assert_eq!(outcome.unwrap().verdict, accepted("a"));
    client.0.stop.send_replace(true);
    assert_eq!(line.read().await.id(), rusmpp::CommandId::Unbind);
}

/// Panics at trouble.
#[derive(Debug)]
struct Panics;

impl Consumer for Panics {
    fn take(&self, _: Arrival) -> Taking<'_> {
        Box::pin(async { Answer::Taken })
    }

    fn on_trouble(&self, trouble: Trouble) {
        panic!("{trouble}");
    }
}

#[tokio::test]
async fn what_was_written_is_unproven_if_the_task_panics() {
    let centre = Centre::start().await;
    let client = centre.client(&json!({}), Panics);
    let mut line = centre.bind().await;
    let to = to();
    let text = message(&to, "Hi");
    let panic = async {
        line.read().await;
        line.write(&empty(0x0b, 7)).await;
    };
    let (outcome, ()) = tokio::join!(client.send(&text), panic);
    assert_eq!(outcome.verdict, Verdict::UNPROVEN);
    let mut condition = client.condition();
    while condition.changed().await.is_ok() {}
    assert!(client.is_over());
}

#[tokio::test]
async fn a_message_has_its_place_when_another_is_answered() {
    let centre = Centre::start().await;
    let (client, mut line, first) = full(&centre, Patience::default()).await;
    let to = to();
    let text = message(&to, "second");
    let take = async {
        line.write(&submit_answer(2, Status::OK, "a")).await;
        line.take("b").await;
    };
    let (second, ()) = tokio::join!(client.send(&text), take);
    assert_eq!(second.verdict, accepted("b"));
    assert_eq!(first.await.unwrap().verdict, accepted("a"));
}

#[tokio::test]
async fn what_was_written_and_given_up_may_be_taken() {
    let centre = Centre::start().await;
    let client = centre.client(&json!({}), Kept::default());
    let mut line = centre.bind().await;
    let (to, writing) = (to(), Writing::default());
    let text = message(&to, "given up");
    let mut sends = Box::pin(client.send_noted(&text, &writing));
    tokio::select! {
        outcome = &mut sends => panic!("{outcome:?}"),
        _ = line.read() => {}
    }
    drop(sends);
    assert!(writing.may_be_taken());
    // The session goes on with it: it learns that it was not taken.
    line.write(&submit_answer(2, Status::REFUSED, "")).await;
    line.write(&empty(0x15, 9)).await;
    assert_eq!(line.read().await.sequence_number(), 9);
    assert!(!writing.may_be_taken());
}
