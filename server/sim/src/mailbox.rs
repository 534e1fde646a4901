//! What a service stores for a device that is offline, by the rules of each service.
//!
//! - FCM: at most 100 messages without a collapse key, else all of them are discarded; four collapse
//!   keys; a message replaces the stored one of the same key.
//!   <https://firebase.google.com/docs/cloud-messaging/customize-messages/collapsible-message-types>
//! - APNs: `apns-collapse-id` replaces; Apple documents both one stored notification for an app and
//!   several, so [`ApnsStorage`] chooses.
//! - Web Push: `Topic` replaces (RFC 8030, 5.4).
//! - Huawei: `collapse_key` replaces; at most 120 messages, of which the oldest give way.
//!   <https://developer.huawei.com/consumer/en/doc/harmonyos-guides/push-msg-receipt>
//! - `RuStore`: documents neither.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::message::{DropReason, Fate, Message};

/// FCM's limit of stored messages without a collapse key.
const FCM_PENDING: usize = 100;
/// FCM's limit of collapse keys for a device.
const FCM_KEYS: usize = 4;
/// Huawei's limit of stored messages.
const HMS_PENDING: usize = 120;
/// The most messages that any service stores for a device here. The services document none.
const MOST: usize = 200;

/// How many notifications APNs stores for an app on a device that is offline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApnsStorage {
    /// Several, as "User Notifications updates" says since June 2024.
    #[default]
    Many,
    /// The latest, as "Sending notification requests to APNs" says.
    Latest,
}

/// The rules by which messages are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Fcm,
    Apns(ApnsStorage),
    WebPush,
    Hms,
    Rustore,
}

/// In which order a device gets what was stored for it. No service promises one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As it was accepted.
    #[default]
    Accepted,
    /// The newest first.
    Reversed,
}

/// What happened to which message.
pub(crate) type Happened = (Arc<Message>, Fate);

/// The messages that are stored for one device, in the order of acceptance.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    stored: Vec<Arc<Message>>,
}

impl Mailbox {
    pub(crate) fn len(&self) -> usize {
        self.stored.len()
    }

    /// How many bytes the stored messages have, without what surrounds them.
    pub(crate) fn bytes(&self) -> usize {
        self.stored.iter().map(|message| message.bytes).sum()
    }

    /// Stores a message for a device that is offline.
    pub(crate) fn store(
        &mut self,
        message: Arc<Message>,
        policy: Policy,
        now: Timestamp,
    ) -> Vec<Happened> {
        let mut happened = self.expire(now);
        if message.expires_at.is_none_or(|end| end <= now) {
            let why = DropReason::NotStored;
            happened.push((message, Fate::Dropped { why }));
            return happened;
        }
        happened.extend(self.collapse(&message));
        if policy == Policy::Apns(ApnsStorage::Latest) {
            happened.extend(drop_all(self.stored.drain(..), DropReason::Overwritten));
        }
        self.stored.push(Arc::clone(&message));
        happened.push((message, Fate::Stored));
        match policy {
            Policy::Fcm => happened.extend(self.shed_fcm()),
            Policy::Hms => happened.extend(self.shed_hms()),
            Policy::Apns(_) | Policy::WebPush | Policy::Rustore => {}
        }
        let surplus = self.stored.len().saturating_sub(MOST);
        let surplus = self.stored.drain(..surplus);
        happened.extend(drop_all(surplus, DropReason::TooManyPending));
        happened
    }

    /// Hands over what is stored, to a device that is online.
    pub(crate) fn deliver(&mut self, order: Order, now: Timestamp) -> Vec<Happened> {
        let mut happened = self.expire(now);
        let start = happened.len();
        let stored = self.stored.drain(..);
        happened.extend(stored.map(|message| (message, Fate::Delivered)));
        match order {
            Order::Accepted => {}
            Order::Reversed => happened[start..].reverse(),
        }
        happened
    }

    /// Drops everything: the device is no more.
    pub(crate) fn discard(&mut self) -> Vec<Happened> {
        drop_all(self.stored.drain(..), DropReason::DeviceGone).collect()
    }

    /// Drops what is stored and has come to its end.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<Happened> {
        let is_over = |message: &mut Arc<Message>| message.expires_at.is_none_or(|end| end <= now);
        let over = self.stored.extract_if(.., is_over);
        over.map(|message| (message, Fate::Expired)).collect()
    }

    /// Takes out the stored message that a new one replaces.
    fn collapse(&mut self, new: &Message) -> Option<Happened> {
        let key = new.collapse.as_ref()?;
        let same = |stored: &Arc<Message>| stored.collapse.as_ref() == Some(key);
        let old = self.stored.remove(self.stored.iter().position(same)?);
        let by = new.id.clone();
        Some((old, Fate::Collapsed { by }))
    }

    /// Applies Huawei's limit: newer messages take the place of the oldest.
    fn shed_hms(&mut self) -> Vec<Happened> {
        let surplus = self.stored.len().saturating_sub(HMS_PENDING);
        drop_all(self.stored.drain(..surplus), DropReason::Overwritten).collect()
    }

    /// Applies FCM's two limits.
    fn shed_fcm(&mut self) -> Vec<Happened> {
        let mut happened = Vec::new();
        let is_plain = |message: &Arc<Message>| message.collapse.is_none();
        if self.stored.iter().filter(|stored| is_plain(stored)).count() > FCM_PENDING {
            // "If this limit is reached, all stored messages are discarded."
            happened.extend(drop_all(self.stored.drain(..), DropReason::TooManyPending));
        }
        let keys: BTreeSet<_> = self
            .stored
            .iter()
            .filter_map(|m| m.collapse.as_ref())
            .collect();
        if keys.len() > FCM_KEYS {
            // Which four FCM keeps is not promised; here the oldest goes.
            let keyed = |message: &Arc<Message>| message.collapse.is_some();
            if let Some(oldest) = self.stored.iter().position(keyed) {
                let oldest = [self.stored.remove(oldest)];
                happened.extend(drop_all(
                    oldest.into_iter(),
                    DropReason::TooManyCollapseKeys,
                ));
            }
        }
        happened
    }
}

fn drop_all(
    messages: impl Iterator<Item = Arc<Message>>,
    why: DropReason,
) -> impl Iterator<Item = Happened> {
    messages.map(move |message| (message, Fate::Dropped { why }))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::Value;

    use super::*;
    use crate::{message::Content, service::Service};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn message(id: u32, ttl: i64, collapse: Option<&str>) -> Arc<Message> {
        Arc::new(Message {
            id: id.to_string(),
            service: Service::Fcm,
            accepted_at: NOW,
            expires_at: (ttl > 0).then(|| NOW + SignedDuration::from_secs(ttl)),
            urgency: String::new(),
            collapse: collapse.map(str::to_owned),
            bytes: 4,
            content: Content::Fcm {
                message: Value::Null,
            },
        })
    }

    fn words(happened: &[Happened]) -> Vec<String> {
        let word = |(message, fate): &Happened| {
            let fate = match fate {
                Fate::Stored => "stored".to_owned(),
                Fate::Delivered => "delivered".to_owned(),
                Fate::Collapsed { by } => format!("collapsed by {by}"),
                Fate::Expired => "expired".to_owned(),
                Fate::Dropped { why } => format!("{why:?}"),
            };
            format!("{} {fate}", message.id)
        };
        happened.iter().map(word).collect()
    }

    #[test]
    fn a_newer_message_of_the_same_key_takes_the_place_of_the_stored_one() {
        for policy in [
            Policy::Fcm,
            Policy::Apns(ApnsStorage::Many),
            Policy::WebPush,
        ] {
            let mut mailbox = Mailbox::default();
            mailbox.store(message(1, 60, Some("a")), policy, NOW);
            mailbox.store(message(2, 60, Some("b")), policy, NOW);
            let happened = mailbox.store(message(3, 60, Some("a")), policy, NOW);
            assert_eq!(words(&happened), ["1 collapsed by 3", "3 stored"]);
            let delivered = mailbox.deliver(Order::Accepted, NOW);
            assert_eq!(words(&delivered), ["2 delivered", "3 delivered"]);
        }
    }

    #[test]
    fn what_has_come_to_its_end_is_not_delivered() {
        let mut mailbox = Mailbox::default();
        let dropped = mailbox.store(message(1, 0, None), Policy::WebPush, NOW);
        assert_eq!(words(&dropped), ["1 NotStored"]);
        mailbox.store(message(2, 60, None), Policy::WebPush, NOW);
        mailbox.store(message(3, 61, None), Policy::WebPush, NOW);
        let late = NOW + SignedDuration::from_secs(60);
        let delivered = mailbox.deliver(Order::Accepted, late);
        assert_eq!(words(&delivered), ["2 expired", "3 delivered"]);
    }

    #[test]
    fn fcm_discards_everything_at_101_messages_without_a_key() {
        let mut mailbox = Mailbox::default();
        mailbox.store(message(0, 60, Some("key")), Policy::Fcm, NOW);
        for id in 1..=100 {
            mailbox.store(message(id, 60, None), Policy::Fcm, NOW);
        }
        assert_eq!(mailbox.len(), 101);
        let happened = mailbox.store(message(101, 60, None), Policy::Fcm, NOW);
        assert_eq!((happened.len(), mailbox.len()), (103, 0));
        assert_eq!(words(&happened)[102], "101 TooManyPending");
    }

    #[test]
    fn fcm_keeps_four_collapse_keys() {
        let mut mailbox = Mailbox::default();
        for (id, key) in ["a", "b", "c", "d", "e"].iter().enumerate() {
            let id = u32::try_from(id).unwrap();
            mailbox.store(message(id, 60, Some(key)), Policy::Fcm, NOW);
        }
        let delivered = words(&mailbox.deliver(Order::Reversed, NOW));
        let expected = ["4 delivered", "3 delivered", "2 delivered", "1 delivered"];
        assert_eq!(delivered, expected);
    }

    #[test]
    fn huawei_keeps_the_latest_120_messages() {
        let mut mailbox = Mailbox::default();
        for id in 1..=120 {
            mailbox.store(message(id, 60, None), Policy::Hms, NOW);
        }
        let happened = mailbox.store(message(121, 60, None), Policy::Hms, NOW);
        assert_eq!(words(&happened), ["121 stored", "1 Overwritten"]);
    }

    #[test]
    fn apns_may_keep_the_latest_only() {
        let mut mailbox = Mailbox::default();
        let policy = Policy::Apns(ApnsStorage::Latest);
        mailbox.store(message(1, 60, None), policy, NOW);
        let happened = mailbox.store(message(2, 60, None), policy, NOW);
        assert_eq!(words(&happened), ["1 Overwritten", "2 stored"]);
        assert_eq!(words(&mailbox.discard()), ["2 DeviceGone"]);
    }
}
