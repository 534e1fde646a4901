//! From the core's types to view models. Each conversion names every field and variant, so that a
//! new one breaks the build here instead of silently vanishing.

use std::time::Instant;

use tauri::Url;
use vestnik_core::{
    ConnectionState, Error, HistoryItem, HistoryPage, HistoryState, OfflineReason as Reason,
    clock::Clock,
};
use vestnik_model::{Click, Notification, Priority};

use super::{
    CommandError, ConnectionView, ErrorCode, HistoryView, LinkView, NotificationView,
    OfflineReason, PriorityView,
};
use crate::controller::opens_in_browser;

impl From<&HistoryItem> for NotificationView {
    fn from(item: &HistoryItem) -> Self {
        let HistoryItem {
            notification,
            state,
            received_at,
            read_at,
        } = item;
        let Notification {
            id,
            revision: _,
            title,
            body,
            // The window draws no pictures: it fetches nothing from anywhere.
            image: _,
            category,
            traffic_type: _,
            priority,
            click,
            // For the sender's own app.
            data: _,
            accepted_at,
            expires_at: _,
        } = notification;
        Self {
            id: id.to_string(),
            title: title.as_str().to_owned(),
            body: body.as_str().to_owned(),
            category: category.as_ref().map(ToString::to_string),
            priority: PriorityView::from(priority.known_or_default()),
            link: click.as_ref().and_then(link),
            accepted_at: accepted_at.to_string(),
            received_at: received_at.to_string(),
            is_read: match state {
                HistoryState::Delivered => false,
                HistoryState::Read => true,
            },
            read_at: read_at.as_ref().map(ToString::to_string),
        }
    }
}

impl From<Priority> for PriorityView {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Low => Self::Low,
            Priority::Normal => Self::Normal,
            Priority::High => Self::High,
            Priority::Critical => Self::Critical,
        }
    }
}

impl From<&HistoryPage> for HistoryView {
    fn from(page: &HistoryPage) -> Self {
        let HistoryPage { items, next } = page;
        Self {
            items: items.iter().map(NotificationView::from).collect(),
            next: next.as_ref().map(ToString::to_string),
        }
    }
}

/// The host as a browser will understand it, so that an address cannot pose as another's: what
/// stands before an `@` is not shown, and foreign letters come in their encoded form.
fn link(click: &Click) -> Option<LinkView> {
    let (kind, url) = click.checked()?;
    if !opens_in_browser(kind) {
        return None;
    }
    let url = Url::parse(url).ok()?;
    let host = url.host_str()?;
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    Some(LinkView { host })
}

impl ConnectionView {
    /// A state as it is at a moment: the core counts its deadlines on a clock that never steps, and
    /// a person reads them on the wall.
    pub(crate) fn at(state: ConnectionState, clock: &dyn Clock) -> Self {
        match state {
            // The core has only just been started and is about to connect.
            ConnectionState::Offline {
                reason: Reason::NotStarted,
                ..
            } => Self::Connecting,
            ConnectionState::Offline {
                reason: Reason::Unreachable,
                retry_at,
            } => Self::offline(OfflineReason::Unreachable, retry_at, clock),
            ConnectionState::Offline {
                reason: Reason::Draining,
                retry_at,
            } => Self::offline(OfflineReason::Draining, retry_at, clock),
            ConnectionState::Offline {
                reason: Reason::Refused,
                retry_at,
            } => Self::offline(OfflineReason::Refused, retry_at, clock),
            ConnectionState::Offline {
                reason: Reason::Storage,
                retry_at,
            } => Self::offline(OfflineReason::Storage, retry_at, clock),
            ConnectionState::Connecting => Self::Connecting,
            ConnectionState::Syncing => Self::Syncing,
            ConnectionState::Online => Self::Online,
            ConnectionState::NeedsIdentity => Self::NeedsIdentity,
            ConnectionState::SignedOut => Self::SignedOut,
        }
    }

    fn offline(reason: OfflineReason, retry_at: Option<Instant>, clock: &dyn Clock) -> Self {
        let on_the_wall = |retry_at: Instant| {
            let wait = retry_at.saturating_duration_since(clock.instant());
            clock
                .now()
                .saturating_add(wait)
                .map(|at| at.to_string())
                .ok()
        };
        Self::Offline {
            reason,
            retry_at: retry_at.and_then(on_the_wall),
        }
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Unauthorized => ErrorCode::Unauthorized,
            Error::Rejected(_) => ErrorCode::Rejected,
            Error::Unreachable { .. } => ErrorCode::Unreachable,
            Error::Open(_) | Error::Storage(_) => ErrorCode::Storage,
            Error::Closed => ErrorCode::Closed,
            // The core's errors may grow; what the window does not know it cannot decide by.
            _ => ErrorCode::System,
        };
        Self {
            code,
            message: error.to_string(),
        }
    }
}
