//! A push in an extension process.

use std::path::Path;

use jiff::Timestamp;
use vestnik_model::{Notification, NotificationId};

use super::{
    keys::PushKeys,
    open::{Closed, Opened, named, open},
    undrawn::Undrawn,
};
use crate::{
    Payload,
    spool::{self, Ticket},
};

/// What an extension is to draw.
#[derive(Debug)]
#[must_use = "it says what to draw"]
pub enum Draw {
    /// The notification, under the ticket's identifier. Settle the ticket when it is drawn.
    Show {
        /// The right to draw it.
        ticket: Ticket,
        /// What to draw.
        notification: Box<Notification>,
    },
    /// A text that says only that something has come.
    Generic(Undrawn),
    /// Nothing.
    Nothing(Undrawn),
}

/// Handles a push in a process that has no database, no network and little time: an extension beside the app.
///
/// What is to be drawn is durable in the spool first, so that it is neither lost nor drawn twice. What the
/// server has to know of a push that cannot be opened is spooled, too; the app reports it. `now` is the
/// device's time. Without keys, as while they cannot be read, there is a generic text.
pub fn handle(push: &[u8], keys: Option<&PushKeys>, folder: &Path, now: Timestamp) -> Draw {
    let opened = match keys {
        Some(keys) => open(push, keys),
        None => Err(without_keys(push)),
    };
    let closed = match opened {
        Ok(Opened::Payload(payload)) => match spooled(*payload, folder, now) {
            Ok((ticket, notification)) => {
                return Draw::Show {
                    ticket,
                    notification,
                };
            }
            Err(why) => Closed {
                why,
                notification: None,
            },
        },
        Ok(Opened::Hint) => Closed {
            why: Undrawn::Hint,
            notification: None,
        },
        Err(closed) => closed,
    };
    if let Closed {
        why,
        notification: Some(notification),
    } = closed
    {
        report(folder, notification, why);
    }
    if closed.why.is_announced() {
        Draw::Generic(closed.why)
    } else {
        Draw::Nothing(closed.why)
    }
}

fn without_keys(push: &[u8]) -> Closed {
    let why = named(push).err().unwrap_or(Undrawn::NoKeys);
    Closed {
        why,
        notification: None,
    }
}

fn spooled(
    payload: Payload,
    folder: &Path,
    now: Timestamp,
) -> Result<(Ticket, Box<Notification>), Undrawn> {
    if payload.notification.expires_at <= now {
        return Err(Undrawn::Expired);
    }
    match spool::write(folder, &payload) {
        Ok(Some(ticket)) => Ok((ticket, Box::new(payload.notification))),
        Ok(None) => Err(Undrawn::Duplicate),
        Err(error) => {
            tracing::warn!(%error, "a push is not spooled");
            Err(Undrawn::NotSpooled)
        }
    }
}

/// As well as it can be done: the log brings the notification in any case.
fn report(folder: &Path, notification: NotificationId, why: Undrawn) {
    let Some(reason) = why.reported() else {
        return;
    };
    if let Err(error) = spool::write_dropped(folder, notification, reason) {
        tracing::warn!(%error, "a push that was dropped is not reported");
    }
}
