//! `/v1/audiences`: audiences that are uploaded as files.
//!
//! The upload speaks the fields of the IETF draft "Resumable Uploads for HTTP"
//! (draft-ietf-httpbis-resumable-upload): `Upload-Offset`, `Upload-Complete`, `Upload-Limit`. Interim
//! responses (104) are not sent: a client that was cut off asks by `HEAD`.

use std::{pin::pin, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_util::{Stream, StreamExt as _};
use tokio::time::Instant;
use vestnik_model::{
    AudienceFile, AudienceFileRequest, AudienceFileState, AudienceId, Open, Problem, ProblemCode,
    Scope, audience_file::LineProblemPage, view::List,
};

use super::{
    body::{JsonBody, check_upload},
    page::PageParams,
    path::{self, Segments},
    submission::{BY_GET, BY_LIST, Submission},
};
use crate::{
    door::auth::Sender,
    operation::{self, Cut, Uploaded, Writing},
    refusal::Refusal,
    state::ServerState,
};

pub(crate) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(crate) const UPLOAD_COMPLETE: HeaderName = HeaderName::from_static("upload-complete");
pub(crate) const UPLOAD_LIMIT: HeaderName = HeaderName::from_static("upload-limit");

/// Makes an audience whose file is to be uploaded, by `PATCH`.
#[utoipa::path(
    post, path = "/v1/audiences", tag = "audiences", request_body = AudienceFileRequest,
    responses(
        (status = 201, description = "The audience; `Location` has its path", body = AudienceFile),
        (status = 403, description = "The key lacks the scope 'audience'", body = Problem),
        (status = 409, description = "The App has as many audiences as it may have", body = Problem),
        (status = 422, description = "The request is not valid", body = Problem),
    )
)]
pub(crate) async fn create(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    JsonBody(request): JsonBody<AudienceFileRequest>,
) -> Result<Response, Refusal> {
    sender.require(Scope::Audience)?;
    submission.begin(BY_LIST);
    let audience = operation::create_audience(state.uploading(), sender.app(), request).await?;
    let location = format!("audiences/{}", audience.id);
    let mut response = shown(&state, StatusCode::CREATED, audience);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Lists the audiences, the newest first.
#[utoipa::path(
    get, path = "/v1/audiences", tag = "audiences",
    responses((status = 200, description = "All of them", body = List<AudienceFile>))
)]
pub(crate) async fn list(
    State(state): State<ServerState>,
    sender: Sender,
) -> Result<Json<List<AudienceFile>>, Refusal> {
    sender.require(Scope::Audience)?;
    let data = state.store.audiences(sender.app()).await?;
    Ok(Json(List {
        data,
        next_cursor: None,
    }))
}

/// Shows an audience and how far its file is. `HEAD` answers with the same fields of the header.
#[utoipa::path(
    get, path = "/v1/audiences/{id}", tag = "audiences", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The audience", body = AudienceFile, headers(
            ("Upload-Offset" = u64, description = "Where the upload goes on"),
            ("Upload-Complete" = String, description = "`?1` if the file is complete, else `?0`"),
            ("Upload-Limit" = String, description = "`max-size=` and the most bytes of a file"),
        )),
        (status = 404, description = "There is no such audience", body = Problem),
    )
)]
pub(crate) async fn get(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(id): Segments<String>,
) -> Result<Response, Refusal> {
    sender.require(Scope::Audience)?;
    let found = state.store.audience(sender.app(), parse(&id)?).await?;
    let audience = found.ok_or_else(|| Refusal::not_found("audience"))?;
    Ok(shown(&state, StatusCode::OK, audience))
}

/// Appends bytes to the file of an audience. They are stored as they come: when the connection is cut,
/// `HEAD` tells the offset to go on at.
#[utoipa::path(
    patch, path = "/v1/audiences/{id}", tag = "audiences",
    params(
        ("id" = String, Path),
        ("Upload-Offset" = u64, Header, description = "The offset of the first byte: as many as are stored"),
        ("Upload-Complete" = String, Header, description = "`?1` if the file ends with the last byte, else `?0`"),
    ),
    request_body(content = String, content_type = "application/partial-upload"),
    responses(
        (status = 200, description = "Every byte is stored", body = AudienceFile),
        (status = 404, description = "There is no such audience", body = Problem),
        (status = 408, description = "The rest of the body did not come in time; go on at `Upload-Offset`", body = Problem),
        (status = 409, description = "The file goes on at another offset, that of `Upload-Offset`, or is complete; or the App has as many lines as it may have", body = Problem),
        (status = 422, description = "The file cannot be used", body = Problem),
        (status = 503, description = "The App uploads as much at once as it may; the same again later", body = Problem),
    )
)]
pub(crate) async fn upload(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(id): Segments<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    sender.require(Scope::Audience)?;
    let (from, is_complete) = (offset(&headers)?, is_complete(&headers)?);
    check_upload(&headers)?;
    let writing = Writing {
        app: sender.app(),
        id: parse(&id)?,
        from,
        is_complete,
    };
    let _place = state.uploads.take(sender.app()).ok_or_else(busy)?;
    let bytes = pin!(in_time(&state, body));
    match operation::upload(state.uploading(), writing, bytes).await? {
        Uploaded::Whole(audience) => match failure(&audience) {
            None => Ok(shown(&state, StatusCode::OK, audience)),
            Some(refusal) => Ok(refused(&state, refusal, &audience)),
        },
        Uploaded::Part(audience) => {
            let detail = "the rest of the body did not come; go on at Upload-Offset";
            let refusal = Refusal::new(ProblemCode::RequestTimeout, detail);
            Ok(refused(&state, refusal, &audience))
        }
        Uploaded::Elsewhere(audience) => {
            let refusal = failure(&audience).unwrap_or_else(|| elsewhere(&audience));
            Ok(refused(&state, refusal, &audience))
        }
        Uploaded::Full(audience) => {
            let most = state.config.audiences.lines_per_app;
            let detail = format!(
                "the audiences of the App have at most {most} lines together: delete one, then go on at Upload-Offset"
            );
            let refusal = Refusal::new(ProblemCode::AudienceFull, &detail);
            Ok(refused(&state, refusal, &audience))
        }
    }
}

/// Lists the lines of the file that name nobody, by their numbers.
#[utoipa::path(
    get, path = "/v1/audiences/{id}/problems", tag = "audiences",
    params(
        ("id" = String, Path), ("limit" = Option<u32>, Query), ("cursor" = Option<String>, Query),
    ),
    responses(
        (status = 200, description = "A page", body = LineProblemPage),
        (status = 404, description = "There is no such audience", body = Problem),
    )
)]
pub(crate) async fn problems(
    State(state): State<ServerState>,
    sender: Sender,
    Segments(id): Segments<String>,
    params: PageParams<u64>,
) -> Result<Json<LineProblemPage>, Refusal> {
    sender.require(Scope::Audience)?;
    let (app, id) = (sender.app(), parse(&id)?);
    let page = state.store.line_problems(app, id, params.page).await?;
    page.map(Json).ok_or_else(|| Refusal::not_found("audience"))
}

/// Deletes an audience. One that a notification is still to be sent to stays.
#[utoipa::path(
    delete, path = "/v1/audiences/{id}", tag = "audiences", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "There is no such audience", body = Problem),
        (status = 409, description = "A notification is still to be sent to it", body = Problem),
    )
)]
pub(crate) async fn delete(
    State(state): State<ServerState>,
    sender: Sender,
    submission: Submission,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Refusal> {
    sender.require(Scope::Audience)?;
    let id = parse(&id)?;
    submission.begin(BY_GET);
    operation::delete_audience(&*state.store, sender.app(), id, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse(id: &str) -> Result<AudienceId, Refusal> {
    path::id(id, "audience")
}

/// The bytes of a body, while they come in time.
fn in_time(state: &ServerState, body: Body) -> impl Stream<Item = Result<Bytes, Cut>> {
    let each = Duration::from_secs(u64::from(state.config.limits.header_seconds));
    let all = Duration::from_secs(u64::from(state.config.audiences.upload_seconds));
    let end = now() + all;
    futures_util::stream::unfold(body.into_data_stream(), move |mut bytes| async move {
        let until = end.min(now() + each);
        let next = match tokio::time::timeout_at(until, bytes.next()).await {
            Ok(None) => return None,
            Ok(Some(Ok(next))) => Ok(next),
            Ok(Some(Err(_))) | Err(_) => Err(Cut),
        };
        Some((next, bytes))
    })
}

/// The time of sockets, as tokio's timers have it.
#[expect(
    clippy::disallowed_methods,
    reason = "a request ends when its owner drops it, and sockets go by tokio's time"
)]
fn now() -> Instant {
    Instant::now()
}

/// An audience with the fields that an upload goes by.
fn shown(state: &ServerState, status: StatusCode, audience: AudienceFile) -> Response {
    let standing = standing(state, &audience);
    (status, standing, Json(audience)).into_response()
}

/// A refusal with the fields that an upload goes by.
fn refused(state: &ServerState, refusal: Refusal, audience: &AudienceFile) -> Response {
    let mut response = refusal.into_response();
    response.headers_mut().extend(standing(state, audience));
    response
}

fn standing(state: &ServerState, audience: &AudienceFile) -> HeaderMap {
    let is_complete = audience.state != AudienceFileState::Uploading;
    let complete = if is_complete { "?1" } else { "?0" };
    let limit = format!("max-size={}", state.config.audiences.file_bytes);
    let mut headers = HeaderMap::from_iter([
        (UPLOAD_OFFSET, HeaderValue::from(audience.bytes)),
        (UPLOAD_COMPLETE, HeaderValue::from_static(complete)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]);
    if let Ok(limit) = HeaderValue::try_from(limit) {
        headers.insert(UPLOAD_LIMIT, limit);
    }
    headers
}

fn busy() -> Refusal {
    let busy = "the App has as many uploads at once as it may have: go on when one has ended";
    Problem::new(ProblemCode::Unavailable, busy)
        .retry_after(5)
        .into()
}

fn failure(audience: &AudienceFile) -> Option<Refusal> {
    let fault = audience.failure.as_ref().and_then(Open::known)?;
    Some(operation::unusable_file(fault))
}

fn elsewhere(audience: &AudienceFile) -> Refusal {
    let detail = if audience.state == AudienceFileState::Uploading {
        format!("the file goes on at offset {}", audience.bytes)
    } else {
        "the file is complete".to_owned()
    };
    Refusal::new(ProblemCode::AudienceOffset, &detail)
}

/// A structured field's integer (RFC 9651).
fn offset(headers: &HeaderMap) -> Result<u64, Refusal> {
    let value = text(headers, &UPLOAD_OFFSET)?;
    value
        .parse()
        .map_err(|_| wrong("Upload-Offset must be a number of bytes"))
}

/// A structured field's boolean (RFC 9651).
fn is_complete(headers: &HeaderMap) -> Result<bool, Refusal> {
    match text(headers, &UPLOAD_COMPLETE)? {
        "?1" => Ok(true),
        "?0" => Ok(false),
        _ => Err(wrong("Upload-Complete must be ?0 or ?1")),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (Some(Ok(value)), None) => Ok(value.trim()),
        _ => Err(wrong(
            "Upload-Offset and Upload-Complete must be given once each",
        )),
    }
}

fn wrong(detail: &str) -> Refusal {
    Refusal::new(ProblemCode::RequestMalformed, detail)
}
