//! The real core as a session.

use jiff::SignedDuration;
use vestnik_core::{
    Error, HistoryItem, HistoryPage, HistoryQuery, Login, LoginError, Place, Preferences,
    SearchQuery, Secret, ShowTicket, Snapshot, Start, Suppression, Vestnik,
};
use vestnik_model::{NotificationId, Permission, UserId, preference::OptOutChange};

use super::{Session, Ticket};
use crate::model::{Event, Page, PageRequest, Row, State};

impl Session for Vestnik {
    type Ticket = ShowTicket;

    async fn history(&self, page: PageRequest) -> Result<Page, Error> {
        let PageRequest {
            before,
            limit,
            search,
        } = page;
        let found = match search {
            Some(text) => {
                let query = SearchQuery {
                    text,
                    before,
                    limit,
                };
                self.search(query).await?
            }
            None => {
                let query = HistoryQuery {
                    start: before.map_or(Start::Newest, Start::Before),
                    limit,
                    ..HistoryQuery::default()
                };
                Self::history(self, query).await?
            }
        };
        Ok(found.into())
    }

    async fn row(&self, id: NotificationId) -> Result<Option<Row>, Error> {
        Ok(self.get(id).await?.map(Row::from))
    }

    async fn clicked(&self, id: NotificationId) -> Result<bool, Error> {
        Self::clicked(self, id).await
    }

    async fn dismissed(&self, id: NotificationId) -> Result<(), Error> {
        Self::dismissed(self, id).await.map(|_| ())
    }

    async fn mark_all_read(&self) -> Result<u64, Error> {
        Self::mark_all_read(self, None).await
    }

    async fn log_in(&self, user: UserId, identity: Secret) -> Result<Login, LoginError> {
        self.login(user, identity).await
    }

    async fn actioned(&self, id: NotificationId, action: String) -> Result<bool, Error> {
        Self::actioned(self, id, action).await
    }

    async fn reply(&self, id: NotificationId, action: String, text: String) -> Result<bool, Error> {
        Self::reply(self, id, Some(action), text).await
    }

    async fn log_out(&self) -> Result<(), Error> {
        self.logout().await
    }

    async fn permit(&self, permission: Permission) -> Result<(), Error> {
        self.set_permission(permission).await
    }

    async fn preferences(&self) -> Result<Preferences, Error> {
        Self::preferences(self).await
    }

    async fn change_opt_outs(&self, change: OptOutChange) -> Result<(), Error> {
        Self::change_opt_outs(self, change).await
    }

    fn suspend(&self) {
        Self::suspend(self);
    }

    fn resume(&self) {
        Self::resume(self);
    }

    fn network_changed(&self) {
        Self::network_changed(self);
    }

    fn foregrounded(&self) {
        Self::foregrounded(self);
    }

    async fn stop(self) {
        Self::stop(self).await;
    }
}

impl Ticket for ShowTicket {
    fn row(&self) -> Row {
        Row::from(self.item().clone())
    }

    fn age(&self) -> SignedDuration {
        Self::age(self)
    }

    fn is_void(&self) -> bool {
        Self::is_void(self)
    }

    async fn shown(self) -> Result<(), Error> {
        Self::shown(self).await
    }

    async fn failed(self, reason: &'static str) -> Result<(), Error> {
        Self::failed(self, reason).await
    }

    async fn suppressed(self, why: Suppression) -> Result<(), Error> {
        Self::suppressed(self, why).await
    }
}

impl State {
    /// The state that a core's snapshot shows.
    pub(super) fn of(snapshot: Snapshot, is_logout_pending: bool) -> Self {
        let Snapshot {
            standing,
            connection,
            unread,
        } = snapshot;
        Self {
            standing,
            phase: connection.phase,
            trouble: connection.last_error,
            retry_at: connection.retry_at,
            unread,
            is_logout_pending,
        }
    }
}

impl Event {
    /// An event of the core; `None` for one that this version does not know.
    pub(super) fn read(event: vestnik_core::Event) -> Option<Self> {
        use vestnik_core::Event as Core;
        match event {
            Core::Changed(ids) => Some(Self::Changed(ids)),
            Core::Reread => Some(Self::Reread),
            Core::Withdraw(ids) => Some(Self::Withdraw(ids)),
            Core::Redraw(ids) => Some(Self::Redraw(ids)),
            Core::Forgotten => Some(Self::Forgotten),
            Core::HistoryRebuilt { .. } => Some(Self::HistoryRebuilt),
            Core::Preferences { refused } => Some(Self::Preferences {
                is_refused: refused.is_some(),
            }),
            _ => None,
        }
    }
}

impl From<HistoryItem> for Row {
    fn from(item: HistoryItem) -> Self {
        Self {
            notification: item.notification,
            is_read: item.is_read,
            read_at: item.read_at,
            received_at: item.received_at,
        }
    }
}

impl From<HistoryPage> for Page {
    fn from(page: HistoryPage) -> Self {
        let next: Option<Place> = page.has_more.then_some(page.end).flatten();
        Self {
            rows: page.items.into_iter().map(Row::from).collect(),
            next,
        }
    }
}
