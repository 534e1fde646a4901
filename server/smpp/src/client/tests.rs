//! The driver at a scripted message centre over loopback.

mod arrivals;
mod centre;
mod waiting;

use std::time::Duration;

use serde_json::json;
use vestnik_clock::SystemClock;
use vestnik_model::{Reason, phone::PhoneNumber};

use self::centre::{Centre, Kept, Line};
use super::*;
use crate::{
    fixture::{bind_answer, bind_transmitter_answer, empty, submit_answer},
    pdu::Status,
};

fn to() -> PhoneNumber {
    PhoneNumber::parse("+4930123456").unwrap()
}

fn message<'a>(to: &'a PhoneNumber, text: &'a str) -> Message<'a> {
    Message {
        attempt: crate::fixture::attempt(),
        to,
        text,
        expires_at: None,
    }
}

fn accepted(id: &str) -> Verdict {
    let id = crate::MessageId::of_answer(id.as_bytes(), crate::ReceiptIds::Same);
    Verdict::Accepted { id }
}

async fn becomes(client: &Client, wanted: fn(&Condition) -> bool) {
    let mut condition = client.condition();
    condition.wait_for(wanted).await.unwrap();
}

#[tokio::test]
async fn a_message_is_handed_over() {
    let centre = Centre::start().await;
    let client = centre.client(&json!({}), Kept::default());
    let mut line = centre.bind().await;
    let (to, writing) = (to(), Writing::default());
    let message = message(&to, "Hi");
    let send = client.send_noted(&message, &writing);
    let answer = async {
        let submission = line.read().await;
        assert!(writing.may_be_taken());
        let sequence = submission.sequence_number();
        line.write(&submit_answer(sequence, Status::OK, "42")).await;
    };
    let (outcome, ()) = tokio::join!(send, answer);
    assert_eq!(outcome.verdict, accepted("42"));
}

#[tokio::test]
async fn what_is_refused_was_not_taken() {
    let centre = Centre::start().await;
    let client = centre.client(&json!({}), Kept::default());
    let mut line = centre.bind().await;
    let (to, writing) = (to(), Writing::default());
    let message = message(&to, "Hi");
    let answer = async {
        let sequence = line.read().await.sequence_number();
        line.write(&submit_answer(sequence, Status::INVALID_SOURCE, ""))
            .await;
    };
    let (outcome, ()) = tokio::join!(client.send_noted(&message, &writing), answer);
    let reason = Reason::ConfigSenderNotAllowed;
    assert_eq!(outcome.verdict, Verdict::Refused { reason });
    assert!(!writing.may_be_taken());
}

#[tokio::test]
async fn a_lost_session_is_unproven_and_comes_back() {
    let centre = Centre::start().await;
    let client = centre.client(&json!({}), Kept::default());
    let mut line = centre.bind().await;
    let to = to();
    let text = message(&to, "Hi");
    let cut = async {
        line.read().await;
        drop(line);
    };
    let (outcome, ()) = tokio::join!(client.send(&text), cut);
    assert_eq!(outcome.verdict, Verdict::UNPROVEN);
    let mut line = centre.bind().await;
    becomes(&client, |now| matches!(now, Condition::Bound(_))).await;
    let answer = async {
        let sequence = line.read().await.sequence_number();
        line.write(&submit_answer(sequence, Status::OK, "1")).await;
    };
    let (outcome, ()) = tokio::join!(client.send(&text), answer);
    assert_eq!(outcome.verdict, accepted("1"));
}

#[tokio::test]
async fn an_account_that_is_refused_refuses_every_message_at_once() {
    let centre = Centre::start().await;
    let client = centre.client(&json!({}), Kept::default());
    let mut line = centre.accept().await;
    line.read().await;
    line.write(&bind_answer(1, Status::INVALID_PASSWORD, None))
        .await;
    becomes(&client, |now| matches!(now, Condition::Away(_))).await;
    let to = to();
    let outcome = client.send(&message(&to, "Hi")).await;
    let reason = Reason::ConfigProviderAuth;
    assert_eq!(outcome.verdict, Verdict::Refused { reason });
    assert_eq!(outcome.said.unwrap().to_string(), "ESME_RINVPASWD");
}

#[tokio::test]
async fn nothing_is_written_of_what_is_not_to_be_sent() {
    let centre = Centre::start().await;
    let client = centre.client(&json!({}), Kept::default());
    let mut line = centre.bind().await;
    becomes(&client, |now| matches!(now, Condition::Bound(_))).await;
    let (to, writing) = (to(), Writing::default());
    let text = message(&to, "Hi");
    let none = client.send_in_turn(&text, &writing, async { false });
    assert_eq!(none.await, None);
    let empty_text = client.send(&message(&to, "")).await;
    assert!(matches!(empty_text.verdict, Verdict::Rejected { .. }));
    client.0.stop.send_replace(true);
    assert_eq!(line.read().await.id(), rusmpp::CommandId::Unbind);
}

#[tokio::test]
async fn the_last_client_unbinds() {
    let centre = Centre::start().await;
    let client = centre.client(&json!({}), Kept::default());
    let mut line = centre.bind().await;
    becomes(&client, |now| matches!(now, Condition::Bound(_))).await;
    drop(client.clone());
    let condition = client.condition();
    drop(client);
    let unbind = line.read().await;
    assert_eq!(unbind.id(), rusmpp::CommandId::Unbind);
    line.write(&empty(0x8000_0006, unbind.sequence_number()))
        .await;
    let mut condition = condition;
    condition
        .wait_for(|now| *now == Condition::Stopped)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_check_binds_and_leaves() {
    let centre = Centre::start().await;
    let account = centre.account(&json!({"version": "5.0"}));
    let check = Client::check(&account, centre.reach(), Arc::new(SystemClock));
    let answer = async {
        let mut line = centre.accept().await;
        // It draws no receipts.
        let bind = line.read().await;
        assert_eq!(bind.id(), rusmpp::CommandId::BindTransmitter);
        line.write(&bind_transmitter_answer(1, 0x50)).await;
        let unbind = line.read().await;
        line.write(&empty(0x8000_0006, unbind.sequence_number()))
            .await;
    };
    let (found, ()) = tokio::join!(check, answer);
    assert_eq!(found, Ok(Version::V5_0));
    let check = Client::check(&account, Reach::public(), Arc::new(SystemClock));
    let reason = Reason::ConfigNoRoute;
    assert_eq!(
        check.await.unwrap_err().verdict,
        Verdict::Refused { reason }
    );
}

#[tokio::test]
async fn a_message_centre_that_is_not_there_is_no_reason_to_wait() {
    let centre = Centre::start().await;
    let client = {
        let account = centre.account(&json!({}));
        let reach = centre.reach();
        drop(centre);
        let kept = Arc::new(Kept::default());
        Client::start(&account, reach, Arc::new(SystemClock), kept).unwrap()
    };
    let to = to();
    let outcome = client.send(&message(&to, "Hi")).await;
    assert_eq!(outcome.verdict, Verdict::UNAVAILABLE);
}

#[tokio::test]
async fn tls_is_spoken_to_whom_is_trusted_only() {
    let centre = Centre::encrypted().await;
    let client = centre.client(&json!({}), Kept::default());
    let mut line = centre.bind().await;
    becomes(&client, |now| matches!(now, Condition::Bound(_))).await;
    client.0.stop.send_replace(true);
    line.read().await;

    let stranger = centre.account(&json!({"root_certificates": null}));
    let check = Client::check(&stranger, centre.reach(), Arc::new(SystemClock));
    let (found, ()) = tokio::join!(check, centre.refuse_handshake());
    let reason = Reason::ConfigProviderAuth;
    assert_eq!(found.unwrap_err().verdict, Verdict::Refused { reason });
}

impl Line {
    /// Reads a submission and takes it.
    async fn take(&mut self, id: &str) {
        let sequence = self.read().await.sequence_number();
        self.write(&submit_answer(sequence, Status::OK, id)).await;
    }
}

/// Long enough for what must not end.
const LONG: Duration = Duration::from_secs(300);
