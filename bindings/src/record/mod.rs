//! Records that mirror the core's types, each beside its conversion. Ids are texts; times and durations
//! are what each language has for them.
//!
//! Every conversion takes its source apart field by field, so that a new field breaks the build instead
//! of being left out silently.

pub(crate) mod config;
pub(crate) mod diagnostics;
pub(crate) mod event;
pub(crate) mod history;
pub(crate) mod notification;
pub(crate) mod preferences;
pub(crate) mod snapshot;
pub(crate) mod suppression;
pub(crate) mod undrawn;

use std::{fmt::Display, str::FromStr};

use vestnik_model::NotificationId;

use crate::error::VestnikError;

/// Reads ids that the app gave.
///
/// # Errors
/// [`VestnikError::InvalidArgument`] that names the field.
pub(crate) fn parse_all<T>(field: &str, texts: &[String]) -> Result<Vec<T>, VestnikError>
where
    T: FromStr<Err: Display>,
{
    texts.iter().map(|text| parse(field, text)).collect()
}

/// Reads a text that the app gave.
///
/// # Errors
/// [`VestnikError::InvalidArgument`] that names the field.
pub(crate) fn parse<T>(field: &str, text: &str) -> Result<T, VestnikError>
where
    T: FromStr<Err: Display>,
{
    text.parse()
        .map_err(|error| VestnikError::invalid(field, error))
}

/// Ids as the app sees them.
pub(crate) fn texts(ids: &[NotificationId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
