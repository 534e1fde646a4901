//! What a hostile server knows, and what it does when it does well.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::watch;
use vestnik_model::{
    UserId,
    contract::{CONTRACT, Feature, device},
    limits::{DEFAULT_PAGE_BYTES, PUBLISH_BYTES, REPORT_BYTES},
};

use super::{
    answer::{Answer, Call, Decision},
    entry,
    journal::{Journal, Received},
    log::{Pages, UserLog},
    outlet::Outlet,
    route::{Route, installation},
    session::{Refused, Sessions},
    valve::Valve,
};
use crate::clock;

/// What a hostile server knows.
#[derive(Debug)]
pub(super) struct World {
    state: Mutex<State>,
    pub(super) journal: watch::Sender<Journal>,
    pub(super) valve: Valve,
    pub(super) cut: watch::Sender<()>,
}

/// What is behind the lock.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) logs: BTreeMap<UserId, UserLog>,
    pub(super) sessions: Sessions,
    pub(super) next: BTreeMap<Route, VecDeque<Answer>>,
    pub(super) always: BTreeMap<Route, Decision>,
    pub(super) pages: Pages,
    /// How far the server's clock is ahead of the true time.
    pub(super) ahead: SignedDuration,
    live: BTreeMap<usize, (UserId, Outlet)>,
    connections: usize,
    fact_ids: BTreeSet<String>,
}

/// What was done for a request or a call, or why it was refused.
pub(super) type Done = Result<Value, Refused>;

impl World {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::default(),
            journal: watch::Sender::default(),
            valve: Valve::new(),
            cut: watch::Sender::new(()),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what came, finds the order for it and does what is to be done.
    pub(super) fn take(&self, mut received: Received) -> (Answer, Option<Done>) {
        let mut state = self.state();
        let token = received.token.as_deref();
        received.user = token.and_then(|token| state.sessions.owner(token)).cloned();
        let answer = state.order(&received);
        let done = answer.is_done.then(|| state.perform(&received));
        let facts = match &done {
            Some(Ok(results)) if received.route == Route::Report => {
                state.new_facts(&received, results)
            }
            Some(_) | None => Vec::new(),
        };
        self.journal.send_modify(|journal| {
            journal.received.push(received);
            journal.facts.extend(facts);
        });
        (answer, done)
    }

    /// The number of a new hub connection.
    pub(super) fn number(&self) -> usize {
        let mut state = self.state();
        state.connections += 1;
        state.connections
    }

    /// Live calls for the token's user go by this connection from now on, if the token is good.
    pub(super) fn go_live(&self, number: usize, token: Option<&str>, outlet: &Outlet) {
        let mut state = self.state();
        if let Ok(user) = state.sessions.user(token) {
            state.live.insert(number, (user, outlet.clone()));
        }
    }

    pub(super) fn ended(&self, number: usize) {
        self.state().live.remove(&number);
        self.journal
            .send_modify(|journal| journal.ended.push(number));
    }

    /// The connections by which a user is called.
    pub(super) fn outlets(&self, user: &UserId) -> Vec<Outlet> {
        let state = self.state();
        let live = state.live.values().filter(|(owner, _)| owner == user);
        live.map(|(_, outlet)| outlet.clone()).collect()
    }

    /// Writes a notification to a user's log and gives the call that says so.
    pub(super) fn write_notification(&self, user: &UserId, number: u128) -> Call {
        let entry = entry::notification(number, self.now());
        self.write(user, &[entry])
    }

    /// Writes entries to a user's log and gives the call that says so.
    pub(super) fn write(&self, user: &UserId, entries: &[Value]) -> Call {
        let mut state = self.state();
        let log = state.logs.entry(user.clone()).or_default();
        Call::new(device::ENTRIES, log.append(entries))
    }

    /// The server's time of day.
    pub(super) fn now(&self) -> Timestamp {
        self.state().now()
    }
}

impl State {
    fn now(&self) -> Timestamp {
        let now = clock::timestamp();
        now.saturating_add(self.ahead).unwrap_or(Timestamp::MAX)
    }

    fn order(&mut self, asked: &Received) -> Answer {
        let next = self.next.get_mut(&asked.route);
        let next = next.and_then(VecDeque::pop_front);
        let always = || Some(self.always.get(&asked.route)?.answer(&asked.body));
        next.or_else(always).unwrap_or_else(Answer::good)
    }

    /// Does what a good server does.
    fn perform(&mut self, asked: &Received) -> Done {
        let Received { target, body, .. } = asked;
        match asked.route {
            Route::Token => return self.sessions.grant(body),
            Route::Forget => {
                self.sessions.forget(asked.token.as_deref())?;
                return Ok(Value::Null);
            }
            Route::Handshake => return Ok(json!({})),
            Route::Other => return Err(Refused("not_found")),
            Route::Register
            | Route::Negotiate
            | Route::Upgrade
            | Route::Hello
            | Route::Sync
            | Route::Report
            | Route::UpdateState
            | Route::Subscribe
            | Route::Unsubscribe => {}
        }
        let user = self.sessions.user(asked.token.as_deref())?;
        Ok(match asked.route {
            Route::Register => registered(target, body),
            Route::Negotiate => negotiated(),
            Route::Hello => self.welcome(&user, body),
            Route::Sync => self.page(&user, body),
            Route::Report => reported(body),
            Route::Token
            | Route::Forget
            | Route::Handshake
            | Route::Other
            | Route::Upgrade
            | Route::UpdateState
            | Route::Subscribe
            | Route::Unsubscribe => json!({}),
        })
    }

    fn welcome(&mut self, user: &UserId, hello: &Value) -> Value {
        let now = self.now();
        let log = self.logs.entry(user.clone()).or_default();
        json!({
            "contract": CONTRACT, "features": Feature::all(), "cursor": log.end(),
            "behindBy": log.behind_by(hello["cursor"].as_str()), "serverTime": now,
            "limits": {
                "pageBytes": DEFAULT_PAGE_BYTES, "reportBytes": REPORT_BYTES,
                "publishBytes": PUBLISH_BYTES,
            },
        })
    }

    fn page(&mut self, user: &UserId, sync: &Value) -> Value {
        let cursor = sync["cursor"].as_str();
        if self.pages.is_empty() {
            let log = self.logs.entry(user.clone()).or_default();
            return log.page(cursor, sync["limit"].as_u64());
        }
        let cursor = cursor.unwrap_or_default();
        let end = json!({"after": cursor, "cursor": cursor, "entries": [], "more": false});
        self.pages.get(cursor).cloned().unwrap_or(end)
    }

    /// The facts of a report that were not taken before.
    fn new_facts(&mut self, report: &Received, results: &Value) -> Vec<Value> {
        let facts = report.body["facts"].as_array().into_iter().flatten();
        let results = results["results"].as_array().into_iter().flatten();
        let taken = facts.zip(results).filter(|(fact, _)| {
            let id = fact["id"].as_str().unwrap_or_default();
            self.fact_ids.insert(id.to_owned())
        });
        taken.map(|(fact, _)| fact.clone()).collect()
    }
}

fn registered(target: &str, state: &Value) -> Value {
    let mut state = state.clone();
    state["id"] = installation(target).into();
    state
}

fn negotiated() -> Value {
    json!({
        "negotiateVersion": 1, "connectionId": "public", "connectionToken": "secret",
        "availableTransports": [
            {"transport": "WebSockets", "transferFormats": ["Text", "Binary"]},
        ],
    })
}

fn reported(report: &Value) -> Value {
    let facts = report["facts"].as_array().into_iter().flatten();
    let stored = |fact: &Value| json!({"id": fact["id"], "outcome": "stored"});
    json!({"results": facts.map(stored).collect::<Vec<_>>()})
}
