//! What sends the tries of a part: each over the channel that it goes by.

use std::sync::Arc;

use vestnik_clock::Clock;
use vestnik_model::AppId;
use vestnik_outbound::Writing;
use vestnik_store::{
    Store, StoreError,
    dispatch::{Begun, Recipient, Tried},
};

use super::{
    account::Unusable,
    backend::{Backend, BackendSender},
    email::{MailSender, Post},
    gateway::{GatewaySender, Routes},
    push::{self, Parcel, PushSender},
};

/// Sends tries. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) pushes: PushSender,
    pub(crate) letters: MailSender,
    pub(crate) backends: BackendSender,
    pub(crate) gateways: GatewaySender,
}

/// The accounts of an App, as they were when a part began.
#[derive(Debug)]
pub(crate) struct Accounts {
    pushes: push::Accounts,
    post: Result<Arc<Post>, Unusable>,
    backend: Result<Arc<Backend>, Unusable>,
    gateways: Routes,
}

impl Sender {
    /// The accounts of an App.
    ///
    /// # Errors
    /// [`StoreError`] if they cannot be loaded.
    pub(crate) async fn accounts(&self, app: &AppId) -> Result<Accounts, StoreError> {
        Ok(Accounts {
            pushes: self.pushes.accounts(app).await?,
            post: self.letters.post(app).await?,
            backend: self.backends.backend(app).await?,
            gateways: self.gateways.routes(app).await?,
        })
    }

    /// A try that is sent now, for which there is no answer yet.
    pub(crate) fn unanswered(&self, begun: &Begun) -> Tried {
        match &begun.recipient {
            Recipient::Device {
                installation,
                address,
                envelope_key,
                locale,
            } => self.pushes.unanswered(&Parcel {
                begun,
                installation: *installation,
                address,
                envelope_key: envelope_key.as_deref(),
                locale: locale.as_deref(),
            }),
            Recipient::Mailbox { address, .. } => self.letters.unanswered(begun, address),
            Recipient::Backend => self.backends.unanswered(begun),
            Recipient::Gateway { gateway, to } => self.gateways.unanswered(begun, *gateway, to),
        }
    }

    /// Makes one try. If the future is dropped, `writing` says whether it may have been taken.
    pub(crate) async fn send(&self, accounts: &Accounts, begun: Begun, writing: &Writing) -> Tried {
        let post = accounts.post.as_deref().map_err(|unusable| *unusable);
        match &begun.recipient {
            Recipient::Device {
                installation,
                address,
                envelope_key,
                locale,
            } => {
                let parcel = Parcel {
                    begun: &begun,
                    installation: *installation,
                    address,
                    envelope_key: envelope_key.as_deref(),
                    locale: locale.as_deref(),
                };
                self.pushes.send(&accounts.pushes, &parcel, writing).await
            }
            Recipient::Mailbox { address, .. } => {
                self.letters.send(post, (&begun, address), writing).await
            }
            Recipient::Backend => {
                let backend = accounts.backend.as_deref().map_err(|unusable| *unusable);
                self.backends.send(backend, &begun, writing).await
            }
            Recipient::Gateway { gateway, to } => {
                let route = accounts.gateways.get(gateway);
                let route = match route {
                    Some(route) => route.as_deref().map_err(|unusable| *unusable),
                    None => Err(Unusable::NoRoute),
                };
                let message = (&begun, *gateway, to);
                self.gateways.send(route, message, writing).await
            }
        }
    }
}
