//! What the server stores, behind one trait.
//!
//! [`Store`] has a method per transaction (publish, read a log, report) and knows no database.
//! `vestnik-store-sqlite` implements it on one embedded file. The feature `conformance` adds the
//! suite that the tests of every implementation run.

#![forbid(unsafe_code)]

mod error;
mod types;

#[cfg(feature = "conformance")]
pub mod conformance;

pub use error::{OpenError, StoreError};
pub use types::{
    ApiKey, ApiKeyRecord, Change, ChangedDelivery, Expanded, HandOver, Hint, IdempotencyRecord,
    IdentityKey, LogSlice, Login, LogoutOutcome, NewNotification, PageQuery, PublishOutcome,
    ReportOutcome, Rotation, RotationOutcome, Session, SubscribeOutcome, WatchedState,
};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use vestnik_model::{
    AppId, Cursor, DeliveryId, InstallationId, InstallationState, NotificationId, Receipt,
    TopicName, UserId,
    subscription::{Topic, TopicSettings},
    view::{AttemptView, DeliveryView, InstallationView, List, NotificationView},
};

/// The answer of a store, some time later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Everything the server keeps. Each method is one transaction: when it answers, what it did is
/// durable; when it fails, nothing was changed.
pub trait Store: Send + Sync + std::fmt::Debug + 'static {
    /// Makes a tenant; one that is there stays as it is.
    fn create_app(&self, app: AppId, now: Timestamp) -> Answer<'_, ()>;
    /// Makes an API key.
    fn create_key(&self, record: ApiKeyRecord, now: Timestamp) -> Answer<'_, ()>;
    /// Finds a key by the SHA-256 of its whole text, and notes about when it was used.
    fn find_key(&self, secret_hash: [u8; 32], now: Timestamp) -> Answer<'_, Option<ApiKey>>;
    /// Lists the keys of a tenant.
    fn keys(&self, app: AppId) -> Answer<'_, Vec<vestnik_model::KeyView>>;
    /// Revokes a key; tells whether there was one.
    fn revoke_key(&self, app: AppId, id: String) -> Answer<'_, bool>;
    /// Sets an identity key, whole.
    fn put_identity_key(&self, app: AppId, key: IdentityKey) -> Answer<'_, ()>;
    /// Finds an identity key.
    fn identity_key(&self, app: AppId, kid: String) -> Answer<'_, Option<IdentityKey>>;
    /// Deletes an identity key; tells whether there was one.
    fn delete_identity_key(&self, app: AppId, kid: String) -> Answer<'_, bool>;
    /// The secret that signs access tokens; the offered one is kept if there was none.
    fn signing_secret(&self, offered: [u8; 32]) -> Answer<'_, [u8; 32]>;

    /// Makes an installation its user's, and begins a family of refresh tokens.
    fn login(&self, login: Login) -> Answer<'_, Session>;
    /// Exchanges a refresh token for the next.
    fn rotate(&self, rotation: Rotation) -> Answer<'_, RotationOutcome>;
    /// Ends an installation's part: its tokens, its place in its user's deliveries.
    fn logout(&self, app: AppId, installation: InstallationId) -> Answer<'_, LogoutOutcome>;
    /// Sets an installation's state, whole; tells whether there is such an installation.
    fn put_installation(
        &self,
        app: AppId,
        installation: InstallationId,
        state: InstallationState,
        now: Timestamp,
    ) -> Answer<'_, bool>;
    /// One installation.
    fn installation(
        &self,
        app: AppId,
        installation: InstallationId,
    ) -> Answer<'_, Option<InstallationView>>;

    /// Sets a topic, whole.
    fn put_topic(&self, app: AppId, name: TopicName, settings: TopicSettings) -> Answer<'_, ()>;
    /// One topic.
    fn topic(&self, app: AppId, name: TopicName) -> Answer<'_, Option<Topic>>;
    /// Deletes a topic and its subscriptions; tells whether there was one.
    fn delete_topic(&self, app: AppId, name: TopicName) -> Answer<'_, bool>;
    /// Subscribes a user; `by_self` only where the topic is open.
    fn subscribe(
        &self,
        app: AppId,
        topic: TopicName,
        user: UserId,
        by_self: bool,
    ) -> Answer<'_, SubscribeOutcome>;
    /// Takes a user out of a topic; tells whether there is such a topic.
    fn unsubscribe(&self, app: AppId, topic: TopicName, user: UserId) -> Answer<'_, bool>;

    /// Takes a notification: stores it and writes out the first part of its audience.
    fn publish(&self, new: NewNotification) -> Answer<'_, PublishOutcome>;
    /// Writes out the next part of some audience that is not whole yet, if there is one.
    fn expand_next(&self, limit: u32, now: Timestamp) -> Answer<'_, Option<Expanded>>;
    /// The end of a user's log.
    fn head(&self, app: AppId, user: UserId) -> Answer<'_, Cursor>;
    /// A stretch of a user's log, as one installation may see it.
    fn read_log(&self, slice: LogSlice) -> Answer<'_, vestnik_model::contract::Page>;
    /// Notes what was handed to devices.
    fn hand_over(&self, batch: Vec<HandOver>) -> Answer<'_, Vec<Change>>;
    /// Takes receipts of a session's installation.
    fn report(
        &self,
        session: Session,
        receipts: Vec<Receipt>,
        now: Timestamp,
    ) -> Answer<'_, ReportOutcome>;
    /// Ends deliveries whose time ran out.
    fn expire_due(&self, now: Timestamp, limit: u32) -> Answer<'_, Vec<Change>>;
    /// Forgets the next part of what expired before a time: deliveries, then the notifications
    /// themselves, and tokens. Tells how much it was; 0 when nothing is left to forget.
    fn forget_before(&self, before: Timestamp, limit: u32) -> Answer<'_, u64>;

    /// One notification.
    fn notification(&self, app: AppId, id: NotificationId) -> Answer<'_, Option<NotificationView>>;
    /// Notifications, newest first.
    fn notifications(&self, app: AppId, page: PageQuery) -> Answer<'_, List<NotificationView>>;
    /// Status and counts of a notification, for a watch.
    fn watched(&self, app: AppId, id: NotificationId) -> Answer<'_, Option<WatchedState>>;
    /// Deliveries of a notification; `None` when there is no such notification.
    fn deliveries(
        &self,
        app: AppId,
        id: NotificationId,
        page: PageQuery,
    ) -> Answer<'_, Option<List<DeliveryView>>>;
    /// One delivery.
    fn delivery(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<DeliveryView>>;
    /// The tries of a delivery; `None` when there is no such delivery.
    fn attempts(&self, app: AppId, id: DeliveryId) -> Answer<'_, Option<Vec<AttemptView>>>;

    /// Begins a new epoch: every device reads its log anew. For use after a restore.
    fn new_epoch(&self, epoch: vestnik_model::Epoch) -> Answer<'_, ()>;
    /// Does nothing, durably: the way to see that writing works.
    fn ping(&self) -> Answer<'_, ()>;
    /// What is wrong inside: nothing, when it is empty. Compares every counter with a recount.
    fn check_integrity(&self) -> Answer<'_, Vec<String>>;
    /// Finishes what was asked for and closes.
    fn close(&self) -> BoxFuture<'_, ()>;
}
