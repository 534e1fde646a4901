//! What requests that may still land say of what the user does not want.

use serde::{Deserialize, Serialize};
use vestnik_model::preference::OptOutChange;

/// What requests that may still land say of what the user does not want: of each choice one word, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SentOptOuts {
    /// The first word that was sent of each choice.
    first: Box<OptOutChange>,
    /// Where the other word was sent, too.
    other: Box<OptOutChange>,
}

impl SentOptOuts {
    /// Whether nothing can land.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    /// Adds a request. Of more choices than one request can name only its own are remembered.
    pub fn add(&mut self, sent: &OptOutChange) {
        self.other.add(contested(sent, &self.first));
        let mut first = sent.clone();
        first.add(std::mem::take(&mut *self.first));
        *self.first = first;
        if !self.first.problems().is_empty() {
            *self.first = sent.clone();
            *self.other = OptOutChange::default();
        }
    }

    /// The part of a change that some of these requests contradict.
    #[must_use]
    pub fn contested(&self, change: &OptOutChange) -> OptOutChange {
        let mut part = contested(change, &self.first);
        part.add(contested(change, &self.other));
        part
    }
}

/// The part of a change that says otherwise than another.
fn contested(change: &OptOutChange, other: &OptOutChange) -> OptOutChange {
    let mut part = change.clone();
    part.all = part
        .all
        .filter(|all| other.all.is_some_and(|other| other != *all));
    part.categories.retain(|name, is_out| {
        let other = other.categories.get(name);
        other.is_some_and(|other| other != is_out)
    });
    part.topics.retain(|name, is_out| {
        let other = other.topics.get(name);
        other.is_some_and(|other| other != is_out)
    });
    part
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn change(value: Value) -> OptOutChange {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_a_choice_of_which_something_else_was_sent_is_contested() {
        let mut sent = SentOptOuts::default();
        sent.add(&change(
            json!({"all": true, "categories": {"a": true, "b": true}}),
        ));
        let again = change(json!({"all": false, "categories": {"a": true, "c": false}}));
        assert_eq!(sent.contested(&again), change(json!({"all": false})));
        sent.add(&again);
        // Both words were sent of the first, whatever is wanted now.
        for all in [true, false] {
            let wanted = change(json!({"all": all, "categories": {"b": false, "c": false}}));
            let contested = change(json!({"all": all, "categories": {"b": false}}));
            assert_eq!(sent.contested(&wanted), contested);
        }
        let topics = change(json!({"topics": {"t": true}}));
        assert!(sent.contested(&topics).is_empty());
        sent.add(&topics);
        let back = change(json!({"topics": {"t": false}}));
        assert_eq!(sent.contested(&back), back);
    }

    #[test]
    fn there_is_an_end_of_choices() {
        let names = |begin: u32| -> Value {
            let names = begin..begin + 150;
            names.map(|n| (format!("n{n}"), true)).collect()
        };
        let mut sent = SentOptOuts::default();
        for begin in [0, 150, 300] {
            sent.add(&change(json!({"topics": names(begin)})));
            assert_eq!(sent.first.topics.len(), 150);
        }
    }
}
