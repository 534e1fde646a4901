//! Names to addresses.

use std::{
    fmt::{self, Debug},
    future::Future,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    pin::Pin,
    sync::{Arc, LazyLock},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

/// How many lookups of one client are under way at a time.
const OF_CLIENT: usize = 32;
/// How many lookups of a client of several Apps are under way at a time.
const OF_SHARED: usize = 128;
/// How many lookups of all clients are under way at a time: half of the threads that a runtime has for what
/// blocks.
const OF_ALL: usize = 256;

static ALL: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(OF_ALL)));

/// The addresses of a host, as they come.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>>;

/// Finds the addresses of a host.
///
/// A client asks once per connection and connects to what it was answered then: nothing is asked
/// between the check of an address and its use.
pub trait Resolve: Debug + Send + Sync + 'static {
    /// The addresses of a host: a name, or an IP address without brackets.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Addresses<'a>;
}

impl<R: Resolve + ?Sized> Resolve for Arc<R> {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Addresses<'a> {
        (**self).resolve(host, port)
    }
}

/// The resolver of the operating system. Clones are the same one.
///
/// A lookup holds a thread until the name servers answer or the system gives up, also when nobody waits for
/// it any more. So each client has a resolver of its own, of which 32 lookups are under way at a time, 128
/// if several Apps share it, and 256 of all: names whose servers are silent keep those waiting who chose them, and nobody else.
#[derive(Clone)]
pub struct SystemResolver {
    lookup: fn(&str, u16) -> io::Result<Vec<SocketAddr>>,
    own: Arc<Semaphore>,
    all: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            lookup,
            own: Arc::new(Semaphore::new(OF_CLIENT)),
            all: Arc::clone(&ALL),
        }
    }
}

impl SystemResolver {
    /// For a client that several Apps share: the names of one must not take all that it has.
    #[must_use]
    pub fn shared() -> Self {
        Self {
            own: Arc::new(Semaphore::new(OF_SHARED)),
            ..Self::default()
        }
    }
}

impl Debug for SystemResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = self.own.available_permits();
        f.debug_struct("SystemResolver")
            .field("free", &free)
            .finish_non_exhaustive()
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Addresses<'a> {
        Box::pin(async move {
            if let Ok(address) = host.parse::<IpAddr>() {
                return Ok(vec![SocketAddr::new(address, port)]);
            }
            let permits = [permit(&self.own).await?, permit(&self.all).await?];
            let (lookup, host) = (self.lookup, host.to_owned());
            // The permits go where the thread is: a caller that gives up does not end the lookup.
            let found = spawn_blocking(move || {
                let found = lookup(&host, port);
                drop(permits);
                found
            });
            found.await.map_err(io::Error::other)?
        })
    }
}

async fn permit(lookups: &Arc<Semaphore>) -> io::Result<OwnedSemaphorePermit> {
    let permit = Arc::clone(lookups).acquire_owned().await;
    permit.map_err(io::Error::other)
}

fn lookup(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok((host, port).to_socket_addrs()?.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use futures_util::poll;

    use super::*;

    /// Whether the name servers of `silent.example` answer.
    static ANSWERS: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

    fn wait() {
        let answers = ANSWERS.0.lock().unwrap();
        drop(ANSWERS.1.wait_while(answers, |answers| !*answers).unwrap());
    }

    fn scripted(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        if host == "silent.example" {
            wait();
        }
        Ok(vec![SocketAddr::from(([192, 0, 2, 1], port))])
    }

    fn resolver(own: usize, all: &Arc<Semaphore>) -> SystemResolver {
        SystemResolver {
            lookup: scripted,
            own: Arc::new(Semaphore::new(own)),
            all: Arc::clone(all),
        }
    }

    #[tokio::test]
    async fn silent_name_servers_keep_only_those_waiting_who_chose_them() {
        let all = Arc::new(Semaphore::new(3));
        let (hostile, quiet) = (resolver(2, &all), resolver(2, &all));
        for _ in 0..2 {
            // Its caller gives up, and the thread goes on.
            assert!(poll!(hostile.resolve("silent.example", 443)).is_pending());
        }
        assert_eq!(hostile.own.available_permits(), 0);
        let mut waits = hostile.resolve("loud.example", 443);
        assert!(poll!(&mut waits).is_pending());
        let found = quiet.resolve("loud.example", 443).await.unwrap();
        assert_eq!(found, [SocketAddr::from(([192, 0, 2, 1], 443))]);
        // An address is no name.
        let literal = hostile.resolve("192.0.2.7", 25).await.unwrap();
        assert_eq!(literal, [SocketAddr::from(([192, 0, 2, 7], 25))]);

        *ANSWERS.0.lock().unwrap() = true;
        ANSWERS.1.notify_all();
        assert_eq!(waits.await.unwrap(), found);
    }

    #[tokio::test]
    async fn the_system_knows_this_machine() {
        let found = SystemResolver::default().resolve("localhost", 80).await;
        assert!(found.unwrap().iter().all(|found| found.ip().is_loopback()));
    }
}
