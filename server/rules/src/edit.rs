//! How a sender changes a notification that is scheduled.

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{
    Expansion, Notification,
    publish::{Named, Patch, Schedule},
};

use crate::schedule::{Life, span};

/// A notification that is scheduled: what can be changed about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// What devices will get.
    pub notification: Notification,
    /// When.
    pub schedule: Schedule,
    /// For how long it is worth delivering, counted from its start.
    pub ttl: SignedDuration,
    /// From when on anybody may be notified.
    pub opens_at: Timestamp,
}

/// Whether a notification can still be changed: nobody has a delivery, and it was not cancelled.
#[must_use]
pub const fn is_editable(expansion: Expansion) -> bool {
    match expansion {
        Expansion::Scheduled => true,
        Expansion::Running | Expansion::Done | Expansion::Stopped => false,
    }
}

/// Changes what the patch names. A time that has passed means now; the time to live counts from the start.
/// The notification keeps its revision: nobody has seen the former one.
#[must_use]
pub fn edit(planned: Planned, patch: Patch, now: Timestamp) -> Planned {
    let Patch {
        content,
        schedule,
        ttl,
    } = patch;
    let schedule = schedule.unwrap_or(planned.schedule);
    let ttl = ttl.unwrap_or(planned.ttl);
    let Life {
        starts_at: opens_at,
        expires_at,
    } = span(&schedule, now, ttl);
    let Notification {
        id, accepted_at, ..
    } = planned.notification;
    let named = Named {
        id,
        accepted_at,
        expires_at,
    };
    let notification = content.map_or_else(
        || Notification {
            expires_at,
            ..planned.notification
        },
        |content| content.notification(named),
    );
    Planned {
        notification,
        schedule,
        ttl,
        opens_at,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vestnik_model::{NotificationId, Publication};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn planned() -> Planned {
        let request = json!({
            "to": {"users": ["anna"]}, "notification": {"title": "Order 1"}, "ttl_seconds": 3600,
            "schedule": {"send_at": "2026-11-21T09:00:00Z"},
        });
        let publication = Publication::parse(serde_json::from_value(request).unwrap()).unwrap();
        let accepted_at = at("2026-11-20T09:00:00Z");
        let id: NotificationId = "ntf_0192f0c1000070008000000000000001".parse().unwrap();
        Planned {
            notification: publication.accept(id, accepted_at),
            opens_at: publication.schedule.opens_at(accepted_at),
            schedule: publication.schedule,
            ttl: publication.ttl,
        }
    }

    fn edited(patch: Value, now: &str) -> Planned {
        let patch = Patch::parse(serde_json::from_value(patch).unwrap()).unwrap();
        edit(planned(), patch, at(now))
    }

    #[test]
    fn what_is_not_named_stays() {
        let now = "2026-11-20T10:00:00Z";
        let content = edited(json!({"notification": {"title": "Order 2"}}), now);
        assert_eq!(content.notification.title.as_str(), "Order 2");
        let before = planned();
        let mut same = content;
        same.notification.title = before.notification.title.clone();
        assert_eq!(same, before);
        let ttl = edited(json!({"ttl_seconds": 60}), now);
        assert_eq!(ttl.notification.expires_at, at("2026-11-21T09:01:00Z"));
        assert_eq!(ttl.opens_at, before.opens_at);
        assert_eq!(ttl.notification.title, before.notification.title);
    }

    #[test]
    fn the_time_to_live_follows_the_start() {
        let later = edited(
            json!({"schedule": {"send_at": "2026-11-22T09:00:00Z"}}),
            "2026-11-20T10:00:00Z",
        );
        assert_eq!(later.opens_at, at("2026-11-22T09:00:00Z"));
        assert_eq!(later.notification.expires_at, at("2026-11-22T10:00:00Z"));
        let at_once = edited(json!({"schedule": {}}), "2026-11-20T10:00:00Z");
        assert_eq!(at_once.opens_at, at("2026-11-20T10:00:00Z"));
        assert_eq!(at_once.notification.expires_at, at("2026-11-20T11:00:00Z"));
        assert_eq!(at_once.notification.accepted_at, at("2026-11-20T09:00:00Z"));
    }

    #[test]
    fn only_what_is_scheduled_is_changed() {
        assert!(is_editable(Expansion::Scheduled));
        for expansion in [Expansion::Running, Expansion::Done, Expansion::Stopped] {
            assert!(!is_editable(expansion));
        }
    }
}
