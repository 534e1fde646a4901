//! What installations report of themselves, and where they are connected.

use jiff::Timestamp;
use vestnik_model::{
    AppId, ImportOutcome, InstallationId, InstallationState, PushAddress, UserId,
    contract::UpdateState, view::InstallationView,
};
use vestnik_rules::session::Session;

use crate::Answer;

/// How many entries of a user's log are looked through for what a new primary installation takes over.
pub const TAKEN_OVER: u32 = 100;

/// Installations.
pub trait Installations {
    /// Sets an installation's state, whole; tells whether the session is still the present one. What its
    /// device could not decrypt is looked at again. Effects: `WorkDue`, `Told`.
    fn put_state(
        &self,
        session: Session,
        state: InstallationState,
        now: Timestamp,
    ) -> Answer<'_, bool>;
    /// Changes parts of an installation's state in one step; absent parts stay. Tells whether the
    /// session is still the present one. Writes nothing when nothing changes.
    fn update_state(
        &self,
        session: Session,
        update: UpdateState,
        now: Timestamp,
    ) -> Answer<'_, bool>;
    /// Imports addresses of devices that have not spoken to this server yet, by
    /// [`vestnik_rules::address::import`]: each as an installation of its own, until a device reports the
    /// address. Gives what became of each, in their order. Users who are not known are made. The same twice
    /// does the same as once.
    fn import_addresses(&self, import: Import) -> Answer<'_, Vec<ImportOutcome>>;
    /// Notes when the app was last brought to the front on an installation; never goes back. Tells whether
    /// the session is still the present one. If another installation becomes the primary one by it, what
    /// waits for the user's primary device among their last [`TAKEN_OVER`] entries is looked at anew.
    ///
    /// Effects: `WorkDue`, `Told`.
    fn note_opened(&self, session: Session, at: Timestamp, now: Timestamp) -> Answer<'_, bool>;
    /// One installation.
    fn installation(
        &self,
        app: AppId,
        installation: InstallationId,
    ) -> Answer<'_, Option<InstallationView>>;
    /// The installations that a user is logged in on, by their ids.
    fn installations_of(&self, app: AppId, user: UserId) -> Answer<'_, Vec<InstallationView>>;
    /// Notes where installations are connected, in one batch: a row each, with a lease.
    fn note_presence(&self, notes: Vec<PresenceNote>) -> Answer<'_, ()>;
    /// Notes that a connection of an installation stands, before the first entry is written to it. Whoever
    /// looks at a delivery later knows that the device may have it.
    fn note_connected(&self, note: PresenceNote) -> Answer<'_, ()>;
    /// Where a user's installations are connected now.
    fn presence(&self, app: AppId, user: UserId, now: Timestamp) -> Answer<'_, Vec<Presence>>;
    /// Forgets the presence of all connections of a node, at its start.
    fn clear_presence(&self, node: String) -> Answer<'_, ()>;
}

/// Addresses to import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The tenant.
    pub app: AppId,
    /// The addresses, each with its user.
    pub addresses: Vec<(UserId, PushAddress)>,
    /// The most installations of a user.
    pub max_installations: u32,
    /// The time.
    pub now: Timestamp,
}

/// A connection of an installation, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceNote {
    /// The session.
    pub session: Session,
    /// The server's node.
    pub node: String,
    /// The connection's id.
    pub connection: String,
    /// Until when the connection is taken to stand; absent when it has ended.
    pub lease_until: Option<Timestamp>,
    /// When the device was last received from.
    pub last_seen: Timestamp,
}

/// A connection that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The installation.
    pub installation: InstallationId,
    /// The server's node.
    pub node: String,
    /// When the device was last received from.
    pub last_seen: Timestamp,
}
