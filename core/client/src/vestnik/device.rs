//! What the app says about the device: permission, push addresses, topics, payloads of pushes.

use std::sync::Arc;

use vestnik_inbox::Payload;
use vestnik_model::{Open, Permission, PushAddress, PushAddressKind, TopicName};

use super::Vestnik;
use crate::{
    diagnostics::Diagnostics, driver::Command, error::Error, machine::registration::Change,
};

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// Its notification is in the history, and is shown if it is due.
    Stored,
    /// It is for another user than the one whose history is on the device, and was dropped.
    OtherUser,
}

impl Vestnik {
    /// The person changed whether the app may show notifications. While it may not, what becomes due is
    /// suppressed, and nothing pops up later.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn set_permission(&self, permission: Permission) -> Result<(), Error> {
        let change = Change {
            permission: Some(permission),
            ..Change::default()
        };
        self.change_device(change).await
    }

    /// Something about the device changed. Parts that are absent stay as they are. The server is told
    /// when it can be reached.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn change_device(&self, change: Change) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let changing = self.storage.call(move |files| {
            if let Some(permission) = change.permission {
                files.set_permission(permission)?;
            }
            shared.wish(|wishes| {
                wishes.device = change.applied(wishes.device.clone()).cleaned();
            });
            Ok(())
        });
        changing.await
    }

    /// A push service gave this installation an address, in the place of a former one of its kind. It is
    /// durable when this returns; the server is told when it can be reached.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn set_push_address(&self, address: PushAddress) -> Result<(), Error> {
        self.keep_addresses(address.kind.clone(), Some(address))
            .await
    }

    /// A push service reaches this installation no more.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn forget_push_address(&self, kind: PushAddressKind) -> Result<(), Error> {
        self.keep_addresses(Open::Known(kind), None).await
    }

    async fn keep_addresses(
        &self,
        kind: Open<PushAddressKind>,
        new: Option<PushAddress>,
    ) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let keeping = self.storage.call(move |files| {
            let mut addresses = files.push_addresses();
            addresses.retain(|own| own.kind != kind && !is_former(&own.kind, new.as_ref()));
            addresses.extend(new);
            files.keep_push_addresses(addresses)?;
            let kept = files.push_addresses();
            shared.wish(|wishes| wishes.device.push_addresses = kept);
            Ok(())
        });
        keeping.await
    }

    /// Joins a topic, if the App lets its users. The wish is kept until the server took or refused it,
    /// also if the caller stops waiting.
    ///
    /// # Errors
    /// [`Error::Refused`] by the server, [`Error::LoggedOut`], [`Error::Overtaken`] by the opposite,
    /// [`Error::Restarted`], [`Error::Closed`].
    pub async fn subscribe(&self, topic: TopicName) -> Result<(), Error> {
        self.topic(topic, true).await
    }

    /// Leaves a topic.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub async fn unsubscribe(&self, topic: TopicName) -> Result<(), Error> {
        self.topic(topic, false).await
    }

    async fn topic(&self, topic: TopicName, joins: bool) -> Result<(), Error> {
        self.ask(|answer| Command::Topic {
            topic,
            joins,
            answer,
        })
        .await?
    }

    /// Takes the payload of a push that the app itself was given, in its plain form: see [`Payload`].
    /// The log brings the same notification again, which then changes nothing.
    ///
    /// # Errors
    /// [`Error::Payload`], [`Error::Storage`], [`Error::Closed`].
    pub async fn handle_push(&self, payload: &[u8]) -> Result<Pushed, Error> {
        let payload = Payload::parse(payload)?;
        let stored = self.storage.call(move |files| files.handle_push(&payload));
        Ok(match stored.await? {
            true => Pushed::Stored,
            false => Pushed::OtherUser,
        })
    }

    /// The device's state for a report of a fault. It has counts, states and versions, and nothing of a
    /// person: no names, no content, no tokens, no addresses.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn diagnostics(&self) -> Result<Diagnostics, Error> {
        let snapshot = self.snapshot().borrow().clone();
        let looking = self.storage.call(Diagnostics::of);
        Ok(looking.await?.with(&snapshot))
    }
}

/// Whether a new address makes one of another kind invalid: who asks Firebase for a token loses the
/// installation id, and the reverse.
fn is_former(kind: &Open<PushAddressKind>, new: Option<&PushAddress>) -> bool {
    use PushAddressKind::{FcmFid, FcmToken};
    let is_firebase = |kind: &_| matches!(kind, Open::Known(FcmFid | FcmToken));
    new.is_some_and(|new| is_firebase(&new.kind) && is_firebase(kind))
}
