//! A server in a process of its own, the simulator of FCM, and a foreign SMTP server.

use std::{
    ffi::OsString,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};
use vestnik_clock::{SystemClock, new_uuid_v7};
use vestnik_model::{
    InstallationId, NotificationId, NotificationStatus, TopicName, UserId, route,
    view::NotificationView,
};
use vestnik_sim::{Death, Ending, Kind, Options, Registration, Simulator};
use vestnik_testkit::{
    PostOffice, PushPhone,
    backend::to_topic,
    clock::{self, AheadClock},
    push_stage,
    wait::{approached, eventually},
};

use super::{
    people::{Has, Person},
    reader::Reader,
};
use crate::{fixture::Fixture, process::Process, tally::Tally};

/// How long the SMTP server takes to answer a letter that it has: kills fall into it.
const PAUSE: Duration = Duration::from_millis(120);
/// Longer than a row of work is claimed: one whose part two servers in a row left waits that long. The tries
/// themselves wait for no lease after a kill.
const LEASE: Duration = Duration::from_secs(31);
/// How many requests prepare the people at a time.
const AT_ONCE: usize = 16;

pub(super) struct Stage {
    pub(super) fixture: Fixture,
    pub(super) simulator: Arc<Simulator>,
    pub(super) office: PostOffice,
    clock: AheadClock,
    ahead: Duration,
    /// Phones whose keys are lost, until they are taken.
    readers: Mutex<Vec<Reader>>,
    server: Option<Process>,
    http: reqwest::Client,
}

impl Stage {
    pub(super) async fn prepare() -> anyhow::Result<Self> {
        let clock = AheadClock::default();
        let options = Options {
            clock: Arc::new(clock.clone()),
            ..Options::default()
        };
        let mut stage = Self {
            fixture: Fixture::prepare(0).await?,
            simulator: Arc::new(Simulator::start(options).await?),
            office: PostOffice::start(PAUSE).await?,
            clock,
            ahead: Duration::ZERO,
            readers: Mutex::default(),
            server: None,
            http: reqwest::Client::builder().no_proxy().build()?,
        };
        stage.start().await?;
        let setup = stage.simulator.setup();
        let mut account = setup.service_account();
        account["base_url"] = json!(setup.fcm_url);
        account["root_certificates"] = json!(setup.ca_certificate());
        for (channel, account) in [("fcm", account), ("email", stage.office.account())] {
            let path = route::with(route::PROVIDER, channel);
            stage.put(&path, &account, None).await?;
        }
        stage.fixture.backend.topic(&everybody()?).await?;
        Ok(stage)
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        let fcm = self.simulator.setup().fcm_url.clone();
        let fcm = fcm.trim_start_matches("https://");
        let more = [
            OsString::from("--ahead-millis"),
            self.ahead.as_millis().to_string().into(),
            "--unlimited".into(),
            "--listed".into(),
            fcm.into(),
            "--listed".into(),
            self.office.place().into(),
        ];
        self.server = Some(self.fixture.server_with(&more).await?);
        Ok(())
    }

    /// Waits until one more letter is taken, for a while.
    pub(super) async fn next_letter(&self, limit: Duration) {
        let mut letters = self.office.letters();
        letters.mark_unchanged();
        // That none came is as good a moment as any.
        tokio::time::timeout(limit, letters.changed()).await.ok();
    }

    /// Kills the server and starts another one on its file. Gives when it died, in milliseconds since
    /// 1970.
    pub(super) async fn kill(&mut self) -> anyhow::Result<i64> {
        let server = self.server.take().context("the server runs")?;
        server.kill().await?;
        let at = clock::timestamp().as_millisecond();
        self.ahead += LEASE;
        self.clock.advance(LEASE);
        self.start().await?;
        Ok(at)
    }

    /// Makes the people with what they have, and subscribes them.
    pub(super) async fn populate(&self, people: Vec<Person>) -> anyhow::Result<Vec<Person>> {
        let made = stream::iter(people.into_iter().map(|person| self.make(person)));
        made.buffered(AT_ONCE).try_collect().await
    }

    async fn make(&self, mut person: Person) -> anyhow::Result<Person> {
        let path = route::with(route::USER_EMAIL, person.user.as_str());
        let email = json!({"address": person.address});
        self.put(&path, &email, None).await?;
        let backend = &self.fixture.backend;
        backend.subscribe(&everybody()?, &person.user).await?;
        person.phone = match person.has {
            Has::Mailbox => None,
            Has::Phone => Some(self.phone(&person.user, "granted").await?),
            Has::NewKey | Has::NoKey => Some(self.reader(&person).await?),
            Has::SilencedPhone => Some(self.phone(&person.user, "denied").await?),
            Has::DeadToken => {
                let phone = self.phone(&person.user, "granted").await?;
                let death = Death {
                    at: clock::timestamp(),
                    ending: Ending::default(),
                };
                self.simulator.kill(&phone, death)?;
                Some(phone)
            }
        };
        Ok(person)
    }

    /// Gives a user a phone whose keys are lost.
    async fn reader(&self, person: &Person) -> anyhow::Result<String> {
        let device = self.simulator.register(Registration::new(Kind::FcmToken))?;
        let address = push_stage::address(&device)?;
        let mut phone = PushPhone::log_in(&self.fixture.backend, &person.user, address).await?;
        let former = phone.key();
        phone.lose_keys()?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers.push(Reader {
            user: person.user.clone(),
            device: device.id.clone(),
            phone,
            former,
            has_new_key: person.has == Has::NewKey,
        });
        Ok(device.id)
    }

    /// The phones whose keys are lost.
    pub(super) fn readers(&self) -> Vec<Reader> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *readers)
    }

    /// Gives a user a phone that sleeps.
    async fn phone(&self, user: &UserId, permission: &str) -> anyhow::Result<String> {
        let phone = self.simulator.register(Registration::new(Kind::FcmToken))?;
        let installation = InstallationId::from_uuid(new_uuid_v7(&SystemClock));
        let tokens = self.fixture.backend.log_in(user, installation).await?;
        let state = json!({
            "platform": "android", "permission": permission,
            "push_addresses": [{"kind": "fcm_token", "value": phone.token}],
        });
        let path = route::with(route::INSTALLATION, &installation.to_string());
        self.put(&path, &state, Some(&tokens.access_token)).await?;
        Ok(phone.id)
    }

    async fn put(&self, path: &str, body: &Value, bearer: Option<&str>) -> anyhow::Result<()> {
        let request = self.fixture.backend.request(Method::PUT, path)?;
        let mut request = request.json(body).build()?;
        if let Some(bearer) = bearer {
            let bearer = format!("Bearer {bearer}").parse()?;
            request.headers_mut().insert("authorization", bearer);
        }
        let status = self.http.execute(request).await?.status();
        ensure!(status.is_success(), "{path}: {status}");
        Ok(())
    }

    /// Publishes what the worker picks up a second later.
    pub(super) async fn publish(&self) -> anyhow::Result<NotificationId> {
        let mut request = to_topic(&everybody()?, "mailing");
        let at = clock::timestamp() + Duration::from_secs(1);
        request.schedule = serde_json::from_value(json!({"send_at": at}))?;
        request.steps = serde_json::from_value(json!([
            {"channel": "push", "wait_for": "handed", "within_seconds": 80_000},
            {"channel": "email"},
        ]))?;
        let id = self.fixture.backend.publish(&request).await?.id;
        let view = self.fixture.backend.notification(id).await?;
        ensure!(view.legacy_status == "SCHEDULED", "{}", view.legacy_status);
        Ok(id)
    }

    /// Waits until nothing of the mailing waits any more.
    pub(super) async fn ended(&self, id: NotificationId) -> anyhow::Result<()> {
        let ended = async || {
            let view: NotificationView = self.fixture.backend.notification(id).await?;
            let is_ended = match view.status {
                NotificationStatus::Accepted
                | NotificationStatus::Scheduled
                | NotificationStatus::Queued
                | NotificationStatus::Sending => false,
                NotificationStatus::Sent
                | NotificationStatus::Error
                | NotificationStatus::Expired
                | NotificationStatus::Cancelled => true,
            };
            Ok(((view.status, view.counts), is_ended))
        };
        approached("the end of the mailing", ended).await.map(drop)
    }

    /// Waits until a letter came to each of those who get one, or none comes any more; the verdict says
    /// which.
    pub(super) async fn letters_for(&self, people: &[Person]) {
        let mut letters = self.office.letters();
        let waited = eventually("every letter", &mut letters, |letters| {
            let has_one = |person: &Person| {
                let mut letters = letters.iter();
                letters.any(|letter| letter.recipients.contains(&person.address))
            };
            let mut wanted = people.iter().filter(|person| person.gets_letter());
            wanted.all(has_one).then_some(())
        });
        drop(waited.await);
    }

    /// Ends everything, and looks at the file that is left.
    pub(super) async fn stop(self, tally: &mut Tally) -> anyhow::Result<()> {
        let server = self.server.context("the server runs")?;
        server.stop().await?;
        let simulator = Arc::into_inner(self.simulator);
        simulator.context("nobody reads any more")?.shutdown().await;
        let integrity = self.fixture.integrity().await?;
        if integrity != "ok" {
            tally.fault("files damaged", integrity);
        }
        Ok(())
    }
}

fn everybody() -> anyhow::Result<TopicName> {
    Ok(TopicName::parse("everybody")?)
}
