//! A server without sockets: an App, its keys, and calls of the router.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use vestnik_clock::{Clock as _, ManualClock};
use vestnik_model::{AppId, InstallationSecret};

use crate::{
    Bootstrap, Config, Parts, Server,
    bootstrap::bootstrap_in,
    bus::{Bus as _, Hint, LocalBus},
    door::http::router,
    state::ServerState,
};

pub(crate) const INSTALLATION: &str = "ins_00000000000000000000000000000001";

pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) keys: Bootstrap,
    /// Every hint of the bus.
    pub(crate) hints: Arc<Mutex<Vec<Hint>>>,
    pub(crate) state: ServerState,
    router: Router,
    _folder: TempDir,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// The body as text.
    pub(crate) page: String,
}

impl Answer {
    /// The status and the code of a problem.
    pub(crate) fn problem(&self) -> (u16, &str) {
        let kind = self.headers.get("content-type").map(|kind| kind.as_bytes());
        assert_eq!(kind, Some(&b"application/problem+json"[..]), "{self:?}");
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other settings than the default ones.
    pub(crate) async fn with(set: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::new("2026-11-28T09:00:00Z".parse().unwrap(), 1);
        let (bus, hints) = (LocalBus::default(), Arc::<Mutex<Vec<Hint>>>::default());
        let seen = Arc::clone(&hints);
        bus.attach(Arc::new(move |hint| {
            seen.lock().unwrap().push(hint.clone());
        }));
        let mut config = Config {
            database: folder.path().join("vestnik.sqlite"),
            ..Config::default()
        };
        set(&mut config);
        let parts = Parts {
            clock: Arc::new(clock.clone()),
            bus: Arc::new(bus),
            ..Parts::default()
        };
        let server = Server::open(config, parts).await.unwrap();
        let state = server.into_state();
        let keys = bootstrap_in(&*state.store, &clock, AppId::parse("shop").unwrap())
            .await
            .unwrap();
        Self {
            router: router(&state),
            clock,
            keys,
            hints,
            state,
            _folder: folder,
        }
    }

    pub(crate) async fn request(&self, request: Request<Body>) -> Answer {
        let response: Response<Body> = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            page: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn call(&self, line: &str, bearer: &str, body: Option<Value>) -> Answer {
        self.request(request(line, bearer, body)).await
    }

    /// A call with the App's first key.
    pub(crate) async fn admin(&self, line: &str, body: Option<Value>) -> Answer {
        self.call(line, &self.keys.admin_key, body).await
    }

    /// What the App's backend vouches for.
    pub(crate) fn identity_token(&self, user: &str, jti: Option<&str>) -> String {
        let mut claims = json!({
            "sub": user, "aud": "shop", "exp": self.clock.now().as_second() + 600,
        });
        if let Some(jti) = jti {
            claims["jti"] = json!(jti);
        }
        let header = Header {
            kid: Some(self.keys.identity_key_id.clone()),
            ..Header::new(Algorithm::HS256)
        };
        let secret = BASE64_URL_SAFE_NO_PAD.decode(&self.keys.identity_secret);
        let key = EncodingKey::from_secret(&secret.unwrap());
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }

    pub(crate) async fn log_in(&self, user: &str, secret: u8) -> Answer {
        self.log_in_with(&self.identity_token(user, None), secret)
            .await
    }

    pub(crate) async fn log_in_with(&self, identity_token: &str, secret: u8) -> Answer {
        let body = json!({
            "grant_type": "identity_token", "app": "shop", "installation_id": INSTALLATION,
            "installation_secret": InstallationSecret::from_bytes([secret; 32]).expose(),
            "identity_token": identity_token,
        });
        self.call("POST /v1/token", "", Some(body)).await
    }

    pub(crate) async fn exchange(&self, refresh_token: &str) -> Answer {
        let body = json!({"grant_type": "refresh_token", "refresh_token": refresh_token});
        self.call("POST /v1/token", "", Some(body)).await
    }

    /// Whether an access token is accepted, and if not, by which code it is refused.
    pub(crate) async fn code_of(&self, access_token: &str) -> String {
        let line = format!("GET /v1/installations/{INSTALLATION}");
        let answer = self.call(&line, access_token, None).await;
        match answer.status {
            200 => "ok".to_owned(),
            _ => answer.problem().1.to_owned(),
        }
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// A request by its method and path, with a JSON body.
pub(crate) fn request(line: &str, bearer: &str, body: Option<Value>) -> Request<Body> {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path);
    if !bearer.is_empty() {
        request = request.header("authorization", format!("Bearer {bearer}"));
    }
    let Some(body) = body else {
        return request.body(Body::empty()).unwrap();
    };
    let request = request.header("content-type", "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
