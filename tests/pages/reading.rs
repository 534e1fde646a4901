//! What a reader has read.

use serde::Deserialize;
use serde_json::Value;

/// What a reader has read since it was asked last.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Reading {
    /// The notifications, in the order in which they came, with those that came twice twice.
    pub(crate) notifications: Vec<Value>,
    /// Whether that is the order of the log. A history has an order of its own.
    #[serde(skip_deserializing)]
    pub(crate) is_ordered: bool,
    /// Pages that were read.
    pub(crate) pages: usize,
    /// Calls that brought entries live.
    pub(crate) live: usize,
    /// The bytes of the largest page or live call, as JSON.
    pub(crate) largest: usize,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            notifications: Vec::new(),
            is_ordered: true,
            pages: 0,
            live: 0,
            largest: 0,
        }
    }
}

impl Reading {
    /// Notes a page or a live call by its entries.
    pub(crate) fn add(&mut self, argument: &Value) {
        self.largest = self.largest.max(argument.to_string().len());
        let entries = argument["entries"].as_array().into_iter().flatten();
        let notifications = entries.filter(|entry| entry["kind"] == "notification");
        let notifications = notifications.map(|entry| entry["notification"].clone());
        self.notifications.extend(notifications);
    }
}
