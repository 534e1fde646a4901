//! The bodies of the rows that name deliveries: what each came to by the commit, and why.
//!
//! A row of the kind `delivery` has the status and the user in columns, and the rest in its body. The body of
//! the kind `deliveries` is a list of groups that came to the same. Rows of former versions have less: no
//! body of one, and the users by status of several.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vestnik_model::{Channel, DeliveryStatus, Open, Reason, open::Word as _};
use vestnik_store::effect::Summary;

use crate::value::{optional_json, to_json};

/// What is told of a delivery beside its status.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Open<Reason>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Open<Channel>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    late: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    double_contact: bool,
}

impl Details {
    fn of(summary: &Summary) -> Self {
        let Summary {
            status: _,
            reason,
            channel,
            late,
            double_contact,
        } = summary;
        Self {
            reason: reason.clone(),
            channel: channel.map(Open::Known),
            late: *late,
            double_contact: *double_contact,
        }
    }

    fn summary(self, status: DeliveryStatus) -> Summary {
        Summary {
            status,
            reason: self.reason,
            channel: self.channel.as_ref().and_then(Open::known),
            late: self.late,
            double_contact: self.double_contact,
        }
    }
}

/// The rows of users whose deliveries came to the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Group {
    status: String,
    #[serde(flatten)]
    details: Details,
    users: Vec<i64>,
}

/// The body of several, of this version or a former one.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Several {
    Groups(Vec<Group>),
    ByStatus(BTreeMap<String, Vec<i64>>),
}

/// The body of a row for one delivery; none if its status says all.
pub(crate) fn of_one(summary: &Summary) -> Result<Option<String>, rusqlite::Error> {
    let details = Details::of(summary);
    (details != Details::default())
        .then(|| to_json(&details))
        .transpose()
}

/// The body of a row for several deliveries, each with the row of its user.
pub(crate) fn of_several<'a>(
    deliveries: impl Iterator<Item = (i64, &'a Summary)>,
) -> Result<String, rusqlite::Error> {
    let mut groups: BTreeMap<&Summary, Vec<i64>> = BTreeMap::new();
    for (user, summary) in deliveries {
        groups.entry(summary).or_default().push(user);
    }
    let group = |(summary, users): (&Summary, Vec<i64>)| Group {
        status: summary.status.as_str().to_owned(),
        details: Details::of(summary),
        users,
    };
    to_json(&groups.into_iter().map(group).collect::<Vec<_>>())
}

/// Reads the body of one delivery that came to a status.
pub(crate) fn one(
    row: &rusqlite::Row<'_>,
    column: usize,
    status: DeliveryStatus,
) -> Result<Summary, rusqlite::Error> {
    let details: Option<Details> = optional_json(row, column)?;
    Ok(details.unwrap_or_default().summary(status))
}

/// Reads the body of several: what they came to, each with the rows of the users. Passes over a status that
/// this version does not know.
pub(crate) fn several(
    row: &rusqlite::Row<'_>,
    column: usize,
) -> Result<Vec<(Summary, Vec<i64>)>, rusqlite::Error> {
    let known = |group: Group| {
        let status = DeliveryStatus::from_word(&group.status)?;
        Some((group.details.summary(status), group.users))
    };
    let groups = groups(row, column)?;
    Ok(groups.into_iter().filter_map(known).collect())
}

/// The rows of the users that a body of several lists; nobody in a body of another kind.
pub(crate) fn users(row: &rusqlite::Row<'_>, column: usize) -> Vec<i64> {
    let groups = groups(row, column).unwrap_or_default();
    groups.into_iter().flat_map(|group| group.users).collect()
}

fn groups(row: &rusqlite::Row<'_>, column: usize) -> Result<Vec<Group>, rusqlite::Error> {
    let former = |(status, users)| Group {
        status,
        details: Details::default(),
        users,
    };
    Ok(match optional_json(row, column)? {
        Some(Several::Groups(groups)) => groups,
        Some(Several::ByStatus(by_status)) => by_status.into_iter().map(former).collect(),
        None => Vec::new(),
    })
}
