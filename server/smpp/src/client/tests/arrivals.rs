//! Arrivals over a real connection.

use tokio::sync::{Notify, mpsc};

use super::*;
use crate::{Answer, Arrival, State, Taking, Trouble, fixture::receipt};

#[tokio::test]
async fn a_receipt_is_acknowledged_after_its_consumer_kept_it() {
    let centre = Centre::start().await;
    let (say, answers) = mpsc::channel(1);
    let kept = Kept {
        answers: Some(answers.into()),
        ..Kept::default()
    };
    let taken = Arc::clone(&kept.taken);
    let client = centre.client(&json!({}), kept);
    let mut line = centre.bind().await;
    for (answer, wanted) in [
        (Answer::Taken, Status::OK),
        (Answer::Later, Status::TEMPORARY),
    ] {
        line.write(&receipt(7, "a")).await;
        // An enquiry that comes later is answered first: the receipt waits for its consumer.
        line.write(&empty(0x15, 8)).await;
        assert_eq!(line.read().await.sequence_number(), 8);
        taken.lock().unwrap().clear();
        say.send(answer).await.unwrap();
        let response = line.read().await;
        assert_eq!(response.sequence_number(), 7);
        assert_eq!(u32::from(response.status()), wanted.0);
        let taken = taken.lock().unwrap();
        let [Arrival::Receipt(receipt)] = &taken[..] else {
            panic!("{taken:?}");
        };
        assert_eq!(
            (receipt.id.as_str(), receipt.state),
            ("a", State::Delivered)
        );
    }
    drop(client);
}

#[tokio::test]
async fn a_consumer_that_panics_has_it_repeated() {
    let centre = Centre::start().await;
    let account = centre.account(&json!({}));
    let account = account.with_patience(Patience {
        consumer: Duration::from_millis(50),
        ..Patience::default()
    });
    let (say, answers) = mpsc::channel(1);
    drop(say);
    let kept = Kept {
        answers: Some(answers.into()),
        ..Kept::default()
    };
    let client = centre.client_of(&account, kept);
    let mut line = centre.bind().await;
    line.write(&receipt(7, "a")).await;
    let response = line.read().await;
    assert_eq!(u32::from(response.status()), Status::TEMPORARY.0);
    drop(client);
}

/// Never ends, and tells when it is dropped.
#[derive(Debug)]
struct Stuck(Arc<Notify>);

struct Told(Arc<Notify>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl Consumer for Stuck {
    fn take(&self, _: Arrival) -> Taking<'_> {
        let told = Told(Arc::clone(&self.0));
        Box::pin(async move {
            std::future::pending::<()>().await;
            drop(told);
            Answer::Taken
        })
    }
}

#[tokio::test]
async fn a_consumer_that_never_ends_is_given_up() {
    let centre = Centre::start().await;
    let patience = Patience {
        consumer: Duration::from_millis(50),
        ..Patience::default()
    };
    let account = centre.account(&json!({})).with_patience(patience);
    let dropped = Arc::new(Notify::new());
    let client = centre.client_of(&account, Stuck(Arc::clone(&dropped)));
    let mut line = centre.bind().await;
    line.write(&receipt(7, "a")).await;
    let response = line.read().await;
    assert_eq!(u32::from(response.status()), Status::TEMPORARY.0);
    timeout(LONG_ENOUGH, dropped.notified()).await.unwrap();
    drop(client);
}

#[tokio::test]
async fn an_answer_that_comes_late_is_told() {
    let centre = Centre::start().await;
    let patience = Patience {
        submission: Duration::from_millis(50),
        ..Patience::default()
    };
    let account = centre.account(&json!({})).with_patience(patience);
    let (late, mut told) = mpsc::unbounded_channel();
    let kept = Kept {
        late: Some(late),
        ..Kept::default()
    };
    let client = centre.client_of(&account, kept);
    let mut line = centre.bind().await;
    let to = to();
    let outcome = client.send(&message(&to, "Hi")).await;
    assert_eq!(outcome.verdict, Verdict::UNPROVEN);
    line.take("42").await;
    let (attempt, late) = told.recv().await.unwrap();
    assert_eq!((attempt, late.part), (crate::fixture::attempt(), 0));
    assert_eq!(Verdict::Accepted { id: late.id }, accepted("42"));
}

/// How long what happens soon is waited for.
const LONG_ENOUGH: Duration = Duration::from_secs(30);

#[tokio::test]
async fn trouble_is_told() {
    let centre = Centre::start().await;
    let kept = Kept::default();
    let troubles = Arc::clone(&kept.troubles);
    let client = centre.client(&json!({}), kept);
    let mut line = centre.bind().await;
    line.write(&empty(0x0b, 7)).await;
    assert_eq!(line.read().await.id(), rusmpp::CommandId::GenericNack);
    line.write(b"HTTP/1.1 400 Bad Request\r\n").await;
    becomes(&client, |now| matches!(now, Condition::Away(_))).await;
    let troubles = troubles.lock().unwrap();
    assert!(matches!(
        troubles[..],
        [Trouble::Outbind, Trouble::Frame(_)]
    ));
}
