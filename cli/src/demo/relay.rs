//! A loopback relay whose line can be cut: the tunnel a device rides into.

use std::{io, net::SocketAddr};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Forwards connections to one address while the line is whole; cut, it drops those it has and
/// refuses new ones.
#[derive(Debug)]
pub(crate) struct Relay {
    address: SocketAddr,
    is_whole: watch::Sender<bool>,
    stop: CancellationToken,
}

impl Relay {
    /// Starts a relay to `target` on a free port.
    pub(crate) async fn start(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (is_whole, line) = watch::channel(true);
        let stop = CancellationToken::new();
        tokio::spawn(
            stop.clone()
                .run_until_cancelled_owned(accept(listener, target, line)),
        );
        Ok(Self {
            address,
            is_whole,
            stop,
        })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn cut(&self) {
        self.is_whole.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.is_whole.send_replace(true);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, line: watch::Receiver<bool>) {
    let mut lines = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((device, _)) = accepted else { return };
                if *line.borrow() {
                    lines.spawn(forward(device, target, line.clone()));
                }
            }
            Some(_) = lines.join_next() => {}
        }
    }
}

async fn forward(mut device: TcpStream, target: SocketAddr, mut line: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut device, &mut server) => {}
        _ = line.wait_for(|is_whole| !is_whole) => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_cut_line_drops_what_it_has_and_a_mended_one_carries_again() {
        let server = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let relay = Relay::start(server.local_addr().unwrap()).await.unwrap();

        let mut device = TcpStream::connect(relay.address()).await.unwrap();
        let (mut line, _) = server.accept().await.unwrap();
        device.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        line.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"ping");

        relay.cut();
        assert_eq!(device.read(&mut heard).await.unwrap_or(0), 0);

        relay.mend();
        let mut device = TcpStream::connect(relay.address()).await.unwrap();
        let (mut line, _) = server.accept().await.unwrap();
        line.write_all(b"pong").await.unwrap();
        device.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"pong");
    }
}
