//! A push in an extension process.

use std::path::Path;

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
/// server has to know of a push that cannot be opened is spooled, too; the app reports it. Without keys, as while
/// they cannot be read, there is a generic text. What was drawn already is not announced by a generic text
/// either.
///
/// The time has no part in it: the device's clock may have been set since the server was heard, and showing
/// something late is better than showing nothing. Push services drop what expires on their way.
pub fn handle(push: &[u8], keys: Option<&PushKeys>, folder: &Path) -> Draw {
    let why = match drawn(push, keys, folder) {
        Ok(show) => return show,
        Err(Closed { why, notification }) => {
            if let Some(notification) = notification {
                report(folder, notification, why);
            }
            why
        }
    };
    let is_had = || {
        let notification = named(push).ok().flatten();
        notification.is_some_and(|notification| spool::is_had(folder, notification))
    };
    if !why.is_announced() {
        Draw::Nothing(why)
    } else if is_had() {
        Draw::Nothing(Undrawn::Duplicate)
    } else {
        Draw::Generic(why)
    }
}

/// The notification, spooled.
fn drawn(push: &[u8], keys: Option<&PushKeys>, folder: &Path) -> Result<Draw, Closed> {
    let closed = |why| Closed {
        why,
        notification: None,
    };
    let Some(keys) = keys else {
        let why = named(push).err().unwrap_or(Undrawn::NoKeys);
        return Err(closed(why));
    };
    match open(push, keys)? {
        Opened::Payload(payload) => {
            let (ticket, notification) = spooled(*payload, folder).map_err(closed)?;
            Ok(Draw::Show {
                ticket,
                notification,
            })
        }
        Opened::Hint => Err(closed(Undrawn::Hint)),
    }
}

fn spooled(payload: Payload, folder: &Path) -> Result<(Ticket, Box<Notification>), Undrawn> {
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
