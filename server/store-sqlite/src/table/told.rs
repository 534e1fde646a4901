//! What else the App's backend is told, as rows of the event table.
//!
//! A row names a user by their row: what is about a user who was erased since is told no longer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row, types::ValueRef};
use serde::{Deserialize, Serialize};
use vestnik_model::{
    AppId, Channel, Counts, Engagement, InstallationId, NotificationId, Outcome, ProviderState,
    Reason, UserId, publish::StepChannel,
};
use vestnik_rules::{cascade::Switch, identity::delivery_id, provider::Health};
use vestnik_store::effect::{Effect, News, Told};

use super::{
    Txn,
    change::{Subject, wake_webhooks},
    event::{self, Kind},
    user,
};
use crate::value::{json, to_json, uuid};

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

/// Writes and emits what the App's backend is told, of the notification in a row if it is about one.
pub(crate) fn write(
    txn: &mut Txn<'_>,
    app: &AppId,
    notification: Option<i64>,
    (told, at): (Told, Timestamp),
) -> Result<(), rusqlite::Error> {
    let body = Body::of(&told, Vec::new());
    write_row(txn, app, (notification, &body), (told, at))
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
    let of = (Some(subject.row), &body);
    write_row(txn, &subject.app, of, (told, at))
}

fn write_row(
    txn: &mut Txn<'_>,
    app: &AppId,
    (notification, body): (Option<i64>, &Body),
    (told, at): (Told, Timestamp),
) -> Result<(), rusqlite::Error> {
    let row = event::Row {
        at,
        kind: Kind::Told,
        notification,
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
    let deliveries = |news, users: Vec<i64>| {
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
    };
    match json(row, 6)? {
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
