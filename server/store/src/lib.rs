//! What Vestnik's server keeps.
//!
//! A store is the sum of families of operations, each family in a file with its records:
//! [`Tenants`], [`Sessions`], [`Installations`], [`Audiences`], [`AudienceFiles`], [`Contacts`],
//! [`Recipients`], [`Publishing`], [`Logs`], [`Ledger`], [`Events`], [`Webhooks`], [`Work`], [`Dispatch`], [`Costs`], [`Operations`].
//! Each operation is one transaction: when it answers, what it did is durable; when it fails, nothing was
//! changed. A caller that goes away changes neither.
//!
//! # Effects
//! What a commit means to others are its [effects](effect). The store emits them itself, after the
//! commit, in the order of commits and before it answers the caller; those that others must not miss
//! are also rows of the `event` table, written in the same transaction and numbered.
//!
//! # Writing a store
//! Operations load rows, ask [`vestnik_rules`] and save the verdicts: a store decides nothing. Its
//! closures can run twice (serialisation failures are repeated), locks are taken in the order user,
//! notification, delivery, and no query on the delivery path crosses users. Run `conformance` against
//! it (feature of the same name); [`MemoryStore`] is the plainest example.
//!
//! ```
//! use vestnik_model::{AppId, UserId};
//! use vestnik_store::{Logs as _, MemoryStore, Tenants as _, effect::no_sink};
//!
//! # futures_util::FutureExt::now_or_never(async {
//! let store = MemoryStore::new(no_sink());
//! let (app, anna) = (AppId::parse("shop")?, UserId::parse("anna")?);
//! store.create_app(app.clone(), "2026-11-28T09:00:00Z".parse()?).await?;
//! let heads = store.heads(vec![(app, anna)]).await?;
//! assert_eq!(heads[0].seq, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap().unwrap();
//! ```
//!
//! To add a family: a file with the trait and its records, a line in [`Store`], an implementation in
//! [`MemoryStore`] and in each database's store, cases in `conformance`.

#![forbid(unsafe_code)]

pub mod audience_files;
pub mod audiences;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod contacts;
pub mod costs;
pub mod dispatch;
pub mod effect;
mod error;
pub mod events;
pub mod installations;
pub mod ledger;
pub mod logs;
pub mod memory;
pub mod operations;
pub mod page;
pub mod publishing;
pub mod recipients;
pub mod sessions;
pub mod tenants;
pub mod webhooks;
pub mod work;

pub use audience_files::AudienceFiles;
pub use audiences::Audiences;
pub use contacts::Contacts;
pub use costs::Costs;
pub use dispatch::Dispatch;
pub use effect::{Effect, Event, Sink};
pub use error::{OpenError, Source, StoreError};
pub use events::Events;
pub use installations::Installations;
pub use ledger::Ledger;
pub use logs::Logs;
pub use memory::MemoryStore;
pub use operations::Operations;
pub use page::{DeliveryPlace, NotificationPlace, PageQuery};
pub use publishing::Publishing;
pub use recipients::Recipients;
pub use sessions::Sessions;
pub use tenants::Tenants;
pub use webhooks::Webhooks;
pub use work::Work;

use futures_util::future::BoxFuture;

/// The answer of a store, some time later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Everything the server keeps.
pub trait Store:
    Tenants
    + Sessions
    + Installations
    + Audiences
    + AudienceFiles
    + Contacts
    + Recipients
    + Publishing
    + Logs
    + Ledger
    + Events
    + Webhooks
    + Work
    + Dispatch
    + Costs
    + Operations
    + Send
    + Sync
    + std::fmt::Debug
    + 'static
{
}

impl<S> Store for S where
    S: Tenants
        + Sessions
        + Installations
        + Audiences
        + AudienceFiles
        + Contacts
        + Recipients
        + Publishing
        + Logs
        + Ledger
        + Events
        + Webhooks
        + Work
        + Dispatch
        + Costs
        + Operations
        + Send
        + Sync
        + std::fmt::Debug
        + 'static
{
}
