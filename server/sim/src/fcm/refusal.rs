//! The errors of FCM, in the shape of `google.rpc.Status`.

use http::{HeaderName, StatusCode, header};
use serde_json::{Value, json};

use crate::{fault::Asked, reply::Reply, shape::Misshapen};

const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";

/// Why a send is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No such path, or another method.
    NoSuchPage,
    /// There is no bearer token.
    NoCredentials,
    /// The bearer token was not given out here.
    BadCredentials,
    /// The bearer token has expired.
    ExpiredCredentials,
    /// The account does not belong to the project of the path.
    Project(String),
    /// The JSON is not what the API defines: the field and what is wrong.
    Shape { field: String, what: String },
    /// A value breaks a rule of FCM: the field, the message and the description.
    Invalid { field: String, what: String },
    /// The message is too large.
    TooBig,
    /// The address is dead.
    Unregistered,
    /// The address belongs to another project.
    SenderIdMismatch,
    /// The device was sent too much: after how many seconds more is accepted.
    Quota(u64),
}

impl From<Misshapen> for Refusal {
    fn from(Misshapen { field, what }: Misshapen) -> Self {
        Self::Shape { field, what }
    }
}

impl Refusal {
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::NoSuchPage => no_such_page(),
            Self::NoCredentials => unauthenticated(MISSING, "CREDENTIALS_MISSING"),
            Self::BadCredentials => unauthenticated(EXPECTED, "ACCESS_TOKEN_TYPE_UNSUPPORTED"),
            Self::ExpiredCredentials => unauthenticated(EXPECTED, "ACCESS_TOKEN_EXPIRED"),
            Self::Project(project) => denied(project),
            Self::Shape { field, what } => {
                let details = json!([violation(field, what)]);
                error(StatusCode::BAD_REQUEST, what, &details).because("INVALID_ARGUMENT")
            }
            Self::Invalid { field, what } => {
                let details = json!([fcm_error("INVALID_ARGUMENT"), violation(field, what)]);
                error(StatusCode::BAD_REQUEST, what, &details).because("INVALID_ARGUMENT")
            }
            Self::TooBig => documented("INVALID_ARGUMENT", "Android message is too big"),
            Self::Unregistered => documented("UNREGISTERED", "Requested entity was not found."),
            Self::SenderIdMismatch => documented("SENDER_ID_MISMATCH", "SenderId mismatch"),
            Self::Quota(seconds) => {
                let what = "Quota exceeded for the device's message rate.";
                documented("QUOTA_EXCEEDED", what).retry_after(Some(*seconds))
            }
        }
    }
}

const MISSING: &str = "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.";
const EXPECTED: &str = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.";

/// An error of Google's front end, which knows nothing of FCM.
fn unauthenticated(what: &str, reason: &str) -> Reply {
    let challenge = "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"";
    error(StatusCode::UNAUTHORIZED, what, &json!([info(reason)]))
        .because(reason)
        .with(header::WWW_AUTHENTICATE, challenge)
}

/// The answer that a rule asks for. `code` is the HTTP status. A reason of FCM's registry is put into the
/// details, with the field if it names one; any other word is one of Google's front end, which has no
/// FCM error code.
pub(crate) fn fault(code: StatusCode, asked: &Asked<'_>) -> Reply {
    let reason = asked.reason.or_else(|| usual(code));
    let details = match reason {
        Some(reason) if is_registered(reason) => {
            let of_field = asked.field.map(|field| violation(field, words(code)));
            let details = [fcm_error(reason)].into_iter().chain(of_field);
            Value::Array(details.collect())
        }
        Some(other) => json!([info(other)]),
        None => json!([]),
    };
    let reply = error(code, words(code), &details).retry_after(asked.retry_after);
    reason.into_iter().fold(reply, Reply::because)
}

/// The codes of <https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode>.
fn is_registered(reason: &str) -> bool {
    matches!(
        reason,
        "UNSPECIFIED_ERROR"
            | "INVALID_ARGUMENT"
            | "UNREGISTERED"
            | "SENDER_ID_MISMATCH"
            | "QUOTA_EXCEEDED"
            | "UNAVAILABLE"
            | "INTERNAL"
            | "THIRD_PARTY_AUTH_ERROR"
    )
}

/// An error of FCM's own registry, with the status that the registry gives it.
fn documented(reason: &str, what: &str) -> Reply {
    let details = json!([fcm_error(reason)]);
    error(status_of(reason), what, &details).because(reason)
}

/// <https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode>
fn status_of(reason: &str) -> StatusCode {
    match reason {
        "INVALID_ARGUMENT" => StatusCode::BAD_REQUEST,
        "UNREGISTERED" => StatusCode::NOT_FOUND,
        "SENDER_ID_MISMATCH" => StatusCode::FORBIDDEN,
        "QUOTA_EXCEEDED" => StatusCode::TOO_MANY_REQUESTS,
        "UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        "THIRD_PARTY_AUTH_ERROR" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The reason that FCM gives with a status, where there is one.
fn usual(code: StatusCode) -> Option<&'static str> {
    match code.as_u16() {
        400 => Some("INVALID_ARGUMENT"),
        401 => Some("THIRD_PARTY_AUTH_ERROR"),
        403 => Some("SENDER_ID_MISMATCH"),
        404 => Some("UNREGISTERED"),
        429 => Some("QUOTA_EXCEEDED"),
        500 => Some("INTERNAL"),
        503 => Some("UNAVAILABLE"),
        _ => None,
    }
}

fn words(code: StatusCode) -> &'static str {
    match code.as_u16() {
        400 => "Request contains an invalid argument.",
        401 => "Auth error from APNS or Web Push Service",
        403 => "SenderId mismatch",
        404 => "Requested entity was not found.",
        429 => "Resource has been exhausted (e.g. check quota).",
        503 => "The service is currently unavailable.",
        _ => "Internal error encountered.",
    }
}

/// `google.rpc.Code` by HTTP status.
fn code_of(code: StatusCode) -> &'static str {
    match code.as_u16() {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

fn error(code: StatusCode, what: &str, details: &Value) -> Reply {
    let mut error = json!({"code": code.as_u16(), "message": what, "status": code_of(code)});
    if details
        .as_array()
        .is_some_and(|details| !details.is_empty())
    {
        error["details"] = details.clone();
    }
    let body = json!({"error": error});
    Reply::json(code, &body)
        .noting(what)
        .with(HeaderName::from_static("vary"), "Origin")
}

fn fcm_error(reason: &str) -> Value {
    json!({"@type": FCM_ERROR, "errorCode": reason})
}

fn violation(field: &str, what: &str) -> Value {
    json!({"@type": BAD_REQUEST, "fieldViolations": [{"field": field, "description": what}]})
}

fn info(reason: &str) -> Value {
    let metadata = json!({
        "service": "fcm.googleapis.com",
        "method": "google.firebase.fcm.v1.FcmService.SendMessage",
    });
    json!({
        "@type": ERROR_INFO, "reason": reason, "domain": "googleapis.com", "metadata": metadata,
    })
}

fn denied(project: &str) -> Reply {
    let resource = format!("//cloudresourcemanager.googleapis.com/projects/{project}");
    let permission = "cloudmessaging.messages.create";
    let what =
        format!("Permission '{permission}' denied on resource '{resource}' (or it may not exist).");
    let details = json!([{
        "@type": ERROR_INFO, "reason": "IAM_PERMISSION_DENIED", "domain": "iam.googleapis.com",
        "metadata": {"resource": format!("projects/{project}"), "permission": permission},
    }]);
    error(StatusCode::FORBIDDEN, &what, &details).because("IAM_PERMISSION_DENIED")
}

/// Google answers unknown paths with a page, not with JSON.
fn no_such_page() -> Reply {
    let page = "<!DOCTYPE html><html lang=en><title>Error 404 (Not Found)!!1</title><p>The requested URL was not found on this server.";
    Reply {
        body: page.as_bytes().to_vec(),
        ..Reply::empty(StatusCode::NOT_FOUND)
    }
    .with(header::CONTENT_TYPE, "text/html; charset=UTF-8")
    .because("no_such_page")
    .noting("the path must be /v1/projects/{project}/messages:send, the method POST")
}
