//! Opt-outs as they are kept and answered, with what only a later version knows.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{MAX_OPT_OUTS, OptOutChange, OptOuts};
use crate::{FieldCode, FieldProblem};

/// Opt-outs as a store or a device keeps them, and as a server of any version answers them. What this version
/// does not know is kept as it is: kinds of opt-outs, and names that are none here.
///
/// ```
/// use vestnik_model::preference::{OptOutChange, StoredOptOuts};
///
/// let later = r#"{"all":false,"categories":["news"],"topics":[],"senders":["bank"]}"#;
/// let stored: StoredOptOuts = serde_json::from_str(later)?;
/// let change: OptOutChange = serde_json::from_str(r#"{"categories": {"news": false}}"#)?;
/// let changed = stored.changed(&change).expect("there is room");
/// let kept = r#"{"all":false,"categories":[],"topics":[],"senders":["bank"]}"#;
/// assert_eq!(serde_json::to_string(&changed)?, kept);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct StoredOptOuts {
    /// What this version knows.
    pub known: OptOuts,
    later: Later,
}

/// What only a later version knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Later {
    categories: Vec<String>,
    topics: Vec<String>,
    kinds: Map<String, Value>,
}

/// The JSON of opt-outs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Written {
    all: bool,
    categories: Vec<String>,
    topics: Vec<String>,
    #[serde(flatten)]
    kinds: Map<String, Value>,
}

/// The answer of a server.
#[derive(Deserialize)]
struct Answered {
    #[serde(alias = "optOut")]
    opt_out: StoredOptOuts,
}

impl StoredOptOuts {
    /// Reads what a server of any version answers.
    ///
    /// # Errors
    /// If it is no such answer.
    pub fn read(answer: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<Answered>(answer).map(|answered| answered.opt_out)
    }

    /// Whether the user wants everything, in any version.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is not wanted after a change. What the change does not name stays, known here or not.
    ///
    /// # Errors
    /// Which lists it makes longer than they may be; nothing is changed then.
    pub fn changed(&self, change: &OptOutChange) -> Result<Self, Vec<FieldProblem>> {
        let changed = Self {
            known: change.applied(self.known.clone()),
            later: self.later.clone(),
        };
        let before = self.lists().into_iter();
        let lists = before.zip(changed.lists());
        let problems: Vec<_> = lists
            .filter(|((_, before), (_, after))| *after > MAX_OPT_OUTS && after > before)
            .map(|(_, (pointer, count))| too_long(pointer, count))
            .collect();
        if problems.is_empty() {
            Ok(changed)
        } else {
            Err(problems)
        }
    }

    /// How long the lists are, with the names that are none here.
    fn lists(&self) -> [(&'static str, usize); 2] {
        let Self { known, later } = self;
        let categories = known.categories.len() + later.categories.len();
        let topics = known.topics.len() + later.topics.len();
        [
            ("/opt_out/categories", categories),
            ("/opt_out/topics", topics),
        ]
    }
}

fn too_long(pointer: &'static str, count: usize) -> FieldProblem {
    let detail = format!("would have {count} names; at most {MAX_OPT_OUTS} are allowed");
    FieldProblem::new(pointer, FieldCode::TooLong, detail)
}

impl From<Written> for StoredOptOuts {
    fn from(written: Written) -> Self {
        let Written {
            all,
            categories,
            topics,
            kinds,
        } = written;
        let (categories, later_categories) = parted(categories);
        let (topics, later_topics) = parted(topics);
        Self {
            known: OptOuts {
                all,
                categories,
                topics,
            },
            later: Later {
                categories: later_categories,
                topics: later_topics,
                kinds,
            },
        }
    }
}

/// What is a name here, and what is not.
fn parted<T: Ord + FromStr>(names: Vec<String>) -> (BTreeSet<T>, Vec<String>) {
    let (mut known, mut later) = (BTreeSet::new(), Vec::new());
    for name in names {
        match name.parse() {
            Ok(name) => drop(known.insert(name)),
            Err(_) => later.push(name),
        }
    }
    (known, later)
}

impl From<StoredOptOuts> for Written {
    fn from(stored: StoredOptOuts) -> Self {
        let StoredOptOuts { known, later } = stored;
        let categories = known.categories.iter().map(ToString::to_string);
        let topics = known.topics.iter().map(ToString::to_string);
        Self {
            all: known.all,
            categories: categories.chain(later.categories).collect(),
            topics: topics.chain(later.topics).collect(),
            kinds: later.kinds,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stored(value: Value) -> StoredOptOuts {
        serde_json::from_value(value).unwrap()
    }

    fn change(value: Value) -> OptOutChange {
        serde_json::from_value(value).unwrap()
    }

    fn names(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|number| format!("n{number}")).collect()
    }

    #[test]
    fn an_answer_of_a_later_version_is_read_and_kept_whole() {
        let later = json!({
            "opt_out": {
                "all": true, "categories": ["a", ""], "topics": ["t"],
                "senders": {"bank": 1.5}, "quiet": null,
            },
            "v": 2,
        });
        let read = StoredOptOuts::read(later.to_string().as_bytes()).unwrap();
        let known = json!({"all": true, "categories": ["a"], "topics": ["t"]});
        let known: OptOuts = serde_json::from_value(known).unwrap();
        assert_eq!(read.known, known);
        assert_eq!(serde_json::to_value(&read).unwrap(), later["opt_out"]);
        let nothing_known = stored(json!({"senders": ["bank"]}));
        assert!(nothing_known.known.is_empty() && !nothing_known.is_empty());
        for foreign in ["{}", "[]", "{\"status\": \"ok\"}", ""] {
            assert!(
                StoredOptOuts::read(foreign.as_bytes()).is_err(),
                "{foreign}"
            );
        }
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name_and_what_is_not_known() {
        let before = stored(json!({
            "categories": ["news", ""], "topics": ["t", ""], "senders": ["bank"],
        }));
        let some = change(json!({"all": true, "categories": {"news": false, "games": true}}));
        let after = stored(json!({
            "all": true, "categories": ["games", ""], "topics": ["t", ""], "senders": ["bank"],
        }));
        assert_eq!(before.changed(&some), Ok(after.clone()));
        assert_eq!(after.changed(&some), Ok(after.clone()), "a repetition");
        assert_eq!(after.changed(&OptOutChange::default()), Ok(after));
    }

    #[test]
    fn a_hundred_names_are_enough() {
        let full = stored(json!({"categories": names(0..MAX_OPT_OUTS), "topics": ["", "a"]}));
        let more = change(json!({"categories": {"more": true}, "topics": {"b": true}}));
        let problems = full.changed(&more).unwrap_err();
        let pointers: Vec<_> = problems.iter().map(|it| it.pointer.as_str()).collect();
        assert_eq!(pointers, ["/opt_out/categories"]);
        let instead = change(json!({"categories": {"more": true, "n0": false}}));
        assert!(full.changed(&instead).is_ok());
        let mut with_unread = names(1..MAX_OPT_OUTS);
        with_unread.push(String::new());
        let unread = stored(json!({"topics": with_unread}));
        let topic = change(json!({"topics": {"more": true}}));
        assert!(
            unread.changed(&topic).is_err(),
            "a name that is none here counts"
        );
        // A later version may have had more room: what is there may become less.
        let longer = stored(json!({"topics": names(0..MAX_OPT_OUTS + 9)}));
        assert!(
            longer
                .changed(&change(json!({"topics": {"n1": false}})))
                .is_ok()
        );
        assert!(longer.changed(&change(json!({"all": true}))).is_ok());
        assert!(longer.changed(&topic).is_err());
    }
}
