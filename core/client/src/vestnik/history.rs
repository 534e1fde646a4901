//! The history of whoever it belongs to.

use std::sync::Arc;

use vestnik_inbox::{
    HistoryItem, HistoryPage, HistoryQuery, Inbox, Place, SearchQuery, StoreError,
};
use vestnik_model::NotificationId;
use vestnik_sqlite::rusqlite;

use super::Vestnik;
use crate::{error::Error, storage::Files};

/// How many notifications one transaction changes. Other calls come in between two.
const PIECE: usize = 500;

/// The history of whoever it belongs to, offline too. Nobody's history is empty. Each method fails with
/// [`Error::Storage`] or [`Error::Closed`] only.
///
/// A list of notifications may be of any length: it is changed in pieces of 500. After an error, or if the
/// caller stops waiting, the pieces before stay changed and those after are not; a login of another user
/// ends it too.
impl Vestnik {
    /// A page of the history, newest first.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, Error> {
        self.look(move |files| files.page(&query)).await
    }

    /// What a search finds, newest first; see [what matches](vestnik_inbox#search).
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn search(&self, query: SearchQuery) -> Result<HistoryPage, Error> {
        self.look(move |files| files.search(&query)).await
    }

    /// One notification.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn get(&self, id: NotificationId) -> Result<Option<HistoryItem>, Error> {
        self.look(move |files| files.get(id)).await
    }

    /// How many are unread. [`Snapshot::unread`](crate::Snapshot::unread) follows it.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn unread_count(&self) -> Result<u64, Error> {
        self.look(Files::unread).await
    }

    /// Marks notifications as read, here and on the user's other devices; gives those that were not.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn mark_read(&self, ids: Vec<NotificationId>) -> Result<Vec<NotificationId>, Error> {
        self.change(ids, |inbox, ids| inbox.mark_read(ids)).await
    }

    /// Marks notifications as unread again, on this device; gives those that were read.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn mark_unread(
        &self,
        ids: Vec<NotificationId>,
    ) -> Result<Vec<NotificationId>, Error> {
        self.change(ids, |inbox, ids| inbox.mark_unread(ids)).await
    }

    /// Puts notifications out of sight, or back; gives those that changed.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn archive(
        &self,
        ids: Vec<NotificationId>,
        value: bool,
    ) -> Result<Vec<NotificationId>, Error> {
        self.change(ids, move |inbox, ids| inbox.archive(ids, value))
            .await
    }

    /// Deletes notifications, or takes that back while they are kept; gives those that changed.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn delete(
        &self,
        ids: Vec<NotificationId>,
        value: bool,
    ) -> Result<Vec<NotificationId>, Error> {
        self.change(ids, move |inbox, ids| inbox.delete(ids, value))
            .await
    }

    /// Marks everything that the inbox lists as read, up to a place; gives how many were not.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn mark_all_read(&self, up_to: Option<Place>) -> Result<u64, Error> {
        let marking = self.storage.call(move |files| files.mark_all_read(up_to));
        marking.await
    }

    /// A tap opened a notification: it is read then. Gives whether it is in the history. What the person does
    /// with one that has not come yet, because a push has only announced it, is reported all the same, and
    /// counts when it comes; so with the calls below.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn clicked(&self, id: NotificationId) -> Result<bool, Error> {
        self.act(id, move |inbox| inbox.clicked(id)).await
    }

    /// An action's button was pressed: the notification is read then. Gives whether it is in the history.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn actioned(&self, id: NotificationId, action: String) -> Result<bool, Error> {
        self.act(id, move |inbox| inbox.actioned(id, &action)).await
    }

    /// The person answered with a text: the notification is read then. Gives whether it is in the
    /// history.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn reply(
        &self,
        id: NotificationId,
        action: Option<String>,
        text: String,
    ) -> Result<bool, Error> {
        self.act(id, move |inbox| inbox.reply(id, action.as_deref(), &text))
            .await
    }

    /// The person put a toast away, unread. Gives whether the notification is in the history.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn dismissed(&self, id: NotificationId) -> Result<bool, Error> {
        self.act(id, move |inbox| inbox.dismissed(id)).await
    }

    /// Reads the history. What belongs to a user who is gone by now is not given out: then it is read
    /// once more.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl Fn(&mut Files) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let look = Arc::new(look);
        loop {
            let (look, shared) = (Arc::clone(&look), Arc::clone(&self.shared));
            let looking = self
                .storage
                .call(move |files| Ok((shared.hidden(), look(files)?)));
            let (hidden, value) = looking.await?;
            if hidden == self.shared.forgotten() {
                return Ok(value);
            }
        }
    }

    async fn change(
        &self,
        ids: Vec<NotificationId>,
        change: impl Fn(
            &mut Inbox<'_>,
            &[NotificationId],
        ) -> Result<Vec<NotificationId>, rusqlite::Error>
        + Copy
        + Send
        + 'static,
    ) -> Result<Vec<NotificationId>, Error> {
        let forgotten = self.shared.forgotten();
        let mut changed = Vec::new();
        // The same notification can be in the histories of two users, and another may log in meanwhile.
        for piece in ids.chunks(PIECE) {
            let (piece, shared) = (piece.to_vec(), Arc::clone(&self.shared));
            let changing = self.storage.call(move |files| match shared.hidden() {
                hidden if hidden == forgotten => files
                    .change_flags(&piece, |inbox| change(inbox, &piece))
                    .map(Some),
                _ => Ok(None),
            });
            match changing.await? {
                Some(more) => changed.extend(more),
                None => break,
            }
        }
        Ok(changed)
    }

    async fn act(
        &self,
        id: NotificationId,
        act: impl FnMut(&mut Inbox<'_>) -> Result<bool, rusqlite::Error> + Send + 'static,
    ) -> Result<bool, Error> {
        self.storage.call(move |files| files.act(id, act)).await
    }
}
