//! Whom a notification is for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    email::EmailAddress,
    id::{AudienceId, InstallationId, TopicName, UserId},
    min_version::MinVersions,
    open::{is_default, null_is_default, words},
    phone::PhoneNumber,
    problem::{FieldCode, FieldProblem},
};

/// The most entries one list of an audience may have; larger audiences are topics.
pub const MAX_LISTED: usize = 2_000;
/// The most uploaded audiences that one notification may name.
pub const MAX_AUDIENCES: usize = 16;

/// Whom to notify, as a sender writes it: at least one of the lists, everything else optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AudienceRequest {
    /// Users by the App's own identifiers; an unknown one is answered like a known one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub users: Vec<UserId>,
    /// Users by the e-mail addresses that their App's backend set: everybody with one of these addresses.
    /// An unknown one is answered like a known one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub emails: Vec<EmailAddress>,
    /// Users by the telephone numbers that their App's backend set, in international form; otherwise as
    /// `emails`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub phones: Vec<PhoneNumber>,
    /// Single installations: their user is notified on these only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub installations: Vec<InstallationId>,
    /// Topics: everyone who is subscribed when the audience is expanded, which begins at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub topics: Vec<TopicName>,
    /// Uploaded audiences that are ready: everyone whom a line of their files names when the audience is
    /// expanded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub audiences: Vec<AudienceId>,
    /// Users to leave out, whichever way they were reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub exclude_users: Vec<UserId>,
    /// Which of each person's devices; all of them when absent.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "is_default"
    )]
    pub devices: Devices,
    /// The oldest version of the app that a device may have, by its platform: one to four numbers separated
    /// by dots, as in `{"android": "3.1.0"}`. A device whose app is older, or which does not tell its
    /// version, gets nothing; a platform that is not named has no oldest version.
    #[serde(
        alias = "minAppVersion",
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub min_app_version: BTreeMap<String, String>,
}

impl AudienceRequest {
    const fn names_nobody(&self) -> bool {
        self.users.is_empty()
            && self.emails.is_empty()
            && self.phones.is_empty()
            && self.installations.is_empty()
            && self.topics.is_empty()
            && self.audiences.is_empty()
    }
}

/// Which of a person's devices a notification is for.
///
/// The primary device is the one on which the app was last brought to the front while the person was
/// logged in; a person has one at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Devices {
    /// Every one.
    #[default]
    All,
    /// The primary one.
    Primary,
    /// The primary one first, then every one unless the primary one confirmed in time.
    PrimaryThenAll,
    /// The one that was heard from last.
    MostRecent,
}

words!(Devices {
    All = "all",
    Primary = "primary",
    PrimaryThenAll = "primary_then_all",
    MostRecent = "most_recent",
});

/// Whom to notify, checked: somebody is addressed, nobody twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    users: BTreeSet<UserId>,
    emails: BTreeSet<EmailAddress>,
    phones: BTreeSet<PhoneNumber>,
    installations: BTreeSet<InstallationId>,
    topics: BTreeSet<TopicName>,
    audiences: BTreeSet<AudienceId>,
    exclude_users: BTreeSet<UserId>,
    devices: Devices,
    min_app_version: MinVersions,
}

impl Audience {
    /// Checks a request; problems point below `/to`.
    ///
    /// # Errors
    /// Every problem found, when nobody is addressed, a list is too long, devices are both listed and to be
    /// chosen, or an oldest version of the app is none.
    pub fn parse(request: AudienceRequest) -> Result<Self, Vec<FieldProblem>> {
        let is_nobody = request.names_nobody();
        let AudienceRequest {
            users,
            emails,
            phones,
            installations,
            topics,
            audiences,
            exclude_users,
            devices,
            min_app_version,
        } = request;
        let mut problems = Vec::new();
        if is_nobody {
            problems.push(FieldProblem::new(
                "/to",
                FieldCode::Missing,
                "must name at least one of users, emails, phones, installations, topics or audiences",
            ));
        }
        check_length(&mut problems, "/to/users", users.len());
        check_length(&mut problems, "/to/emails", emails.len());
        check_length(&mut problems, "/to/phones", phones.len());
        check_length(&mut problems, "/to/installations", installations.len());
        check_length(&mut problems, "/to/topics", topics.len());
        check_most(
            &mut problems,
            "/to/audiences",
            (audiences.len(), MAX_AUDIENCES),
        );
        check_length(&mut problems, "/to/exclude_users", exclude_users.len());
        if devices != Devices::All && !installations.is_empty() {
            let detail = "must be `all` if installations are listed";
            problems.push(FieldProblem::new(
                "/to/devices",
                FieldCode::NotAllowed,
                detail,
            ));
        }
        let minimum = MinVersions::parse("/to/min_app_version", &min_app_version);
        let minimum = minimum
            .map_err(|found| problems.extend(found))
            .unwrap_or_default();
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            users: users.into_iter().collect(),
            emails: emails.into_iter().collect(),
            phones: phones.into_iter().collect(),
            installations: installations.into_iter().collect(),
            topics: topics.into_iter().collect(),
            audiences: audiences.into_iter().collect(),
            exclude_users: exclude_users.into_iter().collect(),
            devices,
            min_app_version: minimum,
        })
    }

    /// An audience of one user.
    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self {
            users: BTreeSet::from([user]),
            emails: BTreeSet::new(),
            phones: BTreeSet::new(),
            installations: BTreeSet::new(),
            topics: BTreeSet::new(),
            audiences: BTreeSet::new(),
            exclude_users: BTreeSet::new(),
            devices: Devices::All,
            min_app_version: MinVersions::default(),
        }
    }

    /// Users named by the sender.
    #[must_use]
    pub fn users(&self) -> &BTreeSet<UserId> {
        &self.users
    }

    /// E-mail addresses of users named by the sender.
    #[must_use]
    pub fn emails(&self) -> &BTreeSet<EmailAddress> {
        &self.emails
    }

    /// Telephone numbers of users named by the sender.
    #[must_use]
    pub fn phones(&self) -> &BTreeSet<PhoneNumber> {
        &self.phones
    }

    /// Installations named by the sender.
    #[must_use]
    pub fn installations(&self) -> &BTreeSet<InstallationId> {
        &self.installations
    }

    /// Topics whose subscribers are meant.
    #[must_use]
    pub fn topics(&self) -> &BTreeSet<TopicName> {
        &self.topics
    }

    /// Uploaded audiences that are meant.
    #[must_use]
    pub const fn audiences(&self) -> &BTreeSet<AudienceId> {
        &self.audiences
    }

    /// Users left out.
    #[must_use]
    pub fn exclude_users(&self) -> &BTreeSet<UserId> {
        &self.exclude_users
    }

    /// Which of each person's devices are meant.
    #[must_use]
    pub const fn devices(&self) -> Devices {
        self.devices
    }

    /// The oldest version of the app that a device may have.
    #[must_use]
    pub const fn min_app_version(&self) -> &MinVersions {
        &self.min_app_version
    }
}

fn check_length(problems: &mut Vec<FieldProblem>, pointer: &str, length: usize) {
    check_most(problems, pointer, (length, MAX_LISTED));
}

fn check_most(problems: &mut Vec<FieldProblem>, pointer: &str, (length, most): (usize, usize)) {
    if length > most {
        let detail = format!("must have at most {most} entries, has {length}");
        problems.push(FieldProblem::new(pointer, FieldCode::TooLong, detail));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(text: &str) -> UserId {
        UserId::parse(text).unwrap()
    }

    #[test]
    fn nobody_addressed_is_refused() {
        let request = AudienceRequest {
            exclude_users: vec![user("a")],
            ..Default::default()
        };
        let problems = Audience::parse(request).unwrap_err();
        assert_eq!(problems[0].pointer, "/to");
        assert_eq!(problems[0].code, FieldCode::Missing);
    }

    #[test]
    fn the_same_user_twice_is_one() {
        let request = AudienceRequest {
            users: vec![user("a"), user("a")],
            ..Default::default()
        };
        assert_eq!(Audience::parse(request).unwrap().users().len(), 1);
    }

    #[test]
    fn devices_are_listed_or_chosen() {
        let request = |devices| AudienceRequest {
            users: vec![user("a")],
            installations: vec!["ins_00000000000000000000000000000001".parse().unwrap()],
            devices,
            ..Default::default()
        };
        assert!(Audience::parse(request(Devices::All)).is_ok());
        for devices in [
            Devices::Primary,
            Devices::PrimaryThenAll,
            Devices::MostRecent,
        ] {
            let problems = Audience::parse(request(devices)).unwrap_err();
            assert_eq!(problems[0].pointer, "/to/devices");
            let chosen = AudienceRequest {
                installations: Vec::new(),
                ..request(devices)
            };
            assert_eq!(Audience::parse(chosen).unwrap().devices(), devices);
        }
    }

    #[test]
    fn a_list_has_an_end() {
        for list in [
            "users",
            "emails",
            "phones",
            "installations",
            "topics",
            "exclude_users",
        ] {
            let entries = |count| {
                let entries: Vec<_> = (0..count).map(|n| entry(list, n)).collect();
                let mut request = json!({"users": ["a"]});
                request[list] = json!(entries);
                Audience::parse(serde_json::from_value(request).unwrap())
            };
            assert!(entries(MAX_LISTED).is_ok(), "{list}");
            let problems = entries(MAX_LISTED + 1).unwrap_err();
            assert_eq!(problems.len(), 1, "{list}");
            assert_eq!(problems[0].pointer, format!("/to/{list}"));
            assert_eq!(problems[0].code.known(), Some(FieldCode::TooLong));
        }
    }

    #[test]
    fn so_many_uploaded_audiences_are_named_at_once() {
        let named = |count: usize| {
            let ids: Vec<_> = (0..count).map(|n| format!("aud_{n:032x}")).collect();
            Audience::parse(serde_json::from_value(json!({"audiences": ids})).unwrap())
        };
        let audience = named(MAX_AUDIENCES).unwrap();
        assert_eq!(audience.audiences().len(), MAX_AUDIENCES);
        let problems = named(MAX_AUDIENCES + 1).unwrap_err();
        assert_eq!(problems[0].pointer, "/to/audiences");
    }

    fn entry(list: &str, number: usize) -> String {
        match list {
            "emails" => format!("u{number}@a.example"),
            "phones" => format!("+49{number:07}"),
            "installations" => format!("ins_{number:032x}"),
            _ => format!("u{number}"),
        }
    }
}
