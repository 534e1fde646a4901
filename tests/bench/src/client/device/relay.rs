//! Counts what goes over a wire.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use anyhow::Result;

/// Passes connections on to a server and counts their bytes, until the program ends.
#[derive(Debug)]
pub(super) struct Relay {
    address: SocketAddr,
    count: Arc<Count>,
}

/// Bytes so far.
#[derive(Debug, Default)]
struct Count {
    up: AtomicU64,
    down: AtomicU64,
}

/// Bytes of TCP's payload, of all connections.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes {
    /// From the device to the server.
    pub(super) up: u64,
    /// From the server to the device.
    pub(super) down: u64,
}

impl Relay {
    pub(super) fn start(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let count = Arc::new(Count::default());
        let counting = Arc::clone(&count);
        thread::spawn(move || {
            for device in listener.incoming() {
                // A connection that cannot be had is one that the device does not get.
                drop(device.and_then(|device| pass(device, server, &counting)));
            }
        });
        Ok(Self { address, count })
    }

    /// Where a device finds the server.
    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(super) fn bytes(&self) -> Bytes {
        Bytes {
            up: self.count.up.load(Ordering::Relaxed),
            down: self.count.down.load(Ordering::Relaxed),
        }
    }
}

fn pass(device: TcpStream, server: SocketAddr, count: &Arc<Count>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    for end in [&device, &server] {
        end.set_nodelay(true)?;
    }
    let ways = [
        (device.try_clone()?, server.try_clone()?, true),
        (server, device, false),
    ];
    for (from, to, is_up) in ways {
        let count = Arc::clone(count);
        thread::spawn(move || {
            let counter = if is_up { &count.up } else { &count.down };
            // One way ends as the other end says or breaks.
            drop(copy(&from, &to, counter));
            drop(to.shutdown(Shutdown::Write));
        });
    }
    Ok(())
}

fn copy(mut from: &TcpStream, mut to: &TcpStream, counter: &AtomicU64) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        counter.fetch_add(count as u64, Ordering::Relaxed);
        to.write_all(&buffer[..count])?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_each_way() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let relay = Relay::start(listener.local_addr().unwrap()).unwrap();
        let mut device = TcpStream::connect(relay.address).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        device.write_all(b"hello").unwrap();
        server.read_exact(&mut [0; 5]).unwrap();
        server.write_all(b"hi").unwrap();
        drop(server);
        let mut answer = Vec::new();
        device.read_to_end(&mut answer).unwrap();
        let bytes = relay.bytes();
        assert_eq!((answer, bytes.up, bytes.down), (b"hi".to_vec(), 5, 2));
    }
}
