//! The whole server beside foreign programs: `cargo xtask interop --only foreign` runs it.

mod broadcast;
mod letters;
mod short_messages;
mod stage;
mod webhooks;
