//! A store in memory.
//!
//! [`MemoryStore`] is the plainest store that keeps the contract: one mutex over sorted maps. An
//! operation works on a copy of the maps, which shares each map that is not written, and puts the copy
//! in place when it succeeds: an operation that fails has changed nothing. Effects are emitted under
//! the same lock, in the order of commits.
//!
//! It is the reference for other stores and serves the tests of whatever uses a store: they can make
//! the next operation fail ([`MemoryStore::fail_next_write`]) and hold operations between their commit
//! and their answer ([`MemoryStore::pause`]), and open it again as another process would find it
//! ([`MemoryStore::reopened`]). [`backup`] is refused.
//!
//! ```
//! use vestnik_model::AppId;
//! use vestnik_store::{MemoryStore, Tenants as _, effect::no_sink, tenants::Created};
//!
//! # futures_util::FutureExt::now_or_never(async {
//! let store = MemoryStore::new(no_sink());
//! let (app, now) = (AppId::parse("shop")?, "2026-11-28T09:00:00Z".parse()?);
//! assert_eq!(store.create_app(app, now).await?, Created::Made);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap().unwrap();
//! ```
//!
//! [`backup`]: crate::Operations::backup
//!
//! # Reading the code
//! `row` has the rows, `world` lists the maps of them, `txn` is what an operation works with and what its
//! commit means to others. Each family has a file; `expansion`, `collapse`, `report`, `attempt`, `ending`, `retry` and
//! `forgetting` hold what several operations do to deliveries, `queue`, `perform` and
//! `dispatch` what workers do, `lease` what another process finds, `findings` what explanations are made of.

mod asking;
mod attempt;
mod audience_files;
mod audiences;
mod collapse;
mod contacts;
mod costs;
mod decrypt;
mod dispatch;
mod ending;
mod events;
mod evidence;
mod expansion;
mod findings;
mod forgetting;
mod gateways;
mod import;
mod installations;
mod integrity;
mod lease;
mod ledger;
mod letters;
mod logs;
mod messages;
mod operations;
mod page;
mod pause;
mod perform;
mod publishing;
mod pushes;
mod queue;
mod reach;
mod recipients;
mod release;
mod report;
mod resume;
mod retry;
mod row;
mod sessions;
mod store;
mod table;
mod tenants;
mod txn;
mod webhooks;
mod withdrawals;
mod work;
mod world;

pub use pause::Pause;
pub use store::MemoryStore;
