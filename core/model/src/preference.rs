//! What a user does not want to be notified of.

mod change;

pub use change::OptOutChange;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{CategoryName, FieldCode, FieldProblem, TopicName};

/// The most categories, and the most topics, that a user opts out of.
pub const MAX_OPT_OUTS: usize = 100;

/// What a user wants, as they or their App's backend say. A `PUT` sets it whole: what it does not name is
/// wanted.
///
/// ```
/// use vestnik_model::preference::Preferences;
///
/// let said: Preferences = serde_json::from_str(r#"{"opt_out": {"categories": ["promotions"]}}"#)?;
/// assert!(!said.opt_out.all && said.problems().is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Preferences {
    /// What they do not want.
    #[serde(alias = "optOut")]
    pub opt_out: OptOuts,
}

/// What a user does not want: no channel brings it to them, however urgent it is. It counts for what has
/// not been handed over; nothing is withdrawn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct OptOuts {
    /// Any notification of the App.
    pub all: bool,
    /// Notifications of these categories; at most 100.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub categories: BTreeSet<CategoryName>,
    /// Notifications that reach them by these topics only; at most 100. A topic counts as it is spelt,
    /// whether or not it is there.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub topics: BTreeSet<TopicName>,
}

impl OptOuts {
    /// Whether the user wants everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What another version wrote: names that are none in this version are passed over.
    #[must_use]
    pub fn of_names(all: bool, categories: Vec<String>, topics: Vec<String>) -> Self {
        let (categories, topics) = (categories.into_iter(), topics.into_iter());
        Self {
            all,
            categories: categories
                .filter_map(|name| CategoryName::parse(name).ok())
                .collect(),
            topics: topics
                .filter_map(|name| TopicName::parse(name).ok())
                .collect(),
        }
    }
}

/// Preferences as a server of any version answers them.
#[derive(Deserialize)]
struct Answered {
    #[serde(alias = "optOut")]
    opt_out: AnsweredOptOuts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AnsweredOptOuts {
    all: bool,
    categories: Vec<String>,
    topics: Vec<String>,
}

impl Preferences {
    /// Reads what a server of any version answers: unknown fields are ignored, and names that are none in this
    /// version are passed over.
    ///
    /// # Errors
    /// If it is no such answer.
    pub fn read(answer: &[u8]) -> Result<Self, serde_json::Error> {
        let AnsweredOptOuts {
            all,
            categories,
            topics,
        } = serde_json::from_slice::<Answered>(answer)?.opt_out;
        Ok(Self {
            opt_out: OptOuts::of_names(all, categories, topics),
        })
    }

    /// What is wrong with them: lists that are too long.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let OptOuts {
            all: _,
            categories,
            topics,
        } = &self.opt_out;
        let lists = [
            ("/opt_out/categories", categories.len()),
            ("/opt_out/topics", topics.len()),
        ];
        let long = lists.into_iter().filter(|(_, count)| *count > MAX_OPT_OUTS);
        long.map(|(pointer, count)| {
            let detail = format!("has {count} names; at most {MAX_OPT_OUTS} are allowed");
            FieldProblem::new(pointer, FieldCode::TooLong, detail)
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_named_is_wanted() {
        let said: Preferences = serde_json::from_value(json!({})).unwrap();
        assert!(said.opt_out.is_empty());
        let all: Preferences = serde_json::from_value(json!({"optOut": {"all": true}})).unwrap();
        assert!(all.opt_out.all && !all.opt_out.is_empty());
        let unknown = serde_json::from_value::<Preferences>(json!({"opt_out": {"colours": []}}));
        assert!(
            unknown.is_err(),
            "senders and devices are told of what is not known"
        );
    }

    #[test]
    fn an_answer_of_a_later_version_is_read() {
        let later =
            br#"{"opt_out": {"all": true, "categories": ["a", ""], "senders": [1]}, "v": 2}"#;
        let said = json!({"opt_out": {"all": true, "categories": ["a"]}});
        let said: Preferences = serde_json::from_value(said).unwrap();
        assert_eq!(Preferences::read(later).unwrap(), said);
        for foreign in ["{}", "[]", "{\"status\": \"ok\"}", ""] {
            assert!(Preferences::read(foreign.as_bytes()).is_err(), "{foreign}");
        }
    }

    #[test]
    fn a_hundred_names_are_enough() {
        let names = |count: usize| -> Vec<String> { (0..count).map(|n| format!("n{n}")).collect() };
        let said = |categories, topics| -> Preferences {
            let opt_out = json!({"categories": names(categories), "topics": names(topics)});
            serde_json::from_value(json!({"opt_out": opt_out})).unwrap()
        };
        assert_eq!(said(MAX_OPT_OUTS, MAX_OPT_OUTS).problems(), []);
        let problems = said(MAX_OPT_OUTS + 1, MAX_OPT_OUTS + 1).problems();
        let pointers: Vec<_> = problems.iter().map(|it| it.pointer.as_str()).collect();
        assert_eq!(pointers, ["/opt_out/categories", "/opt_out/topics"]);
    }
}
