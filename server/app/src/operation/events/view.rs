//! What was committed, as the events that an App's backend reads.

use jiff::Timestamp;
use vestnik_model::{Channel, EventData, EventId, EventKind, EventView, Open, event::reached};
use vestnik_rules::{cascade::Switch, installation::Change, provider::Health};
use vestnik_store::{
    effect::{ChangedDelivery, News, Responded, Summary, Told},
    events::{Changed, Happened, What},
};

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

    /// What happened to an installation.
    fn installation(&self, change: Change, mut data: EventData) -> EventView {
        let kind = match change {
            Change::Registered => EventKind::InstallationRegistered,
            Change::Updated => EventKind::InstallationUpdated,
            Change::PermissionChanged(permission) => {
                data.permission = Some(permission);
                EventKind::InstallationPermissionChanged
            }
            Change::PrimaryChanged => EventKind::InstallationPrimaryChanged,
            Change::TokenInvalidated(address) => {
                data.address = Some(address);
                EventKind::InstallationTokenInvalidated
            }
            Change::Unregistered => EventKind::InstallationUnregistered,
        };
        self.view(kind, data)
    }

    /// The state of a provider changed.
    fn provider(&self, channel: Channel, health: &Health) -> EventView {
        let state = health.state();
        let data = EventData {
            channel: Some(channel.into()),
            state: Some(state.into()),
            reason: health.reason().map(Open::Known),
            said: health.said().map(str::to_owned),
            ..self.data.clone()
        };
        self.view(EventKind::of_provider(state), data)
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
            Told::Installation {
                installation,
                user,
                change,
            } => {
                let data = EventData {
                    installation_id: Some(installation),
                    user: Some(user),
                    ..data
                };
                vec![self.installation(change, data)]
            }
            Told::Preference { user, by } => {
                let data = EventData {
                    user: Some(user),
                    by: Some(by.into()),
                    ..data
                };
                vec![self.view(EventKind::PreferenceUpdated, data)]
            }
            Told::WebhookDisabled { webhook, reason } => {
                let data = EventData {
                    webhook_id: Some(webhook),
                    disabled_reason: Some(reason.into()),
                    ..data
                };
                vec![self.view(EventKind::WebhookDisabled, data)]
            }
            Told::Provider { channel, health } => vec![self.provider(channel, &health)],
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
mod tests;
