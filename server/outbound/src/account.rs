//! Fields of the JSON in which an operator gives an account at a peer.
//!
//! What is wrong is told by the name of the field. Values are never told: they are secrets, and whoever
//! wrote one into the wrong place wrote a secret there.

use std::{fmt, marker::PhantomData, ops::RangeInclusive};

use serde_json::{Map, Value, error::Category};

/// The most bytes of an account's JSON. A private key has about 2,400; certificates may stand beside it.
pub const MAX_ACCOUNT: usize = 64 * 1_024;

/// What the fields of a kind of account must be.
pub trait FieldFault: std::error::Error + Copy {
    /// The fields that an account must have.
    const REQUIRED: &'static [&'static str];
    /// The fields that it may have.
    const OPTIONAL: &'static [&'static str];
    /// A text that is not empty.
    const TEXT: Self;
}

/// Why a text is no JSON object with the fields of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// It is longer than any account.
    #[error("must have at most {MAX_ACCOUNT} bytes")]
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
}

/// Reads the JSON object of an account, whatever fields it has.
///
/// # Errors
/// [`ObjectError`], in which nothing of the text stands.
pub fn object(text: &str) -> Result<Map<String, Value>, ObjectError> {
    if text.len() > MAX_ACCOUNT {
        return Err(ObjectError::TooLong);
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(ObjectError::NotObject),
        // The library's own message may have a part of the text in it.
        Err(error) => Err(match error.classify() {
            Category::Io | Category::Data => ObjectError::NotObject,
            Category::Syntax | Category::Eof => ObjectError::Json {
                line: error.line(),
                column: error.column(),
            },
        }),
    }
}

/// Why a text is no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountError<F: FieldFault> {
    /// It is longer than any account.
    #[error("an account has at most {MAX_ACCOUNT} bytes")]
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
        fault: F,
    },
    /// There is a field that an account does not have.
    #[error("a field is unknown; an account has {}", [F::REQUIRED, F::OPTIONAL].concat().join(", "))]
    Unknown,
}

impl<F: FieldFault> From<ObjectError> for AccountError<F> {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::TooLong => Self::TooLong,
            ObjectError::Json { line, column } => Self::Json { line, column },
            ObjectError::NotObject => Self::NotObject,
        }
    }
}

impl<F: FieldFault> AccountError<F> {
    /// The field at fault, if one is.
    #[must_use]
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::Missing { field } | Self::Value { field, .. } => Some(field),
            Self::TooLong | Self::Json { .. } | Self::NotObject | Self::Unknown => None,
        }
    }
}

/// The fields of an account, all of them known. `Debug` shows none: some are secrets.
pub struct Fields<F>(Map<String, Value>, PhantomData<F>);

impl<F> fmt::Debug for Fields<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields").finish_non_exhaustive()
    }
}

impl<F: FieldFault> Fields<F> {
    /// Reads the fields of an account.
    ///
    /// # Errors
    /// [`AccountError`] if the text is too long, no JSON object, or has a field that is not known.
    pub fn read(text: &str) -> Result<Self, AccountError<F>> {
        let fields = object(text)?;
        let known = [F::REQUIRED, F::OPTIONAL].concat();
        let is_known = fields.keys().all(|name| known.contains(&name.as_str()));
        is_known
            .then_some(Self(fields, PhantomData))
            .ok_or(AccountError::Unknown)
    }

    /// A text that may be there, read; `null` is absent.
    ///
    /// # Errors
    /// [`AccountError::Value`] with what `read` finds, or if the value is no text or is empty.
    pub fn optional<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(&str) -> Result<T, F>,
    ) -> Result<Option<T>, AccountError<F>> {
        let wrong = |fault| AccountError::Value { field, fault };
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => read(text).map(Some).map_err(wrong),
            Some(_) => Err(wrong(F::TEXT)),
        }
    }

    /// A text that must be there, read.
    ///
    /// # Errors
    /// [`AccountError::Missing`], and those of [`optional`](Self::optional).
    pub fn required<T>(
        &self,
        field: &'static str,
        read: impl FnOnce(&str) -> Result<T, F>,
    ) -> Result<T, AccountError<F>> {
        let value = self.optional(field, read)?;
        value.ok_or(AccountError::Missing { field })
    }

    /// A number that may be there, within a range.
    ///
    /// # Errors
    /// [`AccountError::Value`] with `fault` if the value is no such number.
    pub fn number<T: TryFrom<u64> + PartialOrd>(
        &self,
        field: &'static str,
        fault: F,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, AccountError<F>> {
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
