//! A sender reads what happened to its notifications, waiting for it if asked to.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use vestnik_model::{
    AppId, EventData, EventId, EventKind, EventPage, EventView, FieldProblem, Open, Problem,
    ProblemCode, event::reached, problem::FieldCode,
};
use vestnik_rules::{cascade::Switch, webhook::missed};
use vestnik_store::{
    Store,
    effect::{ChangedDelivery, News, Responded, Summary, Told},
    events::{Asked, Changed, Happened, What},
};

use super::watch::full;
use crate::{
    feed::{Everything, Watchers},
    refusal::Refusal,
};

/// The most rows of the event table that a page looks at.
const ROWS: u32 = 200;

/// What reading events needs.
#[derive(Clone, Copy)]
pub(crate) struct EventReading<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) events: &'a Arc<Watchers<Everything>>,
}

/// Which events.
pub(crate) struct EventRequest {
    pub(crate) app: AppId,
    /// The id of the API key.
    pub(crate) key: String,
    /// Behind which event; from the oldest that is kept if absent.
    pub(crate) after: Option<EventId>,
    /// The most events.
    pub(crate) limit: usize,
    /// How long to wait for the first.
    pub(crate) wait: Duration,
}

/// The events behind one, oldest first. If there is none, waits for some; the page is empty when the
/// time is over.
///
/// # Errors
/// `request.invalid` when the cursor lies beyond the last event; `events.gap` when events behind it are kept
/// no longer; as for a watch when too many wait.
pub(crate) async fn events(
    with: EventReading<'_>,
    request: EventRequest,
) -> Result<EventPage, Refusal> {
    let EventRequest {
        app,
        key,
        after,
        limit,
        wait,
    } = request;
    let mut reader = Reader {
        store: with.store,
        app: app.clone(),
        after,
        limit,
    };
    if wait.is_zero() {
        return reader.page().await;
    }
    // Watching comes before reading, so that no event falls between the two.
    let watched = with.events.watch(app, key, Everything);
    let mut watched = watched.map_err(full)?;
    let found = tokio::time::timeout(wait, async {
        loop {
            let page = reader.page().await?;
            if !page.data.is_empty() {
                return Ok(page);
            }
            reader.after = Some(page.next_cursor);
            watched.changed().await;
        }
    });
    match found.await {
        Ok(page) => page,
        Err(_) => Ok(EventPage {
            data: Vec::new(),
            next_cursor: reader.after.unwrap_or(START),
        }),
    }
}

/// The place before every event.
const START: EventId = EventId::of(0);

/// Reads on from an event, or from the oldest that is kept.
struct Reader<'a> {
    store: &'a dyn Store,
    app: AppId,
    after: Option<EventId>,
    limit: usize,
}

impl Reader<'_> {
    /// The next page; empty only at the end.
    async fn page(&self) -> Result<EventPage, Refusal> {
        let mut cursor = self.after;
        loop {
            let after = cursor.unwrap_or(START);
            let asked = Asked {
                app: self.app.clone(),
                from: after.next_number(),
                rows: ROWS,
                deliveries: u32::try_from(self.limit).unwrap_or(u32::MAX),
            };
            let page = self.store.happened(asked).await?;
            let after = match (cursor, missed(after, page.swept)) {
                (_, None) => after,
                (Some(_), Some(last)) => return Err(gap(last)),
                // Who begins misses nothing that is kept.
                (None, Some(last)) => last,
            };
            let Some(seen) = page.seen else {
                self.check_end(after).await?;
                return Ok(EventPage {
                    data: Vec::new(),
                    next_cursor: after,
                });
            };
            let behind = page.rows.into_iter().flat_map(views);
            let mut data: Vec<_> = behind.filter(|view| view.id > after).collect();
            let is_cut = data.len() > self.limit;
            data.truncate(self.limit);
            let last = data.last().map(|view| view.id).filter(|_| is_cut);
            let next = last.unwrap_or_else(|| EventId::of(seen));
            // Rows of what was deleted, and beginnings of deliveries, are no events.
            if !data.is_empty() {
                return Ok(EventPage {
                    data,
                    next_cursor: next,
                });
            }
            cursor = Some(next);
        }
    }

    /// A cursor beyond the end is of a future that a restore has undone.
    async fn check_end(&self, after: EventId) -> Result<(), Refusal> {
        if after.number <= self.store.last_event().await? {
            return Ok(());
        }
        let detail = "is of an event that the server does not have: it was restored from a backup, \
                      begin without a cursor";
        let problem = FieldProblem::new("/after", FieldCode::OutOfRange, detail);
        Err(Problem::invalid(vec![problem]).into())
    }
}

/// The refusal for a cursor behind which events are missing, of which this is the last.
fn gap(last: EventId) -> Refusal {
    let detail = format!(
        "events up to {last} are kept no longer: go on behind that one, or begin without a cursor"
    );
    let least = format!("must be {last} or a later event");
    let problem = FieldProblem::new("/after", FieldCode::OutOfRange, least);
    let mut refusal = Problem::new(ProblemCode::EventsGap, detail);
    refusal.errors = vec![problem];
    refusal.into()
}

/// The events of one commit, in order.
pub(crate) fn views(happened: Happened) -> Vec<EventView> {
    let Happened {
        number,
        at,
        names,
        what,
    } = happened;
    let data = EventData {
        notification_id: what.notification(),
        external_id: names.external_id,
        correlation_id: names.correlation_id,
        ..EventData::default()
    };
    let about = About { number, at, data };
    match what {
        What::Changed(changed) => about.changed(changed),
        What::Responded { responded, .. } => {
            let kind = EventKind::of_response(&responded.response);
            let data = of_person(responded, about.data.clone());
            vec![about.view(kind, data)]
        }
        What::Told(told) => about.told(told),
    }
}

/// What all events of a commit say.
struct About {
    number: u64,
    at: Timestamp,
    data: EventData,
}

impl About {
    /// An event; its id names the delivery that it is about.
    fn view(&self, kind: EventKind, data: EventData) -> EventView {
        EventView {
            id: EventId {
                number: self.number,
                delivery: data.delivery_id,
            },
            kind: Open::Known(kind),
            timestamp: self.at,
            data,
        }
    }

    /// Deliveries that changed by themselves, then what that means for the notification.
    fn changed(self, changed: Changed) -> Vec<EventView> {
        let Changed {
            notification: _,
            mut deliveries,
            reached: counts,
            became,
        } = changed;
        deliveries.sort_by_key(|delivery| delivery.id);
        let is_named = !deliveries.is_empty();
        let of_delivery = |changed: ChangedDelivery| {
            let kind = EventKind::of_delivery(changed.summary.status)?;
            Some(self.view(kind, of_change(changed, self.data.clone())))
        };
        let mut views: Vec<_> = deliveries.into_iter().filter_map(of_delivery).collect();
        let counts = if is_named { Vec::new() } else { counts };
        let is_progress = !counts.is_empty();
        let kind = became
            .map(EventKind::of_notification)
            .or_else(|| is_progress.then_some(EventKind::NotificationProgress));
        views.extend(kind.map(|kind| {
            let data = EventData {
                reached: reached(counts),
                ..self.data.clone()
            };
            self.view(kind, data)
        }));
        views
    }

    /// What happened to a delivery that is no status.
    fn news(&self, news: News, data: EventData) -> EventView {
        match news {
            News::Engaged {
                engagement,
                installation,
            } => {
                let data = EventData {
                    installation_id: Some(installation),
                    ..data
                };
                self.view(EventKind::of_engagement(engagement), data)
            }
            News::Switched(Switch { from, to, reason }) => {
                let data = EventData {
                    from: Some(from.into()),
                    to: Some(to.into()),
                    reason: Some(reason.into()),
                    ..data
                };
                self.view(EventKind::DeliveryChannelSwitched, data)
            }
            News::Recalled => self.view(EventKind::DeliveryRecalled, data),
        }
    }

    fn told(self, told: Told) -> Vec<EventView> {
        let data = self.data.clone();
        match told {
            Told::Settled {
                notification: _,
                outcome,
                counts,
            } => {
                let data = EventData {
                    outcome: Some(outcome.into()),
                    counts: Some(counts),
                    ..data
                };
                vec![self.view(EventKind::NotificationSettled, data)]
            }
            Told::Deliveries {
                notification: _,
                news,
                mut whose,
            } => {
                whose.sort();
                let one = |(delivery, user)| {
                    let data = EventData {
                        delivery_id: Some(delivery),
                        user: Some(user),
                        ..self.data.clone()
                    };
                    self.news(news, data)
                };
                whose.into_iter().map(one).collect()
            }
        }
    }
}

/// What a delivery came to, beside what is said of its notification.
fn of_change(changed: ChangedDelivery, data: EventData) -> EventData {
    let ChangedDelivery { id, user, summary } = changed;
    let Summary {
        status: _,
        reason,
        channel,
        late,
        double_contact,
    } = summary;
    EventData {
        delivery_id: Some(id),
        user: Some(user),
        reason,
        channel: channel.map(Open::Known),
        late,
        double_contact,
        ..data
    }
}

/// What a person did, beside what is said of its notification.
fn of_person(responded: Responded, data: EventData) -> EventData {
    let Responded {
        delivery,
        user,
        installation,
        response,
    } = responded;
    EventData {
        delivery_id: Some(delivery),
        user: Some(user),
        installation_id: Some(installation),
        response: Some(response),
        ..data
    }
}

#[cfg(test)]
mod tests {
    use vestnik_model::{
        Channel, DeliveryState, DeliveryStatus, NotificationStatus, Reason, UserId,
    };

    use vestnik_store::events::Names;

    use super::*;

    fn happened(what: What) -> Happened {
        Happened {
            number: 7,
            at: "2026-11-28T09:00:00Z".parse().unwrap(),
            names: Names {
                external_id: Some("8812".to_owned()),
                correlation_id: None,
            },
            what,
        }
    }

    fn changes() -> Changed {
        Changed {
            notification: "ntf_0192f0c1000070008000000000000001".parse().unwrap(),
            deliveries: Vec::new(),
            reached: Vec::new(),
            became: None,
        }
    }

    fn changed(number: u8, status: DeliveryStatus) -> ChangedDelivery {
        ChangedDelivery {
            id: format!("dlv_0192f0c100007000800000000000000{number}")
                .parse()
                .unwrap(),
            user: UserId::parse(format!("u{number}")).unwrap(),
            summary: Summary {
                status,
                ..Summary::of(&DeliveryState::pending())
            },
        }
    }

    fn told(changed: Changed) -> Vec<String> {
        let told = |view: EventView| {
            let user = view
                .data
                .user
                .map(|user| user.to_string())
                .unwrap_or_default();
            assert_eq!(view.data.external_id.as_deref(), Some("8812"));
            format!("{} {user} {:?}", view.kind, view.data.reached)
                .trim()
                .to_owned()
        };
        let happened = happened(What::Changed(changed));
        views(happened).into_iter().map(told).collect()
    }

    #[test]
    fn deliveries_come_first_and_in_the_order_of_their_ids() {
        let all = Changed {
            deliveries: vec![
                changed(3, DeliveryStatus::Sent),
                changed(1, DeliveryStatus::Read),
                changed(2, DeliveryStatus::Pending),
            ],
            reached: vec![(DeliveryStatus::Sent, 1)],
            became: Some(NotificationStatus::Sent),
            ..changes()
        };
        let happened = happened(What::Changed(all.clone()));
        let ids: Vec<_> = views(happened).iter().map(|view| view.id).collect();
        assert!(ids.is_sorted());
        assert_eq!(
            told(all),
            [
                "delivery.read u1 {}",
                "delivery.sent u3 {}",
                "notification.sent  {}"
            ]
        );
    }

    #[test]
    fn a_delivery_is_told_with_what_explains_it() {
        let lost = changed(1, DeliveryStatus::Undelivered);
        let lost = ChangedDelivery {
            summary: Summary {
                reason: Some(Reason::TokenDead.into()),
                channel: Some(Channel::Fcm),
                ..lost.summary
            },
            ..lost
        };
        let late = changed(2, DeliveryStatus::Read);
        let late = ChangedDelivery {
            summary: Summary {
                late: true,
                double_contact: true,
                ..late.summary
            },
            ..late
        };
        let all = Changed {
            deliveries: vec![lost, late, changed(3, DeliveryStatus::Sent)],
            ..changes()
        };
        let happened = happened(What::Changed(all));
        let told = |view: EventView| {
            let mut data = serde_json::to_value(view.data).unwrap();
            let about = ["notification_id", "external_id", "delivery_id", "reached"];
            data.as_object_mut()
                .unwrap()
                .retain(|name, _| !about.contains(&name.as_str()));
            data
        };
        let told: Vec<_> = views(happened).into_iter().map(told).collect();
        assert_eq!(
            told,
            [
                serde_json::json!({"user": "u1", "reason": "token.dead", "channel": "fcm"}),
                serde_json::json!({"user": "u2", "late": true, "double_contact": true}),
                serde_json::json!({"user": "u3"}),
            ]
        );
    }

    #[test]
    fn a_part_that_changed_alike_is_progress_or_comes_with_the_status() {
        let part = Changed {
            reached: vec![(DeliveryStatus::Sent, 200)],
            ..changes()
        };
        assert_eq!(
            told(part.clone()),
            ["notification.progress  {\"sent\": 200}"]
        );
        let last = Changed {
            became: Some(NotificationStatus::Sent),
            ..part
        };
        assert_eq!(told(last), ["notification.sent  {\"sent\": 200}"]);
        assert!(told(changes()).is_empty());
    }
}
