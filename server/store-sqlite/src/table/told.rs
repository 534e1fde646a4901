//! What else the App's backend is told, as rows of the event table.
//!
//! A row names a user by their row: what is about a user who was erased since is told no longer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row, types::ValueRef};
use serde::{Deserialize, Serialize};
use vestnik_model::{
    AppId, Channel, Counts, Engagement, InstallationId, NotificationId, Open, Outcome, Permission,
    ProviderState, PushAddressKind, Reason, UserId, WebhookId, event::ChangedBy,
    publish::StepChannel, webhook::WebhookDisabledReason,
};
use vestnik_rules::{
    cascade::Switch, device::primary, identity::delivery_id, installation, provider::Health,
};
use vestnik_store::effect::{Effect, News, Told};

use super::{
    Txn,
    change::{Subject, wake_webhooks},
    event::{self, Kind},
    user,
};
use crate::value::{json, to_json, uuid};

/// What it is about that is told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    /// The whole App.
    App,
    /// The notification in a row.
    Notification(i64),
    /// The user in a row.
    User(i64),
}

/// What a row says, as its body.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Body {
    Settled {
        outcome: Outcome,
        counts: Counts,
    },
    Engaged {
        engagement: Engagement,
        installation: InstallationId,
        users: Vec<i64>,
    },
    Switched {
        from: StepChannel,
        to: StepChannel,
        reason: Reason,
        users: Vec<i64>,
    },
    Recalled {
        users: Vec<i64>,
    },
    Provider {
        channel: Channel,
        state: ProviderState,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
        #[serde(skip_serializing_if = "Option::is_none")]
        said: Option<String>,
    },
    Installation {
        installation: InstallationId,
        #[serde(flatten)]
        change: Change,
    },
    Preference {
        by: ChangedBy,
    },
    WebhookDisabled {
        webhook: WebhookId,
        reason: WebhookDisabledReason,
    },
}

/// What happened to an installation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "change", content = "to", rename_all = "snake_case")]
enum Change {
    Registered,
    Updated,
    PermissionChanged(Open<Permission>),
    PrimaryChanged,
    TokenInvalidated(Open<PushAddressKind>),
    Unregistered,
}

impl From<installation::Change> for Change {
    fn from(change: installation::Change) -> Self {
        match change {
            installation::Change::Registered => Self::Registered,
            installation::Change::Updated => Self::Updated,
            installation::Change::PermissionChanged(permission) => {
                Self::PermissionChanged(permission)
            }
            installation::Change::PrimaryChanged => Self::PrimaryChanged,
            installation::Change::TokenInvalidated(kind) => Self::TokenInvalidated(kind),
            installation::Change::Unregistered => Self::Unregistered,
        }
    }
}

impl From<Change> for installation::Change {
    fn from(change: Change) -> Self {
        match change {
            Change::Registered => Self::Registered,
            Change::Updated => Self::Updated,
            Change::PermissionChanged(permission) => Self::PermissionChanged(permission),
            Change::PrimaryChanged => Self::PrimaryChanged,
            Change::TokenInvalidated(kind) => Self::TokenInvalidated(kind),
            Change::Unregistered => Self::Unregistered,
        }
    }
}

impl Body {
    /// `users` are the rows of those whose deliveries it is about.
    fn of(told: &Told, users: Vec<i64>) -> Self {
        match told {
            Told::Settled {
                notification: _,
                outcome,
                counts,
            } => Self::Settled {
                outcome: *outcome,
                counts: *counts,
            },
            Told::Deliveries { news, .. } => Self::of_news(*news, users),
            Told::Provider { channel, health } => Self::Provider {
                channel: *channel,
                state: health.state(),
                reason: health.reason(),
                said: health.said().map(str::to_owned),
            },
            Told::Installation {
                installation,
                user: _,
                change,
            } => Self::Installation {
                installation: *installation,
                change: change.clone().into(),
            },
            Told::Preference { user: _, by } => Self::Preference { by: *by },
            Told::WebhookDisabled { webhook, reason } => Self::WebhookDisabled {
                webhook: *webhook,
                reason: *reason,
            },
        }
    }

    const fn of_news(news: News, users: Vec<i64>) -> Self {
        match news {
            News::Engaged {
                engagement,
                installation,
            } => Self::Engaged {
                engagement,
                installation,
                users,
            },
            News::Switched(Switch { from, to, reason }) => Self::Switched {
                from,
                to,
                reason,
                users,
            },
            News::Recalled => Self::Recalled { users },
        }
    }
}

/// Writes and emits what the App's backend is told.
pub(crate) fn write(
    txn: &mut Txn<'_>,
    app: &AppId,
    of: Of,
    (told, at): (Told, Timestamp),
) -> Result<(), rusqlite::Error> {
    let body = Body::of(&told, Vec::new());
    write_row(txn, app, (of, &body), (told, at))
}

/// Writes and emits what happened to an installation of a user, if they are known.
pub(crate) fn write_installation(
    txn: &mut Txn<'_>,
    app: &AppId,
    (installation, user): (InstallationId, &UserId),
    (change, at): (installation::Change, Timestamp),
) -> Result<(), rusqlite::Error> {
    let Some(head) = user::find(txn, app, user)? else {
        return Ok(());
    };
    let told = Told::Installation {
        installation,
        user: user.clone(),
        change,
    };
    write(txn, app, Of::User(head.row), (told, at))
}

/// Writes and emits that a preference of a user, in a row and by name, is something else than before.
pub(crate) fn write_preference(
    txn: &mut Txn<'_>,
    app: &AppId,
    (row, user): (i64, &UserId),
    (by, at): (ChangedBy, Timestamp),
) -> Result<(), rusqlite::Error> {
    let user = user.clone();
    write(txn, app, Of::User(row), (Told::Preference { user, by }, at))
}

/// Writes and emits it if another installation is a user's primary one than before.
pub(crate) fn write_primary(
    txn: &mut Txn<'_>,
    app: &AppId,
    user: &UserId,
    (former, at): (Option<InstallationId>, Timestamp),
) -> Result<(), rusqlite::Error> {
    let present = primary(super::installation::candidates(txn, app, user)?);
    match present.filter(|_| present != former) {
        Some(installation) => {
            let change = installation::Change::PrimaryChanged;
            write_installation(txn, app, (installation, user), (change, at))
        }
        None => Ok(()),
    }
}

/// Writes and emits what happened to deliveries that is no status, with the rows and names of their users.
pub(crate) fn write_news(
    txn: &mut Txn<'_>,
    subject: &Subject,
    (news, users): (News, BTreeMap<i64, UserId>),
    at: Timestamp,
) -> Result<(), rusqlite::Error> {
    let id = subject.id;
    let body = Body::of_news(news, users.keys().copied().collect());
    let whose = users.into_values();
    let told = Told::Deliveries {
        notification: id,
        news,
        whose: whose.map(|user| (delivery_id(id, &user), user)).collect(),
    };
    let of = (Of::Notification(subject.row), &body);
    write_row(txn, &subject.app, of, (told, at))
}

fn write_row(
    txn: &mut Txn<'_>,
    app: &AppId,
    (of, body): (Of, &Body),
    (told, at): (Told, Timestamp),
) -> Result<(), rusqlite::Error> {
    let (notification, user) = match of {
        Of::App => (None, None),
        Of::Notification(row) => (Some(row), None),
        Of::User(row) => (None, Some(row)),
    };
    let row = event::Row {
        at,
        kind: Kind::Told,
        notification,
        user,
        body: Some(to_json(body)?),
        ..event::Row::default_of(app)
    };
    let number = event::insert(txn, &row)?;
    event::emit(txn, app, number, at, Effect::Told(told));
    wake_webhooks(txn, app, at)
}

/// Reads what the App's backend is told: the id of the notification is in column 7, the row of the user in
/// column 4, the body in column 6. `None` when what it is about is gone.
pub(crate) fn read(db: &Connection, row: &Row<'_>) -> Result<Option<Told>, rusqlite::Error> {
    let notification = match row.get_ref(7)? {
        ValueRef::Null => None,
        ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => {
            Some(NotificationId::from_uuid(uuid(row, 7)?))
        }
    };
    let deliveries = |news, users| deliveries(db, notification, (news, users));
    let user = || match row.get(4)? {
        Some(user) => user::name(db, user),
        None => Ok(None),
    };
    match json(row, 6)? {
        Body::Installation {
            installation,
            change,
        } => Ok(user()?.map(|user| Told::Installation {
            installation,
            user,
            change: change.into(),
        })),
        Body::Preference { by } => Ok(user()?.map(|user| Told::Preference { user, by })),
        Body::WebhookDisabled { webhook, reason } => {
            Ok(Some(Told::WebhookDisabled { webhook, reason }))
        }
        Body::Settled { outcome, counts } => Ok(notification.map(|notification| Told::Settled {
            notification,
            outcome,
            counts,
        })),
        Body::Engaged {
            engagement,
            installation,
            users,
        } => {
            let news = News::Engaged {
                engagement,
                installation,
            };
            deliveries(news, users)
        }
        Body::Switched {
            from,
            to,
            reason,
            users,
        } => deliveries(News::Switched(Switch { from, to, reason }), users),
        Body::Recalled { users } => deliveries(News::Recalled, users),
        Body::Provider {
            channel,
            state,
            reason,
            said,
        } => {
            let health = Health::of(state, reason, said);
            Ok(Some(Told::Provider { channel, health }))
        }
    }
}

/// What happened to the deliveries of a notification to users; `None` when the notification is gone.
fn deliveries(
    db: &Connection,
    notification: Option<NotificationId>,
    (news, users): (News, Vec<i64>),
) -> Result<Option<Told>, rusqlite::Error> {
    let Some(notification) = notification else {
        return Ok(None);
    };
    let mut whose = Vec::with_capacity(users.len());
    for user in users {
        let name = user::name(db, user)?;
        whose.extend(name.map(|name| (delivery_id(notification, &name), name)));
    }
    Ok(Some(Told::Deliveries {
        notification,
        news,
        whose,
    }))
}
