//! The whole server beside foreign programs: `cargo xtask interop --only foreign` runs it.

mod letters;
mod webhooks;
