//! A TCP proxy that cuts what goes through it, at any byte, and refuses what comes then.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// The connection that talks next is cut when one is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    wants_cut: Arc<AtomicBool>,
    cuts: watch::Sender<usize>,
    refuses: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            wants_cut: Arc::default(),
            cuts: watch::Sender::new(0),
            refuses: Arc::default(),
        };
        tokio::spawn(proxy.clone().run(listener, server));
        proxy
    }

    async fn run(self, listener: TcpListener, server: SocketAddr) {
        while let Ok((near, _)) = listener.accept().await {
            if self.refuses.load(Ordering::Relaxed) {
                continue;
            }
            let proxy = self.clone();
            tokio::spawn(async move {
                let far = TcpStream::connect(server).await.unwrap();
                proxy.carry(near, far).await;
            });
        }
    }

    /// Cuts the connection that talks next, and waits until that is done.
    pub(crate) async fn cut(&self) {
        let mut cuts = self.cuts.subscribe();
        cuts.mark_unchanged();
        self.wants_cut.store(true, Ordering::Relaxed);
        cuts.changed().await.unwrap();
    }

    /// Says whether to refuse connections from here on.
    pub(crate) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Relaxed);
    }

    pub(crate) fn cuts(&self) -> usize {
        *self.cuts.borrow()
    }

    async fn carry(&self, near: TcpStream, far: TcpStream) {
        for line in [&near, &far] {
            line.set_nodelay(true).unwrap();
        }
        let ((near_read, near_write), (far_read, far_write)) =
            (near.into_split(), far.into_split());
        tokio::select! {
            () = self.pump(near_read, far_write) => {}
            () = self.pump(far_read, near_write) => {}
        }
    }

    /// Carries one direction until it ends or is cut.
    async fn pump(&self, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
        let mut chunk = [0; 4_096];
        loop {
            let length = from.read(&mut chunk).await.unwrap_or(0);
            if length == 0 {
                return;
            }
            if self.wants_cut.swap(false, Ordering::Relaxed) {
                // Somewhere inside a message, each time elsewhere.
                let passes = (self.cuts() * 13 % 97).min(length);
                to.write_all(&chunk[..passes]).await.ok();
                return self.cuts.send_modify(|cuts| *cuts += 1);
            }
            if to.write_all(&chunk[..length]).await.is_err() {
                return;
            }
        }
    }
}
