//! The admin API of the gateways.

use std::{
    fmt::Write as _,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use vestnik_clock::{Clock, SystemClock};

use super::{Gateways, Happening, Hook, Platform, Taken};
use crate::admin::is_own;

/// How the gateways are started.
#[derive(Debug, Clone)]
pub struct DeskOptions {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The address to listen on.
    pub address: IpAddr,
    /// The port of the admin API; the platforms get the next nine. 0: each gets one that is free.
    pub port: u16,
    /// The host name by which the admin API may be asked, beside addresses and `localhost`.
    pub host: String,
}

impl Default for DeskOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            address: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            host: "localhost".to_owned(),
        }
    }
}

/// The gateways with an admin API, until they are shut down.
#[derive(Debug)]
pub struct Desk {
    address: SocketAddr,
    gateways: Arc<Gateways>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Desk {
    /// Starts the gateways and their admin API.
    ///
    /// # Errors
    /// A port cannot be listened on.
    pub async fn start(options: DeskOptions) -> io::Result<Self> {
        let DeskOptions {
            clock,
            address,
            port,
            host,
        } = options;
        let listener = TcpListener::bind((address, port)).await?;
        let first = match port {
            0 => 0,
            port => port.checked_add(1).ok_or(io::ErrorKind::AddrNotAvailable)?,
        };
        let desk = Self {
            address: listener.local_addr()?,
            gateways: Arc::new(Gateways::start_at((address, first), clock).await?),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let served = axum::serve(listener, router(Arc::clone(&desk.gateways), host))
            .with_graceful_shutdown(desk.shutdown.clone().cancelled_owned());
        desk.tasks.spawn(async move {
            if let Err(error) = served.await {
                tracing::warn!(%error, "the admin API of the gateways stopped");
            }
        });
        Ok(desk)
    }

    /// Where the admin API is.
    #[must_use]
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where a platform is.
    #[must_use]
    pub fn origin(&self, platform: Platform) -> String {
        self.gateways.origin(platform)
    }

    /// The account that an operator gives a sender for a platform.
    #[must_use]
    pub fn account(&self, platform: Platform) -> Value {
        account(&self.gateways, platform)
    }

    /// Stops all of it.
    pub async fn shutdown(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn account(gateways: &Gateways, platform: Platform) -> Value {
    json!({"providers": [{
        "name": "main",
        "gateway": platform.as_str(),
        "origin": gateways.origin(platform),
        "settings": gateways.settings(platform),
    }]})
}

type Place = State<Arc<Gateways>>;

fn router(gateways: Arc<Gateways>, host: String) -> Router {
    let guard = move |request: Request, next: Next| {
        let is_own = is_own(request.headers(), &host);
        async move {
            match is_own {
                true => next.run(request).await,
                false => Refusal::Foreign.into_response(),
            }
        }
    };
    Router::new()
        .route("/admin/gateways", get(list))
        .route(
            "/admin/gateways/{gateway}/messages",
            get(messages).delete(clear),
        )
        .route(
            "/admin/gateways/{gateway}/refusal",
            put(refuse).delete(recover),
        )
        .route("/admin/gateways/{gateway}/people/{person}", put(person))
        .route("/admin/gateways/{gateway}/hook", post(hook))
        .layer(middleware::from_fn(guard))
        .with_state(gateways)
}

/// Why a request is refused.
#[derive(Debug)]
enum Refusal {
    Foreign,
    Unknown,
    Undocumented(Platform),
    NeverReported,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, what) = match self {
            Self::Foreign => {
                let what = "the admin API answers to its own address only";
                (StatusCode::FORBIDDEN, what.to_owned())
            }
            Self::Unknown => {
                let names = Platform::ALL.map(Platform::as_str).join(", ");
                (StatusCode::NOT_FOUND, format!("the gateways are {names}"))
            }
            Self::Undocumented(platform) => {
                let what = format!("the errors are {}", errors(platform).join(", "));
                (StatusCode::BAD_REQUEST, what)
            }
            Self::NeverReported => {
                let what = "this gateway does not report it";
                (StatusCode::NOT_FOUND, what.to_owned())
            }
        };
        (status, Json(json!({"error": what}))).into_response()
    }
}

fn errors(platform: Platform) -> Vec<String> {
    let documented = platform.documented().into_iter();
    documented.map(|error| error.name).collect()
}

fn platform(name: &str) -> Result<Platform, Refusal> {
    let known = Platform::ALL.into_iter().find(|it| it.as_str() == name);
    known.ok_or(Refusal::Unknown)
}

async fn list(State(gateways): Place) -> Json<Value> {
    let view = |platform: Platform| {
        json!({
            "name": platform.as_str(),
            "origin": gateways.origin(platform),
            "account": account(&gateways, platform),
            "errors": errors(platform),
        })
    };
    Json(Platform::ALL.map(view).into())
}

async fn messages(
    State(gateways): Place,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let view = |taken: Taken| {
        let Taken { id, to, text, key } = taken;
        json!({"id": id, "to": to, "text": text, "key": key})
    };
    let taken = gateways.taken(platform(&name)?);
    Ok(Json(taken.into_iter().map(view).collect()))
}

async fn clear(State(gateways): Place, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    gateways.clear(platform(&name)?);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefusalRequest {
    error: String,
    #[serde(default = "once")]
    times: u32,
}

const fn once() -> u32 {
    1
}

async fn refuse(
    State(gateways): Place,
    Path(name): Path<String>,
    Json(asked): Json<RefusalRequest>,
) -> Result<StatusCode, Refusal> {
    let platform = platform(&name)?;
    match gateways.refuse(platform, &asked.error, asked.times) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Refusal::Undocumented(platform)),
    }
}

async fn recover(State(gateways): Place, Path(name): Path<String>) -> Result<StatusCode, Refusal> {
    gateways.recover(platform(&name)?);
    Ok(StatusCode::NO_CONTENT)
}

/// What a gateway makes of messages to an address.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Standing {
    Reachable,
    Blocking,
    Unknown,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonRequest {
    standing: Standing,
}

async fn person(
    State(gateways): Place,
    Path((name, person)): Path<(String, String)>,
    Json(asked): Json<PersonRequest>,
) -> Result<StatusCode, Refusal> {
    let platform = platform(&name)?;
    gateways.welcome(platform, &person);
    match asked.standing {
        Standing::Reachable => {}
        Standing::Blocking => gateways.block(platform, &person),
        Standing::Unknown => gateways.forget(platform, &person),
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What is to be reported.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum HookRequest {
    Delivered { id: String },
    Read { id: String },
    Failed { id: String },
    Started { parameter: String, chat: String },
    Blocked { chat: String },
    Unblocked { chat: String },
    Handshake {},
}

impl From<HookRequest> for Happening {
    fn from(asked: HookRequest) -> Self {
        match asked {
            HookRequest::Delivered { id } => Self::Delivered { id },
            HookRequest::Read { id } => Self::Read { id },
            HookRequest::Failed { id } => Self::Failed { id },
            HookRequest::Started { parameter, chat } => Self::Started { parameter, chat },
            HookRequest::Blocked { chat } => Self::Blocked { chat },
            HookRequest::Unblocked { chat } => Self::Unblocked { chat },
            HookRequest::Handshake {} => Self::Handshake,
        }
    }
}

/// The request with its proof, and the command that sends it to `$CALLBACK`.
async fn hook(
    State(gateways): Place,
    Path(name): Path<String>,
    Json(asked): Json<HookRequest>,
) -> Result<Json<Value>, Refusal> {
    let hook = gateways.hook(platform(&name)?, &asked.into());
    let hook = hook.ok_or(Refusal::NeverReported)?;
    let headers: Vec<_> = hook
        .headers
        .iter()
        .map(|(name, value)| json!([name, value]))
        .collect();
    Ok(Json(json!({
        "method": hook.method,
        "query": hook.query,
        "headers": headers,
        "body": hook.body,
        "curl": curl(&hook),
    })))
}

fn curl(hook: &Hook) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut command = format!("curl -sS -X {}", hook.method);
    for (name, value) in &hook.headers {
        // Writing to a `String` does not fail.
        let _ = write!(command, " -H {}", quoted(&format!("{name}: {value}")));
    }
    if !hook.body.is_empty() {
        command.push_str(" --data-binary ");
        command.push_str(&quoted(&hook.body));
    }
    command.push_str(r#" "$CALLBACK""#);
    if !hook.query.is_empty() {
        command.push_str(&quoted(&format!("?{}", hook.query)));
    }
    command
}
