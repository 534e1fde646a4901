//! What the person prefers.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What the person prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Preferences {
    /// The language of the app.
    pub(crate) language: LanguagePreference,
    /// Its colours.
    pub(crate) theme: ThemePreference,
    /// Whether this device shows no pop-ups because the person switched them off in the app.
    pub(crate) is_switched_off: bool,
}

/// The language a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LanguagePreference {
    /// The system's.
    #[default]
    System,
    /// English.
    En,
    /// Russian.
    Ru,
}

/// The colours a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ThemePreference {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// A language the app speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Language {
    /// English.
    En,
    /// Russian.
    Ru,
}
