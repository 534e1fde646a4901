//! Conversions between the core's types and the records that mirror them. Each takes its source
//! apart field by field, so that a new field breaks the build instead of vanishing silently.

use vestnik_core::{ConnectionState, DeviceInfo, HistoryItem, HistoryPage};
use vestnik_model::{
    Click, ClickKind, Notification, NotificationId, Permission, Platform, Priority,
};

use crate::{
    error::PushError,
    record::{
        ClickRecord, ConnectionRecord, DeviceRecord, HistoryItemRecord, HistoryPageRecord,
        NotificationRecord, OpenedBy, PermissionState, PlatformName, PriorityLevel,
    },
};

/// Reads ids that the host gave.
///
/// # Errors
/// [`PushError::InvalidArgument`] that names the field.
pub(crate) fn parse_ids(field: &str, ids: &[String]) -> Result<Vec<NotificationId>, PushError> {
    ids.iter().map(|id| parse_id(field, id)).collect()
}

/// Reads an id that the host gave.
///
/// # Errors
/// [`PushError::InvalidArgument`] that names the field.
pub(crate) fn parse_id(field: &str, id: &str) -> Result<NotificationId, PushError> {
    id.parse().map_err(|error| PushError::invalid(field, error))
}

/// Ids as the host sees them.
pub(crate) fn texts(ids: &[NotificationId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

impl From<Notification> for NotificationRecord {
    fn from(notification: Notification) -> Self {
        let Notification {
            id,
            revision: _,
            title,
            body,
            image,
            category,
            traffic_type: _,
            priority,
            click,
            data,
            accepted_at,
            expires_at,
        } = notification;
        Self {
            id: id.to_string(),
            title: title.as_str().to_owned(),
            body: body.as_str().to_owned(),
            image: image.map(|url| url.as_str().to_owned()),
            category: category.map(|name| name.to_string()),
            priority: priority.known_or_default().into(),
            click: click.as_ref().and_then(click_record),
            data_json: data.map(|data| serde_json::Value::Object(data).to_string()),
            accepted_at_ms: accepted_at.as_millisecond(),
            expires_at_ms: expires_at.as_millisecond(),
        }
    }
}

/// A click of a kind that this version knows and whose address fits the kind.
fn click_record(click: &Click) -> Option<ClickRecord> {
    let (kind, url) = click.checked()?;
    let opened_by = match kind {
        ClickKind::App => OpenedBy::App,
        ClickKind::Link => OpenedBy::Link,
        ClickKind::Webview => OpenedBy::Webview,
    };
    Some(ClickRecord {
        opened_by,
        url: url.to_owned(),
    })
}

impl From<Priority> for PriorityLevel {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Low => Self::Low,
            Priority::Normal => Self::Normal,
            Priority::High => Self::High,
            Priority::Critical => Self::Critical,
        }
    }
}

impl From<PermissionState> for Permission {
    fn from(state: PermissionState) -> Self {
        match state {
            PermissionState::Unknown => Self::Unknown,
            PermissionState::NotAsked => Self::NotAsked,
            PermissionState::Granted => Self::Granted,
            PermissionState::Provisional => Self::Provisional,
            PermissionState::Denied => Self::Denied,
        }
    }
}

impl From<PlatformName> for Platform {
    fn from(name: PlatformName) -> Self {
        match name {
            PlatformName::Android => Self::Android,
            PlatformName::Ios => Self::Ios,
            PlatformName::Linux => Self::Linux,
            PlatformName::Macos => Self::Macos,
            PlatformName::Windows => Self::Windows,
            PlatformName::Web => Self::Web,
        }
    }
}

impl From<DeviceRecord> for DeviceInfo {
    fn from(record: DeviceRecord) -> Self {
        let DeviceRecord {
            platform,
            model,
            os_version,
            app_version,
            locale,
            time_zone,
            permission,
        } = record;
        Self {
            platform: platform.into(),
            model,
            os_version,
            app_version,
            locale,
            time_zone,
            permission: permission.into(),
        }
    }
}

impl From<HistoryItem> for HistoryItemRecord {
    fn from(item: HistoryItem) -> Self {
        let HistoryItem {
            notification,
            state: _,
            received_at,
            read_at,
        } = item;
        Self {
            notification: notification.into(),
            received_at_ms: received_at.as_millisecond(),
            read_at_ms: read_at.map(|at| at.as_millisecond()),
        }
    }
}

impl From<HistoryPage> for HistoryPageRecord {
    fn from(page: HistoryPage) -> Self {
        let HistoryPage { items, next } = page;
        Self {
            items: items.into_iter().map(Into::into).collect(),
            next: next.map(|cursor| cursor.to_string()),
        }
    }
}

impl From<ConnectionState> for ConnectionRecord {
    fn from(state: ConnectionState) -> Self {
        match state {
            ConnectionState::Offline {
                reason: _,
                retry_at: _,
            } => Self::Offline,
            ConnectionState::Connecting => Self::Connecting,
            ConnectionState::Syncing => Self::Syncing,
            ConnectionState::Online => Self::Online,
            ConnectionState::NeedsIdentity => Self::NeedsIdentity,
            ConnectionState::SignedOut => Self::SignedOut,
        }
    }
}
