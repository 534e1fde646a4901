//! Who may do what: Apps, keys, sessions, installations, and the file that keeps them.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "helpers fail as the tests do that call them"
)]

mod backup;
mod cursor;
mod erasing;
mod files;
mod installations;
mod life;
mod preferences;
mod restore;
mod secrets;
mod sessions;
mod sweep;
mod tenants;
mod two_apps;
mod unreadable;
mod world;
