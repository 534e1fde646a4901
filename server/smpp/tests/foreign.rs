//! Short messages to a foreign message centre (node-smpp), which tells what it read.
//!
//! `cargo xtask interop --only foreign` runs it, after it installed what `tests/foreign/smsc` locks.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::mpsc;
use vestnik_clock::SystemClock;
use vestnik_model::{Reason, phone::PhoneNumber};
use vestnik_outbound::Reach;
use vestnik_smpp::{
    Account, Answer, Arrival, Client, Condition, Consumer, Message, MessageId, Outcome, Patience,
    State, Taking, Verdict, Version,
};

/// The message centre, killed at the end.
struct Centre {
    process: Child,
    told: mpsc::Receiver<Value>,
    port: u16,
    certificate: Option<String>,
}

impl Centre {
    async fn start(tls: Option<&Path>) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/foreign/smsc");
        let mut command = Command::new("node");
        command.arg(Path::new(folder).join("smsc.mjs"));
        let certificate = tls.map(|folder| {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            let files = [
                ("certificate.pem", made.cert.pem()),
                ("key.pem", made.signing_key.serialize_pem()),
            ];
            for (name, pem) in &files {
                let mut file = std::fs::File::create(folder.join(name)).unwrap();
                file.write_all(pem.as_bytes()).unwrap();
                command.arg(folder.join(name));
            }
            made.cert.pem()
        });
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (tell, mut told) = mpsc::channel(1_000);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let told = serde_json::from_str(&line).unwrap();
                if tell.blocking_send(told).is_err() {
                    return;
                }
            }
        });
        let port: Value = told.recv().await.unwrap();
        Self {
            process,
            told,
            port: serde_json::from_value(port).unwrap(),
            certificate,
        }
    }

    fn account(&self, fields: &Value) -> Account {
        let mut account = json!({
            "host": "localhost", "port": self.port, "security": "none", "system_id": "shop",
            "password": "secret08", "source": "Shop", "receipt_ids": "decimal",
        });
        if let Some(certificate) = &self.certificate {
            account["security"] = json!("tls");
            account["root_certificates"] = json!(certificate);
        }
        for (field, value) in fields.as_object().unwrap() {
            account[field] = value.clone();
        }
        Account::parse(&account.to_string()).unwrap()
    }

    /// A client of which it is known that it is bound.
    async fn client(&mut self, fields: &Value, consumer: impl Consumer) -> Client {
        let account = self.account(fields);
        let client = start(&account, consumer);
        let bind = self.next("bind").await;
        assert_eq!(bind["isKnown"], true);
        is_bound(&client).await;
        client
    }

    /// The next thing of a kind that it tells; enquiries may come before it at any time.
    async fn next(&mut self, kind: &str) -> Value {
        loop {
            let told = self.told.recv().await.unwrap();
            assert_ne!(told["kind"], "error", "{told}");
            if told["kind"] == kind {
                return told;
            }
        }
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Keeps arrivals; a message is known once it is said to be.
#[derive(Debug, Default, Clone)]
struct Kept {
    known: Arc<Mutex<Option<Vec<MessageId>>>>,
    taken: Arc<Mutex<Vec<Arrival>>>,
}

impl Consumer for Kept {
    fn take(&self, arrival: Arrival) -> Taking<'_> {
        Box::pin(async move {
            let known = self.known.lock().unwrap();
            if let (Arrival::Receipt(receipt), Some(known)) = (&arrival, &*known)
                && !known.contains(&receipt.id)
            {
                return Answer::Unknown;
            }
            self.taken.lock().unwrap().push(arrival);
            Answer::Taken
        })
    }
}

fn start(account: &Account, consumer: impl Consumer) -> Client {
    let reach = Reach::public().and("localhost").unwrap();
    Client::start(account, reach, Arc::new(SystemClock), Arc::new(consumer)).unwrap()
}

async fn is_bound(client: &Client) {
    let mut condition = client.condition();
    let bound = condition.wait_for(|now| matches!(now, Condition::Bound(_)));
    drop(bound.await.unwrap());
}

async fn send(client: &Client, to: &str, text: &str) -> Outcome {
    let to = PhoneNumber::parse(to).unwrap();
    let message = Message {
        attempt: "att_0192f0c1000070008000000000000007".parse().unwrap(),
        to: &to,
        text,
        expires_at: None,
    };
    client.send(&message).await
}

const ANNA: &str = "+79123450000";

#[tokio::test]
#[ignore = "needs Node.js with node-smpp: cargo xtask interop --only foreign"]
async fn a_foreign_centre_reads_what_was_written() {
    let mut centre = Centre::start(None).await;
    for joining in ["udh8", "udh16", "sar", "payload"] {
        let client = centre
            .client(&json!({ "joining": joining }), Kept::default())
            .await;
        for (text, coding) in [
            ("Order 8812: 10 € @ {shop}", 0),
            (
                "ÄÖÜäöüß¿¡ ΔΦΓΛΩΠΨΣΘΞ ^{}\\[~]|\n\u{c}_$£¥èéùìòÇØøÅåÆæÉ¤§Ññà",
                0,
            ),
            ("Заказ 8812 готов 🎉 и ждёт вас", 8),
            (&"long {text} ".repeat(40), 0),
            (&"длинный 🎉 текст ".repeat(20), 8),
        ] {
            let outcome = send(&client, ANNA, text).await;
            assert!(
                matches!(outcome.verdict, Verdict::Accepted { .. }),
                "{outcome:?}"
            );
            assert_eq!(outcome.ids.len(), outcome.parts);
            let mut read = vec![String::new(); outcome.parts];
            for _ in 0..outcome.parts {
                let part = centre.next("submit").await;
                let number = number(&part, outcome.parts);
                read[number - 1] = part["text"].as_str().unwrap().to_owned();
                assert_eq!(part["coding"], coding, "{part}");
                assert_eq!(part["to"], "79123450000");
                assert_eq!(
                    (&part["toKind"], &part["fromKind"]),
                    (&json!([1, 1]), &json!([5, 0]))
                );
                assert_eq!(
                    (&part["from"], &part["receipt"]),
                    (&json!("Shop"), &json!(1))
                );
            }
            assert_eq!(read.concat(), text, "{joining}");
        }
        client.stop().await;
        centre.next("unbound").await;
    }
}

/// Which part it is, by its header or its parameters.
fn number(part: &Value, parts: usize) -> usize {
    let header = &part["header"][0];
    match (header.as_str(), &part["part"][1]) {
        _ if parts == 1 => 1,
        (Some(header), _) => {
            let count = usize::from_str_radix(&header[header.len() - 4..header.len() - 2], 16);
            assert_eq!(count.unwrap(), parts);
            usize::from_str_radix(&header[header.len() - 2..], 16).unwrap()
        }
        (None, number) => {
            assert_eq!(part["part"][2], parts);
            usize::try_from(number.as_u64().unwrap()).unwrap()
        }
    }
}

#[tokio::test]
#[ignore = "needs Node.js with node-smpp: cargo xtask interop --only foreign"]
async fn receipts_of_a_foreign_centre_are_kept_and_acknowledged() {
    let mut centre = Centre::start(None).await;
    let kept = Kept::default();
    let client = centre
        .client(&json!({"version": "5.0"}), kept.clone())
        .await;
    assert_eq!(
        *client.condition().borrow(),
        Condition::Bound(Version::V5_0)
    );
    for (to, state) in [
        ("+79123450000", State::Delivered),
        ("+79123450008", State::Undeliverable),
    ] {
        let outcome = send(&client, to, &"long ".repeat(40)).await;
        let mut ids: Vec<_> = outcome.ids.into_iter().flatten().collect();
        assert_eq!(ids.len(), 2);
        for _ in &ids {
            assert_eq!(centre.next("receipted").await["status"], 0);
        }
        for taken in kept.taken.lock().unwrap().drain(..) {
            let Arrival::Receipt(receipt) = taken else {
                panic!("{taken:?}");
            };
            assert_eq!(receipt.state, state);
            ids.retain(|id| *id != receipt.id);
        }
        assert_eq!(ids, []);
    }
}

#[tokio::test]
#[ignore = "needs Node.js with node-smpp: cargo xtask interop --only foreign"]
async fn a_receipt_of_a_foreign_centre_may_come_before_its_answer() {
    let mut centre = Centre::start(None).await;
    let kept = Kept::default();
    *kept.known.lock().unwrap() = Some(Vec::new());
    let client = centre.client(&json!({}), kept.clone()).await;
    let outcome = send(&client, "+79123450004", "early").await;
    let ids = outcome.ids.into_iter().flatten().collect();
    assert!(kept.taken.lock().unwrap().is_empty());
    *kept.known.lock().unwrap() = Some(ids);
    assert_eq!(centre.next("receipted").await["status"], 0);
    assert_eq!(kept.taken.lock().unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs Node.js with node-smpp: cargo xtask interop --only foreign"]
async fn a_foreign_centre_s_refusals_are_understood() {
    let mut centre = Centre::start(None).await;
    let client = centre.client(&json!({}), Kept::default()).await;
    let dead = send(&client, "+79123450002", "Hi").await;
    let reason = Reason::TokenDead;
    assert_eq!(dead.verdict, Verdict::Dead { reason });
    let throttled = send(&client, "+79123450001", "Hi").await;
    assert!(matches!(throttled.verdict, Verdict::Throttled { .. }));
    // It waits for the end of the pause, and is taken.
    let again = send(&client, "+79123450001", "Hi").await;
    assert!(matches!(again.verdict, Verdict::Accepted { .. }));
    // A later part that is too much is repeated by the session.
    let long = send(&client, "+79123450005", &"x".repeat(200)).await;
    assert!(matches!(long.verdict, Verdict::Accepted { .. }));
    assert_eq!(long.ids.len(), 2);

    let account = centre.account(&json!({"password": "wrong"}));
    let reach = Reach::public().and("localhost").unwrap();
    let refused = Client::check(&account, reach, Arc::new(SystemClock)).await;
    let reason = Reason::ConfigProviderAuth;
    assert_eq!(refused.unwrap_err().verdict, Verdict::Refused { reason });
}

#[tokio::test]
#[ignore = "needs Node.js with node-smpp: cargo xtask interop --only foreign"]
async fn both_ask_whether_the_other_lives_and_people_write() {
    let mut centre = Centre::start(None).await;
    let kept = Kept::default();
    let patience = Patience {
        enquire: Duration::from_millis(50),
        ..Patience::default()
    };
    let client = start(
        &centre.account(&json!({})).with_patience(patience),
        kept.clone(),
    );
    is_bound(&client).await;
    for _ in 0..3 {
        centre.next("enquired").await;
    }
    let outcome = send(&client, "+79123450006", "Are you coming?").await;
    assert!(matches!(outcome.verdict, Verdict::Accepted { .. }));
    assert_eq!(centre.next("lives").await["status"], 0);
    for _ in 0..2 {
        assert_eq!(centre.next("wrote").await["status"], 0);
    }
    let taken = kept.taken.lock().unwrap();
    let parts = taken.iter().filter_map(|taken| match taken {
        Arrival::Message(message) => Some((message.segment.unwrap().number, message.text.clone()?)),
        Arrival::Receipt(_) => None,
    });
    let wanted = [(1, "Да, ".to_owned()), (2, "спасибо 🎉".to_owned())];
    assert_eq!(parts.collect::<Vec<_>>(), wanted);
}

#[tokio::test]
#[ignore = "needs Node.js with node-smpp: cargo xtask interop --only foreign"]
async fn a_client_comes_back_to_a_foreign_centre() {
    let mut centre = Centre::start(None).await;
    let client = centre.client(&json!({}), Kept::default()).await;
    let cut = send(&client, "+79123450003", "Hi").await;
    assert!(matches!(cut.verdict, Verdict::Unproven { .. }));
    centre.next("bind").await;
    is_bound(&client).await;
    // The centre unbinds after its answer.
    let answered = send(&client, "+79123450007", "Hi").await;
    assert!(matches!(answered.verdict, Verdict::Accepted { .. }));
    centre.next("bind").await;
    is_bound(&client).await;
    let taken = send(&client, ANNA, "Hi").await;
    assert!(matches!(taken.verdict, Verdict::Accepted { .. }));
}

#[tokio::test]
#[ignore = "needs Node.js with node-smpp: cargo xtask interop --only foreign"]
async fn a_foreign_centre_is_spoken_to_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let mut centre = Centre::start(Some(folder.path())).await;
    let client = centre.client(&json!({}), Kept::default()).await;
    let outcome = send(&client, ANNA, "Привет").await;
    assert!(matches!(outcome.verdict, Verdict::Accepted { .. }));
    assert_eq!(centre.next("submit").await["text"], "Привет");
    client.stop().await;
    centre.next("unbound").await;
}
