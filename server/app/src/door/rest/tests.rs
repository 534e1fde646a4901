//! The use cases through the router, on a store in a temporary file.

mod access;
mod batching;
mod bounces;
mod broadcast;
mod checking;
mod contacts;
mod events;
mod explaining;
mod gateways;
mod hub;
mod letter;
mod preferences;
mod previewing;
mod publishing;
mod unsubscribing;
mod uploading;
pub(crate) mod world;
