//! Names and numbers as tests write them down, as the model's types.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::Url;
use uuid::Uuid;
use vestnik_model::{InstallationId, NotificationId, UserId};

/// A user by name.
///
/// # Panics
/// When the text is no user's name: tests write it down themselves.
#[must_use]
pub fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a test's user has a valid name")
}

/// An installation by number.
#[must_use]
pub const fn installation(number: u128) -> InstallationId {
    InstallationId::from_uuid(Uuid::from_u128(number))
}

/// A notification by number.
#[must_use]
pub const fn notification(number: u128) -> NotificationId {
    NotificationId::from_uuid(Uuid::from_u128(number))
}

/// The address of a server as a URL.
///
/// # Panics
/// Never: a socket's address is part of a valid URL.
#[must_use]
pub fn base(address: SocketAddr) -> Url {
    Url::parse(&format!("http://{address}/")).expect("a socket's address is part of a valid URL")
}

/// Any free port of loopback.
#[must_use]
pub fn free_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}
