//! Tries that are begun too late, and tries whose server cannot be reached: the sender of these
//! notifications wants none repeated of which nobody knows whether it was taken.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use vestnik_clock::{Clock, ManualClock, Monotonic};

use super::*;
use crate::{
    channel::PushSender,
    door::rest::tests::world::{World, text},
};

/// A clock that runs on once while a part draws its random bytes, which it does right after it read the time
/// that its leases count from: so much time passes before its tries have begun.
#[derive(Debug)]
struct Slow {
    clock: ManualClock,
    by: Mutex<Option<Duration>>,
}

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn monotonic(&self) -> Monotonic {
        self.clock.monotonic()
    }

    fn random(&self) -> [u8; 32] {
        if let Some(by) = self.by.lock().unwrap().take() {
            self.clock.advance(by);
        }
        self.clock.random()
    }
}

/// A person with a mailbox whose server is at a port, and a letter for them.
struct Letter {
    world: World,
    id: String,
}

impl Letter {
    async fn at(port: u16) -> Self {
        let world = World::with(|config| config.outbound.listed = vec!["127.0.0.1".to_owned()]);
        let world = world.await;
        let account = json!({
            "host": "127.0.0.1", "port": port, "security": "none", "from": "news@shop.example",
        });
        let email = json!({"address": "anna@shop.example"});
        for (line, body) in [
            ("PUT /v1/providers/email", account),
            ("PUT /v1/users/anna/email", email),
        ] {
            let put = world.admin(line, Some(body)).await;
            assert_eq!(put.status, 204, "{put:?}");
        }
        let publish = json!({
            "to": {"users": ["anna"]}, "notification": {"title": "A title"},
            "steps": [{"channel": "email", "on_unproven": "give_up"}],
        });
        let accepted = world.admin("POST /v1/notifications", Some(publish)).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let id = text(&accepted.body["id"]).to_owned();
        Self { world, id }
    }

    /// Does what is due once, so much later than its leases count from.
    async fn turn(&self, late: Option<Duration>) {
        let state = &self.world.state;
        let clock: Arc<dyn Clock> = Arc::new(Slow {
            clock: self.world.clock.clone(),
            by: Mutex::new(late),
        });
        let flight = Arc::<Flight>::default();
        let dispatcher = Dispatcher {
            sender: Sender {
                store: Arc::clone(&state.store),
                clock: Arc::clone(&clock),
                pushes: PushSender::new(Arc::clone(&state.store), clock, state.pushes.clone()),
                letters: state.letters.clone(),
                backends: state.backends.clone(),
                gateways: state.gateways.clone(),
            },
            loops: Arc::clone(&state.loops),
            flight: Arc::clone(&flight),
        };
        dispatcher.turn(&mut Round::default()).await.unwrap();
        flight.land().await;
    }

    /// The delivery's status, and the status, the reason, the tries and the unproven tries of its letter.
    async fn looks(&self) -> (String, Value) {
        let path = format!("GET /v1/notifications/{}/deliveries", self.id);
        let deliveries = self.world.admin(&path, None).await;
        let delivery = &deliveries.body["data"][0];
        let path = format!("GET /v1/deliveries/{}/attempts", text(&delivery["id"]));
        let attempts = self.world.admin(&path, None).await;
        let attempt = &attempts.body["data"][0];
        let of = |name: &str| attempt[name].clone();
        let attempt = json!([of("status"), of("reason"), of("tries"), of("unproven")]);
        (text(&delivery["status"]).to_owned(), attempt)
    }
}

/// An SMTP server that takes one letter.
async fn take_a_letter(listener: TcpListener) {
    let (socket, _) = listener.accept().await.unwrap();
    let mut wire = BufReader::new(socket);
    let mut is_letter = false;
    say(&mut wire, "220 mx").await;
    loop {
        let mut line = String::new();
        if wire.read_line(&mut line).await.unwrap() == 0 {
            return;
        }
        match line.trim_end() {
            "." => {
                say(&mut wire, "250 2.0.0 queued").await;
                return;
            }
            _ if is_letter => {}
            "DATA" => {
                is_letter = true;
                say(&mut wire, "354 go").await;
            }
            _ => say(&mut wire, "250 ok").await,
        }
    }
}

async fn say(wire: &mut BufReader<TcpStream>, text: &str) {
    let line = format!("{text}\r\n");
    wire.write_all(line.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_try_that_begins_too_late_is_made_later_and_not_given_up() {
    // Its lease, of 24 minutes, has not enough left, is over, or ended long ago.
    for late in [86, 24 * 60 + 1, 4_000] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let letter = Letter::at(listener.local_addr().unwrap().port()).await;
        letter.turn(Some(Duration::from_secs(late))).await;
        let waits = json!(["retrying", "provider.timeout", 0, 0]);
        assert_eq!(
            letter.looks().await,
            ("pending".to_owned(), waits),
            "{late}"
        );
        // Nobody was connected to: this is the first letter.
        letter.world.clock.advance(Duration::from_secs(60));
        let taking = tokio::spawn(take_a_letter(listener));
        letter.turn(None).await;
        taking.await.unwrap();
        let sent = json!(["sent", null, 1, 0]);
        assert_eq!(letter.looks().await, ("sent".to_owned(), sent), "{late}");
    }
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_has_handed_nothing_over() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let letter = Letter::at(listener.local_addr().unwrap().port()).await;
    drop(listener);
    letter.turn(None).await;
    let waits = json!(["retrying", "provider.unavailable", 1, 0]);
    assert_eq!(letter.looks().await, ("pending".to_owned(), waits));
}

#[tokio::test]
async fn an_account_that_is_deleted_is_forgotten() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let letter = Letter::at(listener.local_addr().unwrap().port()).await;
    drop(listener);
    letter.turn(None).await;
    let (app, letters) = (AppId::parse("shop").unwrap(), &letter.world.state.letters);
    assert!(letters.knows(&app));
    let deleted = letter.world.admin("DELETE /v1/providers/email", None).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    assert!(!letters.knows(&app));
}
