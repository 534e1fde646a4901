//! Receipts: what a fact that a device reports does to a delivery.
//!
//! The store knows repetitions: identity is (installation, fact id), and a fact that it has is answered
//! `duplicate` without asking these rules. For any other fact it asks [`aim`] what to load and then
//! [`judge`], which answers with everything to save: the delivery, a flag, an entry of the user's log.
//! What a refused fact names is left as it is.
//!
//! Facts merge in any order: receipts by rank, flags by version. A device can only report on what it
//! has, so every fact about a delivery proves it `delivered`.
//!
//! # Read up to a place
//! `read_up_to` means every notification at or before a place of the log that the device was given. The
//! report marks the newest [`READ_UP_TO`] of them; when there are more, it leaves a row of work
//! ([`WorkKind::MarkRead`](crate::work::WorkKind::MarkRead)) with a [`MarkRead`], whose parts go on from
//! newer to older until nothing is left. A user has at most one such row for an installation: a newer
//! one replaces it when its place is higher.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vestnik_model::{
    Channel, Claim, Cursor, DeliveryState, Engagement, FactId, FactRefusal, FactResult, Flag,
    InstallationId, NotificationId, Open, ParsedFact, Reason, ReceiptKind, StateChange,
    fact::MAX_VERSION,
    publish::{Goal, StepChannel, Steps},
};

use crate::{
    decrypt::is_decrypt,
    delivery::{Advanced, Event, Reported, advance, contacted},
    log::Standing,
};

/// The most deliveries that one `read_up_to` marks in the transaction that takes it.
pub const READ_UP_TO: u32 = 1_000;
/// The most facts of one installation about one delivery that are kept. Beyond it receipts and flags
/// still merge, which needs no row, and replies are refused.
pub const MAX_FACTS: u32 = 200;

/// What a fact is about: what the store loads before it is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim<'a> {
    /// One delivery: that of this notification to the session's user.
    Delivery(Report<'a>),
    /// All deliveries up to a place of the user's log.
    UpTo(&'a Cursor),
}

/// A fact about one delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<'a> {
    /// The fact's id.
    pub fact: &'a FactId,
    /// The notification.
    pub notification: NotificationId,
    /// When it happened, as the device says.
    pub at: Timestamp,
    /// What happened.
    pub about: About,
}

/// What happened to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A receipt.
    Receipt(ReceiptKind),
    /// A flag was set or taken back.
    Flag(FlagState),
    /// The person answered.
    Reply,
    /// The device did not show it, though it has it.
    NotShown,
    /// The device dropped a push of it, and does not have it by that.
    Dropped,
    /// A push of it was of no use to the device, for this reason: it could not be decrypted, or was for another
    /// user.
    Useless(Reason),
}

/// What a fact proves about the attempt by which the notification reached the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It arrived.
    Arrived,
    /// It was read there.
    Read,
}

/// A flag of a delivery, one row. `read` has no row: it is the delivery's `read_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlagState {
    /// The flag.
    pub flag: Flag,
    /// The version: the higher one wins.
    pub version: u64,
    /// The value; of two with the same version, `true` wins.
    pub value: bool,
}

/// The installation that reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reporter {
    /// The installation.
    pub installation: InstallationId,
    /// The server's time.
    pub now: Timestamp,
}

/// A delivery that a fact is about, as it was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The delivery.
    pub state: DeliveryState,
    /// The only installations it is for; all of the user's when absent.
    pub only: Option<&'a [InstallationId]>,
    /// When its notification was accepted.
    pub accepted_at: Timestamp,
    /// Its flags that have a row.
    pub flags: &'a [FlagState],
    /// How many facts of this installation about it are kept, counted up to [`MAX_FACTS`].
    pub facts: u32,
    /// Its cascade, with the channels outside the user's devices that took it, and what is reported of that; absent
    /// if none did.
    pub outside: Option<Outside<'a>>,
    /// The channel by which this installation got it, as far as that is known: see
    /// [`came_by`](crate::cascade::came_by).
    pub by: Channel,
}

/// A cascade with the channels outside the user's devices that took a delivery, and what is reported of that.
pub type Outside<'a> = (&'a Steps, (&'a [StepChannel], &'a Reported));

/// What becomes of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What the device is answered.
    pub result: FactResult,
    /// What to save; nothing when the fact is refused.
    pub change: Option<Change>,
}

/// What to save of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When it happened, between the notification's acceptance and now.
    pub at: Timestamp,
    /// The delivery. Its row is written only when it changed.
    pub advanced: Advanced,
    /// The flag's row to write.
    pub flag: Option<FlagState>,
    /// The entry to append to the user's log, limited to the delivery's own installations, if it is
    /// limited. The reporting device is given it too and finds it has it.
    pub entry: Option<StateChange>,
    /// What it proves; nothing if a push was dropped.
    pub proof: Option<Proof>,
    /// Why a push was of no use to the device, if so: its attempts are looked at by
    /// [`decrypt::reported`](crate::decrypt::reported).
    pub useless: Option<Reason>,
    /// Whether the fact gets a row, by which its repetition is known.
    pub is_kept: bool,
    /// Whether the sender is told of it by an event: a button that was pressed, or an answer. Only what is
    /// kept is told, so that it is told once.
    pub is_told: bool,
    /// What the device says for the first time of all of the user's devices, and the sender is told: the toast
    /// was displayed, opened or put away. A button that was pressed is told with the button, by `is_told`.
    pub engaged: Option<Engagement>,
}

/// The rest of a `read_up_to`, as the payload of its row of work, in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarkRead {
    /// The installation that reported it.
    pub installation: InstallationId,
    /// Entries of the log before this number are left to mark.
    pub before: u64,
    /// When it was read, by the server's clock at the report.
    pub at: Timestamp,
}

/// What a fact is about.
#[must_use]
pub fn aim(fact: &ParsedFact) -> Aim<'_> {
    let (notification, about) = match &fact.claim {
        Claim::ReadUpTo(cursor) => return Aim::UpTo(cursor),
        Claim::Receipt {
            notification,
            kind,
            action: _,
        } => (notification, About::Receipt(*kind)),
        Claim::Flag {
            notification,
            flag,
            value,
            version,
        } => {
            let flag = FlagState {
                flag: *flag,
                version: *version,
                value: *value,
            };
            (notification, About::Flag(flag))
        }
        Claim::Reply {
            notification,
            action: _,
            text: _,
        } => (notification, About::Reply),
        Claim::NotShown {
            notification,
            reason,
        } => (notification, not_shown(reason)),
    };
    Aim::Delivery(Report {
        fact: &fact.id,
        notification: *notification,
        at: fact.at,
        about,
    })
}

/// What a device says that did not show a notification: an open set.
fn not_shown(reason: &str) -> About {
    match Open::<Reason>::read(reason) {
        Open::Known(reason) if is_decrypt(reason) => About::Useless(reason),
        Open::Known(reason @ Reason::OwnerMismatchDropped) => About::Useless(reason),
        Open::Known(Reason::Recalled) => About::Dropped,
        Open::Known(_) | Open::Unknown(_) => About::NotShown,
    }
}

/// Why a push was of no use to its device, if a fact says that it was for another user than theirs. The device
/// has another user's session by now, so the delivery is not the reporter's: it is that of the user who had the
/// installation before. Only what was tried at the installation itself is looked at, so that nobody can say this
/// of another device; and the reporter is answered as of a notification that is not theirs.
#[must_use]
pub fn of_former_user(report: &Report<'_>) -> Option<Reason> {
    match report.about {
        About::Useless(reason @ Reason::OwnerMismatchDropped) => Some(reason),
        About::Useless(_)
        | About::Receipt(_)
        | About::Flag(_)
        | About::Reply
        | About::NotShown
        | About::Dropped => None,
    }
}

/// Judges a fact that is no repetition. The subject is absent when the user has no such delivery.
#[must_use]
pub fn judge(report: &Report<'_>, reporter: &Reporter, subject: Option<Subject<'_>>) -> Judgement {
    match change(report, reporter, subject) {
        Ok(change) => Judgement {
            result: FactResult::taken(report.fact, true),
            change: Some(change),
        },
        Err(refusal) => Judgement {
            result: FactResult::refused(report.fact.as_str(), refusal),
            change: None,
        },
    }
}

fn change(
    report: &Report<'_>,
    reporter: &Reporter,
    subject: Option<Subject<'_>>,
) -> Result<Change, FactRefusal> {
    let subject = subject
        .filter(|subject| is_meant(subject, reporter))
        .ok_or(FactRefusal::UnknownNotification)?;
    let (is_kept, outside) = (subject.facts < MAX_FACTS, subject.outside);
    let is_new = |engaged: &Engagement| !subject.state.engagement.contains(engaged);
    let engaged = engagement(report.about).filter(is_new);
    let at = possible(report.at, subject.accepted_at, reporter.now);
    let changed = match report.about {
        About::Receipt(ReceiptKind::Read) => read(report.notification, subject, at, version_of(at)),
        About::Receipt(kind) => evident(subject, kind, at),
        About::Flag(flag) => flagged(report.notification, subject, flag, at),
        About::Reply if !is_kept => return Err(FactRefusal::TooLarge),
        About::Reply | About::NotShown => evident(subject, ReceiptKind::Delivered, at),
        About::Dropped => unproven(subject, at),
        About::Useless(reason) => Change {
            useless: Some(reason),
            ..unproven(subject, at)
        },
    };
    let is_response = matches!(
        report.about,
        About::Receipt(ReceiptKind::Actioned) | About::Reply
    );
    let changed = Change {
        is_kept,
        is_told: is_kept && is_response,
        engaged,
        ..changed
    };
    Ok(with_contact(changed, outside))
}

/// What a fact says beside a status, if the sender is told of that by itself.
const fn engagement(about: About) -> Option<Engagement> {
    match about {
        About::Receipt(ReceiptKind::Displayed) => Some(Engagement::Displayed),
        About::Receipt(ReceiptKind::Clicked) => Some(Engagement::Clicked),
        About::Receipt(ReceiptKind::Dismissed) => Some(Engagement::Dismissed),
        About::Receipt(ReceiptKind::Delivered | ReceiptKind::Read | ReceiptKind::Actioned)
        | About::Flag(_)
        | About::Reply
        | About::NotShown
        | About::Dropped
        | About::Useless(_) => None,
    }
}

/// Marks one delivery as read because its device has read up to a later place. `None` for a delivery
/// to pass over: one that was read, that was not meant for the installation, or that ended before any
/// device had it.
#[must_use]
pub fn mark_read(
    notification: NotificationId,
    reporter: &Reporter,
    subject: Subject<'_>,
    at: Timestamp,
) -> Option<Change> {
    let is_unread = subject.state.read_at.is_none() && subject.state.status.rank().is_some();
    let at = possible(at, subject.accepted_at, reporter.now);
    let outside = subject.outside;
    (is_unread && is_meant(&subject, reporter))
        .then(|| with_contact(read(notification, subject, at, version_of(at)), outside))
}

/// The same with whether the person got it twice by that.
fn with_contact(change: Change, outside: Option<Outside<'_>>) -> Change {
    let Some((steps, (outside, reported))) = outside else {
        return change;
    };
    let reported = reported.with_device(change.proof.map(|proof| match proof {
        Proof::Arrived => Goal::Delivered,
        Proof::Read => Goal::Read,
    }));
    Change {
        advanced: contacted(change.advanced, steps, (outside, &reported)),
        ..change
    }
}

/// The number of the log's entry that a `read_up_to` reaches.
///
/// # Errors
/// [`FactRefusal::UnknownCursor`] when the cursor is not a place of the user's log.
pub const fn up_to(standing: Standing) -> Result<u64, FactRefusal> {
    match standing {
        Standing::Known(place) => Ok(place.seq),
        Standing::None | Standing::OtherHistory => Err(FactRefusal::UnknownCursor),
    }
}

fn is_meant(subject: &Subject<'_>, reporter: &Reporter) -> bool {
    subject
        .only
        .is_none_or(|only| only.contains(&reporter.installation))
}

/// A time as it can have been: not before the notification, not in the future.
#[must_use]
pub fn possible(at: Timestamp, accepted_at: Timestamp, now: Timestamp) -> Timestamp {
    at.min(now).max(accepted_at)
}

/// The version of a `read` that came without one: milliseconds since 1970.
fn version_of(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond())
        .unwrap_or_default()
        .min(MAX_VERSION)
}

fn evident(subject: Subject<'_>, kind: ReceiptKind, at: Timestamp) -> Change {
    let proof = match kind {
        ReceiptKind::Read => Proof::Read,
        ReceiptKind::Delivered
        | ReceiptKind::Displayed
        | ReceiptKind::Clicked
        | ReceiptKind::Actioned
        | ReceiptKind::Dismissed => Proof::Arrived,
    };
    Change {
        at,
        advanced: advance(subject.state, Event::Receipt(kind, subject.by), at),
        flag: None,
        entry: None,
        proof: Some(proof),
        useless: None,
        is_kept: true,
        is_told: false,
        engaged: None,
    }
}

/// The delivery stays as it is: the log may bring it, and it is lost if nothing does.
fn unproven(subject: Subject<'_>, at: Timestamp) -> Change {
    Change {
        at,
        advanced: Advanced {
            state: subject.state,
            moved: None,
            is_changed: false,
        },
        flag: None,
        entry: None,
        proof: None,
        useless: None,
        is_kept: true,
        is_told: false,
        engaged: None,
    }
}

/// The first reading appends an entry to the log, so that the user's other devices withdraw the toast.
fn read(id: NotificationId, subject: Subject<'_>, at: Timestamp, version: u64) -> Change {
    let is_first = subject.state.read_at.is_none();
    let entry = StateChange {
        id,
        at,
        flag: Flag::Read.into(),
        value: true,
        version,
    };
    let changed = evident(subject, ReceiptKind::Read, at);
    Change {
        entry: is_first.then_some(entry),
        ..changed
    }
}

/// Every version that wins is appended to the log, also one that sets the value of before: another
/// device may have set the other value under a version in between, and without the entry it would keep
/// that value.
fn flagged(id: NotificationId, subject: Subject<'_>, set: FlagState, at: Timestamp) -> Change {
    match set.flag {
        Flag::Read if set.value => return read(id, subject, at, set.version),
        // Read is only ever set.
        Flag::Read => return evident(subject, ReceiptKind::Delivered, at),
        Flag::Archived | Flag::Deleted => {}
    }
    let known = subject.flags.iter().find(|known| known.flag == set.flag);
    let is_newer =
        known.is_none_or(|known| (set.version, set.value) > (known.version, known.value));
    let FlagState {
        flag,
        version,
        value,
    } = set;
    let entry = StateChange {
        id,
        at,
        flag: flag.into(),
        value,
        version,
    };
    Change {
        flag: is_newer.then_some(set),
        entry: is_newer.then_some(entry),
        ..evident(subject, ReceiptKind::Delivered, at)
    }
}

#[cfg(test)]
mod tests;
