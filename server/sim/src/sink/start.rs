//! Starts the listeners of a sink, and is what a bench holds.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use tokio::{net::TcpListener, sync::Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    admin,
    entrance::Entrance,
    tally::{Sample, SinkCounts, Tally},
};
use crate::{
    credentials::Credentials,
    setup::{Addresses, Setup},
    simulator::StartError,
};

/// How a sink is started.
#[derive(Debug, Clone)]
pub struct SinkOptions {
    /// The address to listen on.
    pub address: IpAddr,
    /// The port of the admin API; the next one takes pushes. 0: each gets one that is free.
    pub port: u16,
    /// The host name in URLs and in the certificate, which also holds `localhost`, `127.0.0.1` and `::1`.
    pub host: String,
    /// The keys of an earlier start; absent, new ones are made.
    pub credentials: Option<Credentials>,
    /// Tell pushes apart: see [`SinkCounts::distinct`].
    pub counts_distinct: bool,
    /// The most connections at a time. Further ones wait.
    pub connections: usize,
}

impl Default for SinkOptions {
    fn default() -> Self {
        Self {
            address: IpAddr::from([127, 0, 0, 1]),
            port: 0,
            host: "localhost".to_owned(),
            credentials: None,
            counts_distinct: false,
            connections: 1_000,
        }
    }
}

/// A running sink: it takes every push and checks none. It stops when it is shut down or dropped.
#[derive(Debug)]
pub struct Sink {
    tally: Arc<Tally>,
    setup: Arc<Setup>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Sink {
    /// Starts the listeners.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(options: SinkOptions) -> Result<Self, StartError> {
        let credentials = match options.credentials {
            Some(credentials) => credentials,
            None => Credentials::generate()?,
        };
        let identity = credentials.authority()?.issue(&options.host)?;
        let (admin, pushes) = ports(options.port)?;
        let admin = bind((options.address, admin).into()).await?;
        let pushes = bind((options.address, pushes).into()).await?;
        let addresses = addresses(&admin, &pushes).map_err(|source| StartError::Listen {
            address: (options.address, options.port).into(),
            source,
        })?;
        let sink = Self {
            tally: Arc::new(Tally::new(options.counts_distinct)),
            setup: Arc::new(Setup::new(credentials, addresses, &options.host)),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let entrance = Entrance {
            tls: TlsAcceptor::from(identity.tls(&["h2"])?),
            tally: Arc::clone(&sink.tally),
            places: Arc::new(Semaphore::new(options.connections.max(1))),
            tasks: sink.tasks.clone(),
            shutdown: sink.shutdown.clone(),
        };
        sink.tasks.spawn(entrance.listen(pushes));
        let router = admin::router(&sink.tally, &sink.setup);
        let shutdown = sink.shutdown.clone();
        sink.tasks
            .spawn(crate::admin::serve(admin, router, shutdown));
        Ok(sink)
    }

    /// What a sender needs. All services have the same address.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// How many requests there were.
    #[must_use]
    pub fn counts(&self) -> SinkCounts {
        self.tally.view()
    }

    /// The first push that came.
    #[must_use]
    pub fn sample(&self) -> Option<Sample> {
        self.tally.sample()
    }

    /// Begins to count anew.
    pub fn reset(&self) {
        self.tally.reset();
    }

    /// Stops the listeners, cuts connections and waits until everything has ended.
    pub async fn shutdown(self) {
        self.shutdown.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn ports(first: u16) -> Result<(u16, u16), StartError> {
    match first {
        0 => Ok((0, 0)),
        _ => {
            let next = first.checked_add(1).ok_or(StartError::Port(first))?;
            Ok((first, next))
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| StartError::Listen { address, source })
}

fn addresses(admin: &TcpListener, pushes: &TcpListener) -> io::Result<Addresses> {
    let all = pushes.local_addr()?;
    Ok(Addresses {
        admin: admin.local_addr()?,
        fcm: all,
        apns: all,
        apns_sandbox: all,
        web_push: all,
        hms: all,
        rustore: all,
    })
}
