//! Pushes: the addresses of this installation, and what comes over them.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use vestnik_core as core;
use vestnik_inbox::{
    Payload,
    spool::{self, SpoolError, Ticket},
};
use vestnik_model as model;

use crate::{
    device::Vestnik,
    error::{StorageProblem, VestnikError},
    record::notification::Notification,
    runtime::run,
};

/// The most characters of an address.
const ADDRESS_CHARS: usize = 4_096;

/// Whose address it is. An installation has at most one of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PushAddressKind {
    /// A registration token of Firebase Cloud Messaging.
    FcmToken,
    /// A Firebase installation id.
    FcmFid,
    /// A device token of the Apple Push Notification service, in hexadecimal digits.
    Apns,
    /// A token of Huawei's push kit.
    Hms,
    /// A token of `RuStore`.
    Rustore,
    /// A Web Push subscription, as its JSON.
    Webpush,
}

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Pushed {
    /// Its notification is in the history, and is shown if it is due.
    Stored,
    /// It is for another user than the one whose history is on the device, and was dropped.
    OtherUser,
}

impl From<core::Pushed> for Pushed {
    fn from(pushed: core::Pushed) -> Self {
        match pushed {
            core::Pushed::Stored => Self::Stored,
            core::Pushed::OtherUser => Self::OtherUser,
        }
    }
}

#[uniffi::export]
impl Vestnik {
    /// A push service gave this installation an address, in the place of the former one of its kind. The
    /// server is told now, or as soon as it can be reached. Call it at each start: what the server knows
    /// already is not sent again.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`], [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn set_push_address(
        &self,
        kind: PushAddressKind,
        address: String,
    ) -> Result<(), VestnikError> {
        let core = self.core()?;
        if address.is_empty() || address.chars().count() > ADDRESS_CHARS {
            let detail = format!("must have 1 to {ADDRESS_CHARS} characters");
            return Err(VestnikError::invalid("address", detail));
        }
        let address = model::PushAddress {
            kind: model::PushAddressKind::from(kind).into(),
            value: address,
        };
        run(async move { core.set_push_address(address).await }).await
    }

    /// A push service reaches this installation no more.
    ///
    /// # Errors
    /// [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn forget_push_address(&self, kind: PushAddressKind) -> Result<(), VestnikError> {
        let core = self.core()?;
        run(async move { core.forget_push_address(kind.into()).await }).await
    }

    /// Takes the plain payload of a push. Its notification is stored and becomes due, unless it is
    /// there already or is for another user.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`] if it is no payload of ours, [`VestnikError::Storage`],
    /// [`VestnikError::Closed`].
    pub async fn handle_push(&self, payload: Vec<u8>) -> Result<Pushed, VestnikError> {
        let core = self.core()?;
        run(async move { core.handle_push(&payload).await })
            .await
            .map(Into::into)
    }
}

/// Writes the payload of a push into the spool, for the app to take. For an extension process: it opens
/// no database and needs no runtime. `folder` is `spool` in the app's data folder, or one that the app
/// and the extension share and that the app is told of.
///
/// None if it was or is being drawn: leave the notification to the system's own content.
///
/// # Errors
/// [`VestnikError::InvalidArgument`] if it is no payload of ours, [`VestnikError::Storage`].
#[uniffi::export]
#[expect(
    clippy::needless_pass_by_value,
    reason = "bytes by reference ask for a direct buffer in Kotlin"
)]
pub fn spool_push(
    folder: String,
    payload: Vec<u8>,
) -> Result<Option<Arc<SpoolTicket>>, VestnikError> {
    let payload = parse(&payload)?;
    let ticket = spool::write(&PathBuf::from(folder), &payload)?;
    Ok(ticket.map(|ticket| {
        Arc::new(SpoolTicket {
            identifier: ticket.identifier().to_owned(),
            notification: payload.notification.into(),
            ticket: Mutex::new(Some(ticket)),
        })
    }))
}

fn parse(payload: &[u8]) -> Result<Payload, VestnikError> {
    Payload::parse(payload).map_err(|error| VestnikError::invalid("payload", error))
}

/// The right to draw a notification, in an extension process. If it is not settled, the app draws the
/// notification again, under the same identifier.
#[derive(Debug, uniffi::Object)]
pub struct SpoolTicket {
    identifier: String,
    notification: Notification,
    ticket: Mutex<Option<Ticket>>,
}

#[uniffi::export]
impl SpoolTicket {
    /// Under which identifier to draw.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn identifier(&self) -> Result<String, VestnikError> {
        Ok(self.identifier.clone())
    }

    /// What to draw.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn notification(&self) -> Result<Notification, VestnikError> {
        Ok(self.notification.clone())
    }

    /// It was handed to the system.
    ///
    /// # Errors
    /// [`VestnikError::TicketSettled`], [`VestnikError::Storage`].
    pub fn shown(&self) -> Result<(), VestnikError> {
        let ticket = {
            let mut slot = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
            slot.take().ok_or(VestnikError::TicketSettled)?
        };
        ticket.shown().map_err(|error| SpoolError::Io(error).into())
    }
}

impl From<SpoolError> for VestnikError {
    fn from(error: SpoolError) -> Self {
        let problem = match &error {
            SpoolError::Full => StorageProblem::Full,
            SpoolError::TooLarge => return Self::invalid("payload", error),
            SpoolError::Io(source) if source.kind() == std::io::ErrorKind::StorageFull => {
                StorageProblem::Full
            }
            SpoolError::Io(_) => StorageProblem::Other,
        };
        Self::Storage {
            problem,
            detail: crate::error::with_sources(&error),
        }
    }
}

impl From<PushAddressKind> for model::PushAddressKind {
    fn from(kind: PushAddressKind) -> Self {
        match kind {
            PushAddressKind::FcmToken => Self::FcmToken,
            PushAddressKind::FcmFid => Self::FcmFid,
            PushAddressKind::Apns => Self::Apns,
            PushAddressKind::Hms => Self::Hms,
            PushAddressKind::Rustore => Self::Rustore,
            PushAddressKind::Webpush => Self::Webpush,
        }
    }
}
