//! Fields of the JSON in which an operator gives credentials.
//!
//! What is wrong is told by the name of the field. Values are never told: they are secrets, and whoever
//! wrote one into the wrong place wrote a secret there.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use vestnik_outbound::{MAX_ACCOUNT, ObjectError, TrustError, object};

use crate::{apns::TopicError, key::KeyError, origin::OriginError, web_push::ContactError};

/// What a server is trusted by besides the system's certificates: any account may have it.
pub(crate) const ROOTS: &str = "root_certificates";

/// Why a text is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// It is longer than any account.
    #[error("must have at most {max} bytes")]
    TooLong {
        /// The most bytes allowed.
        max: usize,
    },
    /// It is not JSON.
    #[error("not JSON: wrong at line {line}, column {column}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It is JSON, but not an object.
    #[error("must be a JSON object")]
    NotObject,
    /// A field is missing.
    #[error("{field} is required")]
    Missing {
        /// The field.
        field: &'static str,
    },
    /// A field is not a text.
    #[error("{field} must be a text")]
    NotText {
        /// The field.
        field: &'static str,
    },
    /// A field is not a list of texts.
    #[error("{field} must be a list of texts")]
    NotTexts {
        /// The field.
        field: &'static str,
    },
    /// A field is neither true nor false.
    #[error("{field} must be true or false")]
    NotFlag {
        /// The field.
        field: &'static str,
    },
    /// A field is not an object of texts.
    #[error("{field} must be an object whose values are texts")]
    NotTextMap {
        /// The field.
        field: &'static str,
    },
    /// A field has a value that cannot be used.
    #[error("{field} {fault}")]
    Value {
        /// The field.
        field: &'static str,
        /// What it must be.
        fault: Fault,
    },
    /// There is a field that an account of this kind does not have.
    #[error("a field is unknown; this account has {known}")]
    Unknown {
        /// The fields that there are, with commas between them.
        known: String,
    },
}

/// What a field must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A private key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An id at Apple.
    #[error("must have 10 letters and digits")]
    AppleId,
    /// The id of a Firebase project.
    #[error("must have 1 to 64 letters, digits, '-', '.' and ':'")]
    ProjectId,
    /// An id that becomes a part of a path.
    #[error("must have 1 to 64 letters, digits, '-', '_', '.' and ':'")]
    Segment,
    /// A kind of message of Huawei's.
    #[error("must have values of 1 to 32 capital letters and '_', such as EXPRESS")]
    HuaweiCategory,
    /// A token that becomes a header.
    #[error("must have visible ASCII characters only")]
    Token,
    /// A text that is not empty.
    #[error("must not be empty")]
    Empty,
    /// An origin, or an address with one.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// A bundle id.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// A contact.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// An `https` address.
    #[error("must be an https address")]
    Https,
    /// A list that is short enough.
    #[error("must have at most {max} entries")]
    TooMany {
        /// The most entries allowed.
        max: usize,
    },
    /// Certificates.
    #[error("must be certificates in PEM that begin with -----BEGIN CERTIFICATE-----")]
    Certificates,
}

impl AccountError {
    /// The field at fault, if one is.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Missing { field }
            | Self::NotText { field }
            | Self::NotTexts { field }
            | Self::NotFlag { field }
            | Self::NotTextMap { field }
            | Self::Value { field, .. } => Some(field),
            Self::TooLong { .. } | Self::Json { .. } | Self::NotObject | Self::Unknown { .. } => {
                None
            }
        }
    }
}

impl From<ObjectError> for AccountError {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::TooLong => Self::TooLong { max: MAX_ACCOUNT },
            ObjectError::Json { line, column } => Self::Json { line, column },
            ObjectError::NotObject => Self::NotObject,
        }
    }
}

impl From<TrustError> for Fault {
    fn from(_: TrustError) -> Self {
        Self::Certificates
    }
}

/// The fields of an account.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn read(text: &str) -> Result<Self, AccountError> {
        Ok(Self(object(text)?))
    }

    /// Refuses fields that are not in `known`.
    pub(crate) fn only(self, known: &[&str]) -> Result<Self, AccountError> {
        if self.0.keys().all(|name| known.contains(&name.as_str())) {
            return Ok(self);
        }
        let known = known.join(", ");
        Err(AccountError::Unknown { known })
    }

    /// A text; absent and `null` are the same.
    pub(crate) fn optional(&self, field: &'static str) -> Result<Option<&str>, AccountError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(AccountError::NotText { field })
            }
        }
    }

    /// A list of at most `max` texts; absent and `null` are an empty one.
    pub(crate) fn texts(&self, field: &'static str, max: usize) -> Result<Vec<&str>, AccountError> {
        let entries = match self.0.get(field) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(entries)) => entries,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                return Err(AccountError::NotTexts { field });
            }
        };
        if entries.len() > max {
            let fault = Fault::TooMany { max };
            return Err(AccountError::Value { field, fault });
        }
        let texts = entries.iter().map(Value::as_str);
        let texts: Option<Vec<_>> = texts.collect();
        texts.ok_or(AccountError::NotTexts { field })
    }

    /// A flag; absent and `null` are false.
    pub(crate) fn flag(&self, field: &'static str) -> Result<bool, AccountError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
                Err(AccountError::NotFlag { field })
            }
        }
    }

    /// An object of at most `max` texts that pass a check; absent and `null` are an empty one.
    pub(crate) fn text_map(
        &self,
        field: &'static str,
        max: usize,
        check: impl Fn(&str) -> Result<(), Fault>,
    ) -> Result<BTreeMap<String, String>, AccountError> {
        let entries = match self.0.get(field) {
            None | Some(Value::Null) => return Ok(BTreeMap::new()),
            Some(Value::Object(entries)) => entries,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                return Err(AccountError::NotTextMap { field });
            }
        };
        if entries.len() > max {
            let fault = Fault::TooMany { max };
            return Err(AccountError::Value { field, fault });
        }
        let read = |(name, value): (&String, &Value)| {
            let text = value.as_str().ok_or(AccountError::NotTextMap { field })?;
            check(text).map_err(wrong(field))?;
            Ok((name.clone(), text.to_owned()))
        };
        entries.iter().map(read).collect()
    }

    /// The JSON of these fields with another value of one.
    pub(crate) fn json_with(mut self, field: &str, value: Value) -> String {
        self.0.insert(field.to_owned(), value);
        Value::Object(self.0).to_string()
    }

    /// A text that must be there.
    pub(crate) fn text(&self, field: &'static str) -> Result<&str, AccountError> {
        let text = self.optional(field)?;
        let text = text.ok_or(AccountError::Missing { field })?;
        if text.is_empty() {
            let fault = Fault::Empty;
            return Err(AccountError::Value { field, fault });
        }
        Ok(text)
    }

    /// A text that must be there, read.
    pub(crate) fn read_as<T, E: Into<Fault>>(
        &self,
        field: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, AccountError> {
        read(self.text(field)?).map_err(wrong(field))
    }

    /// A list of at most `max` texts, read.
    pub(crate) fn read_all<T, E: Into<Fault>>(
        &self,
        field: &'static str,
        max: usize,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, AccountError> {
        let texts = self.texts(field, max)?.into_iter();
        texts.map(|text| read(text).map_err(wrong(field))).collect()
    }

    /// A text that may be there, read.
    pub(crate) fn read_optional<T, E: Into<Fault>>(
        &self,
        field: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, AccountError> {
        self.optional(field)?
            .map(read)
            .transpose()
            .map_err(wrong(field))
    }
}

fn wrong<E: Into<Fault>>(field: &'static str) -> impl FnOnce(E) -> AccountError {
    move |error| AccountError::Value {
        field,
        fault: error.into(),
    }
}
