//! A device that runs the real core, and a shell that notes what it would draw.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use reqwest::Url;
use tokio::{sync::watch, task::JoinHandle};
use vestnik_core::{
    Client, Config, ConnectionState, DeviceInfo, Error, Event, EventStream, identity,
};
use vestnik_model::{AppId, NotificationId, Permission, Platform, UserId};

use crate::{HostileServer, backend::Backend, name::base, wait::eventually};

/// What a device is made of.
#[derive(Debug)]
pub struct Setup {
    /// Where the server is.
    pub server: Url,
    /// The App.
    pub app: AppId,
    /// The folder of the device's data.
    pub data_dir: PathBuf,
    /// The JWT by which the App's backend vouches for the user.
    pub identity: String,
}

impl Setup {
    /// A device of a user of a backend's App, at the backend's server.
    ///
    /// # Errors
    /// When the backend cannot vouch for the user.
    pub fn new(backend: &Backend, user: &UserId, data_dir: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            server: backend.url().clone(),
            app: backend.app().clone(),
            data_dir: data_dir.to_owned(),
            identity: backend.identity(user)?,
        })
    }

    /// A device of a user at a hostile server, with its data in this folder.
    ///
    /// # Errors
    /// Never: the App's name is valid.
    pub fn hostile(server: &HostileServer, user: &UserId, data_dir: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            server: server.url().clone(),
            app: AppId::parse("shop")?,
            data_dir: data_dir.to_owned(),
            identity: server.identity(user),
        })
    }

    /// The same device reaching the server at another address.
    #[must_use]
    pub fn at(self, address: SocketAddr) -> Self {
        Self {
            server: base(address),
            ..self
        }
    }

    /// The core's settings for this device.
    #[must_use]
    pub fn config(&self) -> Config {
        let device = DeviceInfo {
            platform: Platform::current(),
            model: Some("test".to_owned()),
            os_version: None,
            app_version: Some("1.0".to_owned()),
            locale: Some("en".to_owned()),
            time_zone: Some("Europe/Berlin".to_owned()),
            permission: Permission::Granted,
        };
        Config::new(
            self.server.clone(),
            self.app.clone(),
            self.data_dir.clone(),
            device,
        )
    }

    /// The core's settings for a test of faults: connects again at once, and gives a silent connection
    /// up soon.
    #[must_use]
    pub fn impatient(&self) -> Config {
        let mut config = self.config();
        config.tuning.backoff_base = Duration::from_millis(20);
        config.tuning.backoff_cap = Duration::from_millis(300);
        config.tuning.request_timeout = Duration::from_secs(2);
        config
    }
}

/// What a device's shell has drawn and withdrawn.
#[derive(Debug, Clone, Default)]
pub struct Screen {
    /// How often each notification was drawn, by whether it was as new or again.
    pub shows: BTreeMap<(NotificationId, bool), u32>,
    /// In the order in which they were first drawn.
    pub order: Vec<NotificationId>,
    /// What was withdrawn, because it was read elsewhere or recalled.
    pub withdrawn: Vec<NotificationId>,
    /// How often the core asked to be logged in anew.
    pub needs_identity: u32,
}

impl Screen {
    /// Whether each of these is drawn, and as new no more than once.
    #[must_use]
    pub fn has_once(&self, ids: &[NotificationId]) -> bool {
        let new = |id: &NotificationId| self.shows.get(&(*id, false)).copied().unwrap_or_default();
        ids.iter().all(|id| new(id) == 1)
    }
}

/// A device that runs the real core, and notes what its shell would draw.
#[derive(Debug)]
pub struct CoreDevice {
    /// The core.
    pub client: Client,
    screen: watch::Receiver<Screen>,
    shell: JoinHandle<Result<(), Error>>,
}

impl CoreDevice {
    /// Starts a device of a user of a backend's App, at the backend's server. Its data is in the folder
    /// of its name in `folder`: a second device of the same name is the first one started again.
    ///
    /// # Errors
    /// When the core does not start.
    pub async fn of(
        backend: &Backend,
        user: &UserId,
        folder: &Path,
        name: &str,
    ) -> anyhow::Result<Self> {
        Self::start(Setup::new(backend, user, &folder.join(name))?).await
    }

    /// Starts a device's core and its shell.
    ///
    /// # Errors
    /// When the core does not start.
    pub async fn start(setup: Setup) -> anyhow::Result<Self> {
        Self::with_config(setup.config(), setup.identity).await
    }

    /// As `start`, with settings of the caller's own.
    ///
    /// # Errors
    /// When the core does not start.
    pub async fn with_config(config: Config, identity: String) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir)?;
        let source = identity::fixed(identity);
        let (client, events) = Client::builder(config).identity(source).start().await?;
        let (drawing, screen) = watch::channel(Screen::default());
        let shell = tokio::spawn(draw(client.clone(), events, drawing));
        Ok(Self {
            client,
            screen,
            shell,
        })
    }

    /// Waits until it is online.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn online(&self) -> anyhow::Result<()> {
        let mut connection = self.client.connection();
        let is_online =
            |state: &ConnectionState| matches!(state, ConnectionState::Online).then_some(());
        eventually("online", &mut connection, is_online).await
    }

    /// Waits until each of these is drawn.
    ///
    /// # Errors
    /// When one does not come, or one was drawn as new twice.
    pub async fn has_shown(&self, ids: &[NotificationId]) -> anyhow::Result<()> {
        self.has("shown once each", |screen| screen.has_once(ids))
            .await
            .with_context(|| self.missing(ids))
    }

    /// Waits until what was drawn and withdrawn is as wanted.
    ///
    /// # Errors
    /// When it has not become so, and nothing has changed for [`SILENCE`](crate::wait::SILENCE).
    pub async fn has(
        &self,
        what: &str,
        mut is_so: impl FnMut(&Screen) -> bool,
    ) -> anyhow::Result<()> {
        let mut screen = self.screen.clone();
        let check = |screen: &Screen| is_so(screen).then_some(());
        eventually(what, &mut screen, check).await
    }

    /// What was drawn and withdrawn so far.
    #[must_use]
    pub fn seen(&self) -> Screen {
        self.screen.borrow().clone()
    }

    /// Stops the core and waits for its end.
    ///
    /// # Errors
    /// When it does not stop without an error.
    pub async fn stop(self) -> anyhow::Result<Screen> {
        self.client.stop().await?;
        self.shell.await??;
        Ok(self.screen.borrow().clone())
    }

    fn missing(&self, ids: &[NotificationId]) -> String {
        let screen = self.screen.borrow();
        let missing = ids.iter().filter(|id| !screen.has_once(&[**id])).count();
        format!("{missing} of {} are not shown once", ids.len())
    }
}

/// Does what a shell does with toasts, and only notes what it would draw.
async fn draw(
    client: Client,
    mut events: EventStream,
    drawing: watch::Sender<Screen>,
) -> Result<(), Error> {
    while let Some(event) = events.recv().await {
        match event {
            Event::Show { item, again } => {
                let id = item.notification.id;
                drawing.send_modify(|screen| screen.draw(id, again));
                match client.report_shown(id).await {
                    // Stopped between drawing and reporting: the next start draws it again.
                    Err(Error::Closed) => return Ok(()),
                    reported => reported?,
                }
            }
            Event::Withdraw(ids) => {
                drawing.send_modify(|screen| screen.withdrawn.extend(ids));
            }
            Event::NeedsIdentity => drawing.send_modify(|screen| screen.needs_identity += 1),
            Event::Changed(_) | Event::Warning(_) | _ => {}
        }
    }
    Ok(())
}

impl Screen {
    fn draw(&mut self, id: NotificationId, again: bool) {
        if !self.order.contains(&id) {
            self.order.push(id);
        }
        *self.shows.entry((id, again)).or_default() += 1;
    }
}
