//! What a person changes about what they do not want, one thing at a time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use super::{MAX_OPT_OUTS, OptOuts};
use crate::{CategoryName, FieldCode, FieldProblem, TopicName};

/// The most categories, and the most topics, that one change names.
const MAX_CHANGES: usize = 2 * MAX_OPT_OUTS;

/// What a person changes about what they do not want. What it does not name stays as it is, whoever said it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct OptOutChange {
    /// Whether they want nothing of the App at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<bool>,
    /// Categories that they do not want (`true`), or want again; at most 200.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, bool>))]
    pub categories: BTreeMap<CategoryName, bool>,
    /// Topics that they do not want (`true`), or want again; at most 200.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, bool>))]
    pub topics: BTreeMap<TopicName, bool>,
}

impl OptOutChange {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong with it: it names more than a user can have opted out of and want again.
    #[must_use]
    pub fn problems(&self) -> Vec<FieldProblem> {
        let lists = [
            ("/opt_out/categories", self.categories.len()),
            ("/opt_out/topics", self.topics.len()),
        ];
        let long = lists.into_iter().filter(|(_, count)| *count > MAX_CHANGES);
        long.map(|(pointer, count)| {
            let detail = format!("has {count} names; at most {MAX_CHANGES} are allowed");
            FieldProblem::new(pointer, FieldCode::TooLong, detail)
        })
        .collect()
    }

    /// What is not wanted after it.
    ///
    /// ```
    /// use vestnik_model::preference::{OptOutChange, OptOuts};
    ///
    /// let of_server: OptOuts = serde_json::from_str(r#"{"categories": ["news"]}"#)?;
    /// let change: OptOutChange = serde_json::from_str(r#"{"categories": {"promotions": true}}"#)?;
    /// let both: OptOuts = serde_json::from_str(r#"{"categories": ["news", "promotions"]}"#)?;
    /// assert_eq!(change.applied(of_server), both);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn applied(&self, opt_outs: OptOuts) -> OptOuts {
        OptOuts {
            all: self.all.unwrap_or(opt_outs.all),
            categories: changed(opt_outs.categories, &self.categories),
            topics: changed(opt_outs.topics, &self.topics),
        }
    }

    /// Adds what was changed later: the later word counts.
    pub fn add(&mut self, later: Self) {
        self.all = later.all.or(self.all);
        self.categories.extend(later.categories);
        self.topics.extend(later.topics);
    }

    /// Drops what `told` says likewise: it is no change any more. What was changed anew meanwhile stays.
    pub fn settle(&mut self, told: &Self) {
        self.all = self.all.filter(|all| told.all != Some(*all));
        self.categories
            .retain(|name, is_out| told.categories.get(name) != Some(is_out));
        self.topics
            .retain(|name, is_out| told.topics.get(name) != Some(is_out));
    }
}

/// Reads a change of which every field must be known: a device's own changes of a later version are read
/// leniently, what a sender writes is not.
pub(super) fn strict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OptOutChange, D::Error> {
    Strict::deserialize(deserializer)
}

#[derive(Deserialize)]
#[serde(remote = "OptOutChange", deny_unknown_fields)]
struct Strict {
    #[serde(default)]
    all: Option<bool>,
    #[serde(default)]
    categories: BTreeMap<CategoryName, bool>,
    #[serde(default)]
    topics: BTreeMap<TopicName, bool>,
}

fn changed<T: Ord + Clone>(mut names: BTreeSet<T>, change: &BTreeMap<T, bool>) -> BTreeSet<T> {
    for (name, is_out) in change {
        if *is_out {
            names.insert(name.clone());
        } else {
            names.remove(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn change(value: Value) -> OptOutChange {
        serde_json::from_value(value).unwrap()
    }

    fn said(value: Value) -> OptOuts {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_a_change_does_not_name_stays() {
        let before = said(json!({"all": true, "categories": ["a", "b"], "topics": ["t"]}));
        let some = change(json!({"categories": {"a": false, "c": true}}));
        let after = said(json!({"all": true, "categories": ["b", "c"], "topics": ["t"]}));
        assert_eq!(some.applied(before), after);
        assert_eq!(
            some.applied(after.clone()),
            after,
            "a repetition is harmless"
        );
        let rest = change(json!({"all": false, "topics": {"t": false}}));
        assert_eq!(rest.applied(after), said(json!({"categories": ["b", "c"]})));
    }

    #[test]
    fn the_later_word_counts_and_what_was_told_is_no_change_any_more() {
        let mut waiting = change(json!({"all": true, "categories": {"a": true, "b": true}}));
        let told = waiting.clone();
        waiting.add(change(
            json!({"categories": {"a": false}, "topics": {"t": true}}),
        ));
        waiting.settle(&told);
        let left = change(json!({"categories": {"a": false}, "topics": {"t": true}}));
        assert_eq!(waiting, left);
        waiting.settle(&left);
        assert!(waiting.is_empty());
    }

    #[test]
    fn there_is_an_end_of_names() {
        let names =
            |count: usize| -> Value { (0..count).map(|n| (format!("n{n}"), true)).collect() };
        assert_eq!(change(json!({"topics": names(MAX_CHANGES)})).problems(), []);
        for (list, pointer) in [
            ("topics", "/opt_out/topics"),
            ("categories", "/opt_out/categories"),
        ] {
            let problems = change(json!({list: names(MAX_CHANGES + 1)})).problems();
            assert_eq!(problems.len(), 1);
            assert_eq!(problems[0].pointer, pointer);
        }
    }
}
