//! A device of the demo: a core, and what its shell would have drawn.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use reqwest::Url;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use vestnik_core::{Client, ConnectionState, Event, EventStream, HistoryQuery, identity};
use vestnik_model::{AppId, NotificationId, TopicName};

use crate::{device, exit::Failure};

/// The longest anything in the demo may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// What a device drew and took back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// How often each notification was shown.
    pub(crate) shows: BTreeMap<NotificationId, u32>,
    /// How many were withdrawn because they were read elsewhere.
    pub(crate) withdrawn: u64,
}

/// A device of the demo.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) name: &'static str,
    pub(crate) client: Client,
    tally: watch::Receiver<Tally>,
    shell: JoinHandle<Result<(), vestnik_core::Error>>,
}

/// What a device needs to be one.
pub(crate) struct Setup {
    pub(crate) name: &'static str,
    pub(crate) server: Url,
    pub(crate) app: AppId,
    pub(crate) data_dir: PathBuf,
    pub(crate) identity_token: String,
}

impl Device {
    pub(crate) async fn start(setup: Setup) -> Result<Self, Failure> {
        std::fs::create_dir_all(&setup.data_dir)?;
        let config = device::config(setup.server, setup.app, setup.data_dir, setup.name);
        let source = identity::fixed(setup.identity_token);
        let (client, events) = Client::builder(config).identity(source).start().await?;
        let (told, tally) = watch::channel(Tally::default());
        let shell = tokio::spawn(draw(client.clone(), events, told));
        Ok(Self {
            name: setup.name,
            client,
            tally,
            shell,
        })
    }

    /// Subscribes its user to a topic, once it is online.
    pub(crate) async fn join(&self, topic: &TopicName) -> Result<(), Failure> {
        let mut connection = self.client.connection();
        let online = connection.wait_for(|state| matches!(state, ConnectionState::Online));
        match timeout(PATIENCE, online).await {
            Ok(Ok(_)) => Ok(self.client.subscribe(topic.clone()).await?),
            Ok(Err(_)) | Err(_) => Err(Failure::Outcome(format!(
                "{} is not online in {PATIENCE:?}",
                self.name
            ))),
        }
    }

    /// How many notifications its history holds.
    pub(crate) async fn history_len(&self) -> Result<usize, Failure> {
        let mut count = 0;
        let mut query = HistoryQuery::default();
        loop {
            let page = self.client.history(query).await?;
            count += page.items.len();
            let Some(before) = page.next else {
                return Ok(count);
            };
            query = HistoryQuery {
                before: Some(before),
                ..HistoryQuery::default()
            };
        }
    }

    /// Waits until it has shown so many different notifications.
    pub(crate) async fn has_shown(&self, count: usize) -> Result<(), Failure> {
        self.wait("shown everything", |tally| tally.shows.len() >= count)
            .await
    }

    /// Waits until it has withdrawn so many.
    pub(crate) async fn has_withdrawn(&self, count: u64) -> Result<(), Failure> {
        self.wait("withdrawn what was read elsewhere", |tally| {
            tally.withdrawn >= count
        })
        .await
    }

    /// What it drew so far.
    pub(crate) fn tally(&self) -> Tally {
        self.tally.borrow().clone()
    }

    pub(crate) async fn stop(self) -> Result<(), Failure> {
        self.client.stop().await?;
        self.shell.await.map_err(anyhow::Error::from)??;
        Ok(())
    }

    async fn wait(&self, what: &str, is_so: impl FnMut(&Tally) -> bool) -> Result<(), Failure> {
        let mut tally = self.tally.clone();
        match timeout(PATIENCE, tally.wait_for(is_so)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Failure::Outcome(format!(
                "{} has not {what} in {PATIENCE:?}",
                self.name
            ))),
        }
    }
}

/// Does what a shell does with toasts, on paper.
async fn draw(
    client: Client,
    mut events: EventStream,
    told: watch::Sender<Tally>,
) -> Result<(), vestnik_core::Error> {
    while let Some(event) = events.recv().await {
        match event {
            Event::Show { item, again: _ } => {
                let id = item.notification.id;
                told.send_modify(|tally| *tally.shows.entry(id).or_default() += 1);
                client.report_shown(id).await?;
            }
            Event::Withdraw(ids) => told.send_modify(|tally| tally.withdrawn += ids.len() as u64),
            Event::Changed(_) | Event::NeedsIdentity | Event::Warning(_) | _ => {}
        }
    }
    Ok(())
}
