//! The real core at a server and in networks that misbehave: what is accepted is shown once, sessions
//! survive, and nothing is reported that did not happen.
//!
//! A case that is ignored names the fault of the review of the first core that it waits for.

mod log;
mod logout;
mod network;
mod pause;
mod report;
mod session;
mod user;

use std::time::Duration;

use anyhow::Context as _;
use tempfile::TempDir;
use vestnik_core::{Config, HistoryQuery, Vestnik};
use vestnik_model::{NotificationId, UserId};
use vestnik_testkit::{
    CoreDevice, HostileServer,
    core_device::Setup,
    hostile::{Journal, Route},
    name,
    wait::{SILENCE, within},
};

/// A hostile server and a device's folder.
struct Stage {
    server: HostileServer,
    anna: UserId,
    folder: TempDir,
}

impl Stage {
    async fn new() -> anyhow::Result<Self> {
        Ok(Self {
            server: HostileServer::start().await?,
            anna: name::user("anna"),
            folder: tempfile::tempdir()?,
        })
    }

    /// A stage with Anna's device online and registered.
    async fn online() -> anyhow::Result<(Self, CoreDevice)> {
        let stage = Self::new().await?;
        let phone = stage.start().await?;
        phone.online().await?;
        stage.registered().await?;
        Ok((stage, phone))
    }

    async fn registered(&self) -> anyhow::Result<()> {
        let registered = |journal: &Journal| journal.count(Route::Register) > 0;
        self.server.has("a registration", registered).await
    }

    /// The settings of the device when a user has it: it tries again at once, and waits longer for an
    /// answer than a test lasts.
    fn config(&self, user: &UserId) -> anyhow::Result<(Config, (UserId, String))> {
        let setup = Setup::hostile(&self.server, user, self.folder.path())?;
        let mut config = setup.config();
        config.tuning.backoff_base = Duration::from_millis(1);
        config.tuning.backoff_cap = Duration::from_millis(10);
        config.tuning.request_timeout = Duration::from_secs(300);
        Ok((config, (setup.user, setup.identity)))
    }

    /// Starts the device as Anna's; a second one is the first one started again.
    async fn start(&self) -> anyhow::Result<CoreDevice> {
        self.start_as(&self.anna).await
    }

    async fn start_as(&self, user: &UserId) -> anyhow::Result<CoreDevice> {
        let (config, identity) = self.config(user)?;
        CoreDevice::with_config(config, identity).await
    }

    /// Starts the device as Anna's, for cases in which it has to give up what does not answer.
    async fn start_impatient(&self) -> anyhow::Result<CoreDevice> {
        let (mut config, identity) = self.config(&self.anna)?;
        config.tuning.request_timeout = Duration::from_secs(2);
        CoreDevice::with_config(config, identity).await
    }

    /// Starts the device as Anna's with a shell that draws nothing by itself.
    async fn start_undrawn(&self) -> anyhow::Result<Vestnik> {
        let (config, (user, identity)) = self.config(&self.anna)?;
        let client = Vestnik::open(config).await?;
        client.go_online();
        client.login(user, identity.into()).await?;
        Ok(client)
    }

    /// Publishes to Anna and waits until her device has shown it.
    async fn publish_shown(&self, phone: &CoreDevice, number: u128) -> anyhow::Result<()> {
        let id = self.server.publish(&self.anna, number).await?;
        phone.has_shown(&[id]).await
    }

    /// Waits until so many greetings have come.
    async fn greeted(&self, count: usize) -> anyhow::Result<()> {
        let greeted = |journal: &Journal| journal.count(Route::Hello) >= count;
        self.server.has("a greeting", greeted).await
    }

    /// Breaks the connection and waits until the device is back and has caught up.
    async fn cut(&self, phone: &CoreDevice) -> anyhow::Result<()> {
        let count = self.journal().count(Route::Hello);
        self.server.cut();
        self.greeted(count + 1).await?;
        phone.online().await
    }

    /// The connection by which a route was asked last.
    fn connection(&self, route: Route) -> Option<usize> {
        self.journal().of(route).last()?.connection
    }

    /// Waits until the connection by which a route was asked last has ended.
    async fn ended(&self, route: Route) -> anyhow::Result<()> {
        let number = self.connection(route).context("a connection")?;
        let ended = |journal: &Journal| journal.ended.contains(&number);
        self.server.has("the end of a connection", ended).await
    }

    fn journal(&self) -> Journal {
        self.server.journal().borrow().clone()
    }
}

fn ids(numbers: impl IntoIterator<Item = u128>) -> Vec<NotificationId> {
    numbers.into_iter().map(name::notification).collect()
}

/// Waits until each of these is shown, and asserts that nothing was shown beside them or twice.
async fn shows_exactly(phone: &CoreDevice, numbers: &[u128]) -> anyhow::Result<()> {
    phone.has_shown(&ids(numbers.iter().copied())).await?;
    let screen = phone.seen();
    let mut shown: Vec<_> = screen.order.iter().map(|id| id.uuid().as_u128()).collect();
    shown.sort_unstable();
    assert_eq!(shown, numbers, "shown");
    assert_eq!(screen.shows.len(), numbers.len(), "shown again");
    Ok(())
}

/// The notifications in the history, oldest first.
async fn history(client: &Vestnik) -> anyhow::Result<Vec<u128>> {
    let query = HistoryQuery {
        limit: 200,
        ..HistoryQuery::default()
    };
    let page = client.history(query).await?;
    let numbers = page.items.iter().rev();
    let numbers = numbers.map(|item| item.notification.id.uuid().as_u128());
    Ok(numbers.collect())
}

/// Waits until the server has answered every fact.
async fn flush(phone: &CoreDevice) -> anyhow::Result<()> {
    within("an answer for every fact", SILENCE, phone.flush()).await?
}

async fn log_out(client: &Vestnik) -> anyhow::Result<()> {
    Ok(within("the end of a logout", SILENCE, client.logout()).await??)
}
