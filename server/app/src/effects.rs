//! What follows from a commit: connections are ended, devices and watchers become due, loops wake.

use std::sync::Arc;

use vestnik_model::{AppId, Channel};
use vestnik_rules::{provider::Health, work::WorkKind};
use vestnik_store::{Effect, Event, Sink, effect::Told};

use crate::{
    bus::{Bus, Hint},
    feed::{Connections, Dirty, Everything, Watchers},
    metrics::Metrics,
};

/// Wakes the loop of a kind of work.
pub(crate) type Wake = Arc<dyn Fn(WorkKind) + Send + Sync>;

/// The consumers of effects on this node. None of them waits.
#[derive(Clone)]
pub(crate) struct Consumers {
    pub(crate) connections: Arc<Connections>,
    pub(crate) dirty: Arc<Dirty>,
    pub(crate) watchers: Arc<Watchers>,
    pub(crate) events: Arc<Watchers<Everything>>,
    pub(crate) wake: Wake,
}

impl Consumers {
    /// Takes a hint, of this node or another.
    pub(crate) fn take(&self, hint: &Hint) {
        match hint {
            // Most users of a large audience are not connected here.
            Hint::Log { app, user, gained } if self.connections.has_user(app, user) => {
                self.dirty.mark_gained(app, user, gained.as_ref());
            }
            Hint::Log { .. } => {}
            Hint::Notification { app, id, version } => {
                self.watchers.changed(app, *id, *version);
                self.events.changed(app, Everything, *version);
            }
            Hint::Event { app, number } => self.events.changed(app, Everything, *number),
            Hint::Stopped { app, id } => self.dirty.stop(app, *id),
            Hint::Revoked { app, what } => self.connections.revoke(app, what),
            Hint::WorkDue(kind) => (self.wake)(*kind),
        }
    }
}

/// Makes the sink that a store is opened with. It is called on the thread that commits, after the
/// commit and before the caller is answered. A revocation is applied here, at once and whatever the
/// bus does; everything else goes by the bus.
pub(crate) fn sink(
    bus: Arc<dyn Bus>,
    connections: Arc<Connections>,
    metrics: Arc<Metrics>,
) -> Sink {
    Arc::new(move |events: &[Event]| {
        for event in events {
            if let Effect::Revoked(what) = &event.effect {
                connections.revoke(&event.app, what);
            }
            metrics.count(&event.effect);
            if let Effect::Told(Told::Provider { channel, health }) = &event.effect {
                log_provider(&event.app, *channel, health);
            }
            bus.publish(&hints(event));
        }
    })
}

/// One line for each change: an operator of the server sees what the App's own operator has to mend.
fn log_provider(app: &AppId, channel: Channel, health: &Health) {
    let channel = channel.as_str();
    match health {
        Health::Working => {
            tracing::info!(%app, channel, "the App's credentials are refused no more");
        }
        Health::Refused { reason, said } => {
            let (reason, said) = (reason.as_str(), said.as_deref().unwrap_or_default());
            tracing::warn!(%app, channel, reason, said, "the service refuses the App's credentials: what goes by it waits");
        }
        Health::Unreadable => {
            tracing::error!(%app, channel, "the App's credentials cannot be read: what goes by this service waits for others");
        }
    }
}

fn hints(event: &Event) -> Vec<Hint> {
    let app = &event.app;
    match &event.effect {
        Effect::LogGrew { users } => users
            .iter()
            .map(|grown| Hint::Log {
                app: app.clone(),
                user: grown.user.clone(),
                gained: grown.gained.clone(),
            })
            .collect(),
        Effect::NotificationChanged { notification, .. } => vec![Hint::Notification {
            app: app.clone(),
            id: *notification,
            version: event.number,
        }],
        Effect::Responded { .. } | Effect::Told(_) => vec![Hint::Event {
            app: app.clone(),
            number: event.number,
        }],
        Effect::Stopped { notification } => vec![Hint::Stopped {
            app: app.clone(),
            id: *notification,
        }],
        Effect::Revoked(what) => vec![Hint::Revoked {
            app: app.clone(),
            what: what.clone(),
        }],
        Effect::WorkDue { kind, .. } => vec![Hint::WorkDue(*kind)],
    }
}
