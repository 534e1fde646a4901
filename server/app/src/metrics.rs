//! Figures for operators, in Prometheus' text format.

use std::sync::atomic::AtomicI64;

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};
use vestnik_model::{DeliveryStatus, ProviderState};
use vestnik_push::driver::Breakers;
use vestnik_store::{Effect, effect::Told};

use crate::telemetry::lost_lines;

/// Figures for operators. `accepted` deliveries end up in the other delivery counters, so that the
/// milestones can be compared at any time.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    /// Notifications that were stored.
    pub(crate) accepted: Counter,
    /// Publish requests answered from an earlier one.
    pub(crate) replayed: Counter,
    /// Log entries that hints told of.
    pub(crate) hinted: Counter,
    /// Devices that were too slow and read on by themselves.
    pub(crate) behind: Counter,
    /// Deliveries that reached each milestone.
    sent: Counter,
    delivered: Counter,
    read: Counter,
    suppressed: Counter,
    failed: Counter,
    undelivered: Counter,
    expired: Counter,
    webhooks: Webhooks,
    providers: Providers,
    read_when_asked: [Gauge<i64, AtomicI64>; 6],
}

/// What became of events that were sent.
#[derive(Debug)]
struct Webhooks {
    taken: Counter,
    failed: Counter,
    disabled: Counter,
}

/// How often services began to refuse the credentials of an App, and took them again.
#[derive(Debug)]
struct Providers {
    failed: Counter,
    recovered: Counter,
}

impl Providers {
    fn new(mut counter: impl FnMut(&str, &str) -> Counter) -> Self {
        Self {
            failed: counter(
                "provider_auth_failures",
                "How often a service began to refuse an App's credentials, or they could not be read",
            ),
            recovered: counter(
                "provider_recoveries",
                "How often a service took an App's credentials again, or they were replaced or deleted",
            ),
        }
    }
}

impl Webhooks {
    fn new(mut counter: impl FnMut(&str, &str) -> Counter) -> Self {
        Self {
            taken: counter(
                "webhook_events_taken",
                "Events that receivers of webhooks took",
            ),
            failed: counter(
                "webhook_tries_failed",
                "Events that receivers of webhooks did not take, each time",
            ),
            disabled: counter(
                "webhooks_disabled",
                "Webhooks that were disabled because their receivers failed or were gone",
            ),
        }
    }
}

/// Figures that others keep, read when the metrics are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gauges {
    /// Live hub connections.
    pub(crate) connections: usize,
    /// Panics of background tasks.
    pub(crate) panics: u64,
    /// Notes that were dropped because too many waited.
    pub(crate) notes_dropped: u64,
    /// How often breakers before push services opened and closed.
    pub(crate) breakers: Breakers,
}

/// Names and helps of what is read when the metrics are asked for.
const READ_WHEN_ASKED: [(&str, &str); 6] = [
    ("hub_connections", "Live hub connections"),
    ("task_panics", "Panics of background tasks since the start"),
    (
        "notes_dropped",
        "Notes on hand-overs and presence that were dropped",
    ),
    ("log_lines_lost", "Log lines that could not be written"),
    (
        "push_breakers_opened",
        "How often a breaker before a push service opened since the start",
    ),
    (
        "push_breakers_closed",
        "How often a breaker before a push service closed since the start",
    ),
];

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("vestnik");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let accepted = counter("notifications_accepted", "Notifications stored");
        let replayed = counter(
            "notifications_replayed",
            "Publish requests answered from an earlier one",
        );
        let hinted = counter(
            "log_entries_hinted",
            "Log entries that live connections were told of",
        );
        let behind = counter(
            "devices_behind",
            "Devices that were too slow for live calls",
        );
        let sent = counter(
            "deliveries_sent",
            "Deliveries handed to a device's connection",
        );
        let delivered = counter("deliveries_delivered", "Deliveries in a device's history");
        let read = counter("deliveries_read", "Deliveries read");
        let undelivered = counter(
            "deliveries_undelivered",
            "Deliveries that a device or a provider refused, or nobody confirmed",
        );
        let suppressed = counter("deliveries_suppressed", "Deliveries that were not wanted");
        let failed = counter("deliveries_failed", "Deliveries that could not be sent");
        let expired = counter("deliveries_expired", "Deliveries whose time ran out");
        let webhooks = Webhooks::new(&mut counter);
        let providers = Providers::new(counter);
        let read_when_asked = READ_WHEN_ASKED.map(|(name, help)| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        });
        Self {
            registry,
            accepted,
            replayed,
            hinted,
            behind,
            sent,
            delivered,
            read,
            suppressed,
            failed,
            undelivered,
            expired,
            webhooks,
            providers,
            read_when_asked,
        }
    }
}

impl Metrics {
    /// Counts what an effect of a commit says.
    pub(crate) fn count(&self, effect: &Effect) {
        match effect {
            Effect::NotificationChanged { reached, .. } => {
                for (status, count) in reached {
                    if let Some(counter) = self.counter(*status) {
                        counter.inc_by(*count);
                    }
                }
            }
            Effect::Told(Told::Provider { health, .. }) => {
                let counter = match health.state() {
                    ProviderState::Working => &self.providers.recovered,
                    ProviderState::Refused | ProviderState::Unreadable => &self.providers.failed,
                };
                counter.inc();
            }
            Effect::LogGrew { .. }
            | Effect::Responded { .. }
            | Effect::Told(
                Told::Settled { .. }
                | Told::Deliveries { .. }
                | Told::Installation { .. }
                | Told::Preference { .. }
                | Told::WebhookDisabled { .. },
            )
            | Effect::Stopped { .. }
            | Effect::Revoked(_)
            | Effect::WorkDue { .. } => {}
        }
    }

    /// An event was sent to a webhook.
    pub(crate) fn sent_webhook(&self, is_taken: bool) {
        let counter = if is_taken {
            &self.webhooks.taken
        } else {
            &self.webhooks.failed
        };
        counter.inc();
    }

    /// A webhook was disabled by what its receiver did.
    pub(crate) fn disabled_webhook(&self) {
        self.webhooks.disabled.inc();
    }

    fn counter(&self, status: DeliveryStatus) -> Option<&Counter> {
        match status {
            DeliveryStatus::Sent => Some(&self.sent),
            DeliveryStatus::Delivered => Some(&self.delivered),
            DeliveryStatus::Read => Some(&self.read),
            DeliveryStatus::Undelivered => Some(&self.undelivered),
            DeliveryStatus::Expired => Some(&self.expired),
            DeliveryStatus::Suppressed => Some(&self.suppressed),
            DeliveryStatus::Failed => Some(&self.failed),
            DeliveryStatus::Scheduled | DeliveryStatus::Pending | DeliveryStatus::Cancelled => None,
        }
    }

    /// Every figure, in `OpenMetrics`' text format.
    pub(crate) fn text(&self, gauges: Gauges) -> String {
        let Gauges {
            connections,
            panics,
            notes_dropped,
            breakers: Breakers { opened, closed },
        } = gauges;
        let connections = u64::try_from(connections).unwrap_or(u64::MAX);
        let values = [
            connections,
            panics,
            notes_dropped,
            lost_lines(),
            opened,
            closed,
        ];
        for (gauge, value) in self.read_when_asked.iter().zip(values) {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        // Writing to a String cannot fail.
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics cannot be written");
        }
        text
    }
}
