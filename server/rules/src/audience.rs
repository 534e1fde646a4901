//! Whom a notification is for: the plan of an audience, and the walk through its sources.
//!
//! An audience is kept as a [`Plan`] and not written out when its notification is accepted. The plan
//! has *sources*: the listed users, each topic, the listed addresses, the users and addresses of each
//! uploaded audience, the listed installations, those of each uploaded audience. They are walked in this
//! order, each by its key, a part in each transaction. Where the walk stands is a
//! [`Position`] that is saved with the part, so that a crash repeats or loses nothing.
//!
//! The first source that names a user decides for them: a later one finds the delivery there and
//! passes over it. Installations come last, so that a user who is meant as a whole is not narrowed to
//! single installations. Who is meant is settled when the walk reaches them, but for a listed name whose user
//! was erased meanwhile: it is nobody's ([`crate::erasure`]).
//!
//! ```
//! use vestnik_model::{Audience, UserId};
//! use vestnik_rules::{audience::{Members, Plan, Position}, contact::ContactKey};
//!
//! # let (app, key) = (vestnik_model::AppId::parse("shop")?, ContactKey::new([7; 32]));
//! let plan = Plan::of(&app, &Audience::user(UserId::parse("anna")?), &key);
//! let mut position = Position::START;
//! let mut walked = Vec::new();
//! while let Some(source) = plan.source(position) {
//!     match source.members {
//!         Members::Users(users) => walked.extend(users.into_iter().map(|listed| listed.user)),
//!         Members::Topic(_) | Members::Contacts(_) | Members::Installations(_) => {}
//!         Members::Uploaded(..) => {}
//!     }
//!     position = source.position.end();
//! }
//! assert_eq!(walked, [UserId::parse("anna")?]);
//! # Ok::<(), vestnik_model::id::ParseIdError>(())
//! ```

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vestnik_model::{
    AppId, Audience, AudienceId, DeliveryState, Evidence, Expansion, InstallationId, Reason,
    TopicName, UserId,
};

use crate::{
    contact::{Contact, ContactHash, ContactKey},
    device::Addressed,
};

/// The most explicit recipients that are expanded in the transaction that accepts a notification.
pub const FIRST_PART: usize = 100;

/// An audience as it is stored, in JSON.
///
/// It is read leniently: unknown fields are ignored, absent lists are empty, and what a later version
/// does not take as an id any more is passed over where it is a source; as an exclusion it goes on to
/// exclude. Lists are kept as texts, so that a [`Position`] means the same in every version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    users: Vec<String>,
    topics: Vec<String>,
    /// Keyed hashes: what is stored of a notification names nobody's mailbox.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contacts: Vec<String>,
    /// Uploaded audiences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    audiences: Vec<String>,
    installations: Vec<String>,
    exclude_users: BTreeSet<String>,
}

/// Where the walk through a plan stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(default)]
pub struct Position {
    /// The source's number: the listed users are 0, then the topics in order, then the addresses, then of
    /// each uploaded audience the users and the addresses, then the installations, then those of each
    /// uploaded audience.
    pub source: u32,
    /// The key of the last member that was walked, when there is one. What it is depends on the
    /// source: [`ListedUser::key`], or the store's own key of a user.
    pub after: Option<i64>,
    /// Where one member of the source names several users: the store's key of the last of them that was
    /// walked. The walk goes on with the others of the member at `after`. Absent when it was walked whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<i64>,
}

/// How far an audience is expanded by where the walk stands; absent when it has ended. One that
/// `is_scheduled` begins later than its notification was accepted.
#[must_use]
pub fn expansion(position: Option<Position>, is_cancelled: bool, is_scheduled: bool) -> Expansion {
    match position {
        None => Expansion::Done,
        Some(_) if is_cancelled => Expansion::Stopped,
        Some(Position::START) if is_scheduled => Expansion::Scheduled,
        Some(_) => Expansion::Running,
    }
}

/// The part of a plan to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where it begins. It may lie beyond the position that was asked for: empty sources are skipped.
    pub position: Position,
    /// Who is in it.
    pub members: Members,
}

/// Who is in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// Listed users that were not walked yet.
    Users(Vec<ListedUser>),
    /// Subscribers of a topic: those whose key, the store's key of a user, is greater than
    /// [`Position::after`], in the order of the keys.
    Topic(TopicName),
    /// Users with one of the listed addresses, by the store's key of a user as for a topic.
    Contacts(Vec<ContactHash>),
    /// Owners of listed installations, by the store's key of a user as for a topic; all listed
    /// installations of an owner are one candidate.
    Installations(Vec<InstallationId>),
    /// Those whom the lines of an uploaded audience name in one way: by the store's key of a user where
    /// they name users, else by the number of the line.
    Uploaded(AudienceId, Naming),
}

/// How a line of an uploaded audience names its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Naming {
    /// By the user's name.
    User,
    /// By an address of the user.
    Contact,
    /// By an installation of the user: they are notified there, and on the other installations that the
    /// audience names, only.
    Installation,
}

/// A user that the sender listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUser {
    /// The key for [`Position::past`].
    pub key: i64,
    /// The user.
    pub user: UserId,
}

/// A user whom a source names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The user.
    pub user: &'a UserId,
    /// The installations that are meant.
    pub addressed: Addressed,
    /// Whether the user is logged in on an installation.
    pub has_installation: bool,
}

/// A user who gets a delivery and an entry in their log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What the delivery begins as. One without an installation has ended already; a device that logs
    /// in later still reads the entry, which proves the delivery late.
    pub state: DeliveryState,
    /// The installations that it is for.
    pub addressed: Addressed,
}

impl Plan {
    /// The plan of an App's audience; addresses are hashed under the key.
    #[must_use]
    pub fn of(app: &AppId, audience: &Audience, key: &ContactKey) -> Self {
        let emails = audience.emails().iter().map(Contact::Email);
        let phones = audience.phones().iter().map(Contact::Phone);
        let text = |user: &UserId| user.as_str().to_owned();
        Self {
            users: audience.users().iter().map(text).collect(),
            topics: audience
                .topics()
                .iter()
                .map(|topic| topic.as_str().to_owned())
                .collect(),
            contacts: emails
                .chain(phones)
                .map(|contact| key.hash(app, contact).text())
                .collect(),
            audiences: audience
                .audiences()
                .iter()
                .map(AudienceId::to_string)
                .collect(),
            installations: audience
                .installations()
                .iter()
                .map(InstallationId::to_string)
                .collect(),
            exclude_users: audience.exclude_users().iter().map(text).collect(),
        }
    }

    /// Whether the expansion begins in the transaction that accepts the notification: the audience has
    /// at most [`FIRST_PART`] explicit recipients, no topic and no uploaded audience.
    #[must_use]
    pub const fn is_first_part(&self) -> bool {
        let listed = self.users.len() + self.contacts.len() + self.installations.len();
        self.topics.is_empty() && self.audiences.is_empty() && listed <= FIRST_PART
    }

    /// Whether the sender left a user out.
    #[must_use]
    pub fn excludes(&self, user: &UserId) -> bool {
        self.exclude_users.contains(user.as_str())
    }

    /// Whether the sender listed a user by name.
    #[must_use]
    pub fn names_user(&self, user: &UserId) -> bool {
        self.users.iter().any(|listed| listed == user.as_str())
    }

    /// Whether the sender listed an address, by what it is found by.
    #[must_use]
    pub fn names_contact(&self, hash: &ContactHash) -> bool {
        self.contacts.contains(&hash.text())
    }

    /// Whether the sender listed an installation.
    #[must_use]
    pub fn names_installation(&self, id: InstallationId) -> bool {
        self.installations.contains(&id.to_string())
    }

    /// The uploaded audiences, in the order of their sources.
    pub fn audiences(&self) -> impl Iterator<Item = AudienceId> + '_ {
        self.audiences.iter().filter_map(|id| id.parse().ok())
    }

    /// The topics, in the order of their sources.
    pub fn topics(&self) -> impl Iterator<Item = TopicName> + '_ {
        self.topics
            .iter()
            .filter_map(|topic| TopicName::parse(topic.as_str()).ok())
    }

    /// The topics whose sources lie behind that of a position.
    pub fn topics_behind(&self, position: Position) -> impl Iterator<Item = TopicName> + '_ {
        let behind = self.topics.iter().skip(position.source as usize);
        behind.filter_map(|topic| TopicName::parse(topic.as_str()).ok())
    }

    /// The source to go on with; `None` when the whole plan was walked.
    ///
    /// When a source has no more members, go on at [`Position::end`].
    #[must_use]
    pub fn source(&self, position: Position) -> Option<Source> {
        let sources = self.topics.len() + 3 + 3 * self.audiences.len();
        (position.source as usize..sources).find_map(|number| {
            let source = u32::try_from(number).ok()?;
            let position = if source == position.source {
                position
            } else {
                Position {
                    source,
                    ..Position::START
                }
            };
            let members = self.members(number, position.after)?;
            Some(Source { position, members })
        })
    }

    /// Who is in a source; `None` when nobody is left in it.
    fn members(&self, source: usize, after: Option<i64>) -> Option<Members> {
        let Some(topic) = source.checked_sub(1) else {
            let users = self.users_after(after);
            return (!users.is_empty()).then_some(Members::Users(users));
        };
        if let Some(name) = self.topics.get(topic) {
            return TopicName::parse(name.as_str()).ok().map(Members::Topic);
        }
        self.named_otherwise(topic - self.topics.len())
    }

    /// Who is in a source behind the topics; `None` when nobody is left in it.
    fn named_otherwise(&self, source: usize) -> Option<Members> {
        let uploaded = |index: usize, naming| {
            let id = self.audiences.get(index)?.parse().ok()?;
            Some(Members::Uploaded(id, naming))
        };
        let Some(uploads) = source.checked_sub(1) else {
            let listed = self.contacts.iter();
            let contacts: Vec<_> = listed.filter_map(|text| ContactHash::read(text)).collect();
            return (!contacts.is_empty()).then_some(Members::Contacts(contacts));
        };
        let Some(installations) = uploads.checked_sub(2 * self.audiences.len()) else {
            let naming = [Naming::User, Naming::Contact];
            return uploaded(uploads / 2, naming[uploads % 2]);
        };
        if let Some(index) = installations.checked_sub(1) {
            return uploaded(index, Naming::Installation);
        }
        let listed = self.installations.iter();
        let installations: Vec<_> = listed.filter_map(|id| id.parse().ok()).collect();
        (!installations.is_empty()).then_some(Members::Installations(installations))
    }

    fn users_after(&self, after: Option<i64>) -> Vec<ListedUser> {
        let listed = (0_i64..).zip(&self.users);
        listed
            .filter(|(key, _)| after.is_none_or(|after| *key > after))
            .filter_map(|(key, user)| {
                let user = UserId::parse(user.as_str()).ok()?;
                Some(ListedUser { key, user })
            })
            .collect()
    }
}

impl Position {
    /// Before the first member of the first source.
    pub const START: Self = Self {
        source: 0,
        after: None,
        within: None,
    };

    /// The position behind a member of the same source.
    #[must_use]
    pub const fn past(self, key: i64) -> Self {
        Self {
            source: self.source,
            after: Some(key),
            within: None,
        }
    }

    /// The position behind a user whom a member of the same source names among others.
    #[must_use]
    pub const fn within(self, key: i64, user: i64) -> Self {
        Self {
            within: Some(user),
            ..self.past(key)
        }
    }

    /// Whether a user whom a member of the same source names has not been walked: the members are walked in
    /// the order of their keys, and the users of each in the order of theirs.
    #[must_use]
    pub fn is_before(&self, key: i64, user: i64) -> bool {
        match (self.after, self.within) {
            (None, _) => true,
            (Some(after), Some(within)) if key == after => user > within,
            (Some(after), _) => key > after,
        }
    }

    /// The position behind the last member of the source.
    #[must_use]
    pub const fn end(self) -> Self {
        Self {
            source: self.source.saturating_add(1),
            after: None,
            within: None,
        }
    }
}

/// Decides whether a candidate gets a delivery, and as what it begins; `None` for an excluded user.
#[must_use]
pub fn admit(plan: &Plan, candidate: Candidate<'_>, now: Timestamp) -> Option<Member> {
    let Candidate {
        user,
        addressed,
        has_installation,
    } = candidate;
    if plan.excludes(user) {
        return None;
    }
    let mut state = DeliveryState::pending();
    if !has_installation {
        state.merge(Evidence::Ended(Reason::DeviceNoneActive), now);
    }
    Some(Member { state, addressed })
}

#[cfg(test)]
mod tests;
