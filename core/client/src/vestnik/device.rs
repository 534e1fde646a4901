//! What the app says about the device: permission, push addresses, topics, payloads of pushes.

use std::sync::Arc;

use vestnik_model::{Open, Permission, PushAddress, PushAddressKind, TopicName};

use super::Vestnik;
use crate::{
    diagnostics::Diagnostics, driver::Command, error::Error, machine::registration::Change,
    storage::Pushed,
};

impl Vestnik {
    /// The person changed whether the app may show notifications: in the system's settings, or by a switch of
    /// the app itself ([`Permission::SwitchedOff`]). While it may not, what becomes due is suppressed, nothing
    /// pops up later, and the server goes on to the next step of a cascade.
    ///
    /// A switch that is off stays off over restarts, also where pushes are drawn beside the app, until the app
    /// says something else here than [`Permission::Denied`], which says nothing of the switch. What
    /// [`Config::device`](crate::Config::device) says at a start does not turn it on.
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
            let mut change = change;
            if let Some(permission) = change.permission {
                files.set_permission(permission)?;
                change.permission = Some(files.permission());
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
            let addresses = replaced(files.push_addresses(), &kind, new);
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

    /// Takes a push that the app itself was given, whichever service brought it: the object that FCM's texts
    /// make, or the JSON of APNs or of Web Push. What it brings takes the same way as what the hub brings, and
    /// is shown once, whichever came first. A push without content makes the device connect, if it is to be
    /// online; who draws a text in its place asks [`push::handle`](vestnik_inbox::push::handle), which lets a
    /// notification be announced once.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Closed`].
    pub async fn handle_push(&self, push: Vec<u8>) -> Result<Pushed, Error> {
        let handled = self.storage.call(move |files| files.handle_push(&push));
        let handled = handled.await?;
        if handled.is_log_needed {
            // A connection that seems to stand would have brought what the push is about.
            self.network_changed();
        }
        Ok(handled.pushed)
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

/// Addresses with a new one in the place of the former of its kind: their order is that in which the server
/// tries them.
fn replaced(
    addresses: Vec<PushAddress>,
    kind: &Open<PushAddressKind>,
    mut new: Option<PushAddress>,
) -> Vec<PushAddress> {
    let excluding = new.clone();
    let is_former = |own: &PushAddress| {
        own.kind == *kind || excluding.as_ref().is_some_and(|new| new.excludes(own))
    };
    let mut kept = Vec::with_capacity(addresses.len() + 1);
    for own in addresses {
        if is_former(&own) {
            kept.extend(new.take());
        } else {
            kept.push(own);
        }
    }
    kept.extend(new);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_address_takes_the_place_of_the_former() {
        let of = |kind, value: &str| PushAddress::new(kind, value);
        let own = vec![
            of(PushAddressKind::FcmToken, "f1"),
            of(PushAddressKind::Rustore, "r1"),
        ];
        let set = |new: PushAddress| replaced(own.clone(), &new.kind.clone(), Some(new));
        let fid = of(PushAddressKind::FcmFid, "f2");
        assert_eq!(set(fid.clone()), [fid, own[1].clone()]);
        let hms = of(PushAddressKind::Hms, "h1");
        assert_eq!(set(hms.clone()), [own[0].clone(), own[1].clone(), hms]);
        let kind = PushAddressKind::FcmToken.into();
        assert_eq!(replaced(own.clone(), &kind, None), [own[1].clone()]);
    }
}
