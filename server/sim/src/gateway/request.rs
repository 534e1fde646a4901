//! Requests and answers of the platforms.

use std::collections::BTreeMap;

use http::{HeaderMap, Method};
use serde_json::Value;

use super::platform::Documented;
use crate::form;

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn is(&self, method: &Method, path: &str) -> bool {
        self.method == *method && self.path == path
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token behind `Bearer`.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The body as a JSON object, if its media type says so.
    pub(crate) fn json(&self) -> Option<Value> {
        let is_json = self.header("content-type")?.starts_with("application/json");
        let value: Value = serde_json::from_slice(&self.body).ok()?;
        (is_json && value.is_object()).then_some(value)
    }

    /// The fields of a form, if the media type says so.
    pub(crate) fn form(&self) -> Option<BTreeMap<String, String>> {
        let media_type = self.header("content-type")?;
        let is_form = media_type.starts_with("application/x-www-form-urlencoded");
        is_form.then(|| form::parse(&self.body))
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            body: body.to_string(),
        }
    }

    /// One of the errors that a platform documents.
    pub(crate) fn documented(errors: &[Documented], name: &str) -> Self {
        let error = errors.iter().find(|error| error.name == name);
        match error {
            Some(error) => Self {
                status: error.status,
                body: error.body.clone(),
            },
            // A name that no table has is a mistake of the simulator, and no service says this.
            None => Self {
                status: 599,
                body: format!("no such error: {name}"),
            },
        }
    }
}
