//! A device, and where it can be reached, as a look sees them.

use jiff::Timestamp;
use vestnik_model::{Channel, InstallationId, Reason};

use super::{ACK_WINDOW, HEARD_WITHIN, Target};
use crate::{app_version::Build, attempt::Attempt, device::Candidate};

/// An installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub installation: InstallationId,
    /// Why nothing may be shown on it, if so.
    pub blocked: Option<Reason>,
    /// Whether it has a connection.
    pub is_connected: bool,
    /// When it was last heard from.
    pub heard_at: Option<Timestamp>,
    /// When the app was last brought to the front on it, if it told.
    pub opened_at: Option<Timestamp>,
    /// When it was last heard from, now or then.
    pub last_seen_at: Timestamp,
    /// What it tells of its app.
    pub build: Build,
    /// Whether it has the delivery in its history, if the delivery is for it: otherwise this only says that
    /// it has read beyond it.
    pub has_it: bool,
    /// Its addresses, the preferred one first.
    pub addresses: Vec<Address>,
}

impl Device {
    /// A device that is not connected and shows what it gets.
    #[must_use]
    pub const fn new(installation: InstallationId, addresses: Vec<Address>) -> Self {
        Self {
            installation,
            blocked: None,
            is_connected: false,
            heard_at: None,
            opened_at: None,
            last_seen_at: Timestamp::UNIX_EPOCH,
            build: Build {
                platform: None,
                version: None,
            },
            has_it: false,
            addresses,
        }
    }
}

impl Device {
    /// A push to one of its addresses.
    pub(super) const fn target(&self, address: &Address) -> Target {
        Target::Device {
            installation: self.installation,
            channel: address.channel,
        }
    }

    /// As a choice between devices sees it.
    #[must_use]
    pub const fn candidate(&self) -> Candidate {
        Candidate {
            installation: self.installation,
            opened_at: self.opened_at,
            last_seen_at: self.last_seen_at,
            build: self.build,
        }
    }

    /// Until when it can confirm what was written to its connection, if it was heard from when its window
    /// began and the window is open.
    pub(super) fn confirms_until(
        &self,
        window_from: Timestamp,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let heard_at = self.heard_at?;
        let end = window_from.checked_add(ACK_WINDOW);
        let end = end.unwrap_or(Timestamp::MAX);
        let is_heard = window_from.duration_since(heard_at) <= HEARD_WITHIN;
        (is_heard && now < end).then_some(end)
    }
}

/// An address of an installation at a push service, of a user's mailbox, or of the App's own backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The service.
    pub channel: Channel,
    /// Whether the service said that it is in use no more.
    pub is_dead: bool,
    /// Whether the App has credentials for the service, or at an SMTP server, or for its backend.
    pub has_provider: bool,
    /// What was tried.
    pub attempt: Option<Attempt>,
}

/// One address for each service, in the order in which they are tried. A live one is preferred to a dead
/// one of the same service.
#[must_use]
pub fn preferred(mut addresses: Vec<Address>) -> Vec<Address> {
    addresses.sort_by_key(|address| (address.channel, address.is_dead));
    addresses.dedup_by_key(|address| address.channel);
    addresses
}
