//! Who may do what: Apps, keys, sessions, installations, and the file that keeps them.

mod backup;
mod cursor;
mod files;
mod installations;
mod life;
mod restore;
mod secrets;
mod sessions;
mod tenants;
mod two_apps;
mod world;
