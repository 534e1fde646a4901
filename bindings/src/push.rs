//! Pushes: the addresses of this installation, and what comes over them.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use vestnik_core as core;
use vestnik_inbox::{
    push::{self, Closed, PushKeys},
    spool::{Blocked, SpoolError, Ticket},
};
use vestnik_model as model;

use crate::{
    device::Vestnik,
    error::{StorageProblem, VestnikError},
    record::{notification::Notification, suppression::Suppression, undrawn::Undrawn},
    runtime::run,
};

/// The most characters of an address.
const ADDRESS_CHARS: usize = 4_096;

/// Whose address it is. An installation has at most one of each kind, and at most one of Firebase.
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

/// The environments of the Apple Push Notification service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PushEnvironment {
    /// The app came from the App Store or `TestFlight`.
    Production,
    /// The app was installed by Xcode.
    Sandbox,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Pushed {
    /// Its notification is new in the history, and is shown if it is due.
    Stored,
    /// It took a notification off the screen and out of the history: its sender recalled it. Whoever draws hears
    /// of it as of any withdrawal.
    Withdrawn,
    /// It has no content: what it is about is read from the log.
    Hint {
        /// The id of the notification, if the push says so: under it a text is drawn that says only that
        /// something has come.
        identifier: Option<String>,
    },
    /// It brought nothing. What the server has to know of it is reported.
    Dropped {
        /// Why.
        reason: Undrawn,
        /// As for a hint.
        identifier: Option<String>,
    },
}

/// What an extension process is to draw.
#[derive(Debug, Clone, uniffi::Enum)]
#[expect(
    clippy::large_enum_variant,
    reason = "it is made once for a push, and uniffi has no boxes"
)]
pub enum Draw {
    /// A notification.
    Show {
        /// What to draw and under which identifier. Settle it when it is drawn.
        ticket: Arc<SpoolTicket>,
    },
    /// Nothing. What was drawn under this identifier is to be taken off the screen.
    Withdraw {
        /// Under which identifier it was drawn.
        identifier: String,
    },
    /// A text that says only that something has come.
    Generic {
        /// Why there is no content.
        reason: Undrawn,
        /// Under which identifier to draw, if the push says so: what is drawn later takes the place of the
        /// text, and what is withdrawn takes it off the screen.
        identifier: Option<String>,
    },
    /// Nothing.
    Nothing {
        /// Why.
        reason: Undrawn,
        /// The id of the notification, if the push says so.
        identifier: Option<String>,
        /// What was drawn before under the identifier, if the push has it: for a system that draws each push
        /// in any case. Draw it again without announcing it.
        notification: Option<Notification>,
    },
}

impl From<core::Pushed> for Pushed {
    fn from(pushed: core::Pushed) -> Self {
        match pushed {
            core::Pushed::Stored => Self::Stored,
            core::Pushed::Withdrawn => Self::Withdrawn,
            core::Pushed::Hint(notification) => Self::Hint {
                identifier: notification.map(|id| id.to_string()),
            },
            core::Pushed::Dropped(Closed { why, notification }) => Self::Dropped {
                reason: why.into(),
                identifier: notification.map(|id| id.to_string()),
            },
        }
    }
}

#[uniffi::export]
impl Vestnik {
    /// A push service gave this installation an address, in the place of the former one of its kind; a token
    /// and an installation id of Firebase take each other's place. The server is told now, or as soon as it
    /// can be reached. Call it at each start: what the server knows already is not sent again.
    ///
    /// `environment` is for APNs. Without it, the server tries production first and the other one once.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`], [`VestnikError::Storage`], [`VestnikError::Closed`].
    #[uniffi::method(default(environment = None))]
    pub async fn set_push_address(
        &self,
        kind: PushAddressKind,
        address: String,
        environment: Option<PushEnvironment>,
    ) -> Result<(), VestnikError> {
        let core = self.core()?;
        if address.is_empty() || address.chars().count() > ADDRESS_CHARS {
            let detail = format!("must have 1 to {ADDRESS_CHARS} characters");
            return Err(VestnikError::invalid("address", detail));
        }
        let address = model::PushAddress {
            environment: environment.map(|one| model::PushEnvironment::from(one).into()),
            ..model::PushAddress::new(model::PushAddressKind::from(kind), address)
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

    /// Takes a push that the app itself was given, whichever service brought it: the JSON object that FCM's
    /// data make, or the JSON of APNs or of Web Push. What it brings takes the same way as what comes over the
    /// live connection, and is shown once. A push that is about something in the log makes the device
    /// look whether its connection stands, if it is to be online; `catch_up` says when the log was read.
    ///
    /// # Errors
    /// [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn handle_push(&self, push: Vec<u8>) -> Result<Pushed, VestnikError> {
        let core = self.core()?;
        run(async move { core.handle_push(push).await })
            .await
            .map(Into::into)
    }
}

/// Handles a push in a process beside the app, which opens no database and needs no runtime: what is to be
/// drawn is durable in the spool first, for the app to take. `folder` is `spool` in the app's data folder, or
/// one that the app and the extension share and that the app is told of.
///
/// `push` is as for `Vestnik.handle_push`. `keys` is the secret named `envelope` of the app's secret store,
/// which the extension reads there by itself; none if it cannot be read now.
///
/// # Errors
/// None; see the rules of this library.
#[uniffi::export]
#[expect(
    clippy::needless_pass_by_value,
    reason = "bytes by reference ask for a direct buffer in Kotlin"
)]
pub fn draw_push(
    folder: String,
    push: Vec<u8>,
    keys: Option<String>,
) -> Result<Draw, VestnikError> {
    let keys = keys.as_deref().and_then(PushKeys::parse);
    Ok(push::handle(&push, keys.as_ref(), Path::new(&folder)).into())
}

/// The name of the secret that a process beside the app hands to `draw_push`.
///
/// # Errors
/// None; see the rules of this library.
#[uniffi::export]
pub fn push_keys_name() -> Result<String, VestnikError> {
    Ok(vestnik_inbox::secret::ENVELOPE.to_owned())
}

impl From<push::Draw> for Draw {
    fn from(draw: push::Draw) -> Self {
        match draw {
            push::Draw::Show {
                ticket,
                notification,
            } => Self::Show {
                ticket: Arc::new(SpoolTicket {
                    identifier: ticket.identifier().to_owned(),
                    notification: (*notification).into(),
                    ticket: Mutex::new(Some(ticket)),
                }),
            },
            push::Draw::Withdraw(notification) => Self::Withdraw {
                identifier: notification.to_string(),
            },
            push::Draw::Generic { why, notification } => Self::Generic {
                reason: why.into(),
                identifier: notification.map(|id| id.to_string()),
            },
            push::Draw::Nothing {
                why,
                notification,
                content,
            } => Self::Nothing {
                reason: why.into(),
                identifier: notification.map(|id| id.to_string()),
                notification: content.map(|content| (*content).into()),
            },
        }
    }
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
        let ticket = self.take()?;
        ticket.shown().map_err(|error| SpoolError::Io(error).into())
    }

    /// The system lets the app show nothing, or nothing of this kind: `BlockedOs`; or the app does not, by a
    /// setting of the user: `BlockedApp`. It is not shown later either, and the app reports why.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`] for another reason; else as `shown`.
    pub fn suppressed(&self, reason: Suppression) -> Result<(), VestnikError> {
        let blocked = match reason {
            Suppression::BlockedOs => Blocked::Os,
            Suppression::BlockedApp => Blocked::App,
            Suppression::FirstSync
            | Suppression::Restored
            | Suppression::Read
            | Suppression::Deleted
            | Suppression::Expired
            | Suppression::AlreadyShown
            | Suppression::Failed
            | Suppression::Unreadable
            | Suppression::Other => {
                let detail = "must be that the system or the app blocks it";
                return Err(VestnikError::invalid("reason", detail));
            }
        };
        let ticket = self.take()?;
        let suppressed = ticket.suppressed(blocked);
        suppressed.map_err(|error| SpoolError::Io(error).into())
    }
}

impl SpoolTicket {
    fn take(&self) -> Result<Ticket, VestnikError> {
        let mut slot = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take().ok_or(VestnikError::TicketSettled)
    }
}

impl From<SpoolError> for VestnikError {
    fn from(error: SpoolError) -> Self {
        let problem = match &error {
            SpoolError::Full => StorageProblem::Full,
            SpoolError::TooLarge => return Self::invalid("push", error),
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

impl From<PushEnvironment> for model::PushEnvironment {
    fn from(environment: PushEnvironment) -> Self {
        match environment {
            PushEnvironment::Production => Self::Production,
            PushEnvironment::Sandbox => Self::Sandbox,
        }
    }
}
