//! Figures for operators, in Prometheus' text format.

use std::sync::atomic::AtomicI64;

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};
use vestnik_model::DeliveryStatus;
use vestnik_store::Effect;

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
    undelivered: Counter,
    expired: Counter,
    /// Live hub connections, set when asked.
    connections: Gauge<i64, AtomicI64>,
}

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
            "Deliveries that could not be tried",
        );
        let expired = counter("deliveries_expired", "Deliveries whose time ran out");
        let connections = Gauge::default();
        registry.register(
            "hub_connections",
            "Live hub connections",
            connections.clone(),
        );
        Self {
            registry,
            accepted,
            replayed,
            hinted,
            behind,
            sent,
            delivered,
            read,
            undelivered,
            expired,
            connections,
        }
    }
}

impl Metrics {
    /// Counts what an effect of a commit says.
    pub(crate) fn count(&self, effect: &Effect) {
        let Effect::NotificationChanged { reached, .. } = effect else {
            return;
        };
        for (status, count) in reached {
            if let Some(counter) = self.counter(*status) {
                counter.inc_by(*count);
            }
        }
    }

    fn counter(&self, status: DeliveryStatus) -> Option<&Counter> {
        match status {
            DeliveryStatus::Sent => Some(&self.sent),
            DeliveryStatus::Delivered => Some(&self.delivered),
            DeliveryStatus::Read => Some(&self.read),
            DeliveryStatus::Undelivered => Some(&self.undelivered),
            DeliveryStatus::Expired => Some(&self.expired),
            _ => None,
        }
    }

    pub(crate) fn text(&self, connections: usize) -> String {
        self.connections
            .set(i64::try_from(connections).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to a String cannot fail.
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics cannot be written");
        }
        text
    }
}
