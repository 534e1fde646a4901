//! A device of the demo: a core, and what its shell would have drawn.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use reqwest::Url;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use vestnik_core::{Event, HistoryQuery, Secret, Snapshot, Start, Vestnik};
use vestnik_model::{AppId, NotificationId, TopicName, UserId};

use crate::{device, exit::Failure};

/// The longest anything in the demo may take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

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
    pub(crate) client: Vestnik,
    tally: watch::Receiver<Tally>,
    shell: JoinHandle<Result<(), vestnik_core::Error>>,
}

/// What a device needs to be one.
pub(crate) struct Setup {
    pub(crate) name: &'static str,
    pub(crate) server: Url,
    pub(crate) app: AppId,
    pub(crate) data_dir: PathBuf,
    pub(crate) user: UserId,
    pub(crate) identity_token: String,
}

impl Device {
    pub(crate) async fn start(setup: Setup) -> Result<Self, Failure> {
        std::fs::create_dir_all(&setup.data_dir)?;
        let config = device::config(setup.server, setup.app, setup.data_dir, setup.name);
        let client = Vestnik::open(config).await?;
        let (told, tally) = watch::channel(Tally::default());
        let shell = tokio::spawn(draw(client.clone(), told));
        client.go_online();
        let token = Secret::new(setup.identity_token);
        client.login(setup.user, token).await?;
        Ok(Self {
            name: setup.name,
            client,
            tally,
            shell,
        })
    }

    /// Subscribes its user to a topic, once it is online.
    pub(crate) async fn join(&self, topic: &TopicName) -> Result<(), Failure> {
        self.is_online().await?;
        Ok(self.client.subscribe(topic.clone()).await?)
    }

    /// Waits until it is online.
    pub(crate) async fn is_online(&self) -> Result<(), Failure> {
        let mut snapshot = self.client.snapshot();
        let online = snapshot.wait_for(Snapshot::is_online);
        match timeout(PATIENCE, online).await {
            Ok(Ok(_)) => Ok(()),
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
            let Some(end) = page.end.filter(|_| page.has_more) else {
                return Ok(count);
            };
            query = HistoryQuery {
                start: Start::Before(end),
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
        self.client.stop().await;
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
async fn draw(client: Vestnik, told: watch::Sender<Tally>) -> Result<(), vestnik_core::Error> {
    let mut events = client.events();
    loop {
        tokio::select! {
            ticket = client.next_show() => {
                let Some(ticket) = ticket else {
                    return Ok(());
                };
                let id = ticket.item().notification.id;
                told.send_modify(|tally| *tally.shows.entry(id).or_default() += 1);
                ticket.shown().await?;
            }
            event = events.recv() => match event {
                Some(Event::Withdraw(ids)) => {
                    told.send_modify(|tally| tally.withdrawn += ids.len() as u64);
                }
                Some(_) => {}
                None => return Ok(()),
            },
        }
    }
}
