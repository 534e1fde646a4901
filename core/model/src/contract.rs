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

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    counts::Counts,
    cursor::Cursor,
    entry::Entry,
    id::{DeliveryId, InstallationId, NotificationId, TopicName, UserId},
    installation::{Permission, description},
    limits::FEATURES,
    loose::Loose,
    open::{Open, readable, readable_list, words},
    problem::{FieldProblem, Problem, ProblemCode, hub_pointer},
    publish::PublishAccepted,
    reason::Reason,
    status::{DeliveryStatus, NotificationStatus},
    warning::Warning,
};

pub use crate::report::{ReceivedReport, Report, Reported};

/// The contract of this version.
pub const CONTRACT: u32 = 1;

/// A part of the contract that a side may lack; an open set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// The device applies `recall` entries.
    Recall,
    /// The device applies `state` entries of every flag, not only of `read`.
    Flags,
}

words!(Feature {
    Recall = "recall",
    Flags = "flags",
});

impl Feature {
    /// Every feature of this version, as `Hello` and `Welcome` carry them.
    #[must_use]
    pub fn all() -> Vec<Open<Self>> {
        Self::ALL.map(Open::Known).to_vec()
    }
}

fn features<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Open<Feature>>, D::Error> {
    readable_list::<FEATURES, _, _>(deserializer)
}

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

/// A result, or the reason why the request was refused. Read with `problem` first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer<T> {
    /// The request was refused and changed nothing.
    Refused {
        /// Why.
        problem: HubProblem,
    },
    /// The result.
    Done(T),
}

impl<T> Answer<T> {
    /// The result or the problem.
    ///
    /// # Errors
    /// The problem of a refused request.
    pub fn into_result(self) -> Result<T, HubProblem> {
        match self {
            Self::Refused { problem } => Err(problem),
            Self::Done(value) => Ok(value),
        }
    }
}

/// A result with a `problem` is a refusal, whatever else can be read of it.
impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Answer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Loose(value) = Loose::deserialize(deserializer)?;
        match value.get("problem").filter(|problem| !problem.is_null()) {
            Some(problem) => HubProblem::deserialize(problem)
                .map(|problem| Self::Refused { problem })
                .map_err(D::Error::custom),
            None => T::deserialize(value)
                .map(Self::Done)
                .map_err(D::Error::custom),
        }
    }
}

/// Why a hub request was refused. Pointers use the hub's spelling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {detail}")]
#[serde(rename_all = "camelCase")]
pub struct HubProblem {
    /// What a program switches on: a code of [`ProblemCode`](crate::ProblemCode), an open set.
    #[serde(default)]
    pub code: String,
    /// What is wrong this time, for a person.
    #[serde(default)]
    pub detail: String,
    /// The fields at fault.
    #[serde(
        default,
        deserialize_with = "readable_list::<256, _, _>",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub errors: Vec<FieldProblem>,
    /// In how many seconds it is worth trying again, when it is.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub retry_after: Option<u32>,
}

impl HubProblem {
    /// The code, known or not.
    #[must_use]
    pub fn open_code(&self) -> Open<ProblemCode> {
        Open::read(&self.code)
    }
}

/// The same problem in the hub's spelling.
impl From<Problem> for HubProblem {
    fn from(problem: Problem) -> Self {
        let Problem {
            kind: _,
            title: _,
            status: _,
            code,
            detail,
            errors,
            retry_after,
        } = problem;
        let spelled = |error: FieldProblem| FieldProblem {
            pointer: hub_pointer(&error.pointer),
            ..error
        };
        Self {
            code: code.as_str().to_owned(),
            detail: respelled(&detail, &errors),
            errors: errors.into_iter().map(spelled).collect(),
            retry_after,
        }
    }
}

/// The detail of an invalid request begins with the first pointer.
fn respelled(detail: &str, errors: &[FieldProblem]) -> String {
    errors
        .first()
        .and_then(|first| Some((first, detail.strip_prefix(&first.pointer)?)))
        .map_or_else(
            || detail.to_owned(),
            |(first, rest)| hub_pointer(&first.pointer) + rest,
        )
}

/// A result without content: an empty object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

/// A device says who it is and where it stopped.
///
/// Descriptive fields that cannot be read are passed over: a device with an odd locale is served too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// The highest contract that the device knows; 1 when absent.
    #[serde(default = "first_contract")]
    pub contract: u32,
    /// What the device has beyond the contract's core, at most 64 words.
    #[serde(default, deserialize_with = "features")]
    pub features: Vec<Open<Feature>>,
    /// Must be the one that the access token was issued to.
    pub installation_id: InstallationId,
    /// Where it stopped; absent on a device that has nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// A BCP 47 language tag.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub locale: Option<String>,
    /// An IANA time zone name.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub time_zone: Option<String>,
    /// Whether the system lets the app show notifications.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub permission: Option<Open<Permission>>,
    /// The app's version.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub app_version: Option<String>,
}

/// A sender says what it knows; without it, it speaks contract 1 without features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SenderHello {
    /// The highest contract that the sender knows.
    #[serde(default = "first_contract")]
    pub contract: u32,
    /// What the sender has beyond the contract's core.
    #[serde(default, deserialize_with = "features")]
    pub features: Vec<Open<Feature>>,
}

const fn first_contract() -> u32 {
    1
}

/// The server's answer to a [`Hello`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The highest contract that the server knows.
    #[serde(default = "first_contract")]
    pub contract: u32,
    /// What the server has beyond the contract's core.
    #[serde(default, deserialize_with = "features")]
    pub features: Vec<Open<Feature>>,
    /// The end of the log now. Absent for a sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// About how many entries the device has to read by [`Sync`]; 0 when its cursor is the end.
    #[serde(default)]
    pub behind_by: u64,
    /// The server's clock, to correct the device's by.
    pub server_time: Timestamp,
    /// How large messages may be.
    pub limits: Limits,
}

/// How large messages may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// A page of [`Sync`] or [`Entries`], without its envelope.
    pub page_bytes: u64,
    /// A [`Report`].
    pub report_bytes: u64,
    /// A publish request.
    pub publish_bytes: u64,
}

/// A device reads its log on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sync {
    /// The place that the device stands at; absent for the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// The most entries it wants, 1 to 500; 100 when absent. A page is bounded in bytes too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A stretch of the log. What is not for this installation, or has expired, is left out and counted
/// as read, so `entries` may be empty while the cursor moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entries {
    /// The place that the entries follow.
    pub after: Cursor,
    /// The place that the device stands at once it has applied them.
    pub cursor: Cursor,
    /// The entries, in order.
    #[serde(default)]
    pub entries: Vec<Entry>,
}

/// The answer to [`Sync`]: entries, and whether more follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    /// The place that the entries follow; see [the log](self#the-log).
    pub after: Cursor,
    /// The place that the device stands at once it has applied them.
    pub cursor: Cursor,
    /// The entries, in order.
    #[serde(default)]
    pub entries: Vec<Entry>,
    /// Whether the log goes on behind `cursor`.
    #[serde(default)]
    pub more: bool,
}

/// Something about the device changed; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateState {
    /// Whether the system lets the app show notifications.
    #[serde(
        default,
        deserialize_with = "readable",
        skip_serializing_if = "Option::is_none"
    )]
    pub permission: Option<Open<Permission>>,
    /// An IANA time zone name.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub time_zone: Option<String>,
    /// A BCP 47 language tag.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub locale: Option<String>,
    /// The app's version.
    #[serde(
        default,
        deserialize_with = "description",
        skip_serializing_if = "Option::is_none"
    )]
    pub app_version: Option<String>,
}

/// A device's user joins or leaves a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscribe {
    /// The topic.
    pub topic: TopicName,
}

/// The server accepted a notification published through the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Published {
    /// The notification's id.
    pub id: NotificationId,
    /// Its status when it was accepted.
    pub status: NotificationStatus,
    /// Whether this answer is that of an earlier request with the same idempotency key.
    #[serde(default)]
    pub replayed: bool,
    /// What the sender should know about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Open<Warning>>,
}

impl From<PublishAccepted> for Published {
    fn from(accepted: PublishAccepted) -> Self {
        let PublishAccepted {
            id,
            status,
            replayed,
            warnings,
        } = accepted;
        Self {
            id,
            status,
            replayed,
            warnings,
        }
    }
}

/// A sender watches a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Watch {
    /// The notification.
    pub notification_id: NotificationId,
    /// The version of the last item that the sender has: the stream goes on behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// A sender names one of its notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfNotification {
    /// The notification.
    pub notification_id: NotificationId,
}

/// The most changes of deliveries in one item of a watch.
pub const WATCHED_CHANGES: usize = 100;

/// An item of a watch: the state after some change. Versions strictly increase; several changes may
/// be one item. The stream ends when nothing can change any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusChange {
    /// Grows with each change; give the last one as `after` to go on.
    pub version: u64,
    /// The notification.
    pub id: NotificationId,
    /// Its status.
    pub status: NotificationStatus,
    /// Its deliveries by status. Every count but `pending` falls only by later evidence (a read
    /// delivery is no longer counted as delivered).
    pub counts: Counts,
    /// What the sender should know about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Open<Warning>>,
    /// The deliveries that changed since the item before, the latest at most 100; empty in a first
    /// item without `after`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliveries: Vec<DeliveryChange>,
    /// The server's time of this item.
    pub at: Timestamp,
}

/// What changed about one delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryChange {
    /// The delivery.
    pub id: DeliveryId,
    /// The user it is for.
    pub user: UserId,
    /// Its status after the change.
    pub status: DeliveryStatus,
    /// Why, when that is a negative end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Open<Reason>>,
    /// Whether positive evidence came after a negative end, so that counts fell.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference over"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// There is something to read: the device was too slow for the live calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Behind {
    /// The end of the log now.
    pub cursor: Cursor,
}

/// Another login took this installation's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallationReplaced {
    /// Why: an open set; `limit` when the user has too many installations, `taken_over` when another
    /// user logged in here.
    pub reason: String,
}

/// The server is about to close its connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    /// When this device is asked to come back, in milliseconds; spread over devices.
    pub retry_after_ms: u32,
}

#[cfg(test)]
mod tests;
