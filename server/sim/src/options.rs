//! How a simulator is started.

use std::{net::IpAddr, sync::Arc};

use vestnik_clock::{Clock, SystemClock};

use crate::{credentials::Credentials, mailbox::ApnsStorage, ring::Bound};

/// How a simulator is started. The default is what a test wants: ports that are free, keys of its own.
#[derive(Debug, Clone)]
pub struct Options {
    /// Time and randomness.
    pub clock: Arc<dyn Clock>,
    /// The address to listen on.
    pub address: IpAddr,
    /// The port of the admin API. The services get the next six: FCM, APNs production, APNs sandbox,
    /// Web Push, Huawei, `RuStore`. 0: each gets one that is free.
    pub port: u16,
    /// The host name in URLs and in the certificate, which also holds `localhost`, `127.0.0.1` and `::1`.
    pub host: String,
    /// Serves the page of the phones at the admin API's address.
    pub page: bool,
    /// The keys of an earlier start; absent, new ones are made.
    pub credentials: Option<Credentials>,
    /// How much APNs stores for an app.
    pub apns_storage: ApnsStorage,
    /// How much is kept.
    pub limits: Limits,
}

/// How much a simulator keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most devices. One more is refused.
    pub devices: usize,
    /// The journal of requests. The oldest are forgotten.
    pub journal: Bound,
    /// What happened to messages. The oldest is forgotten.
    pub history: Bound,
    /// The most connections at a time. Further ones wait.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            devices: 20_000,
            journal: Bound {
                entries: 50_000,
                bytes: 128 * 1024 * 1024,
            },
            history: Bound {
                entries: 100_000,
                bytes: 128 * 1024 * 1024,
            },
            connections: 1_000,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            address: IpAddr::from([127, 0, 0, 1]),
            port: 0,
            host: "localhost".to_owned(),
            page: true,
            credentials: None,
            apns_storage: ApnsStorage::default(),
            limits: Limits::default(),
        }
    }
}
