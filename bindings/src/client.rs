//! The one object that hosts hold.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::Url;
use tokio_util::sync::CancellationToken;
use vestnik_core::{
    Client, Config, ConnectionState, Event, EventStream, HistoryQuery, IdentitySource,
};
use vestnik_model::{AppId, TopicName};

use crate::{
    cancel::CancelHandle,
    convert::{parse_id, parse_ids, texts},
    error::PushError,
    identity::PushedIdentity,
    listener::{EventListener, EventSubscription, Listeners, PushEvent},
    record::{
        ConnectionRecord, HistoryItemRecord, HistoryPageRecord, HistoryQueryRecord,
        PermissionState, PushConfig,
    },
    runtime::{handle, run, run_until},
};

/// A device of one user of one App.
///
/// Make it, listen, hand an identity token in, start. Every call before `start` or after `stop`
/// fails with `PushError.Closed`.
#[derive(Debug, uniffi::Object)]
pub struct PushClient {
    config: Config,
    identity: Arc<PushedIdentity>,
    listeners: Arc<Listeners>,
    client: Mutex<Option<Client>>,
}

#[uniffi::export]
impl PushClient {
    /// Checks the configuration. Does no I/O: it may be called on the main thread.
    ///
    /// # Errors
    /// [`PushError::InvalidArgument`] that names the field.
    #[uniffi::constructor]
    pub fn new(config: PushConfig) -> Result<Arc<Self>, PushError> {
        let config = parse_config(config)?;
        let listeners = Arc::new(Listeners::default());
        let identity = Arc::new(PushedIdentity::new(Arc::clone(&listeners)));
        Ok(Arc::new(Self {
            config,
            identity,
            listeners,
            client: Mutex::default(),
        }))
    }

    /// Tells a listener everything from now on, until the subscription is cancelled.
    ///
    /// # Errors
    /// [`PushError::Internal`] when the system gives no thread.
    pub fn subscribe_events(
        &self,
        listener: Arc<dyn EventListener>,
    ) -> Result<Arc<EventSubscription>, PushError> {
        self.listeners.add(listener)
    }

    /// Takes a fresh identity token: a JWT by which the App's backend vouches for its user.
    ///
    /// # Errors
    /// [`PushError::InvalidArgument`] when it is empty.
    pub fn set_identity_token(&self, token: String) -> Result<(), PushError> {
        if token.is_empty() {
            return Err(PushError::invalid("token", "must not be empty"));
        }
        self.identity.give(token);
        Ok(())
    }

    /// Opens the history and goes online. Starting a started client changes nothing.
    ///
    /// # Errors
    /// [`PushError::Storage`], [`PushError::Timeout`].
    pub async fn start(&self, deadline_ms: u64) -> Result<(), PushError> {
        if self.running().is_ok() {
            return Ok(());
        }
        let identity: Arc<dyn IdentitySource> = Arc::<PushedIdentity>::clone(&self.identity);
        let builder = Client::builder(self.config.clone()).identity_source(identity);
        let starting = async move { builder.start().await };
        let (client, events) =
            run_until(millis(deadline_ms), CancellationToken::new(), starting).await?;
        let forwarding = forward(client.clone(), events, Arc::clone(&self.listeners));
        drop(handle()?.spawn(forwarding));
        *self.slot() = Some(client);
        Ok(())
    }

    /// Waits until the live connection stands and nothing is missing.
    ///
    /// # Errors
    /// [`PushError::Timeout`], [`PushError::Cancelled`], [`PushError::Closed`].
    pub async fn wait_until_online(
        &self,
        deadline_ms: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), PushError> {
        let mut connection = self.running()?.connection();
        run_until(millis(deadline_ms), token(cancel), async move {
            let online = connection
                .wait_for(|state| matches!(state, ConnectionState::Online))
                .await;
            online.map(drop).map_err(|_| PushError::Closed)
        })
        .await
    }

    /// How the live connection stands.
    ///
    /// # Errors
    /// [`PushError::Closed`].
    pub fn connection(&self) -> Result<ConnectionRecord, PushError> {
        Ok((*self.running()?.connection().borrow()).into())
    }

    /// A page of the history, newest first.
    ///
    /// # Errors
    /// [`PushError::InvalidArgument`], [`PushError::Storage`], [`PushError::Closed`].
    pub async fn history(&self, query: HistoryQueryRecord) -> Result<HistoryPageRecord, PushError> {
        let (client, query) = (self.running()?, parse_query(query)?);
        run(async move { client.history(query).await })
            .await
            .map(Into::into)
    }

    /// One notification of the history.
    ///
    /// # Errors
    /// [`PushError::InvalidArgument`], [`PushError::Storage`], [`PushError::Closed`].
    pub async fn get(&self, id: String) -> Result<Option<HistoryItemRecord>, PushError> {
        let (client, id) = (self.running()?, parse_id("id", &id)?);
        Ok(run(async move { client.get(id).await })
            .await?
            .map(Into::into))
    }

    /// How many are unread.
    ///
    /// # Errors
    /// [`PushError::Storage`], [`PushError::Closed`].
    pub async fn unread_count(&self) -> Result<u64, PushError> {
        let client = self.running()?;
        run(async move { client.unread_count().await }).await
    }

    /// The shell drew the toast.
    ///
    /// # Errors
    /// [`PushError::InvalidArgument`], [`PushError::Storage`], [`PushError::Closed`].
    pub async fn report_shown(&self, id: String) -> Result<(), PushError> {
        let (client, id) = (self.running()?, parse_id("id", &id)?);
        run(async move { client.report_shown(id).await }).await
    }

    /// The person opened it: it is read.
    ///
    /// # Errors
    /// [`PushError::InvalidArgument`], [`PushError::Storage`], [`PushError::Closed`].
    pub async fn open(&self, id: String) -> Result<(), PushError> {
        let (client, id) = (self.running()?, parse_id("id", &id)?);
        run(async move { client.open(id).await }).await
    }

    /// The person put it away.
    ///
    /// # Errors
    /// [`PushError::InvalidArgument`], [`PushError::Storage`], [`PushError::Closed`].
    pub async fn dismiss(&self, id: String) -> Result<(), PushError> {
        let (client, id) = (self.running()?, parse_id("id", &id)?);
        run(async move { client.dismiss(id).await }).await
    }

    /// Marks as read, here and on the user's other devices; tells how many were unread.
    ///
    /// # Errors
    /// [`PushError::InvalidArgument`], [`PushError::Storage`], [`PushError::Closed`].
    pub async fn mark_read(&self, ids: Vec<String>) -> Result<u64, PushError> {
        let (client, ids) = (self.running()?, parse_ids("ids", &ids)?);
        run(async move { client.mark_read(ids).await })
            .await
            .map(|count| count as u64)
    }

    /// Marks everything as read; tells how many were unread.
    ///
    /// # Errors
    /// [`PushError::Storage`], [`PushError::Closed`].
    pub async fn mark_all_read(&self) -> Result<u64, PushError> {
        let client = self.running()?;
        run(async move { client.mark_all_read().await })
            .await
            .map(|count| count as u64)
    }

    /// Subscribes the user to a topic.
    ///
    /// # Errors
    /// [`PushError::Rejected`] when it is not open to users, [`PushError::Unreachable`],
    /// [`PushError::Timeout`], [`PushError::Cancelled`], [`PushError::Closed`].
    pub async fn subscribe_topic(
        &self,
        topic: String,
        deadline_ms: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), PushError> {
        let (client, topic) = (self.running()?, parse_topic(topic)?);
        let call = async move { client.subscribe(topic).await };
        run_until(millis(deadline_ms), token(cancel), call).await
    }

    /// Takes the user out of a topic.
    ///
    /// # Errors
    /// As `subscribe_topic`.
    pub async fn unsubscribe_topic(
        &self,
        topic: String,
        deadline_ms: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), PushError> {
        let (client, topic) = (self.running()?, parse_topic(topic)?);
        let call = async move { client.unsubscribe(topic).await };
        run_until(millis(deadline_ms), token(cancel), call).await
    }

    /// The person changed whether the app may show notifications.
    ///
    /// # Errors
    /// [`PushError::Storage`], [`PushError::Closed`].
    pub async fn update_permission(&self, state: PermissionState) -> Result<(), PushError> {
        let client = self.running()?;
        run(async move { client.update_permission(state.into()).await }).await
    }

    /// The network changed: try again now.
    ///
    /// # Errors
    /// [`PushError::Closed`].
    pub fn network_changed(&self) -> Result<(), PushError> {
        self.running()?.network_changed();
        Ok(())
    }

    /// The app came to the foreground: try again now.
    ///
    /// # Errors
    /// [`PushError::Closed`].
    pub fn foregrounded(&self) -> Result<(), PushError> {
        self.running()?.foregrounded();
        Ok(())
    }

    /// Waits until every receipt is with the server.
    ///
    /// # Errors
    /// [`PushError::Timeout`], [`PushError::Cancelled`], [`PushError::Closed`].
    pub async fn flush(
        &self,
        deadline_ms: u64,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), PushError> {
        let client = self.running()?;
        let call = async move { client.flush().await };
        run_until(millis(deadline_ms), token(cancel), call).await
    }

    /// Ends the user's part in this device: no notification of his is shown from now on. The server
    /// is told now or, offline, as soon as it can be.
    ///
    /// # Errors
    /// [`PushError::Storage`], [`PushError::Timeout`], [`PushError::Closed`].
    pub async fn logout(&self, deadline_ms: u64) -> Result<(), PushError> {
        let client = self.running()?;
        let call = async move { client.logout().await };
        run_until(millis(deadline_ms), CancellationToken::new(), call).await
    }

    /// Finishes what is in hand and closes the database. The client can be started again.
    ///
    /// # Errors
    /// [`PushError::Storage`], [`PushError::Timeout`].
    pub async fn stop(&self, deadline_ms: u64) -> Result<(), PushError> {
        let Some(client) = self.slot().take() else {
            return Ok(());
        };
        let call = async move { client.stop().await };
        run_until(millis(deadline_ms), CancellationToken::new(), call).await
    }
}

impl PushClient {
    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Client>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> Result<Client, PushError> {
        self.slot().clone().ok_or(PushError::Closed)
    }
}

/// A client that nobody holds any more ends its listeners' threads.
impl Drop for PushClient {
    fn drop(&mut self) {
        self.listeners.clear();
    }
}

/// Tells the host's listeners what the core tells, until the client stops.
async fn forward(client: Client, mut events: EventStream, listeners: Arc<Listeners>) {
    let (mut connection, mut unread) = (client.connection(), client.unread());
    drop(client);
    loop {
        let told = tokio::select! {
            event = events.recv() => match event {
                Some(event) => from_event(event),
                None => return,
            },
            Ok(()) = connection.changed() => {
                let state = (*connection.borrow_and_update()).into();
                Some(PushEvent::Connection { state })
            }
            Ok(()) = unread.changed() => {
                Some(PushEvent::Unread { count: *unread.borrow_and_update() })
            }
        };
        if let Some(told) = told {
            listeners.tell(&told);
        }
    }
}

fn from_event(event: Event) -> Option<PushEvent> {
    match event {
        Event::Show { item, again } => Some(PushEvent::Show {
            item: (*item).into(),
            again,
        }),
        Event::Withdraw(ids) => Some(PushEvent::Withdraw { ids: texts(&ids) }),
        Event::Changed(ids) => Some(PushEvent::Changed { ids: texts(&ids) }),
        Event::Warning(warning) => Some(PushEvent::Warning {
            detail: warning.to_string(),
        }),
        // The identity source says it at the moment it is asked.
        Event::NeedsIdentity | _ => None,
    }
}

fn parse_config(config: PushConfig) -> Result<Config, PushError> {
    let PushConfig {
        server,
        app,
        data_dir,
        device,
    } = config;
    let server = Url::parse(&server).map_err(|error| PushError::invalid("server", error))?;
    if !matches!(server.scheme(), "http" | "https") {
        return Err(PushError::invalid(
            "server",
            "must be an http or https address",
        ));
    }
    let app = AppId::parse(app).map_err(|error| PushError::invalid("app", error))?;
    if data_dir.is_empty() {
        return Err(PushError::invalid("data_dir", "must not be empty"));
    }
    Ok(Config::new(
        server,
        app,
        PathBuf::from(data_dir),
        device.into(),
    ))
}

fn parse_query(query: HistoryQueryRecord) -> Result<HistoryQuery, PushError> {
    let HistoryQueryRecord {
        before,
        limit,
        unread_only,
    } = query;
    if !(1..=200).contains(&limit) {
        return Err(PushError::invalid("limit", "must be 1 to 200"));
    }
    let before = before
        .map(|text| {
            text.parse()
                .map_err(|error| PushError::invalid("before", error))
        })
        .transpose()?;
    Ok(HistoryQuery {
        before,
        limit,
        unread_only,
    })
}

fn parse_topic(topic: String) -> Result<TopicName, PushError> {
    TopicName::parse(topic).map_err(|error| PushError::invalid("topic", error))
}

fn token(cancel: Option<Arc<CancelHandle>>) -> CancellationToken {
    cancel.map_or_else(CancellationToken::new, |cancel| cancel.token())
}

const fn millis(deadline: u64) -> Duration {
    Duration::from_millis(deadline)
}
