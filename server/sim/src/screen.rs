//! The screen of a device: what it would show of all that it got, the newest first.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    message::{Event, Fate},
    shown::{Shown, shown},
};

/// A line of the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScreenLine {
    /// When the device got it.
    pub at: Timestamp,
    /// What it shows.
    #[serde(flatten)]
    pub shown: Shown,
}

/// The screen after these events of one device, given from the newest to the oldest; at most so many
/// lines. What was replaced or withdrawn is not on it, even if the withdrawal came first.
pub(crate) fn screen<'a>(
    newest_first: impl Iterator<Item = &'a Event>,
    most: usize,
) -> Vec<ScreenLine> {
    let lines: Vec<_> = newest_first
        .filter(|event| event.fate == Fate::Delivered)
        .map(|event| ScreenLine {
            at: event.at,
            shown: shown(&event.message),
        })
        .collect();
    let withdrawn = lines.iter().filter_map(|line| line.shown.withdraws.clone());
    let withdrawn: BTreeSet<_> = withdrawn.collect();
    let is_withdrawn = |line: &ScreenLine| {
        let of = line.shown.notification.as_ref();
        of.is_some_and(|notification| withdrawn.contains(notification))
    };
    let mut taken = BTreeSet::new();
    lines
        .into_iter()
        .filter(|line| !is_withdrawn(line))
        // A key that a newer message has takes the place of the older one.
        .filter(|line| match &line.shown.replaces {
            Some(key) => taken.insert(key.clone()),
            None => true,
        })
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;
    use crate::{
        message::{Content, Message},
        service::Service,
    };

    /// A message of FCM's that a phone got, with this parcel.
    fn event(number: u64, parcel: &serde_json::Value) -> Event {
        let message = Message {
            id: number.to_string(),
            service: Service::Fcm,
            accepted_at: Timestamp::UNIX_EPOCH,
            expires_at: None,
            urgency: String::new(),
            collapse: None,
            bytes: 0,
            content: Content::Fcm {
                message: json!({"data": {"vestnik": parcel.to_string()}}),
            },
        };
        Event {
            number,
            at: Timestamp::UNIX_EPOCH,
            device: "phone".to_owned(),
            fate: Fate::Delivered,
            message: Arc::new(message),
        }
    }

    #[test]
    fn what_was_withdrawn_is_not_on_the_screen() {
        let [first, second] = ["ntf_1", "ntf_2"].map(|id| json!({"notification": id}));
        let withdrawal = json!({"withdraws": "ntf_1", "envelope": "x"});
        let orders: [[_; 3]; 2] = [
            [&first, &second, &withdrawal],
            [&withdrawal, &first, &second],
        ];
        for order in orders {
            let events: Vec<_> = (1..)
                .zip(order)
                .map(|(n, parcel)| event(n, parcel))
                .collect();
            let lines = screen(events.iter().rev(), 10);
            let on_screen: Vec<_> = lines
                .iter()
                .filter_map(|line| line.shown.notification.as_deref())
                .collect();
            assert_eq!(on_screen, ["ntf_2"]);
            let told = lines
                .iter()
                .filter(|line| line.shown.form == crate::shown::Form::Withdrawal);
            assert_eq!(told.count(), 1);
        }
    }
}
