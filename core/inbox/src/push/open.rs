//! Opens a push.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use vestnik_envelope::{Context, OpenError};
use vestnik_model::NotificationId;
use zeroize::Zeroizing;

use super::{keys::PushKeys, parcel::Parcel, undrawn::Undrawn};
use crate::{Payload, Withdrawal, planted::Plant};

/// What a push has brought.
#[derive(Debug)]
pub enum Opened {
    /// A notification for the user whose history is on the device.
    Payload(Box<Payload>),
    /// A notification of that user is to be taken off the screen, and not to be drawn any more.
    Withdrawal(Withdrawal),
    /// Nothing but that there is something in the log, and which notification, if it says so.
    Hint(Option<NotificationId>),
}

/// A push that brings nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Why.
    pub why: Undrawn,
    /// The notification that it was about, if it says so.
    pub notification: Option<NotificationId>,
}

/// Opens a push, whichever service brought it: the object that FCM's texts make, or the JSON of APNs or of
/// Web Push.
///
/// # Errors
/// [`Closed`].
pub fn open(push: &[u8], keys: &PushKeys) -> Result<Opened, Closed> {
    let closed = |notification| move |why| Closed { why, notification };
    let parcel = Parcel::parse(push).map_err(closed(None))?;
    // While nobody is logged in, nothing is for whoever holds the device, and nothing is announced.
    if keys.user.is_none() && !Plant::FormerPushIsTaken.is_on() {
        return Err(closed(parcel.notification)(Undrawn::OtherUser));
    }
    if let Some(withdraws) = parcel.withdraws {
        // Without a notification of its own nothing is reported of it: only the log has to know.
        let malformed = || closed(None)(Undrawn::Malformed);
        let envelope = parcel.envelope.ok_or_else(malformed)?;
        return withdrawal(&envelope, withdraws, keys).map_err(closed(None));
    }
    let Some(envelope) = parcel.envelope else {
        return Ok(Opened::Hint(parcel.notification));
    };
    let notification = parcel
        .notification
        .ok_or(Undrawn::Malformed)
        .map_err(closed(None))?;
    let payload = opened(&envelope, notification, keys).map_err(closed(Some(notification)))?;
    Ok(Opened::Payload(Box::new(payload)))
}

/// A withdrawal, if it is for the user whose history is on the device. One that does not open is dropped
/// without a word: the log brings the same.
fn withdrawal(
    envelope: &str,
    notification: NotificationId,
    keys: &PushKeys,
) -> Result<Opened, Undrawn> {
    let content = unsealed(envelope, notification, keys).map_err(|_| Undrawn::Malformed)?;
    let withdrawal = Withdrawal::parse(&content).map_err(|_| Undrawn::Malformed)?;
    if withdrawal.withdraws != notification {
        return Err(Undrawn::Malformed);
    }
    let is_ours = keys.is_of(Some(&withdrawal.user));
    is_ours
        .then_some(Opened::Withdrawal(withdrawal))
        .ok_or(Undrawn::OtherUser)
}

/// The notification that a push brings, as far as it says so without its envelope. A withdrawal brings none,
/// and there is nothing to announce.
pub(super) fn named(push: &[u8]) -> Result<Option<NotificationId>, Undrawn> {
    let parcel = Parcel::parse(push)?;
    match parcel.withdraws {
        Some(_) => Err(Undrawn::Malformed),
        None => Ok(parcel.notification),
    }
}

fn opened(
    envelope: &str,
    notification: NotificationId,
    keys: &PushKeys,
) -> Result<Payload, Undrawn> {
    let content = unsealed(envelope, notification, keys).map_err(|error| match error {
        OpenError::UnknownKey(_) => Undrawn::UnknownKey,
        OpenError::Malformed | OpenError::Foreign => Undrawn::DecryptFailed,
    })?;
    let payload = Payload::parse(&content).map_err(|_| Undrawn::DecryptFailed)?;
    if payload.notification.id != notification {
        return Err(Undrawn::DecryptFailed);
    }
    let addressee = payload.user.as_ref();
    let is_ours = addressee.is_none_or(|user| keys.is_of(Some(user)));
    let is_ours = is_ours || Plant::FormerPushIsTaken.is_on();
    is_ours.then_some(payload).ok_or(Undrawn::OtherUser)
}

fn unsealed(
    envelope: &str,
    notification: NotificationId,
    keys: &PushKeys,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let context = Context {
        installation: keys.installation,
        notification,
    };
    let envelope = URL_SAFE_NO_PAD
        .decode(envelope)
        .map_err(|_| OpenError::Malformed)?;
    keys.ring.open(&envelope, &context)
}
