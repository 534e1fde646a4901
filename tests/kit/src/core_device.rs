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
use vestnik_core::{Config, DeviceInfo, Error, Event, Secret, Snapshot, Standing, Vestnik};
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
    /// The user.
    pub user: UserId,
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
            user: user.clone(),
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
            user: user.clone(),
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
    /// How often everything of a user was taken off the screen.
    pub forgotten: u32,
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
    pub client: Vestnik,
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
        let config = setup.config();
        Self::with_config(config, (setup.user, setup.identity)).await
    }

    /// As `start`, with settings of the caller's own. If another user is logged in, the user has taken
    /// their place when this returns; if nobody is, the login goes on beside.
    ///
    /// # Errors
    /// When the core does not start, or another user's place is not taken.
    pub async fn with_config(
        config: Config,
        (user, identity): (UserId, String),
    ) -> anyhow::Result<Self> {
        let device = Self::opened(config).await?;
        let client = device.client.clone();
        let is_somebody = matches!(
            client.snapshot().borrow().standing,
            Standing::LoggedIn { .. }
        );
        let login = async move { client.login(user, Secret::new(identity)).await };
        if is_somebody {
            login.await?;
        } else {
            tokio::spawn(login);
        }
        Ok(device)
    }

    /// Starts a device as it was left, online.
    ///
    /// # Errors
    /// When the core does not start.
    pub async fn opened(config: Config) -> anyhow::Result<Self> {
        Ok(Self::over(Vestnik::open(config).await?))
    }

    /// Gives a core that is open a shell, and has it go online.
    #[must_use]
    pub fn over(client: Vestnik) -> Self {
        let (drawing, screen) = watch::channel(Screen::default());
        let shell = tokio::spawn(run_shell(client.clone(), drawing));
        client.go_online();
        Self {
            client,
            screen,
            shell,
        }
    }

    /// Waits until it is online.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn online(&self) -> anyhow::Result<()> {
        self.is("online", Snapshot::is_online).await
    }

    /// Waits until its state is as wanted.
    ///
    /// # Errors
    /// When it does not get there.
    pub async fn is(
        &self,
        what: &str,
        mut is_so: impl FnMut(&Snapshot) -> bool,
    ) -> anyhow::Result<()> {
        let check = |snapshot: &Snapshot| is_so(snapshot).then_some(());
        eventually(what, &mut self.client.snapshot(), check).await
    }

    /// Waits until each of these is drawn.
    ///
    /// # Errors
    /// When one is not drawn.
    pub async fn has_shown(&self, ids: &[NotificationId]) -> anyhow::Result<()> {
        self.has("everything shown", |screen| screen.has_once(ids))
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

    /// Waits until nothing waits to be reported any more, over ends of the connection.
    ///
    /// # Errors
    /// When the core has stopped, or does not get online.
    pub async fn flush(&self) -> anyhow::Result<()> {
        while !self.client.flush().await? {
            self.online().await?;
        }
        Ok(())
    }

    /// Stops the core and waits for its end.
    ///
    /// # Errors
    /// When it does not stop without an error.
    pub async fn stop(self) -> anyhow::Result<Screen> {
        self.client.stop().await;
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
async fn run_shell(client: Vestnik, drawing: watch::Sender<Screen>) -> Result<(), Error> {
    let mut events = client.events();
    loop {
        tokio::select! {
            ticket = client.next_show() => {
                let Some(ticket) = ticket else {
                    return Ok(());
                };
                let (id, again) = (ticket.item().notification.id, ticket.again());
                drawing.send_modify(|screen| screen.draw(id, again));
                match ticket.shown().await {
                    // Stopped between drawing and reporting: the next start draws it again.
                    Err(Error::Closed) => return Ok(()),
                    shown => shown?,
                }
            }
            event = events.recv() => {
                if !note(event, &drawing) {
                    return Ok(());
                }
            }
        }
    }
}

/// Notes an event. Gives false once there are none any more.
fn note(event: Option<Event>, drawing: &watch::Sender<Screen>) -> bool {
    match event {
        Some(Event::Withdraw(ids)) => drawing.send_modify(|screen| screen.withdrawn.extend(ids)),
        Some(Event::Forgotten) => drawing.send_modify(|screen| screen.forgotten += 1),
        Some(_) => {}
        None => return false,
    }
    true
}

impl Screen {
    fn draw(&mut self, id: NotificationId, again: bool) {
        if !self.order.contains(&id) {
            self.order.push(id);
        }
        *self.shows.entry((id, again)).or_default() += 1;
    }
}
