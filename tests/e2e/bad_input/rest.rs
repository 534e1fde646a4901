//! REST: bodies, headers, ids, routes, credentials.

mod bounces;
mod publishing;
mod resources;

use reqwest::Method;
use serde_json::{Value, json};
use vestnik_testkit::name::installation;

use self::{
    publishing::{bad_audience, bad_content, misshapen, unreadable},
    resources::{administration, credentials, installations, receipts, routes},
};
use super::attacked::{Attacked, Want};

/// Who asks.
#[derive(Clone)]
enum As {
    Backend,
    Reader,
    Device,
    OtherApp,
    Nobody,
    Header(&'static str),
    Key(String),
}

struct Case {
    name: &'static str,
    method: Method,
    path: String,
    asks: As,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    want: Want,
}

impl Case {
    fn new(name: &'static str, method: Method, path: impl Into<String>, want: Want) -> Self {
        Self {
            name,
            method,
            path: path.into(),
            asks: As::Backend,
            headers: Vec::new(),
            body: Vec::new(),
            want,
        }
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", "application/json")
    }

    fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn asked_by(self, asks: As) -> Self {
        Self { asks, ..self }
    }
}

/// What a device reports of itself is read leniently: unknown words are kept, and what cannot be kept is
/// dropped alone.
#[tokio::test]
async fn odd_installations_are_served() -> anyhow::Result<()> {
    let attacked = Attacked::prepare().await?;
    let path = format!("/v1/installations/{}", installation(1));
    let url = attacked.server.url().join(&path)?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let state = json!({
        "platform": "toaster", "permission": "maybe", "model": "a\0", "locale": 7,
        "app_version": "9", "crumbs": { "count": 7 },
        "push_addresses": [
            { "kind": "fcm_fid", "value": "first" }, "odd", { "kind": "pigeon", "value": "grey" },
            { "kind": "fcm_fid", "value": "second" },
        ],
    });
    let put = http
        .put(url.clone())
        .bearer_auth(&attacked.token)
        .json(&state);
    put.send().await?.error_for_status()?;
    let get = http.get(url).bearer_auth(&attacked.token).send().await?;
    let view: Value = get.error_for_status()?.json().await?;
    let kept = ["platform", "permission", "model", "locale", "app_version"];
    assert_eq!(
        kept.map(|name| view["state"][name].clone()),
        [
            json!("toaster"),
            json!("maybe"),
            Value::Null,
            Value::Null,
            json!("9")
        ]
    );
    attacked.end(1).await
}

async fn check(attacked: &mut Attacked, case: Case) -> anyhow::Result<()> {
    let backend = &attacked.server.backend;
    let mut request = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .request(
            case.method,
            format!("http://{}{}", attacked.server.address(), case.path),
        )
        .body(case.body);
    let bearer = match case.asks {
        As::Backend => format!("Bearer {}", backend.secrets().key),
        As::Reader => format!("Bearer {}", attacked.reader),
        As::Device => format!("Bearer {}", attacked.token),
        As::OtherApp => format!("Bearer {}", attacked.server.other.secrets().key),
        As::Key(key) => format!("Bearer {key}"),
        As::Header(header) => header.to_owned(),
        As::Nobody => String::new(),
    };
    if !bearer.is_empty() {
        request = request.header("authorization", bearer);
    }
    for (name, value) in case.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await?;
    attacked.check(case.name, answer, case.want).await
}

async fn check_all(cases: impl FnOnce(&Attacked) -> Vec<Case>) -> anyhow::Result<()> {
    let mut attacked = Attacked::prepare().await?;
    let cases = cases(&attacked);
    let count = cases.len();
    for case in cases {
        check(&mut attacked, case).await?;
    }
    attacked.end(count).await
}

#[tokio::test]
async fn publishing() -> anyhow::Result<()> {
    check_all(|_| [unreadable(), misshapen(), bad_content(), bad_audience()].concat_all()).await
}

#[tokio::test]
async fn credentials_and_routes() -> anyhow::Result<()> {
    check_all(|attacked| [credentials(attacked), routes(attacked)].concat_all()).await
}

#[tokio::test]
async fn other_resources() -> anyhow::Result<()> {
    check_all(|attacked| [receipts(attacked), installations(), administration()].concat_all()).await
}

trait ConcatAll {
    fn concat_all(self) -> Vec<Case>;
}

impl<const N: usize> ConcatAll for [Vec<Case>; N] {
    fn concat_all(self) -> Vec<Case> {
        self.into_iter().flatten().collect()
    }
}

const PUBLISH: &str = "/v1/notifications";

fn publish(name: &'static str, want: Want) -> Case {
    Case::new(name, Method::POST, PUBLISH, want)
}

/// A good request with one thing in it changed.
fn good_but(pointer: &str, value: Value) -> Vec<u8> {
    let mut request = json!({
        "to": { "users": ["anna"] },
        "notification": { "title": "hello", "click": { "type": "link", "url": "https://a.example" } },
    });
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
    let object = request.pointer_mut(parent).expect("the parent is there");
    object[name] = value;
    request.to_string().into_bytes()
}
