//! The one object that apps hold.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::sync::CancellationToken;
use vestnik_core::{self as core, Secret};
use vestnik_model::{TopicName, UserId};

use crate::{
    cancel::CancelHandle,
    error::VestnikError,
    folder::{self, Opened},
    listener::{EventListener, Listeners, StateListener, Subscription},
    record::{
        config::{Config, DeviceChange, Permission},
        diagnostics::Diagnostics,
        parse,
        snapshot::{Login, Snapshot},
    },
    runtime::{Patience, run, wait},
    secrets::{ForeignSecrets, SecretStore},
    show::{Place, Shower},
    stream::{EventStream, SnapshotStream, Snapshots},
};

/// A device: its history, its session and its connection.
///
/// Opening the history, being somebody and being connected are three things: `open`, then `login` and
/// `logout`, `go_online` and `go_offline`, in any order and at any moment, all in one process. After
/// `stop`, every call fails with `VestnikError.Closed`.
#[derive(Debug, uniffi::Object)]
pub struct Vestnik {
    core: Mutex<Option<core::Vestnik>>,
    folder: PathBuf,
    installation: String,
    listeners: Listeners,
    drawing: Place,
    stopped: CancellationToken,
}

#[uniffi::export]
impl Vestnik {
    /// Opens the device's files. Whose history it is can be read at once, without a network; nothing is
    /// sent before `go_online`.
    ///
    /// Secrets go into `secrets`; without it they are private files in a folder of `data_dir`, which is
    /// for systems that have no secret store.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`] that names the field, [`VestnikError::Storage`],
    /// [`VestnikError::NotInitialized`] on Android.
    #[uniffi::constructor(default(secrets = None))]
    pub async fn open(
        config: Config,
        secrets: Option<Arc<dyn SecretStore>>,
    ) -> Result<Arc<Self>, VestnikError> {
        check_system()?;
        let config = config.parse()?;
        let folder = config.data_dir.clone();
        let mut builder = core::Vestnik::builder(config);
        if let Some(secrets) = secrets {
            builder = builder.secrets(Arc::new(ForeignSecrets::new(secrets)?));
        }
        let place = folder.clone();
        let opened = run(async move { Opened::open(builder, &place).await }).await?;
        let core = opened.take()?;
        Ok(Arc::new(Self {
            folder,
            installation: core.installation().to_string(),
            core: Mutex::new(Some(core)),
            listeners: Listeners::default(),
            drawing: Place::default(),
            stopped: CancellationToken::new(),
        }))
    }

    /// By what the server knows this installation.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn installation(&self) -> Result<String, VestnikError> {
        Ok(self.installation.clone())
    }

    /// Logs a user in, in the place of whoever was: what belonged to a former user is wiped or sealed.
    /// `identity` is a token by which the App's backend vouches for them. It is kept until the server
    /// took or refused it.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`], [`VestnikError::Refused`], [`VestnikError::OtherUser`],
    /// [`VestnikError::Overtaken`], [`VestnikError::Cancelled`], which ends the waiting and not the
    /// login, [`VestnikError::Closed`].
    #[uniffi::method(default(cancel = None))]
    pub async fn login(
        &self,
        user: String,
        identity: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Login, VestnikError> {
        let core = self.core()?;
        let user: UserId = parse("user", &user)?;
        if identity.is_empty() {
            return Err(VestnikError::invalid("identity", "is required"));
        }
        let identity = Secret::new(identity);
        let patience = Patience {
            within: None,
            cancelled: CancelHandle::token(cancel),
        };
        let login = wait(patience, async move { core.login(user, identity).await }).await?;
        Ok(login.into())
    }

    /// Ends the user's part in this device: their history is no longer shown, nor is anything that comes
    /// for them. The server is told now, or as soon as it can be reached.
    ///
    /// # Errors
    /// [`VestnikError::Storage`] says why the history could not be removed yet, which is tried again; nothing
    /// of it is shown all the same. [`VestnikError::Restarted`], [`VestnikError::Closed`].
    pub async fn logout(&self) -> Result<(), VestnikError> {
        let core = self.core()?;
        run(async move { core.logout().await }).await
    }

    /// Keeps a live connection from now on.
    ///
    /// # Errors
    /// [`VestnikError::Closed`].
    pub fn go_online(&self) -> Result<(), VestnikError> {
        self.tell(core::Vestnik::go_online)
    }

    /// Keeps no connection from now on.
    ///
    /// # Errors
    /// [`VestnikError::Closed`].
    pub fn go_offline(&self) -> Result<(), VestnikError> {
        self.tell(core::Vestnik::go_offline)
    }

    /// The system is about to freeze the process: the connection is closed, and nothing wakes the
    /// processor until `resume`.
    ///
    /// # Errors
    /// [`VestnikError::Closed`].
    pub fn suspend(&self) -> Result<(), VestnikError> {
        self.tell(core::Vestnik::suspend)
    }

    /// The process goes on.
    ///
    /// # Errors
    /// [`VestnikError::Closed`].
    pub fn resume(&self) -> Result<(), VestnikError> {
        self.tell(core::Vestnik::resume)
    }

    /// The network changed: the connection is probed or made anew at once.
    ///
    /// # Errors
    /// [`VestnikError::Closed`].
    pub fn network_changed(&self) -> Result<(), VestnikError> {
        self.tell(core::Vestnik::network_changed)
    }

    /// The person brought the app to the foreground: what waits for a retry is tried at once, and the server
    /// is told; the device on which a user did this last is their primary one.
    ///
    /// # Errors
    /// [`VestnikError::Closed`].
    pub fn foregrounded(&self) -> Result<(), VestnikError> {
        self.tell(core::Vestnik::foregrounded)
    }

    /// Who the device is and how it is connected, at present.
    ///
    /// # Errors
    /// [`VestnikError::Closed`].
    pub fn snapshot(&self) -> Result<Snapshot, VestnikError> {
        let snapshot = self.core()?.snapshot().borrow().clone();
        Ok(snapshot.into())
    }

    /// The present snapshot, then each change.
    ///
    /// # Errors
    /// [`VestnikError::Closed`].
    pub fn snapshots(&self) -> Result<Arc<SnapshotStream>, VestnikError> {
        Ok(Arc::new(SnapshotStream::new(self.watch()?)))
    }

    /// What happens from now on.
    ///
    /// # Errors
    /// [`VestnikError::Closed`].
    pub fn events(&self) -> Result<Arc<EventStream>, VestnikError> {
        Ok(Arc::new(EventStream::new(self.core()?.events())))
    }

    /// Tells a listener the present snapshot, then each change, until the subscription is cancelled.
    ///
    /// # Errors
    /// [`VestnikError::TooManyListeners`], [`VestnikError::Internal`] if the system gives no thread,
    /// [`VestnikError::Closed`].
    pub fn listen_state(
        &self,
        listener: Arc<dyn StateListener>,
    ) -> Result<Arc<Subscription>, VestnikError> {
        self.listeners.add_state(listener, self.watch()?)
    }

    /// Tells a listener what happens from now on, until the subscription is cancelled.
    ///
    /// # Errors
    /// As `listen_state`.
    pub fn listen_events(
        &self,
        listener: Arc<dyn EventListener>,
    ) -> Result<Arc<Subscription>, VestnikError> {
        let core = self.core()?;
        self.listeners.add_events(listener, core.events())
    }

    /// Takes the part of the one who draws notifications. There is one at a time.
    ///
    /// # Errors
    /// [`VestnikError::ShowerTaken`], [`VestnikError::Closed`].
    pub fn shower(&self) -> Result<Arc<Shower>, VestnikError> {
        Shower::begin(self.core()?, &self.drawing).map(Arc::new)
    }

    /// The person changed whether the app may show notifications.
    ///
    /// # Errors
    /// [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn set_permission(&self, permission: Permission) -> Result<(), VestnikError> {
        let core = self.core()?;
        run(async move { core.set_permission(permission.into()).await }).await
    }

    /// The language, the time zone or a version changed.
    ///
    /// # Errors
    /// [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn change(&self, change: DeviceChange) -> Result<(), VestnikError> {
        let core = self.core()?;
        run(async move { core.change_device(change.into()).await }).await
    }

    /// Subscribes the user to a topic. The wish is kept, offline too; the call waits for the server's
    /// answer.
    ///
    /// # Errors
    /// [`VestnikError::Refused`], [`VestnikError::Timeout`] and [`VestnikError::Cancelled`], which end
    /// the waiting and not the wish, [`VestnikError::NobodyLoggedIn`], [`VestnikError::Storage`],
    /// [`VestnikError::Closed`].
    #[uniffi::method(default(within = None, cancel = None))]
    pub async fn subscribe(
        &self,
        topic: String,
        within: Option<Duration>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), VestnikError> {
        let (core, topic) = (self.core()?, parse::<TopicName>("topic", &topic)?);
        let cancelled = CancelHandle::token(cancel);
        let patience = Patience { within, cancelled };
        wait(patience, async move { core.subscribe(topic).await }).await
    }

    /// Ends the user's subscription to a topic.
    ///
    /// # Errors
    /// As `subscribe`.
    #[uniffi::method(default(within = None, cancel = None))]
    pub async fn unsubscribe(
        &self,
        topic: String,
        within: Option<Duration>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), VestnikError> {
        let (core, topic) = (self.core()?, parse::<TopicName>("topic", &topic)?);
        let cancelled = CancelHandle::token(cancel);
        let patience = Patience { within, cancelled };
        wait(patience, async move { core.unsubscribe(topic).await }).await
    }

    /// Waits until every fact is reported, or nothing can be reported now; gives whether nothing waits.
    ///
    /// # Errors
    /// [`VestnikError::Timeout`], [`VestnikError::Cancelled`], [`VestnikError::Closed`].
    #[uniffi::method(default(within = None, cancel = None))]
    pub async fn flush(
        &self,
        within: Option<Duration>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<bool, VestnikError> {
        let core = self.core()?;
        let cancelled = CancelHandle::token(cancel);
        let patience = Patience { within, cancelled };
        wait(patience, async move { core.flush().await }).await
    }

    /// Reads the log to its end, by a read that begins after this call; gives whether that was done. It does
    /// not go by the state of the connection, which may be dead without anybody knowing. It ends at once if
    /// the device is not to be online; otherwise it waits for a connection.
    ///
    /// # Errors
    /// [`VestnikError::Timeout`], [`VestnikError::Cancelled`], [`VestnikError::Closed`].
    #[uniffi::method(default(within = None, cancel = None))]
    pub async fn catch_up(
        &self,
        within: Option<Duration>,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<bool, VestnikError> {
        let core = self.core()?;
        let cancelled = CancelHandle::token(cancel);
        let patience = Patience { within, cancelled };
        wait(patience, async move { core.catch_up().await }).await
    }

    /// Counts, sizes, versions and states, for a report about a fault. There is no content in it and
    /// nobody's name.
    ///
    /// # Errors
    /// [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn diagnostics(&self) -> Result<Diagnostics, VestnikError> {
        let core = self.core()?;
        run(async move { core.diagnostics().await })
            .await
            .map(Into::into)
    }

    /// Finishes what is in hand and closes the files. A second call does nothing.
    ///
    /// # Errors
    /// [`VestnikError::Internal`].
    pub async fn stop(&self) -> Result<(), VestnikError> {
        // The turn is asked for here, and not by the task: whoever opens the folder after this call waits for
        // the end of it, also if its caller gives up.
        let turn = folder::turn(&self.folder).await;
        let taken = self.slot().take();
        let Some(core) = taken else {
            drop(turn);
            // Whoever called first may not have waited for it.
            let stopped = self.stopped.clone();
            return run(async move {
                stopped.cancelled().await;
                Ok::<_, VestnikError>(())
            })
            .await;
        };
        let stopped = self.stopped.clone().drop_guard();
        run(async move {
            let _turn = turn;
            core.stop().await;
            drop(stopped);
            Ok::<_, VestnikError>(())
        })
        .await
    }
}

impl Vestnik {
    /// The core, unless the device was stopped.
    pub(crate) fn core(&self) -> Result<core::Vestnik, VestnikError> {
        self.slot().clone().ok_or(VestnikError::Closed)
    }

    fn watch(&self) -> Result<Snapshots, VestnikError> {
        let snapshot = self.core()?.snapshot();
        Ok(Snapshots::new(snapshot, self.stopped.clone()))
    }

    fn slot(&self) -> MutexGuard<'_, Option<core::Vestnik>> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, what: impl Fn(&core::Vestnik)) -> Result<(), VestnikError> {
        what(&self.core()?);
        Ok(())
    }
}

/// On Android a core that was not given the app's context cannot check any certificate.
fn check_system() -> Result<(), VestnikError> {
    #[cfg(target_os = "android")]
    crate::android::check()?;
    Ok(())
}
