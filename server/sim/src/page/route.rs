//! The routes of the page.

use std::time::Duration;

use axum::{
    Router,
    extract::{Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderName, header};
use serde::Deserialize;

use super::{
    render::{Phone, list, page},
    words::Language,
};
use crate::{place::Place, screen::screen};

/// How long the page waits for a change before it asks again.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most phones on the page.
const PHONES: usize = 100;
/// The most lines of a phone.
const LINES: usize = 8;
/// Nothing is loaded from elsewhere, and no script runs but the page's own.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The count of changes that the answer shows.
const CHANGE: HeaderName = HeaderName::from_static("x-change");

pub(crate) fn routes() -> Router<Place> {
    Router::new()
        .route("/", get(whole))
        .route("/page/phones", get(phones))
        .route("/page/style.css", get(style))
        .route("/page/script.js", get(script))
}

async fn whole(State(place): State<Place>, headers: HeaderMap) -> Response {
    let language = language(&headers);
    let (html, change) = render(&place, language);
    typed("text/html; charset=utf-8", page(language, &html, change))
}

/// The change that the page shows already.
#[derive(Debug, Deserialize)]
struct After {
    after: u64,
}

/// Answers when there is something new, or after a while.
async fn phones(
    State(place): State<Place>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
) -> Response {
    let mut changes = place.shared.changes();
    let newer = changes.wait_for(|change| *change != after);
    let newer = place.shutdown.run_until_cancelled(newer);
    // Whether there was something new or not, the page is drawn as it is now.
    let _ = tokio::time::timeout(PATIENCE, newer).await.is_ok();
    let (html, change) = render(&place, language(&headers));
    let mut response = typed("text/html; charset=utf-8", html);
    response.headers_mut().insert(CHANGE, change.into());
    response
}

async fn style() -> Response {
    typed(
        "text/css; charset=utf-8",
        include_str!("style.css").to_owned(),
    )
}

async fn script() -> Response {
    typed(
        "text/javascript; charset=utf-8",
        include_str!("script.js").to_owned(),
    )
}

fn typed(media_type: &'static str, body: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body).into_response()
}

fn language(headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    Language::preferred(accepted.unwrap_or_default())
}

/// The list, and the change that it shows.
fn render(place: &Place, language: Language) -> (String, u64) {
    // The count first: what changes while the list is made is shown by the next one.
    let change = *place.shared.changes().borrow();
    let now = place.shared.clock().now();
    let (phones, more) = place.shared.read(|world| {
        let devices: Vec<_> = world.fleet.devices().collect();
        let more = devices.len().saturating_sub(PHONES);
        let phone = |device: &&crate::device::Device| Phone {
            device: world.view(device),
            is_dead: device.dead(now).is_some(),
            lines: {
                let events = world.fleet.events(0).rev();
                screen(events.filter(|event| event.device == device.id), LINES)
            },
        };
        // The newest devices first: they are what is worked with.
        let phones: Vec<_> = devices.iter().rev().take(PHONES).map(phone).collect();
        (phones, more)
    });
    (list(language, &phones, more), change)
}
