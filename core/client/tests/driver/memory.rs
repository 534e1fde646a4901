//! A test double: a server in memory that misbehaves as a test asks.

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
use vestnik_clock::{Clock, SystemClock};
use vestnik_core::{
    Config, DeviceInfo, Login, Secret, ShowTicket, Tuning, Vestnik,
    machine::ForeignBody,
    transport::{CallFailure, HubCalls, HubConnection, HubEvent, Transport},
};
use vestnik_model::{
    AppId, Claim, Cursor, Entry, FactResult, InstallationId, InstallationReport, InstallationState,
    NotificationId, Permission, Problem, ProblemCode, Report, Reported, TokenRequest,
    TokenResponse, TopicName, UserId,
    contract::{Entries, Feature, Hello, Limits, Page, Sync as SyncCall, Welcome},
    installation::Platform,
    preference::{PreferencesPatch, StoredOptOuts},
    token::TokenType,
};

const PATIENCE: Duration = Duration::from_mins(1);

/// What the server knows, and how it is to behave.
#[derive(Debug, Default)]
pub(crate) struct World {
    log: Vec<Entry>,
    /// The log's epoch: another one after a restore.
    epoch: u32,
    live: Option<mpsc::Sender<HubEvent>>,
    /// Facts by notification and kind, as often as they came.
    pub(crate) facts: BTreeMap<String, usize>,
    /// Why what was not shown was not, by its notification.
    pub(crate) not_shown: BTreeMap<String, String>,
    /// The ids of facts that came.
    fact_ids: BTreeSet<String>,
    /// The secrets that came with logins and refreshes.
    pub(crate) secrets: BTreeSet<Option<String>>,
    pub(crate) logins: usize,
    pub(crate) refreshes: usize,
    pub(crate) connects: usize,
    pub(crate) syncs: usize,
    pub(crate) greeted: BTreeSet<String>,
    /// The next so many connects find the token refused.
    pub(crate) refuse_token: usize,
    /// The next so many reports get no answer although they were taken.
    pub(crate) swallow_reports: usize,
    /// The next so many reports are refused with this many seconds to wait.
    pub(crate) refuse_reports: Option<u32>,
    /// The next so many pages get no answer.
    pub(crate) swallow_pages: usize,
    /// The next keep-alive gets no answer.
    pub(crate) swallow_probe: bool,
    /// The next so many logins and refreshes make the transport panic.
    pub(crate) panics: usize,
    /// How often an installation was logged out.
    pub(crate) logouts: usize,
    /// Whether logouts get no answer.
    pub(crate) swallow_logouts: bool,
    /// What it was told of the installation last.
    pub(crate) state: Option<InstallationState>,
    /// The longest time since the app was opened that it was told of, in seconds.
    pub(crate) opened: Option<u32>,
    /// How often it was told.
    pub(crate) puts: usize,
    /// The topics that it was told of, and whether they were joined.
    pub(crate) topics: BTreeMap<TopicName, bool>,
    /// What each user does not want.
    pub(crate) opt_outs: BTreeMap<String, StoredOptOuts>,
    /// How often it was asked for that, and told of changes.
    pub(crate) opt_out_calls: (usize, usize),
    /// The next so many times it is told get no answer although it takes them.
    pub(crate) swallow_opt_outs: usize,
    /// Why it does not take them.
    pub(crate) opt_out_problem: Option<ProblemCode>,
    /// Why refresh tokens are not taken now.
    pub(crate) refresh_problem: Option<ProblemCode>,
}

/// The server, as the core sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<World>>);

impl Memory {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Writes so many notifications to the log without a call.
    pub(crate) fn append(&self, count: usize) -> Entries {
        let begin = self.world().log.len();
        self.write((begin + 1..=begin + count).map(notification).collect())
    }

    /// Writes entries to the log without a call.
    pub(crate) fn write(&self, entries: Vec<Entry>) -> Entries {
        let mut world = self.world();
        let after = world.cursor(world.log.len());
        world.log.extend(entries.iter().cloned());
        Entries {
            after,
            cursor: world.cursor(world.log.len()),
            entries,
        }
    }

    /// Sets the log back to its first entries, as a restored backup does.
    pub(crate) fn restore(&self, count: usize) {
        let mut world = self.world();
        world.log.truncate(count);
        world.epoch += 1;
        world.live = None;
    }

    /// Calls the connected device.
    pub(crate) async fn call(&self, event: HubEvent) {
        let live = self.world().live.clone();
        live.expect("a device is connected").send(event).await.ok();
    }

    /// Appends and calls.
    pub(crate) async fn notify(&self, count: usize) {
        let entries = self.append(count);
        self.call(HubEvent::Entries(entries)).await;
    }

    /// The connection ends without a close message.
    pub(crate) fn cut(&self) {
        self.world().live = None;
    }
}

pub(crate) fn id(number: usize) -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(number as u128))
}

impl World {
    fn cursor(&self, seq: usize) -> Cursor {
        Cursor::parse(format!("{}:{seq}", self.epoch)).unwrap()
    }

    /// Where a cursor stands; the beginning for one of another epoch or beyond the end.
    fn place(&self, cursor: Option<&Cursor>) -> usize {
        (0..=self.log.len())
            .find(|seq| Some(&self.cursor(*seq)) == cursor)
            .unwrap_or_default()
    }
}

fn notification(number: usize) -> Entry {
    entry(serde_json::json!({
        "kind": "notification",
        "id": id(number),
        "at": accepted(),
        "deliveryId": format!("dlv_{:032x}", 1_000_000 + number),
        "notification": {
            "id": id(number),
            "title": format!("Order {number}"),
            "acceptedAt": accepted(),
            "expiresAt": Timestamp::MAX,
        },
    }))
}

/// After any login of a test, so that what is accepted is due.
pub(crate) fn accepted() -> Timestamp {
    now() + Duration::from_hours(1)
}

pub(crate) fn recall(number: usize) -> Entry {
    entry(serde_json::json!({"kind": "recall", "id": id(number), "at": Timestamp::UNIX_EPOCH}))
}

/// An entry, which must be one that this version knows unless its kind is of a later one.
pub(crate) fn entry(value: serde_json::Value) -> Entry {
    serde_json::from_value(value).unwrap()
}

fn unanswered<T>() -> Result<T, CallFailure> {
    Err(CallFailure::NoAnswer)
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    Box::pin(std::future::ready(value))
}

impl Transport for Memory {
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<TokenResponse, CallFailure>> {
        let mut world = self.world();
        if world.panics > 0 {
            world.panics -= 1;
            drop(world);
            panic!("a planted panic");
        }
        let user = match request {
            TokenRequest::IdentityToken {
                installation_secret,
                identity_token,
                ..
            } => {
                world.secrets.insert(Some(installation_secret.expose()));
                world.logins += 1;
                identity_token
            }
            TokenRequest::RefreshToken {
                installation_secret,
                refresh_token,
            } => {
                let secret = installation_secret.map(|secret| secret.expose());
                world.secrets.insert(secret);
                if let Some(code) = world.refresh_problem {
                    return ready(Err(CallFailure::from(&Problem::new(code, "no"))));
                }
                world.refreshes += 1;
                let owner = refresh_token.rsplit('-').next();
                owner.unwrap_or_default().to_owned()
            }
        };
        let number = world.logins + world.refreshes;
        ready(Ok(TokenResponse {
            access_token: format!("access-{number}-{user}"),
            token_type: TokenType::Bearer,
            expires_in: 900,
            refresh_token: format!("refresh-{number}-{user}"),
            user: UserId::parse(&user).unwrap(),
            installation_id: None,
        }))
    }

    fn put_installation(
        &self,
        _token: Secret,
        _id: InstallationId,
        report: InstallationReport,
    ) -> BoxFuture<'_, Result<(), CallFailure>> {
        let mut world = self.world();
        world.state = Some(report.state);
        world.opened = world.opened.max(report.opened_seconds_ago);
        world.puts += 1;
        ready(Ok(()))
    }

    fn delete_installation(
        &self,
        _token: Secret,
        _id: InstallationId,
    ) -> BoxFuture<'_, Result<(), CallFailure>> {
        let mut world = self.world();
        if world.swallow_logouts {
            return ready(unanswered());
        }
        world.logouts += 1;
        ready(Ok(()))
    }

    fn preferences(&self, token: Secret) -> BoxFuture<'_, Result<StoredOptOuts, CallFailure>> {
        let mut world = self.world();
        world.opt_out_calls.0 += 1;
        let said = world.opt_outs.get(user_of(&token)).cloned();
        ready(Ok(said.unwrap_or_default()))
    }

    fn change_preferences(
        &self,
        token: Secret,
        patch: PreferencesPatch,
    ) -> BoxFuture<'_, Result<StoredOptOuts, CallFailure>> {
        let mut world = self.world();
        world.opt_out_calls.1 += 1;
        if let Some(code) = world.opt_out_problem {
            return ready(Err(CallFailure::from(&Problem::new(code, "no"))));
        }
        let user = user_of(&token).to_owned();
        let opt_outs = world.opt_outs.entry(user).or_default();
        *opt_outs = opt_outs.changed(&patch.opt_out).unwrap();
        let answer = opt_outs.clone();
        if world.swallow_opt_outs > 0 {
            world.swallow_opt_outs -= 1;
            return ready(unanswered());
        }
        ready(Ok(answer))
    }

    fn connect(&self, token: Secret) -> BoxFuture<'_, Result<HubConnection, CallFailure>> {
        let mut world = self.world();
        world.connects += 1;
        if world.refuse_token > 0 {
            world.refuse_token -= 1;
            return ready(Err(refused_token()));
        }
        let token = token.expose().to_owned();
        let is_annas = token.ends_with("-anna");
        world.greeted.insert(token);
        let (live, events) = mpsc::channel(16);
        world.live = Some(live);
        let memory = self.clone();
        ready(Ok(HubConnection {
            calls: Arc::new(Line { memory, is_annas }),
            events,
        }))
    }
}

/// Whose access token it is.
fn user_of(token: &Secret) -> &str {
    token.expose().rsplit('-').next().unwrap_or_default()
}

/// A connection. The log is Anna's; all others have an empty one.
#[derive(Debug)]
struct Line {
    memory: Memory,
    is_annas: bool,
}

impl Line {
    fn world(&self) -> MutexGuard<'_, World> {
        self.memory.world()
    }
}

impl HubCalls for Line {
    fn hello(&self, hello: Hello) -> BoxFuture<'_, Result<Welcome, CallFailure>> {
        let world = self.world();
        if !self.is_annas {
            return ready(Ok(welcome(world.cursor(0), 0)));
        }
        let stands = world.place(hello.cursor.as_ref());
        assert_eq!((hello.contract, hello.features), (1, Feature::all()));
        let end = world.cursor(world.log.len());
        ready(Ok(welcome(end, (world.log.len() - stands) as u64)))
    }

    fn sync(&self, sync: SyncCall) -> BoxFuture<'_, Result<Page, CallFailure>> {
        let mut world = self.world();
        world.syncs += 1;
        if world.swallow_pages > 0 {
            world.swallow_pages -= 1;
            return ready(unanswered());
        }
        if !self.is_annas {
            return ready(Ok(Page {
                after: world.cursor(0),
                entries: Vec::new(),
                cursor: world.cursor(0),
                more: false,
            }));
        }
        let begin = world.place(sync.cursor.as_ref());
        let end = world
            .log
            .len()
            .min(begin + sync.limit.unwrap_or(100) as usize);
        ready(Ok(Page {
            after: world.cursor(begin),
            entries: world.log[begin..end].to_vec(),
            cursor: world.cursor(end),
            more: end < world.log.len(),
        }))
    }

    fn report(&self, report: Report) -> BoxFuture<'_, Result<Reported, CallFailure>> {
        let mut world = self.world();
        if let Some(seconds) = world.refuse_reports.take() {
            let problem = Problem::new(ProblemCode::RequestRateLimited, "too many");
            return ready(Err(CallFailure::from(&problem.retry_after(seconds))));
        }
        let mut results = Vec::new();
        for fact in &report.facts {
            let parsed = fact.parse().expect("the device writes facts that fit");
            let notification = fact.notification_id.as_deref().unwrap_or_default();
            let key = format!("{notification} {}", fact.kind);
            *world.facts.entry(key).or_default() += 1;
            if let Claim::NotShown {
                notification,
                reason,
            } = &parsed.claim
            {
                world
                    .not_shown
                    .insert(notification.to_string(), reason.clone());
            }
            let is_new = world.fact_ids.insert(fact.id.clone());
            results.push(FactResult::taken(&parsed.id, is_new));
        }
        if world.swallow_reports > 0 {
            world.swallow_reports -= 1;
            world.live = None;
            return ready(unanswered());
        }
        ready(Ok(Reported { results }))
    }

    fn subscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>> {
        self.world().topics.insert(topic, true);
        ready(Ok(()))
    }

    fn unsubscribe(&self, topic: TopicName) -> BoxFuture<'_, Result<(), CallFailure>> {
        self.world().topics.insert(topic, false);
        ready(Ok(()))
    }

    fn probe(&self) -> BoxFuture<'_, bool> {
        let is_alive = !std::mem::take(&mut self.world().swallow_probe);
        ready(is_alive)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.memory.cut();
        ready(())
    }
}

fn welcome(end: Cursor, behind_by: u64) -> Welcome {
    Welcome {
        contract: 1,
        features: Feature::all(),
        cursor: Some(end),
        behind_by,
        server_time: now(),
        limits: Limits {
            page_bytes: 256 * 1_024,
            report_bytes: 64 * 1_024,
            publish_bytes: 72 * 1_024,
        },
    }
}

/// The server's clock, which is right.
fn now() -> Timestamp {
    SystemClock.now()
}

fn refused_token() -> CallFailure {
    CallFailure::Foreign {
        status: 401,
        body: ForeignBody::Other,
        retry_after: None,
    }
}

/// A device on the server, its retries quick, that is online as Anna.
pub(crate) async fn start(server: &Memory, folder: &Path, tuning: Tuning) -> Vestnik {
    let vestnik = open(server, folder, tuning).await;
    vestnik.go_online();
    assert_eq!(login(&vestnik, "anna").await, Login::Done);
    vestnik
}

/// A device on the server, as it was left.
pub(crate) async fn open(server: &Memory, folder: &Path, tuning: Tuning) -> Vestnik {
    open_by(server, folder, tuning, Arc::new(SystemClock)).await
}

/// The same, with a clock.
pub(crate) async fn open_by(
    server: &Memory,
    folder: &Path,
    tuning: Tuning,
    clock: Arc<dyn Clock>,
) -> Vestnik {
    let opening = Vestnik::builder(config(folder, tuning))
        .transport(Arc::new(server.clone()))
        .clock(clock)
        .open();
    in_time(opening).await.unwrap()
}

pub(crate) fn config(folder: &Path, tuning: Tuning) -> Config {
    let device = DeviceInfo {
        platform: Platform::Linux,
        model: None,
        os_version: None,
        app_version: None,
        locale: None,
        time_zone: None,
        permission: Permission::Granted,
    };
    let server = "http://127.0.0.1/".parse().unwrap();
    let app = AppId::parse("shop").unwrap();
    Config {
        tuning,
        ..Config::new(server, app, folder.to_owned(), device)
    }
}

/// Logs a user in: the identity token that the server in memory takes is the user's name.
pub(crate) async fn login(vestnik: &Vestnik, user: &str) -> Login {
    let id = UserId::parse(user).unwrap();
    in_time(vestnik.login(id, Secret::new(user))).await.unwrap()
}

pub(crate) fn quick() -> Tuning {
    Tuning {
        backoff_base: Duration::from_millis(1),
        backoff_cap: Duration::from_millis(5),
        ..Tuning::default()
    }
}

/// Waits, but not for ever.
pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work)
        .await
        .expect("it happens in time")
}

pub(crate) async fn online(vestnik: &Vestnik) {
    let mut snapshot = vestnik.snapshot();
    in_time(snapshot.wait_for(vestnik_core::Snapshot::is_online))
        .await
        .unwrap();
}

pub(crate) async fn next(vestnik: &Vestnik) -> ShowTicket {
    in_time(vestnik.next_show()).await.expect("the core runs")
}

/// Draws the next so many notifications as a shell does, and gives their numbers.
pub(crate) async fn draw(vestnik: &Vestnik, count: usize) -> Vec<u128> {
    let mut drawn = Vec::new();
    while drawn.len() < count {
        let ticket = next(vestnik).await;
        let id = ticket.item().notification.id;
        let kept = vestnik.get(id).await.unwrap();
        assert!(kept.is_some(), "it is in the history before it is shown");
        ticket.shown().await.unwrap();
        drawn.push(id.uuid().as_u128());
    }
    drawn
}
