//! One user with an observing device, and a caller whose requests are cut.

use std::net::SocketAddr;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};
use vestnik_model::{InstallationId, NotificationId, PublishRequest, UserId, route};
use vestnik_testkit::{
    Backend, TestDevice, TestServer,
    backend::{SenderHub, to_user, watch},
    clock,
    name::{base, installation, user},
};

use super::session::LiveSession;
use crate::{cut_after_commit::ZEROS, tally::Tally, tier::Trial};

/// The numbers of each actor's installations begin at its multiple of this.
const INSTALLATIONS: u128 = 100;

/// How often a step is tried that a late commit of an earlier one can disturb.
const TRIES: u32 = 5;

/// One user with an observing device, and a caller whose requests are cut.
pub(super) struct Actor {
    user: UserId,
    /// Over a sound connection.
    backend: Backend,
    /// Through the proxy, a connection for each request.
    cut: Backend,
    /// The same for requests with a device's token.
    http: Client,
    hub: SenderHub,
    observer: TestDevice,
    session: LiveSession,
    /// What the observer has, and was not read yet.
    unread: Vec<NotificationId>,
    rng: StdRng,
    steps: u64,
    seed: u64,
    tally: Tally,
}

impl Actor {
    pub(super) async fn new(
        server: &TestServer,
        proxy: SocketAddr,
        number: u64,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let user = user(&format!("actor-{number}"));
        let first = u128::from(number) * INSTALLATIONS;
        let backend = server.backend.clone();
        let observer = TestDevice::log_in(&backend, &user, first + 1).await?;
        observer.online().await?;
        let caller: InstallationId = installation(first + 2);
        Ok(Self {
            session: LiveSession::open(&backend, &user, caller).await?,
            cut: backend.at(base(proxy)).unpooled()?,
            http: Client::builder()
                .no_proxy()
                .pool_max_idle_per_host(0)
                .build()?,
            hub: backend.hub().await?,
            observer,
            backend,
            user,
            unread: Vec::new(),
            rng: StdRng::seed_from_u64(seed.wrapping_mul(31).wrapping_add(number)),
            steps: 0,
            seed,
            tally: Tally::new(Trial::CutAfterCommit, &ZEROS),
        })
    }

    /// Makes one request that is cut, and looks for what it had to cause.
    pub(super) async fn act(&mut self) -> anyhow::Result<()> {
        self.steps += 1;
        self.tally.count("cuts", 1);
        match self.rng.random_range(0..4) {
            0 if !self.unread.is_empty() => self.report().await,
            1 => self.log_in().await,
            2 => self.log_out().await,
            _ => self.publish().await,
        }
    }

    pub(super) async fn finish(self) -> anyhow::Result<Tally> {
        self.observer.stop().await;
        Ok(self.tally)
    }

    async fn publish(&mut self) -> anyhow::Result<()> {
        let key = format!("{}-{}-{}", self.seed, self.user.as_str(), self.steps);
        let request = PublishRequest {
            idempotency_key: Some(key.clone()),
            ..to_user(&self.user, &key)
        };
        // Whether an answer came through does not matter.
        self.cut.publish(&request).await.ok();
        let accepted = self.backend.publish(&request).await?;
        self.committed("publishes committed", accepted.replayed);
        let id = accepted.id;
        if let Err(error) = self.observer.has_received(&[id]).await {
            self.tally
                .fault("missing at a device", format!("{id}: {error:#}"));
            return Ok(());
        }
        // What the Watch has to tell is the device's receipt, which follows the hand-over.
        self.watch_until(id, "delivered", |counts| {
            counts.delivered + counts.read == 1
        })
        .await?;
        self.unread.push(id);
        Ok(())
    }

    /// Reports over REST that a notification was read, as the caller's device.
    async fn report(&mut self) -> anyhow::Result<()> {
        let id = self
            .unread
            .swap_remove(self.rng.random_range(0..self.unread.len()));
        let mut watching = watch(&self.hub, id, None).await?;
        watching.until("a first item", |_| true).await?;
        let report = json!({ "facts": [{
            "id": format!("cut-{}", self.steps), "kind": "read",
            "notification_id": id, "at": clock::timestamp(),
        }] });
        self.post_report(&self.cut, &report).await.ok();
        let repeated = self.insist(&report).await?;
        let outcome = repeated["results"][0]["outcome"].clone();
        anyhow::ensure!(outcome == "stored" || outcome == "duplicate", "{repeated}");
        self.committed("reports committed", outcome == "duplicate");
        let read = watching.until("read", |item| item.counts.read == 1);
        if let Err(error) = read.await {
            self.tally
                .fault("missing at a Watch", format!("read of {id}: {error:#}"));
        }
        let is_read = |stored: &vestnik_testkit::device::Stored| {
            stored
                .received
                .get(&id)
                .is_some_and(|received| received.is_read)
        };
        if let Err(error) = self.observer.has("read elsewhere", is_read).await {
            self.tally
                .fault("missing at a device", format!("read of {id}: {error:#}"));
        }
        Ok(())
    }

    /// Reports over a sound connection. A login that was cut earlier and committed late may have ended the
    /// session meanwhile.
    async fn insist(&mut self, report: &Value) -> anyhow::Result<Value> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.post_report(&self.backend, report).await {
                Err(error) if tries >= TRIES => return Err(error),
                Err(_) => self.reopen().await?,
                Ok(reported) => return Ok(reported),
            }
        }
    }

    async fn post_report(&self, at: &Backend, report: &Value) -> anyhow::Result<Value> {
        let answer = self
            .http
            .post(at.url().join(route::RECEIPTS)?)
            .bearer_auth(self.session.access())
            .json(report)
            .send()
            .await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Logs the caller's installation in again, which ends its former session.
    async fn log_in(&mut self) -> anyhow::Result<()> {
        self.cut
            .log_in(&self.user, self.session.installation())
            .await
            .ok();
        self.check_session("logins committed").await
    }

    /// Logs the caller's installation out by its own token.
    async fn log_out(&mut self) -> anyhow::Result<()> {
        let path = route::with(
            route::INSTALLATION,
            &self.session.installation().to_string(),
        );
        let request = self.http.delete(self.cut.url().join(&path)?);
        request.bearer_auth(self.session.access()).send().await.ok();
        self.check_session("logouts committed").await
    }

    /// The former session's connection has to be closed if its token is void, and to live otherwise.
    async fn check_session(&mut self, name: &'static str) -> anyhow::Result<()> {
        // A request whose socket was cut may be committed a moment later than it is asked for here.
        let has_ended = self.has_ended().await?
            || (self.session.still_lives().await.is_err() && self.has_ended().await?);
        self.committed(name, has_ended);
        if !has_ended {
            return Ok(());
        }
        if let Err(error) = self.session.is_closed().await {
            self.tally
                .fault("connections left open", format!("{error:#}"));
        }
        self.reopen().await
    }

    async fn has_ended(&self) -> anyhow::Result<bool> {
        self.session.has_ended(&self.http, self.backend.url()).await
    }

    /// Begins a new session. A cut login that is committed meanwhile ends it again.
    async fn reopen(&mut self) -> anyhow::Result<()> {
        let installation = self.session.installation();
        let mut tries = 0;
        loop {
            tries += 1;
            match LiveSession::open(&self.backend, &self.user, installation).await {
                Ok(session) => self.session = session,
                Err(error) if tries >= TRIES => return Err(error),
                Err(_) => continue,
            }
            return Ok(());
        }
    }

    async fn watch_until(
        &mut self,
        id: NotificationId,
        what: &str,
        is_so: impl Fn(&vestnik_model::Counts) -> bool,
    ) -> anyhow::Result<()> {
        let mut watching = watch(&self.hub, id, None).await?;
        let item = watching.until(what, |item| is_so(&item.counts)).await;
        if let Err(error) = item {
            self.tally
                .fault("missing at a Watch", format!("{what} of {id}: {error:#}"));
        }
        Ok(())
    }

    fn committed(&mut self, name: &'static str, was_committed: bool) {
        self.tally.count(name, u64::from(was_committed));
    }
}
