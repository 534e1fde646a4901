//! What an App's backend says of a user, and of the App, for schedules: time zones and quiet hours.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{cost::PriceRequest, phone::PhoneNumber};

/// What is known of a user beside what their installations report. A `PUT` sets it whole: what it does
/// not name is not known any more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UserAttributes {
    /// The name of an IANA time zone, such as `Europe/Berlin`. It counts for a user none of whose
    /// installations reports one.
    #[serde(alias = "timeZone", skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// When the user wants quiet, by their own clock.
    #[serde(alias = "quietHours", skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHoursRequest>,
    /// A telephone number of the user in international form, `+4930123456`: whom `to.phones` means. Where the
    /// numbering plan says its zone, that counts for a user whose zone is not known otherwise. That the
    /// number is the user's is for the backend to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub phone: Option<PhoneNumber>,
}

/// What is known of a user, as their App's backend sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UserView {
    /// Their time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// When they want quiet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHoursRequest>,
    /// The last digits of their telephone number, `+…56`: it is never shown whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// From when to when a user wants quiet, every day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct QuietHoursRequest {
    /// When they begin, `22:00`.
    pub from: String,
    /// When they end, `07:00`; up to `24:00`. Not later than `from`: on the next day.
    pub to: String,
}

/// What holds for every user of an App. A `PUT` sets it whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AppSettings {
    /// The name of an IANA time zone, which counts for users whose own is not known; UTC when absent.
    #[serde(alias = "timeZone", skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What one message over a channel costs: `push`, `email`, `webhook`, or a gateway, for those of its providers
    /// whose answers say nothing and whose account has no price. At most 32.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, PriceRequest>,
}
