//! Messages to providers that are slow, that want to be left alone, and that are not the App's any more. Time is virtual.

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};
use vestnik_clock::{Monotonic, new_uuid_v7};
use vestnik_model::{
    NotificationId, Publication, PublishRequest, Reason, UserId, phone::PhoneNumber,
};
use vestnik_rules::{
    attempt::HELD_PAUSE,
    gateway::{Reaches, Traits},
    provider::Sign,
    schedule::{Attributes, Said},
    work::WorkKind,
};
use vestnik_store::{
    Dispatch as _, MemoryStore, Publishing as _, Recipients as _, Tenants as _, Work as _,
    dispatch::Recipient as At,
    effect::no_sink,
    publishing::NewNotification,
    tenants::Provider,
    work::{ClaimQuery, Part},
};

use super::{order::shown, *};

/// A clock by the virtual time.
#[derive(Debug)]
struct Virtual(Instant, AtomicU8);

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        start + SignedDuration::try_from(self.0.elapsed()).unwrap()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::from_origin(Duration::from_secs(1_000) + self.0.elapsed())
    }

    fn random(&self) -> [u8; 32] {
        [self.1.fetch_add(1, Ordering::Relaxed); 32]
    }
}

/// What a provider does with a request.
#[derive(Debug, Clone, Copy)]
enum Does {
    /// It answers with a status, so much later.
    Answers(u16, Duration),
    /// It says nothing, not even in a handshake.
    IsSilent,
}

const TAKES: Does = Does::Answers(200, Duration::ZERO);

/// A provider, and how often it was connected to.
#[derive(Debug)]
struct Peer {
    port: u16,
    connections: Arc<Mutex<usize>>,
}

impl Peer {
    async fn that(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::<Mutex<usize>>::default();
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                *count.lock().unwrap() += 1;
                tokio::spawn(serve(socket, does));
            }
        });
        Self { port, connections }
    }

    fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// A provider of an account, with these limits.
    fn provider(&self, name: &str, scheme: &str, limits: &Value) -> Value {
        json!({
            "name": name, "origin": format!("{scheme}://127.0.0.1:{}", self.port),
            "gateway": {
                "version": 1, "name": "sms", "title": "Short messages", "recipient": "phone",
                "request": {"path": "/messages", "json": {"to": "{phone}", "text": "{text}"}},
                "answers": [
                    {"status": 200, "verdict": "accepted"},
                    {"status": 429, "verdict": "throttled", "scope": "recipient", "wait": 60},
                ],
                "limits": limits,
            },
        })
    }
}

/// Answers one request of a connection, which then ends.
async fn serve(mut socket: TcpStream, does: Does) {
    let mut bytes = [0; 4_096];
    while !matches!(socket.read(&mut bytes).await, Ok(0) | Err(_)) {
        let Does::Answers(status, after) = does else {
            continue;
        };
        sleep(after).await;
        let answer =
            format!("HTTP/1.1 {status} OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        socket.write_all(answer.as_bytes()).await.unwrap();
        return;
    }
}

struct Stage {
    store: Arc<MemoryStore>,
    clock: Arc<Virtual>,
    sender: GatewaySender,
}

fn app() -> AppId {
    AppId::parse("shop").unwrap()
}

fn sms() -> GatewayName {
    GatewayName::parse("sms").unwrap()
}

impl Stage {
    async fn with(providers: Vec<Value>) -> Self {
        let (store, clock) = (
            Arc::new(MemoryStore::new(no_sink())),
            Arc::new(Virtual(
                sleep(Duration::ZERO).deadline(),
                AtomicU8::default(),
            )),
        );
        store.create_app(app(), clock.now()).await.unwrap();
        let mut config = Config::default();
        config.outbound.listed = vec!["127.0.0.1".to_owned()];
        let sender = GatewaySender::new(
            Arc::clone(&store) as Arc<dyn Store>,
            Arc::clone(&clock) as Arc<dyn Clock>,
            &config,
        );
        let stage = Self {
            store,
            clock,
            sender,
        };
        stage.has(providers).await;
        stage
    }

    /// Sets the account.
    async fn has(&self, providers: Vec<Value>) {
        let provider = Provider {
            channel: Channel::Gateway(sms()),
            account: json!({"providers": providers}).to_string(),
            set_at: self.clock.now(),
            gateway: Some(Traits {
                reaches: Reaches::Phone,
                proves: vestnik_model::publish::Goal::Handed,
                price: None,
            }),
        };
        self.store.put_provider(app(), provider).await.unwrap();
    }

    /// Messages that have begun, to people with these numbers.
    async fn begun(&self, numbers: &[&str]) -> Vec<Begun> {
        let now = self.clock.now();
        for number in numbers {
            let said = Said {
                attributes: Attributes::default(),
                phone: Some(PhoneNumber::parse(&format!("+49301234{number}")).unwrap()),
            };
            let user = UserId::parse(format!("user-{number}")).unwrap();
            let put = self.store.put_attributes(app(), user, said, now);
            put.await.unwrap();
        }
        let users: Vec<_> = numbers
            .iter()
            .map(|number| format!("user-{number}"))
            .collect();
        let request: PublishRequest = serde_json::from_value(json!({
            "to": {"users": users}, "notification": {"title": "A title", "body": "A text"},
            "steps": [{"channel": "sms"}],
        }))
        .unwrap();
        let publication = Publication::parse(request).unwrap();
        let id = NotificationId::from_uuid(new_uuid_v7(&*self.clock));
        let new = NewNotification {
            app: app(),
            notification: publication.clone().accept(id, now),
            publication,
            idempotency: None,
            keep: SignedDuration::from_hours(1),
            seed: [7; 32],
        };
        self.store.publish(new).await.unwrap();
        self.due().await
    }

    /// The messages that are due.
    async fn due(&self) -> Vec<Begun> {
        let now = self.clock.now();
        let asked = ClaimQuery {
            kind: WorkKind::Dispatch,
            behind: None,
            except: vec![],
            limit: 1,
            lease_until: now + SignedDuration::from_mins(1),
            now,
        };
        let claimed = self.store.claim(asked).await.unwrap();
        let part = Part {
            claim: claimed.claims.first().unwrap().clone(),
            rows: 100,
            seed: [7; 32],
            now,
        };
        self.store.dispatch(part).await.unwrap().begun
    }

    /// Makes a try. Gives what became of it, and after how many seconds.
    async fn sends(&self, begun: &Begun) -> (Outcome, u64) {
        let At::Gateway { gateway, to } = &begun.recipient else {
            panic!("it goes by a gateway: {begun:?}");
        };
        let route = self.sender.route(&app(), *gateway).await.unwrap().unwrap();
        let start = self.clock.monotonic();
        let (message, writing) = ((begun, *gateway, to), Writing::default());
        let sending = self.sender.send(Ok(&route), message, &writing);
        let outcome = sending.await.outcome;
        let took = self.clock.monotonic() - start;
        (outcome, took.as_secs())
    }

    async fn sends_all(&self, begun: &[Begun]) -> Vec<(Outcome, u64)> {
        join_all(begun.iter().map(|begun| self.sends(begun))).await
    }
}

fn held(seconds: i64) -> Outcome {
    Outcome::Held {
        reason: Reason::ProviderThrottled,
        after: Some(SignedDuration::from_secs(seconds)),
    }
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_place_at_a_provider_that_is_silent_goes_to_the_next() {
    let (main, backup) = (Peer::that(Does::IsSilent).await, Peer::that(TAKES).await);
    let one_place = json!({"in_flight": 1});
    let stage = Stage::with(vec![
        main.provider("main", "http", &one_place),
        backup.provider("backup", "http", &json!({})),
    ]);
    let stage = stage.await;
    let begun = stage.begun(&["001", "002"]).await;
    let sent = stage.sends_all(&begun).await;
    assert_eq!(sent, [(Outcome::Unproven, 10), (Outcome::Accepted, 2)]);
    assert_eq!((main.connections(), backup.connections()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_try_that_has_no_time_for_the_next_provider_ends_before_it_is_given_up() {
    let mut peers = Vec::new();
    for _ in 0..4 {
        peers.push(Peer::that(Does::IsSilent).await);
    }
    let names = ["one", "two", "three", "four"].into_iter().zip(&peers);
    let providers = names.map(|(name, peer)| peer.provider(name, "https", &json!({})));
    let stage = Stage::with(providers.collect()).await;
    let begun = stage.begun(&["001"]).await;
    let again = Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: Some(HELD_PAUSE),
    };
    assert_eq!(stage.sends_all(&begun).await, [(again, 6)]);
    let connections: Vec<_> = peers.iter().map(Peer::connections).collect();
    assert_eq!(connections, [1, 1, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_try_that_begins_late_asks_nobody() {
    let main = Peer::that(TAKES).await;
    let stage = Stage::with(vec![main.provider("main", "http", &json!({}))]).await;
    let begun = stage.begun(&["001"]).await;
    // Of the 30 seconds of its lease, there are less left than a request may take.
    sleep(Duration::from_secs(13)).await;
    assert_eq!(stage.sends_all(&begun).await, [(unsent(), 0)]);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(stage.sends_all(&begun).await, [(unsent(), 0)]);
    assert_eq!(main.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_the_pace_of_a_provider_goes_to_no_other() {
    let (main, backup) = (Peer::that(TAKES).await, Peer::that(TAKES).await);
    let stage = Stage::with(vec![
        main.provider("main", "http", &json!({"per_second": 1})),
        backup.provider("backup", "http", &json!({})),
    ]);
    let stage = stage.await;
    let begun = stage.begun(&["001", "002", "003", "004"]).await;
    let sent = stage.sends_all(&begun).await;
    let taken = |seconds| (Outcome::Accepted, seconds);
    assert_eq!(sent, [taken(0), taken(1), taken(2), (held(3), 0)]);
    assert_eq!((main.connections(), backup.connections()), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn messages_to_one_person_are_as_far_apart_as_the_provider_wants() {
    let (main, backup) = (Peer::that(TAKES).await, Peer::that(TAKES).await);
    let apart = json!({"recipient_interval_ms": 5_000});
    let stage = Stage::with(vec![
        main.provider("main", "http", &apart),
        backup.provider("backup", "http", &json!({})),
    ]);
    let stage = stage.await;
    let first = stage.begun(&["001"]).await;
    let second = stage.begun(&["001"]).await;
    let other = stage.begun(&["002"]).await;
    let taken = || (Outcome::Accepted, 0);
    assert_eq!(stage.sends_all(&first).await, [taken()]);
    assert_eq!(stage.sends_all(&second).await, [(held(5), 0)]);
    assert_eq!(stage.sends_all(&other).await, [taken()]);
    assert_eq!((main.connections(), backup.connections()), (2, 0));
    sleep(Duration::from_secs(5)).await;
    assert_eq!(stage.sends_all(&second).await, [taken()]);
}

#[tokio::test(start_paused = true)]
async fn who_gets_too_much_holds_up_nobody_else() {
    let main = Peer::that(Does::Answers(429, Duration::ZERO)).await;
    let stage = Stage::with(vec![main.provider("main", "http", &json!({}))]).await;
    let throttled = Outcome::Retry {
        reason: Reason::ProviderThrottled,
        after: Some(SignedDuration::from_secs(60)),
    };
    let first = stage.begun(&["001"]).await;
    let again = stage.begun(&["001"]).await;
    let other = stage.begun(&["002"]).await;
    assert_eq!(stage.sends_all(&first).await, [(throttled.clone(), 0)]);
    // The other person's message is tried, and theirs is not.
    assert_eq!(stage.sends_all(&other).await, [(throttled, 0)]);
    assert_eq!(stage.sends_all(&again).await, [(held(60), 0)]);
    assert_eq!(main.connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_went_while_a_try_waited_for_its_turn_is_not_used() {
    for is_replaced in [true, false] {
        let main = Peer::that(Does::Answers(200, Duration::from_secs(1))).await;
        let provider = main.provider("main", "http", &json!({"in_flight": 1}));
        let stage = Stage::with(vec![provider]).await;
        let begun = stage.begun(&["001", "002"]).await;
        let goes = async {
            sleep(Duration::from_millis(500)).await;
            if is_replaced {
                let other = main.provider("other", "http", &json!({}));
                stage.has(vec![other]).await;
                return;
            }
            let (channel, now) = (Channel::Gateway(sms()), stage.clock.now());
            let deleted = stage.store.delete_provider(app(), channel, now);
            assert!(deleted.await.unwrap());
        };
        let (sent, ()) = tokio::join!(stage.sends_all(&begun), goes);
        assert_eq!(sent, [(Outcome::Accepted, 1), (unsent(), 1)]);
        assert_eq!(main.connections(), 1, "{is_replaced}");
    }
}

#[test]
fn a_provider_without_credit_is_a_refused_account() {
    for (reason, expected) in [
        (
            Reason::ConfigQuota,
            Some(Sign::Refused(Reason::ConfigQuota)),
        ),
        (Reason::ProviderContentRejected, None),
    ] {
        assert_eq!(shown(&Outcome::Rejected { reason }), expected);
    }
}
