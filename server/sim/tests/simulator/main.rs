//! Senders speak to a running simulator as they would to the services.
#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in the tests themselves, not in what they share"
)]

mod admin;
mod apns;
mod client;
mod faults;
mod fcm;
mod hms;
mod jws;
mod page;
mod rustore;
mod sealing;
mod sink;
mod web_push;
