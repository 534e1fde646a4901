//! A server that answers by a script: as a later version would, or wrongly.
//!
//! It speaks SignalR properly, over `vestnik-signalr`'s server; what the messages hold is the test's
//! affair, written as JSON, so that it can be anything. It grants the same tokens to every device and
//! takes every registration.

mod rest;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::Router;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::task::AbortOnDropHandle;
use vestnik_model::{contract::server, route};
use vestnik_signalr::server::{Connection, Frame, Hub, HubError, State};

use crate::name::{base, free_port};

/// What a [`HostileServer`] answers.
#[derive(Debug, Clone, Default)]
pub struct HostileScript {
    /// The answer to `Hello`.
    pub welcome: Value,
    /// The pages of the log, by the cursor that they are asked from; the first one by the empty text.
    /// A cursor without a page is answered with an empty last page from there.
    pub pages: BTreeMap<String, Value>,
    /// The calls that follow the answer of the last page, each a target and its argument.
    pub live: Vec<(String, Value)>,
    /// What is added to the answer for each fact.
    pub result: Value,
}

/// What a device asked of a [`HostileServer`].
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The arguments of `Hello`.
    pub hellos: Vec<Value>,
    /// The cursors that pages were asked from.
    pub cursors: Vec<String>,
    /// The facts that were reported.
    pub facts: Vec<Value>,
}

/// A running server. It ends when it is dropped.
#[derive(Debug)]
pub struct HostileServer {
    url: Url,
    asked: watch::Receiver<Asked>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Clone)]
struct Play {
    script: Arc<HostileScript>,
    asked: Arc<watch::Sender<Asked>>,
    /// The live calls that were not made yet.
    live: Arc<Mutex<Vec<(String, Value)>>>,
}

impl HostileServer {
    /// Starts a server on a free port.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(script: HostileScript) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(free_port()).await?;
        let url = base(listener.local_addr()?);
        let (sender, asked) = watch::channel(Asked::default());
        let play = Play {
            live: Arc::new(Mutex::new(script.live.clone())),
            script: Arc::new(script),
            asked: Arc::new(sender),
        };
        let hub = Hub::builder(play)
            .on(server::HELLO, hello)
            .on(server::SYNC, sync)
            .on(server::REPORT, report)
            .on(server::UPDATE_STATE, update_state)
            .build();
        let router = Router::new().nest_service(route::HUB, hub);
        let router = router.merge(rest::router());
        let serving = async move {
            // It ends with its task only.
            axum::serve(listener, router).await.ok();
        };
        Ok(Self {
            url,
            asked,
            _serving: AbortOnDropHandle::new(tokio::spawn(serving)),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// What was asked so far; changes with each call.
    #[must_use]
    pub fn asked(&self) -> watch::Receiver<Asked> {
        self.asked.clone()
    }
}

async fn hello(State(play): State<Play>, argument: Value) -> Result<Value, HubError> {
    play.note(|asked| asked.hellos.push(argument));
    Ok(play.script.welcome.clone())
}

async fn sync(
    State(play): State<Play>,
    connection: Connection,
    argument: Value,
) -> Result<Value, HubError> {
    let cursor = argument["cursor"].as_str().unwrap_or_default().to_owned();
    let end = json!({"after": cursor, "cursor": cursor, "entries": [], "more": false});
    let page = play.script.pages.get(&cursor).cloned().unwrap_or(end);
    play.note(|asked| asked.cursors.push(cursor));
    if page["more"] != true {
        for (target, argument) in play.take_live() {
            let sent = connection.send(&Frame::new(&target, (argument,))).await;
            sent.map_err(HubError::internal)?;
        }
    }
    Ok(page)
}

async fn report(State(play): State<Play>, argument: Value) -> Result<Value, HubError> {
    let facts = argument["facts"].as_array().cloned().unwrap_or_default();
    let results: Vec<_> = facts.iter().map(|fact| play.result_of(fact)).collect();
    play.note(|asked| asked.facts.extend(facts));
    Ok(json!({ "results": results }))
}

async fn update_state(_: Value) -> Result<Value, HubError> {
    Ok(json!({}))
}

impl Play {
    fn note(&self, change: impl FnOnce(&mut Asked)) {
        self.asked.send_modify(change);
    }

    fn take_live(&self) -> Vec<(String, Value)> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut live)
    }

    fn result_of(&self, fact: &Value) -> Value {
        let mut result = json!({"id": fact["id"], "outcome": "stored"});
        if let (Some(result), Some(more)) = (result.as_object_mut(), self.script.result.as_object())
        {
            result.extend(more.clone());
        }
        result
    }
}
