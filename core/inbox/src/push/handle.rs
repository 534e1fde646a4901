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
    planted::Plant,
    spool::{self, Blocked, Ticket},
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
    /// Nothing. What was drawn of this notification, or a text without content in its place, is to be taken off
    /// the screen: it has the notification's id as its identifier.
    Withdraw(NotificationId),
    /// A text that says only that something has come.
    Generic {
        /// Why there is no content.
        why: Undrawn,
        /// The notification, whose id is the identifier under which to draw, if the push says so: what is
        /// drawn later takes the place of the text, and what is withdrawn takes it off the screen.
        notification: Option<NotificationId>,
    },
    /// Nothing.
    Nothing {
        /// Why.
        why: Undrawn,
        /// The notification, if the push says so.
        notification: Option<NotificationId>,
        /// What was drawn before, if the push has it: for a system that draws each push in any case, and would
        /// otherwise put a text without content in its place. It must not be announced again. What was read, put
        /// away or withdrawn has none; what such a system shows of it all the same, the app takes off the screen.
        content: Option<Box<Notification>>,
    },
}

/// Handles a push in a process that has no database, no network and little time: an extension beside the app.
///
/// What is to be drawn is durable in the spool first, so that it is neither lost nor drawn twice. What the
/// server has to know of a push that cannot be opened is spooled, too; the app reports it. Without keys, as while
/// they cannot be read, there is a text without content, once for a notification. What was drawn already is not
/// announced by such a text. What is withdrawn is not drawn any more, whichever came first. While the person has
/// switched notifications off in the app, nothing is drawn or announced, and the app reports why.
///
/// The time has no part in it: the device's clock may have been set since the server was heard, and showing
/// something late is better than showing nothing. Push services drop what expires on their way.
pub fn handle(push: &[u8], keys: Option<&PushKeys>, folder: &Path) -> Draw {
    match drawn(push, keys, folder) {
        Ok(draw) => draw,
        Err(closed) => undrawn(closed, folder),
    }
}

/// A notification is announced once by a text without content, and not at all if it was drawn.
fn undrawn(Closed { why, notification }: Closed, folder: &Path) -> Draw {
    let nothing = |why: Undrawn| {
        if let Some(id) = notification.filter(|_| why.is_unwanted()) {
            // A system that draws each push in any case shows a text without content.
            spool::mark_repeated(folder, id);
        }
        Draw::Nothing {
            why,
            notification,
            content: None,
        }
    };
    if let Some(notification) = notification {
        report(folder, notification, why);
    }
    if !why.is_announced() {
        return nothing(why);
    }
    if spool::is_switched_off(folder) {
        return nothing(Undrawn::SwitchedOff);
    }
    match notification {
        Some(id) if spool::is_had(folder, id) || !spool::announce(folder, id) => {
            nothing(Undrawn::Duplicate)
        }
        Some(_) | None => Draw::Generic { why, notification },
    }
}

/// The notification, spooled.
fn drawn(push: &[u8], keys: Option<&PushKeys>, folder: &Path) -> Result<Draw, Closed> {
    let Some(keys) = keys else {
        let (why, notification) = match named(push) {
            Ok(notification) => (Undrawn::NoKeys, notification),
            Err(why) => (why, None),
        };
        return Err(Closed { why, notification });
    };
    match open(push, keys)? {
        Opened::Payload(payload) => spooled(*payload, folder),
        Opened::Withdrawal(withdrawal) => {
            if let Err(error) = spool::write_withdrawal(folder, &withdrawal) {
                tracing::warn!(%error, "a withdrawal is left to the log");
            }
            Ok(Draw::Withdraw(withdrawal.withdraws))
        }
        Opened::Hint(notification) => Err(Closed {
            why: Undrawn::Hint,
            notification,
        }),
    }
}

fn spooled(payload: Payload, folder: &Path) -> Result<Draw, Closed> {
    let written = spool::write(folder, &payload);
    let notification = Box::new(payload.notification);
    let id = notification.id;
    match written {
        Ok(Some(ticket)) if spool::is_switched_off(folder) => {
            if let Err(error) = ticket.suppressed(Blocked::App) {
                tracing::warn!(%error, "it is left to the app why a push is not drawn");
            }
            // A system that draws each push in any case shows a text without content.
            spool::mark_repeated(folder, id);
            Ok(Draw::Nothing {
                why: Undrawn::SwitchedOff,
                notification: Some(id),
                content: None,
            })
        }
        Ok(Some(ticket)) => {
            // What a person put away was an earlier revision.
            spool::take_put_away(folder, id);
            Ok(Draw::Show {
                ticket,
                notification,
            })
        }
        Ok(None) => {
            let has_content = if Plant::PutAwayComesBack.is_on() {
                true
            } else {
                // Whoever puts it away from here on finds the mark.
                spool::mark_repeated(folder, id);
                !spool::is_put_away(folder, id)
            };
            Ok(Draw::Nothing {
                why: Undrawn::Duplicate,
                notification: Some(id),
                content: has_content.then_some(notification),
            })
        }
        Err(error) => {
            tracing::warn!(%error, "a push is not spooled");
            Err(Closed {
                why: Undrawn::NotSpooled,
                notification: Some(id),
            })
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
