//! Errors of the admin API.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde_json::json;

use crate::{credentials::CredentialsError, fault::RuleError, fleet::DeviceError};

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    what: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { status, what }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"error": self.what}))).into_response()
    }
}

impl From<DeviceError> for Refusal {
    fn from(error: DeviceError) -> Self {
        let status = match error {
            DeviceError::Unknown => StatusCode::NOT_FOUND,
            DeviceError::TooMany(_) => StatusCode::CONFLICT,
            DeviceError::ServerKey | DeviceError::NoEnvironment | DeviceError::TooLong => {
                StatusCode::BAD_REQUEST
            }
        };
        Self::new(status, error.to_string())
    }
}

impl From<RuleError> for Refusal {
    fn from(error: RuleError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

impl From<CredentialsError> for Refusal {
    fn from(error: CredentialsError) -> Self {
        let status = match error {
            CredentialsError::TooMany(_) => StatusCode::CONFLICT,
            CredentialsError::Make
            | CredentialsError::Read(_)
            | CredentialsError::Certificate(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}
