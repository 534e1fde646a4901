//! A server in memory, which tests tell how to misbehave. A test double.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::mpsc;
use uuid::Uuid;
use vestnik_core::{
    Client, Config, ConnectionState, DeviceInfo, Event, EventStream, Tuning, identity,
    transport::{CallFailure, ConnectFailure, HubCalls, HubConnection, HubEvent, Transport},
};
use vestnik_model::{
    AppId, Cursor, DeliveryId, Epoch, InstallationId, InstallationState, NotificationId,
    Permission, Problem, ProblemCode, Receipt, TokenRequest, TokenResponse, TopicName, UserId,
    contract::{Entry, Envelope, EpochText, Hello, Page, Sync as SyncCall, Welcome},
    installation::Platform,
    receipt::Reported,
    token::TokenType,
};

const PATIENCE: Duration = Duration::from_mins(5);

/// What the server knows, and how it is to behave.
#[derive(Debug, Default)]
pub(crate) struct World {
    log: Vec<Envelope>,
    live: Option<mpsc::Sender<HubEvent>>,
    /// Receipts by notification and kind, as often as they came.
    pub(crate) receipts: BTreeMap<String, usize>,
    pub(crate) logins: usize,
    pub(crate) refreshes: usize,
    pub(crate) connects: usize,
    pub(crate) syncs: usize,
    pub(crate) greeted: BTreeSet<String>,
    /// The next so many connects find the token refused.
    pub(crate) refuse_token: usize,
    /// The next so many reports get no answer although they were taken.
    pub(crate) swallow_reports: usize,
    /// The next so many pages get no answer.
    pub(crate) swallow_pages: usize,
    /// Refresh tokens are no longer taken.
    pub(crate) revoked: bool,
}

/// The server, as the core sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<World>>);

impl Memory {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Writes so many notifications to the log without telling anybody.
    pub(crate) fn append(&self, count: usize) -> Vec<Envelope> {
        let log = &mut self.world().log;
        let begin = log.len();
        log.extend((begin + 1..=begin + count).map(envelope));
        log[begin..].to_vec()
    }

    /// Tells the connected device.
    pub(crate) async fn call(&self, event: HubEvent) {
        let live = self.world().live.clone();
        live.expect("a device is connected").send(event).await.ok();
    }

    /// Appends and tells.
    pub(crate) async fn notify(&self, count: usize) {
        let envelopes = self.append(count);
        self.call(HubEvent::Notify(envelopes)).await;
    }

    /// The connection is gone and nobody said so.
    pub(crate) fn cut(&self) {
        self.world().live = None;
    }
}

pub(crate) fn id(number: usize) -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(number as u128))
}

fn cursor(seq: usize) -> Cursor {
    Cursor {
        epoch: Epoch(7),
        seq: seq as u64,
    }
}

fn envelope(number: usize) -> Envelope {
    let notification = serde_json::json!({
        "id": id(number),
        "title": format!("Order {number}"),
        "acceptedAt": Timestamp::UNIX_EPOCH,
        "expiresAt": Timestamp::MAX,
    });
    Envelope {
        cursor: cursor(number),
        delivery_id: DeliveryId::from_uuid(Uuid::from_u128(1_000_000 + number as u128)),
        read_at: None,
        notification: serde_json::from_value(notification).unwrap(),
    }
}

fn unanswered<T>() -> Result<T, CallFailure> {
    Err(CallFailure::Unreachable { retry_after: None })
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl Transport for Memory {
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenResponse, CallFailure>> {
        let mut world = self.world();
        match request {
            TokenRequest::IdentityToken { .. } => world.logins += 1,
            TokenRequest::RefreshToken { .. } if world.revoked => {
                let problem = Problem::new(ProblemCode::AuthReused, "revoked");
                return ready(Err(CallFailure::Refused(problem)));
            }
            TokenRequest::RefreshToken { .. } => world.refreshes += 1,
        }
        let number = world.logins + world.refreshes;
        ready(Ok(TokenResponse {
            access_token: format!("access-{number}"),
            token_type: TokenType::Bearer,
            expires_in: 900,
            refresh_token: format!("refresh-{number}"),
            user: UserId::parse("anna").unwrap(),
        }))
    }

    fn put_installation(
        &self,
        _token: String,
        _id: InstallationId,
        _state: InstallationState,
    ) -> BoxFuture<'_, Result<(), CallFailure>> {
        ready(Ok(()))
    }

    fn delete_installation(
        &self,
        _token: String,
        _id: InstallationId,
    ) -> BoxFuture<'_, Result<(), CallFailure>> {
        ready(Ok(()))
    }

    fn connect(&self, token: String) -> BoxFuture<'_, Result<HubConnection, ConnectFailure>> {
        let mut world = self.world();
        world.connects += 1;
        if world.refuse_token > 0 {
            world.refuse_token -= 1;
            return ready(Err(ConnectFailure::Unauthorized));
        }
        world.greeted.insert(token);
        let (live, events) = mpsc::channel(16);
        world.live = Some(live);
        ready(Ok(HubConnection {
            calls: Arc::new(self.clone()),
            events,
        }))
    }
}

impl HubCalls for Memory {
    fn hello(&self, hello: Hello) -> BoxFuture<'_, Result<Welcome, CallFailure>> {
        let head = self.world().log.len();
        let stands = hello.cursor.map_or(0, |cursor| cursor.seq);
        ready(Ok(Welcome {
            epoch: EpochText(Epoch(7)),
            cursor: cursor(head),
            behind_by: head as u64 - stands,
            server_time: Timestamp::UNIX_EPOCH,
        }))
    }

    fn sync(&self, sync: SyncCall) -> BoxFuture<'_, Result<Page, CallFailure>> {
        let mut world = self.world();
        world.syncs += 1;
        if world.swallow_pages > 0 {
            world.swallow_pages -= 1;
            return ready(unanswered());
        }
        let begin = usize::try_from(sync.cursor.map_or(0, |cursor| cursor.seq)).unwrap();
        let end = world
            .log
            .len()
            .min(begin + sync.limit.unwrap_or(100) as usize);
        let entries = world.log[begin..end].iter().cloned();
        ready(Ok(Page {
            entries: entries
                .map(|one| Entry::Notification(Box::new(one)))
                .collect(),
            cursor: cursor(end),
            more: end < world.log.len(),
        }))
    }

    fn report(&self, receipts: Vec<Receipt>) -> BoxFuture<'_, Result<Reported, CallFailure>> {
        let mut world = self.world();
        for receipt in &receipts {
            let key = format!("{} {}", receipt.notification_id, receipt.kind.as_str());
            *world.receipts.entry(key).or_default() += 1;
        }
        if world.swallow_reports > 0 {
            world.swallow_reports -= 1;
            world.live = None;
            return ready(unanswered());
        }
        ready(Ok(Reported {
            accepted: u32::try_from(receipts.len()).unwrap(),
            unknown: Vec::new(),
        }))
    }

    fn subscribe(&self, _topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>> {
        ready(Ok(()))
    }

    fn unsubscribe(&self, _topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>> {
        ready(Ok(()))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.cut();
        ready(())
    }
}

/// Starts a core on the server, its retries quick.
pub(crate) async fn start(server: &Memory, folder: &Path, tuning: Tuning) -> (Client, EventStream) {
    let device = DeviceInfo {
        platform: Platform::Linux,
        model: None,
        os_version: None,
        app_version: None,
        locale: None,
        time_zone: None,
        permission: Permission::Granted,
    };
    let config = Config {
        tuning,
        ..Config::new(
            "http://127.0.0.1/".parse().unwrap(),
            AppId::parse("shop").unwrap(),
            folder.to_owned(),
            device,
        )
    };
    let started = Client::builder(config)
        .identity(identity::fixed("jwt"))
        .transport(Arc::new(server.clone()))
        .start();
    in_time(started).await.unwrap()
}

pub(crate) fn quick() -> Tuning {
    Tuning {
        backoff_base: Duration::from_millis(1),
        backoff_cap: Duration::from_millis(5),
        report_delay: Duration::ZERO,
        ..Tuning::default()
    }
}

/// Waits, but not for ever.
pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work)
        .await
        .expect("it happens in time")
}

pub(crate) async fn online(client: &Client) {
    let mut connection = client.connection();
    in_time(connection.wait_for(|state| *state == ConnectionState::Online))
        .await
        .unwrap();
}

/// Draws the next so many notifications as a shell does, and gives their numbers.
pub(crate) async fn draw(client: &Client, events: &mut EventStream, count: usize) -> Vec<u128> {
    let mut drawn = Vec::new();
    while drawn.len() < count {
        let event = in_time(events.recv()).await.expect("the core runs");
        if let Event::Show { item, .. } = event {
            let id = item.notification.id;
            let kept = client.get(id).await.unwrap();
            assert!(kept.is_some(), "it is in the history before it is shown");
            client.report_shown(id).await.unwrap();
            drawn.push(id.uuid().as_u128());
        }
    }
    drawn
}
