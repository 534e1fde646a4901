//! Fields of the JSON in which an operator gives an account.
//!
//! What is wrong is told by the name of the field. Values are never told: they are secrets, and whoever
//! wrote one into the wrong place wrote a secret there.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, error::Category};

/// The most bytes of an account's JSON.
const MAX_BYTES: usize = 64 * 1_024;
/// Every field.
const KNOWN: &[&str] = &[
    "host",
    "port",
    "security",
    "system_id",
    "password",
    "system_type",
    "version",
    "source",
    "source_ton",
    "source_npi",
    "service_type",
    "coding",
    "joining",
    "max_parts",
    "receipts",
    "receipt_ids",
    "window",
    "per_second",
    "root_certificates",
];

/// Why a text is no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// It is longer than any account.
    #[error("an account has at most {MAX_BYTES} bytes")]
    TooLong,
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
    /// A field has a value that cannot be used.
    #[error("{field} {fault}")]
    Value {
        /// The field.
        field: &'static str,
        /// What it must be.
        fault: Fault,
    },
    /// There is a field that an account does not have.
    #[error("a field is unknown; an account has {}", KNOWN.join(", "))]
    Unknown,
}

/// What a field must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A text.
    #[error("must be a text that is not empty")]
    Text,
    /// A host.
    #[error("must be a domain name or an IP address")]
    Host,
    /// A port.
    #[error("must be a number from 1 to 65535")]
    Port,
    /// How the connection is protected.
    #[error("must be tls or none")]
    Security,
    /// Who binds.
    #[error("must have 1 to 15 ASCII characters")]
    SystemId,
    /// What proves it.
    #[error("must have at most 8 ASCII characters")]
    Password,
    /// What kind of system binds.
    #[error("must have at most 12 ASCII characters")]
    SystemType,
    /// A version of the protocol.
    #[error("must be 3.4 or 5.0")]
    Version,
    /// Who messages are from.
    #[error("must be a name of 1 to 11 ASCII characters, a number with +, or a short code")]
    Source,
    /// A field of one octet.
    #[error("must be a number from 0 to 255")]
    Octet,
    /// A service.
    #[error("must have at most 5 ASCII characters")]
    ServiceType,
    /// An alphabet.
    #[error("must be gsm7, latin1, latin1_default or ucs2")]
    Coding,
    /// How parts are joined.
    #[error("must be udh8, udh16, sar or payload")]
    Joining,
    /// A number of parts.
    #[error("must be a number from 1 to 50")]
    MaxParts,
    /// More parts than go out while a message is waited for.
    #[error("must be at most what per_second lets through in 5 seconds, and one")]
    TooSlow,
    /// Of which parts receipts are asked for.
    #[error("must be all, last or none")]
    Receipts,
    /// How ids differ.
    #[error("must be same, decimal or hexadecimal")]
    ReceiptIds,
    /// A number of submissions.
    #[error("must be a number from 1 to 200")]
    Window,
    /// A pace.
    #[error("must be a number from 1 to 10000")]
    PerSecond,
    /// Certificates.
    #[error("must be certificates in PEM that begin with -----BEGIN CERTIFICATE-----")]
    Certificates,
}

impl AccountError {
    /// The field at fault, if one is.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Missing { field } | Self::Value { field, .. } => Some(field),
            Self::TooLong | Self::Json { .. } | Self::NotObject | Self::Unknown => None,
        }
    }
}

/// The fields of an account, all of them known.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn read(text: &str) -> Result<Self, AccountError> {
        if text.len() > MAX_BYTES {
            return Err(AccountError::TooLong);
        }
        let fields = match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err(AccountError::NotObject),
            // The library's own message may have a part of the text in it.
            Err(error) => {
                return Err(match error.classify() {
                    Category::Io | Category::Data => AccountError::NotObject,
                    Category::Syntax | Category::Eof => AccountError::Json {
                        line: error.line(),
                        column: error.column(),
                    },
                });
            }
        };
        let is_known = fields.keys().all(|name| KNOWN.contains(&name.as_str()));
        is_known
            .then_some(Self(fields))
            .ok_or(AccountError::Unknown)
    }

    /// A text that may be there, read; `null` is absent.
    pub(super) fn optional<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Result<Option<T>, AccountError> {
        let wrong = |fault| AccountError::Value { field, fault };
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => read(text).map(Some).map_err(wrong),
            Some(_) => Err(wrong(Fault::Text)),
        }
    }

    /// A text that must be there, read.
    pub(super) fn required<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Result<T, AccountError> {
        let value = self.optional(field, read)?;
        value.ok_or(AccountError::Missing { field })
    }

    /// A number that may be there.
    pub(super) fn number<T: TryFrom<u64> + PartialOrd>(
        &self,
        field: &'static str,
        fault: Fault,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, AccountError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let value = value.as_u64().and_then(|value| T::try_from(value).ok());
                let value = value.filter(|value| range.contains(value));
                let value = value.ok_or(AccountError::Value { field, fault })?;
                Ok(Some(value))
            }
        }
    }
}
