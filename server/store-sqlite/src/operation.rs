//! The store's operations, each one transaction.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{
    AppId, Cursor, DeliveryId, Epoch, InstallationId, InstallationState, KeyView, NotificationId,
    PublishAccepted, Reason, Receipt, ReceiptKind, TopicName, UserId,
    contract::Page,
    status::Evidence,
    subscription::{Topic, TopicSettings},
    view::{AttemptView, DeliveryView, InstallationView, List, NotificationView},
};
use vestnik_rules::delivery_id;
use vestnik_store::{
    Answer, ApiKey, ApiKeyRecord, Change, Expanded, HandOver, Hint, IdentityKey, LogSlice, Login,
    LogoutOutcome, NewNotification, PageQuery, PublishOutcome, ReportOutcome, Rotation,
    RotationOutcome, Session, Store, SubscribeOutcome, WatchedState,
};

use super::{
    SqliteStore,
    table::{
        delivery, expansion, key,
        log::{self, Kind},
        meta,
        notification::{self, Remembered},
        receipt, retention, session, topic, user,
    },
    value::millis,
};

/// How much of an audience is written out in the transaction that accepts a notification.
const FIRST_PART: u32 = 1_000;

impl SqliteStore {
    fn write<T, F>(&self, work: F) -> Answer<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        Box::pin(self.writer.call(work))
    }

    fn read<T, F>(&self, read: F) -> Answer<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        Box::pin(self.readers.call(read))
    }
}

impl Store for SqliteStore {
    fn create_app(&self, app: AppId, now: Timestamp) -> Answer<'_, ()> {
        self.write(move |db| meta::create_app(db, &app, now))
    }

    fn create_key(&self, record: ApiKeyRecord, now: Timestamp) -> Answer<'_, ()> {
        self.write(move |db| key::insert(db, &record, now))
    }

    fn find_key(&self, secret_hash: [u8; 32], now: Timestamp) -> Answer<'_, Option<ApiKey>> {
        Box::pin(async move {
            let found = self
                .readers
                .call(move |db| key::find(db, secret_hash, now))
                .await?;
            if let Some((ApiKey { id, .. }, true)) = &found {
                let id = id.clone();
                // A disk that is full must not lock its operators out.
                let noted = self.writer.call(move |db| key::note_use(db, &id, now));
                if let Err(error) = noted.await {
                    tracing::warn!(%error, "the use of a key was not noted");
                }
            }
            Ok(found.map(|(key, _)| key))
        })
    }

    fn keys(&self, app: AppId) -> Answer<'_, Vec<KeyView>> {
        self.read(move |db| key::list(db, &app))
    }

    fn revoke_key(&self, app: AppId, id: String) -> Answer<'_, bool> {
        self.write(move |db| key::delete(db, &app, &id))
    }

    fn put_identity_key(&self, app: AppId, identity: IdentityKey) -> Answer<'_, ()> {
        self.write(move |db| key::put_identity(db, &app, &identity))
    }

    fn identity_key(&self, app: AppId, kid: String) -> Answer<'_, Option<IdentityKey>> {
        self.read(move |db| key::identity(db, &app, &kid))
    }

    fn delete_identity_key(&self, app: AppId, kid: String) -> Answer<'_, bool> {
        self.write(move |db| key::delete_identity(db, &app, &kid))
    }

    fn signing_secret(&self, offered: [u8; 32]) -> Answer<'_, [u8; 32]> {
        self.write(move |db| meta::signing_secret(db, offered))
    }

    fn login(&self, login: Login) -> Answer<'_, Session> {
        self.write(move |db| session::login(db, &login))
    }

    fn rotate(&self, rotation: Rotation) -> Answer<'_, RotationOutcome> {
        self.write(move |db| session::rotate(db, &rotation))
    }

    fn logout(&self, app: AppId, installation: InstallationId) -> Answer<'_, LogoutOutcome> {
        self.write(move |db| session::logout(db, &app, installation))
    }

    fn put_installation(
        &self,
        app: AppId,
        installation: InstallationId,
        state: InstallationState,
        now: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(move |db| session::put_state(db, &app, installation, &state, now))
    }

    fn installation(
        &self,
        app: AppId,
        installation: InstallationId,
    ) -> Answer<'_, Option<InstallationView>> {
        self.read(move |db| session::view(db, &app, installation))
    }

    fn put_topic(&self, app: AppId, name: TopicName, settings: TopicSettings) -> Answer<'_, ()> {
        self.write(move |db| topic::put(db, &app, &name, settings))
    }

    fn topic(&self, app: AppId, name: TopicName) -> Answer<'_, Option<Topic>> {
        self.read(move |db| topic::view(db, &app, &name))
    }

    fn delete_topic(&self, app: AppId, name: TopicName) -> Answer<'_, bool> {
        self.write(move |db| topic::delete(db, &app, &name))
    }

    fn subscribe(
        &self,
        app: AppId,
        name: TopicName,
        who: UserId,
        by_self: bool,
    ) -> Answer<'_, SubscribeOutcome> {
        self.write(move |db| topic::subscribe(db, &app, &name, &who, by_self))
    }

    fn unsubscribe(&self, app: AppId, name: TopicName, who: UserId) -> Answer<'_, bool> {
        self.write(move |db| topic::unsubscribe(db, &app, &name, &who))
    }

    fn publish(&self, new: NewNotification) -> Answer<'_, PublishOutcome> {
        self.write(move |db| publish(db, &new))
    }

    fn expand_next(&self, limit: u32, now: Timestamp) -> Answer<'_, Option<Expanded>> {
        self.write(move |db| {
            let Some((app, id)) = expansion::unfinished(db)? else {
                return Ok(None);
            };
            expansion::expand(db, &app, id, limit, now).map(Some)
        })
    }

    fn head(&self, app: AppId, who: UserId) -> Answer<'_, Cursor> {
        self.read(move |db| {
            let seq = user::find(db, &app, &who)?.map_or(0, |(_, last_seq)| last_seq);
            Ok(Cursor {
                epoch: meta::epoch(db)?,
                seq,
            })
        })
    }

    fn read_log(&self, slice: LogSlice) -> Answer<'_, Page> {
        self.read(move |db| log::read(db, &slice))
    }

    fn hand_over(&self, batch: Vec<HandOver>) -> Answer<'_, Vec<Change>> {
        self.write(move |db| {
            let mut changes = Vec::new();
            for hand_over in &batch {
                changes.extend(hand_over_one(db, hand_over)?);
            }
            Ok(changes)
        })
    }

    fn report(
        &self,
        session: Session,
        receipts: Vec<Receipt>,
        now: Timestamp,
    ) -> Answer<'_, ReportOutcome> {
        self.write(move |db| report(db, &session, &receipts, now))
    }

    fn expire_due(&self, now: Timestamp, limit: u32) -> Answer<'_, Vec<Change>> {
        self.write(move |db| {
            let mut changes = Vec::new();
            for mut due in delivery::due(db, now, limit)? {
                let evidence = Evidence::Ended(Reason::ExpiredTtl);
                changes.extend(delivery::merge(db, &mut due, evidence, now)?);
            }
            Ok(changes)
        })
    }

    fn forget_before(&self, before: Timestamp, limit: u32) -> Answer<'_, u64> {
        self.write(move |db| retention::forget(db, millis(before), limit))
    }

    fn notification(&self, app: AppId, id: NotificationId) -> Answer<'_, Option<NotificationView>> {
        self.read(move |db| notification::view(db, &app, id))
    }

    fn notifications(&self, app: AppId, page: PageQuery) -> Answer<'_, List<NotificationView>> {
        self.read(move |db| notification::list(db, &app, &page))
    }

    fn watched(&self, app: AppId, id: NotificationId) -> Answer<'_, Option<WatchedState>> {
        self.read(move |db| notification::state(db, &app, id))
    }

    fn deliveries(
        &self,
        app: AppId,
        id: NotificationId,
        page: PageQuery,
    ) -> Answer<'_, Option<List<DeliveryView>>> {
        self.read(move |db| {
            if notification::state(db, &app, id)?.is_none() {
                return Ok(None);
            }
            delivery::list(db, &app, id, &page).map(Some)
        })
    }

    fn delivery(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<DeliveryView>> {
        self.read(move |db| delivery::view(db, &app, id))
    }

    fn attempts(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<Vec<AttemptView>>> {
        self.read(move |db| {
            if delivery::view(db, &app, id)?.is_none() {
                return Ok(None);
            }
            delivery::attempts(db, id).map(Some)
        })
    }

    fn new_epoch(&self, epoch: Epoch) -> Answer<'_, ()> {
        self.write(move |db| meta::put_epoch(db, epoch, true))
    }

    fn ping(&self) -> Answer<'_, ()> {
        self.write(|_| Ok(()))
    }

    fn check_integrity(&self) -> Answer<'_, Vec<String>> {
        self.read(super::integrity::check)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.shut())
    }
}

fn publish(db: &Connection, new: &NewNotification) -> Result<PublishOutcome, rusqlite::Error> {
    let (app, id, now) = (&new.app, new.notification.id, new.notification.accepted_at);
    if let Some(record) = &new.idempotency {
        match notification::remembered(db, app, record, millis(now))? {
            Some(Remembered::Same(accepted)) => return Ok(PublishOutcome::Replayed(accepted)),
            Some(Remembered::Other) => return Ok(PublishOutcome::Mismatch),
            None => {}
        }
    }
    notification::insert(db, new)?;
    if let Some(record) = &new.idempotency {
        notification::remember(db, app, record, id)?;
    }
    expansion::settle(db, app, id, &new.publication.audience)?;
    let Expanded { hints, changes } = expansion::expand(db, app, id, FIRST_PART, now)?;
    let status = changes
        .first()
        .map_or(vestnik_model::NotificationStatus::Accepted, |change| {
            change.state.status
        });
    Ok(PublishOutcome::Accepted {
        accepted: PublishAccepted {
            id,
            status,
            replayed: false,
        },
        hints,
    })
}

fn hand_over_one(db: &Connection, hand_over: &HandOver) -> Result<Option<Change>, rusqlite::Error> {
    // It may have been forgotten between being read and being written to the socket.
    let Some(mut found) = delivery::find(db, hand_over.delivery)? else {
        return Ok(None);
    };
    delivery::attempt(db, hand_over)?;
    delivery::merge(db, &mut found, Evidence::Sent, hand_over.at)
}

fn report(
    db: &Connection,
    session: &Session,
    receipts: &[Receipt],
    now: Timestamp,
) -> Result<ReportOutcome, rusqlite::Error> {
    let mut outcome = ReportOutcome::default();
    for (index, receipt) in (0..).zip(receipts) {
        if report_one(db, session, receipt, now, &mut outcome)? {
            outcome.reported.accepted += 1;
        } else {
            outcome.reported.unknown.push(index);
        }
    }
    Ok(outcome)
}

/// Takes one receipt in; tells whether the user ever had the notification.
fn report_one(
    db: &Connection,
    session: &Session,
    receipt: &Receipt,
    now: Timestamp,
    outcome: &mut ReportOutcome,
) -> Result<bool, rusqlite::Error> {
    let delivery = delivery_id(receipt.notification_id, &session.user);
    let Some(mut found) = delivery::find(db, delivery)?.filter(|found| found.app == session.app)
    else {
        return Ok(false);
    };
    // A device whose clock runs ahead cannot report from the future.
    let at = receipt.at.min(now);
    if !receipt::insert(db, delivery, session.installation, receipt.kind, at)? {
        return Ok(true);
    }
    let was_read = found.state.read_at.is_some();
    let evidence = Evidence::Receipt(receipt.kind);
    outcome
        .changes
        .extend(delivery::merge(db, &mut found, evidence, at)?);
    if receipt.kind == ReceiptKind::Read && !was_read {
        outcome
            .hints
            .extend(tell_other_devices(db, session, delivery, at)?);
    }
    Ok(true)
}

/// Reading is told to the user's other devices through the log, like anything else.
fn tell_other_devices(
    db: &Connection,
    session: &Session,
    delivery: DeliveryId,
    at: Timestamp,
) -> Result<Option<Hint>, rusqlite::Error> {
    let Some((user, _)) = user::find(db, &session.app, &session.user)? else {
        return Ok(None);
    };
    let limited_to = log::limited_to(db, delivery)?;
    let meant = (limited_to.as_deref(), at);
    let seq = log::append(db, user, Kind::Read, delivery, meant)?;
    Ok(Some(Hint {
        app: session.app.clone(),
        user: session.user.clone(),
        seq,
    }))
}
