//! The hub contract: target names, arguments and answers, for any official SignalR client.
//!
//! Payloads are `camelCase`; cursors and ids are opaque texts. Every call takes one argument object.
//! An expected refusal is a result [`{problem}`](Answer); a SignalR completion error means a fault of
//! the server or a violation of the protocol.
//!
//! This is **contract 1**. `Hello` and `Welcome` exchange the highest contract that each side knows
//! and the features that it has; both go by the lower contract. Between device and server, unknown
//! fields are ignored and unknown words of open sets are kept as text, in both directions.
//!
//! # The log
//! A device keeps one cursor. It applies [`Entries`] whose `after` equals that cursor, and then
//! stands at their `cursor`; any other `Entries` tell it only that there is something to read by
//! [`Sync`]. `Entries` may come before the answer to `Hello`. A page of `Sync` begins at its `after`:
//! when that is not the cursor that was asked from, the server does not know the cursor (its data was
//! restored), and the device goes on from the page's `cursor` while it keeps what it has.

mod answer;
mod connection;
mod feature;
mod log;
mod sender;

pub use self::{
    answer::{Answer, Done, HubProblem},
    connection::{
        Drain, Hello, InstallationReplaced, Limits, SenderHello, Subscribe, UpdateState, Welcome,
    },
    feature::Feature,
    log::{Behind, Entries, Page, Sync},
    sender::{DeliveryChange, OfNotification, Published, StatusChange, WATCHED_CHANGES, Watch},
};
pub use crate::report::{ReceivedReport, Report, Reported};

/// The contract of this version.
pub const CONTRACT: u32 = 1;

/// Calls that a device or a sender makes.
pub mod server {
    /// [`Hello`](super::Hello) → [`Welcome`](super::Welcome). A device says who it is and where it
    /// stopped; every other device method demands it. A sender may say it with
    /// [`SenderHello`](super::SenderHello).
    pub const HELLO: &str = "Hello";
    /// [`Sync`](super::Sync) → [`Page`](super::Page). A device reads its log on.
    pub const SYNC: &str = "Sync";
    /// [`Report`](super::Report) → [`Reported`](super::Reported). A device reports facts.
    pub const REPORT: &str = "Report";
    /// [`Subscribe`](super::Subscribe) → [`Done`](super::Done). A device's user joins a topic.
    pub const SUBSCRIBE: &str = "Subscribe";
    /// [`Subscribe`](super::Subscribe) → [`Done`](super::Done). A device's user leaves a topic.
    pub const UNSUBSCRIBE: &str = "Unsubscribe";
    /// [`UpdateState`](super::UpdateState) → [`Done`](super::Done). Something about the device changed.
    pub const UPDATE_STATE: &str = "UpdateState";
    /// [`PublishRequest`](crate::PublishRequest) → [`Published`](super::Published). A sender publishes.
    pub const PUBLISH: &str = "Publish";
    /// [`Watch`](super::Watch) → stream of [`StatusChange`](super::StatusChange). A sender watches.
    pub const WATCH: &str = "Watch";
    /// [`OfNotification`](super::OfNotification) → [`Done`](super::Done). A sender stops what was not
    /// handed over yet.
    pub const CANCEL: &str = "Cancel";
    /// [`OfNotification`](super::OfNotification) → [`Done`](super::Done). A sender withdraws a
    /// notification, where it was shown too.
    pub const RECALL: &str = "Recall";
}

/// Calls that the server makes on a device.
pub mod device {
    /// [`Entries`](super::Entries): the log has grown.
    pub const ENTRIES: &str = "Entries";
    /// [`Behind`](super::Behind): there is something to read by [`SYNC`](super::server::SYNC).
    pub const BEHIND: &str = "Behind";
    /// [`InstallationReplaced`](super::InstallationReplaced): another login took this
    /// installation's place; the connection ends.
    pub const INSTALLATION_REPLACED: &str = "InstallationReplaced";
    /// [`Drain`](super::Drain): the server is about to close its connections.
    pub const DRAIN: &str = "Drain";
}

#[cfg(test)]
mod tests;
