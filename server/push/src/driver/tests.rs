//! The driver against small servers of each push service, polite and hostile.

mod apns;
mod bounds;
mod fcm;
mod hms;
#[path = "../../../outbound/src/tests/peer.rs"]
mod peer;
mod rustore;
mod web_push;

use std::{
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use jiff::SignedDuration;
use serde_json::{Value, json};
use vestnik_clock::ManualClock;
use vestnik_outbound::{Limits, Reach, Resolve};

use self::peer::{Peer, answer};
use super::{Config, Driver, Sent};
use crate::{
    account::{Account, Service},
    address::Address,
    fixture::{EC_PEM, RSA_PEM, now, push, sealed},
    push::Push,
};

const ROOT: &str = include_str!("../../../outbound/tests/certificate/root.pem");
const H2: Option<&[&str]> = Some(&["h2"]);

/// What a scripted service was sent and what it answers: the next of its answers each time, and the last
/// from then on.
#[derive(Clone)]
struct Script(Arc<Mutex<State>>);

struct State {
    answers: Vec<Reply>,
    requests: Vec<Request<Bytes>>,
}

#[derive(Clone)]
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: body.to_owned(),
    }
}

impl Reply {
    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Reply>) -> Self {
        let state = State {
            answers: answers.into_iter().collect(),
            requests: Vec::new(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn answer(&self, request: Request<Bytes>) -> Response<Full<Bytes>> {
        let mut state = self.0.lock().unwrap();
        state.requests.push(request);
        let next = if state.answers.len() > 1 {
            state.answers.remove(0)
        } else {
            state.answers[0].clone()
        };
        drop(state);
        let mut response = answer(next.status, next.body);
        for (name, value) in next.headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    }

    /// From now on.
    fn set(&self, answers: impl IntoIterator<Item = Reply>) {
        self.0.lock().unwrap().answers = answers.into_iter().collect();
    }

    async fn peer(&self) -> Peer {
        let script = self.clone();
        Peer::http(H2, move |request| {
            let answer = script.answer(request);
            async move { answer }
        })
        .await
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().requests.len()
    }

    /// A header of each request.
    fn header(&self, name: &str) -> Vec<String> {
        let state = self.0.lock().unwrap();
        let headers = state.requests.iter().map(|request| request.headers());
        headers
            .map(|headers| headers[name].to_str().unwrap().to_owned())
            .collect()
    }

    fn bodies(&self) -> Vec<Value> {
        let state = self.0.lock().unwrap();
        let bodies = state.requests.iter().map(Request::body);
        bodies
            .map(|body| serde_json::from_slice(body).unwrap())
            .collect()
    }
}

/// A driver whose time is moved by the test, and which may talk to this machine.
struct Stage {
    driver: Driver,
    clock: ManualClock,
}

impl Stage {
    fn new() -> Self {
        Self::with(patient())
    }

    fn with(limits: Limits) -> Self {
        Self::of(Config {
            limits,
            ..Config::default()
        })
    }

    fn resolving(resolver: Arc<dyn Resolve>) -> Self {
        Self::of(Config {
            limits: patient(),
            resolver: Some(resolver),
            ..Config::default()
        })
    }

    fn of(config: Config) -> Self {
        let clock = ManualClock::new(now(), 1);
        let config = Config {
            reach: Reach::public().and("localhost").unwrap(),
            ..config
        };
        let driver = Driver::new(Arc::new(clock.clone()), config);
        Self { driver, clock }
    }

    /// Sends a push that lives an hour from now.
    async fn send(&self, account: &Arc<Account>, address: &Address) -> Sent {
        bounded(self.driver.send(account, address, &self.push())).await
    }

    fn push(&self) -> Push {
        use vestnik_clock::Clock as _;
        let mut push = push(sealed(3));
        push.expires_at = self.clock.now() + SignedDuration::from_hours(1);
        push
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

fn account(service: Service, mut json: Value) -> Arc<Account> {
    json["root_certificates"] = ROOT.into();
    Arc::new(Account::parse(service, &json.to_string()).unwrap())
}

fn google(fcm: &Peer, oauth: &Peer) -> Arc<Account> {
    let json = json!({
        "project_id": "shop-1",
        "private_key_id": "abad1dea",
        "private_key": RSA_PEM,
        "client_email": "push@shop-1.iam.gserviceaccount.com",
        "token_uri": format!("{}/token", oauth.origin()),
        "base_url": fcm.origin(),
    });
    account(Service::Fcm, json)
}

fn apple(production: &Peer, sandbox: &Peer) -> Arc<Account> {
    let json = json!({
        "team_id": "ABCDE12345",
        "key_id": "KEY1234567",
        "private_key": EC_PEM,
        "topic": "com.example.shop",
        "production_url": production.origin(),
        "sandbox_url": sandbox.origin(),
    });
    account(Service::Apns, json)
}

fn vapid() -> Arc<Account> {
    let json = json!({
        "private_key": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
        "contact": "mailto:push@shop.example",
    });
    account(Service::WebPush, json)
}

/// Bounds that no slow machine exceeds.
fn patient() -> Limits {
    let long = Duration::from_secs(300);
    Limits {
        connect: long,
        answer: long,
        body: long,
        ..Limits::default()
    }
}

/// So that a fault is a failed test and not one that hangs.
async fn bounded<T>(test: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(600);
    tokio::time::timeout(limit, test).await.unwrap()
}
