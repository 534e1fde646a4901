//! A simulator of gateways: SMS services, flash calls, messengers.
//!
//! It is written from the platforms' documentation and shares nothing with the sender: each platform checks
//! credentials and the form of a request, answers as its pages say, can be told to give each of its documented
//! errors ([`Gateways::refuse`]), and signs its reports and updates as the platform does ([`Gateways::hook`]).
//!
//! For people and scripts, [`Desk`] starts them with an admin API.
//!
//! # Example
//! ```
//! use vestnik_sim::gateway::{Gateways, Happening, Platform};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let gateways = Gateways::start().await?;
//! // A sender is given the origin and the settings, and sends.
//! let origin = gateways.origin(Platform::Telegram);
//! assert!(origin.starts_with("http://127.0.0.1:"));
//! let settings = gateways.settings(Platform::Telegram);
//! assert!(settings["token"].is_string());
//! // Then look at what was taken, and report.
//! assert!(gateways.taken(Platform::Telegram).is_empty());
//! let hook = gateways.hook(Platform::Telegram, &Happening::Blocked { chat: "42".to_owned() });
//! assert!(hook.is_some_and(|hook| !hook.headers.is_empty()));
//! # Ok(())
//! # }
//! ```

mod desk;
mod flash_call;
mod hook;
mod max;
mod own_sms;
mod platform;
mod request;
mod signature;
mod simulator;
mod sms_ru;
mod state;
mod telegram;
mod twilio;
mod viber;
mod vk;
mod whatsapp;

pub use desk::{Desk, DeskOptions};
pub use hook::{Happening, Hook};
pub use platform::{Documented, Platform};
pub use simulator::Gateways;
pub use state::Taken;
