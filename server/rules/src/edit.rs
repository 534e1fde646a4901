//! How a sender changes a notification: all of it while it is scheduled, its pace while it is sent.

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

/// How far a notification is when its sender changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How far its audience was expanded.
    pub expansion: Expansion,
    /// Whether it was cancelled: also when its audience had been expanded before.
    pub is_cancelled: bool,
    /// From when on it is worth delivering to nobody.
    pub expires_at: Timestamp,
}

impl Standing {
    /// Whether it is stopped for good: it was cancelled, or has expired.
    #[must_use]
    pub fn is_over(self, now: Timestamp) -> bool {
        self.is_cancelled || self.expansion == Expansion::Stopped || self.expires_at <= now
    }
}

/// What becomes of a notification that its sender changes.
#[derive(Debug, Clone, PartialEq)]
pub enum Edited {
    /// Nobody was notified: it begins anew.
    Planned(Planned),
    /// It is being sent, and goes on at another pace.
    Paced(Planned),
}

/// Changes a notification as far as it can be changed; `None` if the patch asks for more. Nobody has seen one that is
/// scheduled, so all of it can be. Of one that is sent it is the pace, and one that was stopped is left as it is.
#[must_use]
pub fn edit(
    planned: Planned,
    patch: Patch,
    (standing, now): (Standing, Timestamp),
) -> Option<Edited> {
    match standing.expansion {
        Expansion::Scheduled => Some(Edited::Planned(replan(planned, patch, now))),
        Expansion::Running | Expansion::Done if !standing.is_over(now) => {
            repace(planned, patch).map(Edited::Paced)
        }
        Expansion::Running | Expansion::Done | Expansion::Stopped => None,
    }
}

/// Changes the pace, if that is all that the patch changes.
fn repace(planned: Planned, patch: Patch) -> Option<Planned> {
    let Patch {
        content: None,
        schedule: Some(schedule),
        ttl: None,
    } = patch
    else {
        return None;
    };
    let former = Schedule {
        per_minute: planned.schedule.per_minute,
        ..schedule.clone()
    };
    (former == planned.schedule).then_some(Planned {
        schedule,
        ..planned
    })
}

/// Changes what the patch names. A time that has passed means now; the time to live counts from the start.
/// The notification keeps its revision: nobody has seen the former one.
fn replan(planned: Planned, patch: Patch, now: Timestamp) -> Planned {
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

    fn standing(expansion: Expansion) -> Standing {
        Standing {
            expansion,
            is_cancelled: false,
            expires_at: planned().notification.expires_at,
        }
    }

    fn edited(patch: Value, now: &str) -> Planned {
        let patch = Patch::parse(serde_json::from_value(patch).unwrap()).unwrap();
        let Some(Edited::Planned(planned)) =
            edit(planned(), patch, (standing(Expansion::Scheduled), at(now)))
        else {
            panic!("it is scheduled");
        };
        planned
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
    fn of_what_is_sent_the_pace_is_changed() {
        let now = at("2026-11-21T09:10:00Z");
        let sent = |patch: Value, expansion| {
            let patch = Patch::parse(serde_json::from_value(patch).unwrap()).unwrap();
            edit(planned(), patch, (standing(expansion), now))
        };
        let slower = json!({"schedule": {
            "send_at": "2026-11-21T09:00:00Z", "throttle_per_minute": 5,
        }});
        for expansion in [Expansion::Running, Expansion::Done] {
            let Some(Edited::Paced(paced)) = sent(slower.clone(), expansion) else {
                panic!("its pace is changed");
            };
            let mut same = paced;
            assert_eq!(same.schedule.per_minute, std::num::NonZeroU32::new(5));
            same.schedule.per_minute = None;
            assert_eq!(same, planned());
        }
        assert_eq!(sent(slower.clone(), Expansion::Stopped), None);
        let patch = Patch::parse(serde_json::from_value(slower).unwrap()).unwrap();
        let cancelled = Standing {
            is_cancelled: true,
            ..standing(Expansion::Done)
        };
        assert_eq!(edit(planned(), patch, (cancelled, now)), None);
        for more in [
            json!({"schedule": {"throttle_per_minute": 5}}),
            json!({"schedule": {"send_at": "2026-11-21T09:00:00Z"}, "ttl_seconds": 60}),
            json!({"notification": {"title": "Order 2"}}),
        ] {
            assert_eq!(sent(more, Expansion::Running), None);
        }
    }
}
