//! Deliveries: one notification to one user.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use vestnik_model::{
    AppId, AttemptId, DeliveryId, DeliveryState, InstallationId, NotificationId, UserId,
    status::Evidence,
    view::{AttemptView, Channel, DeliveryView, List},
};
use vestnik_rules::attempt_id;
use vestnik_store::{Change, ChangedDelivery, HandOver, PageQuery};

use super::{
    super::value::{delivery_state, engagement_words, millis, optional_time, parsed, time, uuid},
    notification,
};

const STATE: &str =
    "d.status, d.reason, d.late, d.engagement, d.sent_at, d.delivered_at, d.read_at";

/// A delivery as it stands.
pub(crate) struct Found {
    pub(crate) id: DeliveryId,
    pub(crate) app: AppId,
    pub(crate) notification: NotificationId,
    pub(crate) user: UserId,
    pub(crate) state: DeliveryState,
}

pub(crate) fn insert(
    db: &Connection,
    id: DeliveryId,
    notification: NotificationId,
    user: i64,
    state: &DeliveryState,
) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO delivery (id, notification, user, status, reason, expires_at)
         SELECT ?1, id, ?3, ?4, ?5, expires_at FROM notification WHERE id = ?2",
    )?
    .execute((
        id.uuid().into_bytes(),
        notification.uuid().into_bytes(),
        user,
        state.status.as_str(),
        state.reason.map(|reason| reason.as_str()),
    ))?;
    notification::count(db, notification, None, state.status)
}

pub(crate) fn find(db: &Connection, id: DeliveryId) -> Result<Option<Found>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "SELECT d.id, n.app, n.id, u.id, {STATE}
         FROM delivery d JOIN notification n ON n.id = d.notification JOIN user u ON u.row = d.user
         WHERE d.id = ?1 AND NOT n.is_forgotten"
    ))?
    .query_row([id.uuid().into_bytes()], found)
    .optional()
}

fn found(row: &Row<'_>) -> Result<Found, rusqlite::Error> {
    Ok(Found {
        id: DeliveryId::from_uuid(uuid(row, 0)?),
        app: parsed(row, 1)?,
        notification: NotificationId::from_uuid(uuid(row, 2)?),
        user: parsed(row, 3)?,
        state: delivery_state(row, 4)?,
    })
}

/// Deliveries whose time ran out before they were handed to anyone.
pub(crate) fn due(
    db: &Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Found>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "SELECT d.id, n.app, n.id, u.id, {STATE}
         FROM delivery d JOIN notification n ON n.id = d.notification JOIN user u ON u.row = d.user
         WHERE d.status = 'pending' AND d.expires_at <= ?1 ORDER BY d.expires_at LIMIT ?2"
    ))?
    .query_map((millis(now), limit), found)?
    .collect()
}

/// Takes a fact in: the delivery, its notification's counters and the answer for those who watch.
pub(crate) fn merge(
    db: &Connection,
    found: &mut Found,
    evidence: Evidence,
    at: Timestamp,
) -> Result<Option<Change>, rusqlite::Error> {
    let before = found.state.status;
    if !found.state.merge(evidence, at) {
        return Ok(None);
    }
    update(db, found)?;
    if found.state.status == before {
        return Ok(None);
    }
    notification::count(db, found.notification, Some(before), found.state.status)?;
    let state = notification::state(db, &found.app, found.notification)?;
    Ok(state.map(|state| Change {
        app: found.app.clone(),
        id: found.notification,
        state,
        delivery: Some(ChangedDelivery {
            id: found.id,
            user: found.user.clone(),
            status: found.state.status,
        }),
    }))
}

fn update(db: &Connection, found: &Found) -> Result<(), rusqlite::Error> {
    let DeliveryState {
        status,
        reason,
        late,
        engagement,
        sent_at,
        delivered_at,
        read_at,
    } = &found.state;
    db.prepare_cached(
        "UPDATE delivery SET status = ?2, reason = ?3, late = ?4, engagement = ?5, sent_at = ?6,
             delivered_at = ?7, read_at = ?8
         WHERE id = ?1",
    )?
    .execute((
        found.id.uuid().into_bytes(),
        status.as_str(),
        reason.map(|reason| reason.as_str()),
        late,
        engagement_words(engagement),
        sent_at.map(millis),
        delivered_at.map(millis),
        read_at.map(millis),
    ))
    .map(drop)
}

/// Notes the first try at an installation; later ones of the same change nothing.
pub(crate) fn attempt(db: &Connection, hand_over: &HandOver) -> Result<(), rusqlite::Error> {
    let id = attempt_id(hand_over.delivery, hand_over.installation);
    db.prepare_cached(
        "INSERT INTO attempt (id, delivery, installation, started_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (delivery, installation) DO NOTHING",
    )?
    .execute((
        id.uuid().into_bytes(),
        hand_over.delivery.uuid().into_bytes(),
        hand_over.installation.uuid().into_bytes(),
        millis(hand_over.at),
    ))
    .map(drop)
}

pub(crate) fn view(
    db: &Connection,
    app: &AppId,
    id: DeliveryId,
) -> Result<Option<DeliveryView>, rusqlite::Error> {
    Ok(find(db, id)?
        .filter(|found| found.app == *app)
        .map(delivery_view))
}

/// A page of a notification's deliveries, by id.
pub(crate) fn list(
    db: &Connection,
    app: &AppId,
    notification: NotificationId,
    page: &PageQuery,
) -> Result<List<DeliveryView>, rusqlite::Error> {
    let after = page
        .after
        .as_deref()
        .and_then(|text| text.parse::<DeliveryId>().ok());
    let after = after.map_or(uuid::Uuid::nil(), DeliveryId::uuid);
    let mut data: Vec<DeliveryView> = db
        .prepare_cached(&format!(
            "SELECT d.id, n.app, n.id, u.id, {STATE}
             FROM delivery d JOIN notification n ON n.id = d.notification JOIN user u ON u.row = d.user
             WHERE n.id = ?1 AND n.app = ?2 AND d.id > ?3 ORDER BY d.id LIMIT ?4"
        ))?
        .query_map(
            (notification.uuid().into_bytes(), app.as_str(), after.into_bytes(), page.limit + 1),
            |row| found(row).map(delivery_view),
        )?
        .collect::<Result<_, _>>()?;
    let next_cursor = super::cut(&mut data, page.limit).map(|last| last.id.to_string());
    Ok(List { data, next_cursor })
}

fn delivery_view(found: Found) -> DeliveryView {
    let Found {
        id,
        app: _,
        notification,
        user,
        state,
    } = found;
    let DeliveryState {
        status,
        reason,
        late,
        engagement,
        sent_at,
        delivered_at,
        read_at,
    } = state;
    DeliveryView {
        id,
        notification_id: notification,
        user,
        status,
        reason,
        late,
        engagement: engagement.into_iter().collect(),
        sent_at,
        delivered_at,
        read_at,
    }
}

pub(crate) fn attempts(
    db: &Connection,
    delivery: DeliveryId,
) -> Result<Vec<AttemptView>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT id, installation, started_at, delivered_at, read_at FROM attempt
         WHERE delivery = ?1 ORDER BY started_at, id",
    )?
    .query_map([delivery.uuid().into_bytes()], |row| {
        let (delivered_at, read_at) = (optional_time(row, 3)?, optional_time(row, 4)?);
        Ok(AttemptView {
            id: AttemptId::from_uuid(uuid(row, 0)?),
            delivery_id: delivery,
            installation_id: InstallationId::from_uuid(uuid(row, 1)?),
            channel: Channel::Hub,
            status: attempt_status(delivered_at, read_at),
            started_at: time(row, 2)?,
            delivered_at,
            read_at,
        })
    })?
    .collect()
}

const fn attempt_status(
    delivered_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
) -> vestnik_model::DeliveryStatus {
    match (read_at, delivered_at) {
        (Some(_), _) => vestnik_model::DeliveryStatus::Read,
        (None, Some(_)) => vestnik_model::DeliveryStatus::Delivered,
        (None, None) => vestnik_model::DeliveryStatus::Sent,
    }
}
