//! Tickets to draw notifications.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use vestnik_core as core;

use crate::{
    error::VestnikError,
    record::{history::HistoryItem, suppression::Suppression},
    runtime::run,
    stream::{Pulled, Source},
};

/// Whether somebody draws.
pub(crate) type Place = Arc<AtomicBool>;

/// Where tickets come from.
#[derive(Debug)]
struct Shows(core::Vestnik);

impl Source for Shows {
    type Item = core::ShowTicket;

    async fn next(&mut self) -> Option<core::ShowTicket> {
        self.0.next_show().await
    }
}

/// The part of the one who draws a device's notifications.
///
/// Wait until it is `ready`, `take`, draw, settle the ticket; then again. The part ends with `cancel`, or
/// with this object.
#[derive(Debug, uniffi::Object)]
pub struct Shower {
    shows: Pulled<Shows>,
    place: Place,
}

#[uniffi::export]
impl Shower {
    /// Waits for the next notification to draw, whose ticket `take` gives; false after `cancel`, or when
    /// the device was stopped. A caller that gives up loses nothing.
    ///
    /// # Errors
    /// [`VestnikError::Internal`].
    pub async fn ready(&self) -> Result<bool, VestnikError> {
        self.shows.ready().await
    }

    /// The next ticket, if it is there.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn take(&self) -> Result<Option<Arc<ShowTicket>>, VestnikError> {
        Ok(self.shows.take().map(ShowTicket::new).map(Arc::new))
    }

    /// Gives the part up, so that another may take it. One who waits gets none, and a ticket that nobody
    /// took comes again.
    pub fn cancel(&self) {
        if self.shows.cancel() {
            self.place.store(false, Ordering::Release);
        }
    }
}

impl Shower {
    pub(crate) fn begin(core: core::Vestnik, place: &Place) -> Result<Self, VestnikError> {
        if place.swap(true, Ordering::AcqRel) {
            return Err(VestnikError::ShowerTaken);
        }
        Ok(Self {
            shows: Pulled::new(Shows(core)),
            place: Arc::clone(place),
        })
    }
}

impl Drop for Shower {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// The right to draw one notification.
///
/// Draw it under an identifier that is made of the notification's id, so that drawing it again
/// replaces, and settle it. A ticket that is given back, or dropped, comes again.
#[derive(Debug, uniffi::Object)]
pub struct ShowTicket {
    item: HistoryItem,
    is_again: bool,
    attempt: u32,
    ticket: Mutex<Option<core::ShowTicket>>,
}

#[uniffi::export]
impl ShowTicket {
    /// What to draw.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn item(&self) -> Result<HistoryItem, VestnikError> {
        Ok(self.item.clone())
    }

    /// Whether it may be on the screen already: who had the ticket before ended without settling it.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn again(&self) -> Result<bool, VestnikError> {
        Ok(self.is_again)
    }

    /// How often there was a ticket for it, this one included.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn attempt(&self) -> Result<u32, VestnikError> {
        Ok(self.attempt)
    }

    /// Whether its user is gone since it was taken: it must not be drawn.
    ///
    /// # Errors
    /// None; see the rules of this library.
    pub fn is_void(&self) -> Result<bool, VestnikError> {
        Ok(self.slot().as_ref().is_none_or(core::ShowTicket::is_void))
    }

    /// The system took it.
    ///
    /// # Errors
    /// [`VestnikError::TicketSettled`], [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn shown(&self) -> Result<(), VestnikError> {
        let ticket = self.take()?;
        run(async move { ticket.shown().await }).await
    }

    /// The system did not take it, and may later: it comes again after a pause, a bounded number of
    /// times. The reason is a short code.
    ///
    /// # Errors
    /// As `shown`.
    pub async fn failed(&self, reason: String) -> Result<(), VestnikError> {
        let ticket = self.take()?;
        run(async move { ticket.failed(&reason).await }).await
    }

    /// It is not shown, for good.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`] for a reason that is not known; else as `shown`.
    pub async fn suppressed(&self, reason: Suppression) -> Result<(), VestnikError> {
        let Some(reason) = reason.known() else {
            return Err(VestnikError::invalid("reason", "must be a known reason"));
        };
        let ticket = self.take()?;
        run(async move { ticket.suppressed(reason).await }).await
    }

    /// It was not drawn. It comes again, and it was no attempt.
    pub fn give_back(&self) {
        drop(self.slot().take());
    }
}

impl ShowTicket {
    fn new(ticket: core::ShowTicket) -> Self {
        Self {
            item: ticket.item().clone().into(),
            is_again: ticket.again(),
            attempt: ticket.attempt(),
            ticket: Mutex::new(Some(ticket)),
        }
    }

    fn take(&self) -> Result<core::ShowTicket, VestnikError> {
        self.slot().take().ok_or(VestnikError::TicketSettled)
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<core::ShowTicket>> {
        self.ticket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
