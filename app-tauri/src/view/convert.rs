//! From the core's types to view models. Where the core's types are closed, each conversion names
//! every field and variant, so that a new one breaks the build here instead of silently vanishing.

use tauri::Url;
use vestnik_core::{Error, NeedsIdentity, Phase as CorePhase, Standing, StoreError, Trouble};
use vestnik_model::{Action, ActionKind, Click, ClickKind, Notification, Priority};

use super::{
    AccountView, ActionView, CommandError, ConnectionView, ErrorCode, HistoryView, LinkView,
    NotificationView, PriorityView, SessionEndView, TroubleView,
};
use crate::model::{Page, Row, State, opens_in_browser};

impl From<&Row> for NotificationView {
    fn from(row: &Row) -> Self {
        let Row {
            notification,
            is_read,
            read_at,
            received_at,
        } = row;
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
            actions,
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
            actions: actions.iter().filter_map(action).collect(),
            accepted_at: accepted_at.to_string(),
            received_at: received_at.to_string(),
            is_read: *is_read,
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

impl From<&Page> for HistoryView {
    fn from(page: &Page) -> Self {
        let Page { rows, next } = page;
        Self {
            items: rows.iter().map(NotificationView::from).collect(),
            next: next.as_ref().map(ToString::to_string),
        }
    }
}

/// A button that the window can offer. A deep link leads to a screen of the sender's own app, and is left
/// out.
fn action(action: &Action) -> Option<ActionView> {
    let (id, title) = (action.id.clone(), action.title.clone());
    Some(match action.kind.known()? {
        ActionKind::Link => {
            let (kind, url) = action.link()?;
            let LinkView { host } = host(kind, url)?;
            ActionView::Link { id, title, host }
        }
        ActionKind::Reply => ActionView::Reply {
            id,
            title,
            placeholder: action.placeholder.clone(),
        },
        ActionKind::Callback => ActionView::Callback { id, title },
    })
}

/// The host as a browser will understand it, so that an address cannot pose as another's: what
/// stands before an `@` is not shown, and foreign letters come in their encoded form.
fn link(click: &Click) -> Option<LinkView> {
    let (kind, url) = click.checked()?;
    host(kind, url)
}

fn host(kind: ClickKind, url: &str) -> Option<LinkView> {
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

impl AccountView {
    /// The account before anything is known.
    pub(crate) const NOBODY: Self = Self::Nobody {
        is_sign_out_pending: false,
    };
}

impl From<&State> for AccountView {
    fn from(state: &State) -> Self {
        match &state.standing {
            Standing::Nobody => Self::Nobody {
                is_sign_out_pending: state.is_logout_pending,
            },
            Standing::LoggingIn { user } => Self::SigningIn {
                user: user.to_string(),
                trouble: state.trouble.map(TroubleView::from),
                retry_at: retry_at(state),
            },
            Standing::LoggedIn { user } => Self::SignedIn {
                user: user.to_string(),
            },
            Standing::LoggingOut => Self::SigningOut,
            Standing::NeedsIdentity { user, reason } => Self::NeedsIdentity {
                user: user.as_ref().map(ToString::to_string),
                reason: match reason {
                    NeedsIdentity::Ended => SessionEndView::Ended,
                    NeedsIdentity::Refused(_) => SessionEndView::Refused,
                    NeedsIdentity::OtherUser => SessionEndView::OtherUser,
                },
            },
        }
    }
}

impl From<&State> for ConnectionView {
    fn from(state: &State) -> Self {
        match state.phase {
            CorePhase::Off | CorePhase::Waiting => Self::Offline {
                trouble: state.trouble.map(TroubleView::from),
                retry_at: retry_at(state),
            },
            CorePhase::Connecting => Self::Connecting,
            CorePhase::Syncing => Self::Syncing,
            CorePhase::Online => Self::Online,
        }
    }
}

fn retry_at(state: &State) -> Option<String> {
    state.retry_at.as_ref().map(ToString::to_string)
}

impl From<Trouble> for TroubleView {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unreachable => Self::Unreachable,
            Trouble::CaptivePortal => Self::CaptivePortal,
            Trouble::WrongAddress => Self::WrongAddress,
            Trouble::Refused => Self::Refused,
            Trouble::Throttled => Self::Throttled,
            Trouble::ServerBusy => Self::ServerBusy,
            Trouble::Storage => Self::Storage,
            Trouble::Internal => Self::Internal,
        }
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Storage(StoreError::Full) => ErrorCode::DiskFull,
            Error::Storage(_) => ErrorCode::Storage,
            Error::LoggedOut => ErrorCode::SignedOut,
            Error::Refused(_) => ErrorCode::Rejected,
            Error::Overtaken => ErrorCode::Overtaken,
            Error::Closed => ErrorCode::Closed,
            // The core's errors may grow; what the window does not know it cannot decide by.
            Error::Network(_) | Error::Restarted | _ => ErrorCode::System,
        };
        Self::new(code, &error.to_string())
    }
}
