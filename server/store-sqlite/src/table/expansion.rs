//! Writing audiences out: from the words of a request to one delivery a user.
//!
//! Who is meant is settled in the transaction that accepts a notification, as rows of `recipient`.
//! Turning them into deliveries and log entries may take several transactions; each takes rows
//! away, so that a crash in between loses and repeats nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};
use vestnik_model::{
    AppId, Audience, DeliveryState, InstallationId, NotificationId, Reason, UserId,
    status::Evidence,
};
use vestnik_rules::delivery_id;
use vestnik_store::{Change, Expanded, Hint};

use super::{
    super::value::{installations_text, parsed, uuid},
    delivery,
    log::{self, Kind},
    notification, user,
};

/// Settles who is meant. Whoever is meant as a whole is not limited to single installations.
pub(crate) fn settle(
    db: &Connection,
    app: &AppId,
    id: NotificationId,
    audience: &Audience,
) -> Result<(), rusqlite::Error> {
    for (user, installations) in owners(db, app, audience.installations())? {
        add(db, id, user, Some(&installations))?;
    }
    for who in audience.users() {
        add(db, id, user::ensure(db, app, who)?, None)?;
    }
    for topic in audience.topics() {
        db.prepare_cached(
            "INSERT INTO recipient (notification, user)
             SELECT ?1, s.user FROM subscription s JOIN topic t ON t.row = s.topic
             WHERE t.app = ?2 AND t.name = ?3
             ON CONFLICT (notification, user) DO UPDATE SET installations = NULL",
        )?
        .execute((id.uuid().into_bytes(), app.as_str(), topic.as_str()))?;
    }
    for who in audience.exclude_users() {
        if let Some((user, _)) = user::find(db, app, who)? {
            db.prepare_cached("DELETE FROM recipient WHERE notification = ?1 AND user = ?2")?
                .execute((id.uuid().into_bytes(), user))?;
        }
    }
    Ok(())
}

/// Whose the installations are. Unknown ones are nobody's, and are answered like known ones.
fn owners(
    db: &Connection,
    app: &AppId,
    installations: &BTreeSet<InstallationId>,
) -> Result<BTreeMap<i64, BTreeSet<InstallationId>>, rusqlite::Error> {
    let mut owners: BTreeMap<i64, BTreeSet<InstallationId>> = BTreeMap::new();
    let mut find = db.prepare_cached("SELECT user FROM installation WHERE app = ?1 AND id = ?2")?;
    for installation in installations {
        let user: Option<i64> = find
            .query_row((app.as_str(), installation.uuid().into_bytes()), |row| {
                row.get(0)
            })
            .optional()?;
        if let Some(user) = user {
            owners.entry(user).or_default().insert(*installation);
        }
    }
    Ok(owners)
}

fn add(
    db: &Connection,
    id: NotificationId,
    user: i64,
    only: Option<&BTreeSet<InstallationId>>,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO recipient (notification, user, installations) VALUES (?1, ?2, ?3)
         ON CONFLICT (notification, user) DO UPDATE SET installations = excluded.installations",
    )?
    .execute((id.uuid().into_bytes(), user, installations_text(only)?))
    .map(drop)
}

/// Some notification whose audience is not written out.
pub(crate) fn unfinished(
    db: &Connection,
) -> Result<Option<(AppId, NotificationId)>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT n.app, n.id FROM recipient r JOIN notification n ON n.id = r.notification LIMIT 1",
    )?
    .query_row([], |row| {
        Ok((parsed(row, 0)?, NotificationId::from_uuid(uuid(row, 1)?)))
    })
    .optional()
}

struct Recipient {
    user: i64,
    who: UserId,
    installations: Option<String>,
    has_installation: bool,
}

/// Writes the next part of an audience out.
pub(crate) fn expand(
    db: &Connection,
    app: &AppId,
    id: NotificationId,
    limit: u32,
    now: Timestamp,
) -> Result<Expanded, rusqlite::Error> {
    let recipients = recipients(db, id, limit)?;
    let mut hints = Vec::with_capacity(recipients.len());
    let mut take_away =
        db.prepare_cached("DELETE FROM recipient WHERE notification = ?1 AND user = ?2")?;
    for recipient in recipients {
        let delivery = delivery_id(id, &recipient.who);
        let mut state = DeliveryState::pending();
        if !recipient.has_installation {
            state.merge(Evidence::Ended(Reason::DeviceNoneActive), now);
        }
        delivery::insert(db, delivery, id, recipient.user, &state)?;
        let meant = (recipient.installations.as_deref(), now);
        let seq = log::append(db, recipient.user, Kind::Notification, delivery, meant)?;
        take_away.execute((id.uuid().into_bytes(), recipient.user))?;
        hints.push(Hint {
            app: app.clone(),
            user: recipient.who,
            seq,
        });
    }
    let state = notification::state(db, app, id)?;
    let change = state.map(|state| Change {
        app: app.clone(),
        id,
        state,
        delivery: None,
    });
    Ok(Expanded {
        hints,
        changes: change.into_iter().collect(),
    })
}

fn recipients(
    db: &Connection,
    id: NotificationId,
    limit: u32,
) -> Result<Vec<Recipient>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT r.user, u.id, r.installations,
             EXISTS (SELECT 1 FROM installation i WHERE i.user = r.user)
         FROM recipient r JOIN user u ON u.row = r.user
         WHERE r.notification = ?1 ORDER BY r.user LIMIT ?2",
    )?
    .query_map((id.uuid().into_bytes(), limit), |row| {
        Ok(Recipient {
            user: row.get(0)?,
            who: parsed(row, 1)?,
            installations: row.get(2)?,
            has_installation: row.get(3)?,
        })
    })?
    .collect()
}
