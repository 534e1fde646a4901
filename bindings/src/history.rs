//! The calls about the history. Each may be made without a network.

use vestnik_inbox::Place;
use vestnik_model::NotificationId;

use crate::{
    device::Vestnik,
    error::VestnikError,
    record::{
        history::{HistoryItem, HistoryPage, HistoryQuery, SearchQuery},
        parse, parse_all,
    },
    runtime::run,
};

#[uniffi::export]
impl Vestnik {
    /// A page of the history; nobody's is empty.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`], [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, VestnikError> {
        let (core, query) = (self.core()?, query.parse()?);
        run(async move { core.history(query).await })
            .await
            .map(Into::into)
    }

    /// What a search finds, newest first.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`], [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn search(&self, query: SearchQuery) -> Result<HistoryPage, VestnikError> {
        let (core, query) = (self.core()?, query.parse()?);
        run(async move { core.search(query).await })
            .await
            .map(Into::into)
    }

    /// One notification of the history.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`], [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn get(&self, id: String) -> Result<Option<HistoryItem>, VestnikError> {
        let (core, id) = (self.core()?, parse("id", &id)?);
        let found = run(async move { core.get(id).await }).await?;
        Ok(found.map(Into::into))
    }

    /// Marks as read, here and on the user's other devices; gives how many were not. A list of any length
    /// is marked in pieces of 500; after an error, the pieces before it stay marked.
    ///
    /// # Errors
    /// [`VestnikError::InvalidArgument`], [`VestnikError::Storage`], [`VestnikError::Closed`].
    pub async fn mark_read(&self, ids: Vec<String>) -> Result<u64, VestnikError> {
        let (core, ids) = (self.core()?, parse_ids(&ids)?);
        let changed = run(async move { core.mark_read(ids).await }).await?;
        Ok(changed.len() as u64)
    }

    /// Marks as unread; gives how many were not.
    ///
    /// # Errors
    /// As `mark_read`.
    pub async fn mark_unread(&self, ids: Vec<String>) -> Result<u64, VestnikError> {
        let (core, ids) = (self.core()?, parse_ids(&ids)?);
        let changed = run(async move { core.mark_unread(ids).await }).await?;
        Ok(changed.len() as u64)
    }

    /// Marks everything that is not archived as read, up to the place of an item or all of it; gives how
    /// many were not.
    ///
    /// # Errors
    /// As `mark_read`.
    #[uniffi::method(default(up_to = None))]
    pub async fn mark_all_read(&self, up_to: Option<String>) -> Result<u64, VestnikError> {
        let up_to = up_to.map(|place| parse::<Place>("up_to", &place));
        let (core, up_to) = (self.core()?, up_to.transpose()?);
        run(async move { core.mark_all_read(up_to).await }).await
    }

    /// Archives, or takes out of the archive; gives how many changed.
    ///
    /// # Errors
    /// As `mark_read`.
    #[uniffi::method(default(is_archived = true))]
    pub async fn archive(&self, ids: Vec<String>, is_archived: bool) -> Result<u64, VestnikError> {
        let (core, ids) = (self.core()?, parse_ids(&ids)?);
        let changed = run(async move { core.archive(ids, is_archived).await }).await?;
        Ok(changed.len() as u64)
    }

    /// Deletes, or takes a deletion back; gives how many changed.
    ///
    /// # Errors
    /// As `mark_read`.
    #[uniffi::method(default(is_deleted = true))]
    pub async fn delete(&self, ids: Vec<String>, is_deleted: bool) -> Result<u64, VestnikError> {
        let (core, ids) = (self.core()?, parse_ids(&ids)?);
        let changed = run(async move { core.delete(ids, is_deleted).await }).await?;
        Ok(changed.len() as u64)
    }

    /// The person opened it, which also reads it; gives whether it is in the history. What is done with one that
    /// has not come yet, because a push has only announced it, is reported all the same, and counts when it
    /// comes; so with the calls below.
    ///
    /// # Errors
    /// As `mark_read`.
    pub async fn clicked(&self, id: String) -> Result<bool, VestnikError> {
        let (core, id) = (self.core()?, parse("id", &id)?);
        run(async move { core.clicked(id).await }).await
    }

    /// The person chose an action of it; gives whether it is in the history.
    ///
    /// # Errors
    /// As `mark_read`.
    pub async fn actioned(&self, id: String, action: String) -> Result<bool, VestnikError> {
        let (core, id) = (self.core()?, parse("id", &id)?);
        run(async move { core.actioned(id, action).await }).await
    }

    /// The person answered it with a text; gives whether it is in the history. There may be many replies.
    ///
    /// # Errors
    /// As `mark_read`.
    #[uniffi::method(default(action = None))]
    pub async fn reply(
        &self,
        id: String,
        text: String,
        action: Option<String>,
    ) -> Result<bool, VestnikError> {
        let (core, id) = (self.core()?, parse("id", &id)?);
        run(async move { core.reply(id, action, text).await }).await
    }

    /// The person took it off the screen unread; gives whether it is in the history.
    ///
    /// # Errors
    /// As `mark_read`.
    pub async fn dismissed(&self, id: String) -> Result<bool, VestnikError> {
        let (core, id) = (self.core()?, parse("id", &id)?);
        run(async move { core.dismissed(id).await }).await
    }
}

fn parse_ids(ids: &[String]) -> Result<Vec<NotificationId>, VestnikError> {
    parse_all("ids", ids)
}
