//! What the user does not want to be notified of.

use std::sync::Arc;

use vestnik_model::{ProblemCode, preference::OptOutChange};

use super::Vestnik;
use crate::{
    error::Error,
    storage::{Files, Noted, Preferences},
};

impl Vestnik {
    /// What the user does not want, as the device knows it, offline too. It also makes the device ask the
    /// server, unless it did so in the last ten seconds; if something is another than here,
    /// [`Event::Preferences`](crate::Event::Preferences) follows. Nobody wants anything.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn preferences(&self) -> Result<Preferences, Error> {
        self.shared.wish(|wishes| wishes.asks += 1);
        self.look(Files::preferences).await
    }

    /// Changes what the user does not want, on all of their devices. It is durable when this returns; the
    /// server is told when it can be reached, and [`Event::Preferences`](crate::Event::Preferences) follows
    /// its answer. What the change does not name stays as the server has it. What this device has in its
    /// history already stays there.
    ///
    /// # Errors
    /// [`Error::LoggedOut`], [`Error::Refused`] if more than 100 categories or topics would not be wanted,
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn change_opt_outs(&self, change: OptOutChange) -> Result<(), Error> {
        let (shared, forgotten) = (Arc::clone(&self.shared), self.shared.forgotten());
        let changing = self.storage.call(move |files| match shared.hidden() {
            hidden if hidden == forgotten => files.change_opt_outs(change),
            // It was meant for a user who is gone.
            _ => Ok(Noted::Nobody),
        });
        match changing.await? {
            Noted::Kept => Ok(()),
            Noted::Nobody => Err(Error::LoggedOut),
            Noted::TooLong => Err(Error::Refused(ProblemCode::RequestInvalid.into())),
        }
    }
}
