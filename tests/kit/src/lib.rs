//! What Vestnik's tests stand on: real servers, backends, devices, and networks that fail.
//!
//! - [`TestServer`] (feature `server`): a real server on a free port with a file of its own; it can
//!   be restarted and killed, and given its own settings, clock and bus ([`LossyBus`]).
//! - [`Backend`]: what the backend of an App does: keys, identity tokens, topics, publishes, watches.
//! - [`TestDevice`]: a scripted device of contract 1 over `vestnik-signalr`, without the core. Its
//!   [`DeviceStore`] survives restarts; it counts what it receives by notification.
//! - [`CoreDevice`] (feature `core`): the real core with a shell that notes what it would draw.
//! - [`RawHub`]: a hub connection whose every byte the test writes.
//! - [`CuttableProxy`]: a network that breaks connections at random or at a given moment.
//! - [`SharedHost`]: a proxy below a path of its own, which sees every request and can hold one up.
//! - [`PushStage`] (feature `push`): a real server that sends over the simulator of the push services.
//! - [`PushPhone`] (features `core` and `push`): a phone that gets pushes, without the core's engine.
//! - [`HostileServer`]: a hub that answers by a script, as a later version would, or wrongly.
//! - [`PostOffice`] (feature `mail`): a foreign SMTP server, and the letters that it took.
//! - [`MessageCentre`]: a message centre over SMPP, and what was submitted to it.
//! - [`ledger`]: what was acknowledged and what was shown, on disk, and their comparison.
//! - [`wait`]: waiting that is bounded by silence and not by the machine's speed.
//!
//! ```no_run
//! # #[cfg(feature = "server")]
//! # async fn example() -> anyhow::Result<()> {
//! use vestnik_testkit::{TestDevice, TestServer, backend::to_user, name::user};
//!
//! let server = TestServer::start().await?;
//! let anna = user("anna");
//! let phone = TestDevice::log_in(&server.backend, &anna, 1).await?;
//! phone.online().await?;
//! let accepted = server.backend.publish(&to_user(&anna, "hello")).await?;
//! phone.has_received(&[accepted.id]).await?;
//! phone.stop().await;
//! server.stop().await
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod backend;
pub mod clock;
pub mod compat;
#[cfg(feature = "core")]
pub mod core_device;
pub mod device;
pub mod digest;
pub mod hostile;
pub mod ledger;
#[cfg(feature = "server")]
mod lossy_bus;
pub mod message_centre;
pub mod name;
#[cfg(feature = "mail")]
pub mod post_office;
pub mod proxy;
#[cfg(all(feature = "core", feature = "push"))]
pub mod push_phone;
#[cfg(feature = "push")]
pub mod push_stage;
pub mod raw_hub;
pub mod receiver;
#[cfg(feature = "server")]
pub mod server;
pub mod shared_host;
pub mod wait;

pub use backend::Backend;
#[cfg(feature = "core")]
pub use core_device::CoreDevice;
pub use device::{DeviceSetup, DeviceStore, TestDevice};
pub use hostile::HostileServer;
#[cfg(feature = "server")]
pub use lossy_bus::LossyBus;
pub use message_centre::MessageCentre;
#[cfg(feature = "mail")]
pub use post_office::PostOffice;
pub use proxy::CuttableProxy;
#[cfg(all(feature = "core", feature = "push"))]
pub use push_phone::PushPhone;
#[cfg(feature = "push")]
pub use push_stage::PushStage;
pub use raw_hub::RawHub;
pub use receiver::Receiver;
#[cfg(feature = "server")]
pub use server::TestServer;
pub use shared_host::SharedHost;
