//! What a device keeps over its restarts.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Deref,
    sync::Arc,
};

use tokio::sync::watch;
use vestnik_model::{
    Cursor, Fact, FactKind, FactOutcome, FactResult, NotificationId, Open, StateChange,
    UnknownEntry,
    contract::{Limits, Reported},
};

use super::{received::Received, setup::DeviceSetup, tokens::Tokens};
use crate::clock;

/// A handle on what a device keeps. Clones are handles on the same.
#[derive(Debug, Clone)]
pub struct DeviceStore {
    setup: Arc<DeviceSetup>,
    stored: Arc<watch::Sender<Stored>>,
}

/// What a device keeps, and counts of what happened to it.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// Where the device stands in its log.
    pub cursor: Option<Cursor>,
    /// What it has of each notification.
    pub received: BTreeMap<NotificationId, Received>,
    /// The notifications in the order of their first arrival.
    pub order: Vec<NotificationId>,
    /// The recalls that came, of unknown notifications too.
    pub recalls: Vec<NotificationId>,
    /// The changes of flags that came.
    pub states: Vec<StateChange>,
    /// The entries that this version cannot read.
    pub unknown: Vec<UnknownEntry>,
    /// The facts that the server has not answered for, in order.
    pub outbox: VecDeque<Fact>,
    /// The server's answers for facts, by the fact's id.
    pub outcomes: BTreeMap<String, FactResult>,
    /// How many entries came by live calls.
    pub live: usize,
    /// How many pages were read.
    pub pages: u64,
    /// How many live calls did not follow the cursor.
    pub passed_over: u64,
    /// How often the server did not know the cursor.
    pub restored: u64,
    /// How often a connection was made.
    pub connects: u64,
    /// The reasons of `InstallationReplaced`.
    pub replaced: Vec<String>,
    /// How often the server announced its end.
    pub drains: u64,
    /// How often tokens were refreshed.
    pub refreshes: u64,
    /// The code by which the server ended the session; the device does not come back then.
    pub signed_out: Option<String>,
    /// How the last connection, or the last attempt at one, ended.
    pub end: Option<String>,
    /// The limits of the last `Welcome`.
    pub limits: Option<Limits>,
    pub(super) tokens: Option<Tokens>,
    facts: u64,
}

impl DeviceStore {
    pub(super) fn new(setup: DeviceSetup) -> Self {
        Self {
            setup: Arc::new(setup),
            stored: Arc::new(watch::Sender::new(Stored::default())),
        }
    }

    /// What the device is made of.
    #[must_use]
    pub fn setup(&self) -> &DeviceSetup {
        &self.setup
    }

    /// The same device reaching the server at another address.
    #[must_use]
    pub fn at(&self, server: reqwest::Url) -> Self {
        Self {
            setup: Arc::new(self.setup.as_ref().clone().at(server)),
            stored: Arc::clone(&self.stored),
        }
    }

    /// What is kept now.
    #[must_use]
    pub fn borrow(&self) -> impl Deref<Target = Stored> + '_ {
        self.stored.borrow()
    }

    /// What is kept, watched.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Stored> {
        self.stored.subscribe()
    }

    /// The access token that the device has, as a bearer token for requests by hand.
    #[must_use]
    pub fn access_token(&self) -> Option<String> {
        let stored = self.stored.borrow();
        stored.tokens.as_ref().map(|tokens| tokens.access.clone())
    }

    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Stored) -> R) -> R {
        let mut result = None;
        self.stored
            .send_modify(|stored| result = Some(change(stored)));
        result.expect("send_modify calls its closure")
    }

    pub(super) fn queue_fact(&self, kind: FactKind, notification: NotificationId) -> String {
        self.change(|stored| stored.queue(kind, notification))
    }
}

impl Stored {
    /// What the server did with a fact, once it has answered.
    #[must_use]
    pub fn outcome(&self, fact: &str) -> Option<&Open<FactOutcome>> {
        self.outcomes.get(fact).map(|result| &result.outcome)
    }

    /// Where the device stands, for the text of a failure.
    pub(super) fn whereabouts(&self) -> String {
        format!(
            "the device stands at {:?} with {} notifications after {} connections; the last ended by {:?}",
            self.cursor,
            self.order.len(),
            self.connects,
            self.end
        )
    }

    /// Takes the server's answers for the facts of a report.
    pub(super) fn take_results(&mut self, reported: Reported) {
        for result in reported.results {
            self.outbox.retain(|fact| fact.id != result.id);
            self.outcomes.insert(result.id.clone(), result);
        }
    }

    pub(super) fn queue_delivered(&mut self, notification: NotificationId) {
        self.queue(FactKind::Delivered, notification);
    }

    fn queue(&mut self, kind: FactKind, notification: NotificationId) -> String {
        self.facts += 1;
        let id = format!("fact-{}", self.facts);
        self.outbox.push_back(Fact {
            id: id.clone(),
            kind: kind.into(),
            notification_id: Some(notification.to_string()),
            up_to: None,
            version: None,
            at: clock::timestamp(),
            body: None,
        });
        id
    }
}
