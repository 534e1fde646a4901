//! Messages that wait for a place in the window.

use super::*;

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
    let mut first = Queue::push(&client.0.queue, first, Writing::default());
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
    assert_eq!(late.verdict, Verdict::UNAVAILABLE);
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
    assert!(futures_util::poll!(&mut waits).is_pending());
    assert!(!client.0.queue.is_empty());
    drop(waits);
    assert!(client.0.queue.is_empty());
    line.write(&submit_answer(2, Status::OK, "a")).await;
    assert_eq!(first.await.unwrap().verdict, accepted("a"));
    client.0.stop.send_replace(true);
    assert_eq!(line.read().await.id(), rusmpp::CommandId::Unbind);
    assert!(!writing.may_be_taken());
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
