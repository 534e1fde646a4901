//! The entries by which a notification comes into the logs of its recipients.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use rusqlite::Connection;
use vestnik_model::{InstallationId, Notification, UserId};
use vestnik_rules::log::Tag;
use vestnik_store::effect::{Arrived, Gained, Grown};

use super::{log, meta, user::Head};

/// Appends a notification to logs, in one part of a mailing.
pub(crate) struct Arrivals<'a> {
    notification: i64,
    tag: Tag,
    database: u32,
    append: log::Append<'a>,
    now: Timestamp,
    /// What the entries bring; absent if the notification cannot be read.
    arrived: Option<Arc<Arrived>>,
    /// The same for deliveries that expire before their notification.
    earlier: BTreeMap<Timestamp, Arc<Arrived>>,
}

/// Whom a notification goes to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addressee<'a> {
    pub(crate) user: &'a UserId,
    /// The only installations it is for; all of the user's when absent.
    pub(crate) only: Option<&'a [InstallationId]>,
    /// When it expires for them, if that is before the notification does.
    pub(crate) expires_at: Option<Timestamp>,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn prepare(
        db: &'a Connection,
        notification: i64,
        seed: &[u8; 32],
        (arrived, now): (Option<Arc<Arrived>>, Timestamp),
    ) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            notification,
            tag: log::tag_of_part(seed, notification),
            database: meta::epoch(db)?,
            append: log::Append::prepare(db)?,
            now,
            arrived,
            earlier: BTreeMap::new(),
        })
    }

    /// Appends the notification to a user's log.
    pub(crate) fn append(
        &mut self,
        head: &mut Head,
        to: Addressee<'_>,
    ) -> Result<Grown, rusqlite::Error> {
        let new = log::New {
            notification: self.notification,
            at: self.now,
            only: to.only,
            body: None,
        };
        let after = head.place(self.database);
        self.append.run(head, self.tag, &new)?;
        let arrived = self.arrived(to.expires_at).filter(|_| to.only.is_none());
        let gained = arrived.map(|arrived| Gained {
            after,
            to: head.place(self.database),
            arrived,
        });
        let user = to.user.clone();
        Ok(Grown { user, gained })
    }

    fn arrived(&mut self, expires_at: Option<Timestamp>) -> Option<Arc<Arrived>> {
        let whole = self.arrived.as_ref()?;
        let Some(expires_at) = expires_at else {
            return Some(Arc::clone(whole));
        };
        let earlier = self.earlier.entry(expires_at).or_insert_with(|| {
            Arc::new(Arrived {
                at: whole.at,
                bytes: whole.bytes,
                notification: Notification {
                    expires_at,
                    ..whole.notification.clone()
                },
            })
        });
        Some(Arc::clone(earlier))
    }
}
