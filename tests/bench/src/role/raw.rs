//! The unit: a loop that writes the same bytes to each socket, without a runtime and without a protocol.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use anyhow::{Context as _, Result, bail};
use socket2::{Domain, Socket, Type};

type Sockets = Arc<Mutex<Vec<TcpStream>>>;

/// Serves clients of one listener by the orders that come to the other, until the process is ended.
pub(crate) fn serve(clients: TcpListener, control: &TcpListener) -> Result<()> {
    let sockets = Sockets::default();
    let accepted = Arc::clone(&sockets);
    thread::spawn(move || accept(&clients, &accepted));
    // Whoever only looks whether we listen says nothing.
    for stream in control.incoming() {
        obey(stream?, &sockets)?;
    }
    Ok(())
}

/// Listens, on any free port when it is 0, so that a thousand clients may knock at once: the standard library's queue is short.
pub(crate) fn listen(port: u16) -> Result<TcpListener> {
    const KNOCKING: i32 = 4096;
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    socket.bind(&address.into())?;
    socket.listen(KNOCKING)?;
    Ok(socket.into())
}

fn accept(listener: &TcpListener, sockets: &Sockets) {
    for mut stream in listener.incoming().flatten() {
        stream.set_nodelay(true).ok();
        let mut sockets = sockets.lock().unwrap_or_else(PoisonError::into_inner);
        // Tells the client that it will miss nothing any more.
        if stream.write_all(b"+").is_ok() {
            sockets.push(stream);
        }
    }
}

/// `all LENGTH` and `echo LENGTH`, each followed by that many bytes.
fn obey(stream: TcpStream, sockets: &Sockets) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut answers = stream.try_clone()?;
    let mut orders = BufReader::new(stream);
    let mut order = String::new();
    while orders.read_line(&mut order)? > 0 {
        let (verb, length) = order
            .trim()
            .split_once(' ')
            .context("an order has a length")?;
        let mut body = vec![0; length.parse()?];
        orders.read_exact(&mut body)?;
        match verb {
            "all" => {
                write_to_all(&body, sockets);
                answers.write_all(b"+")?;
            }
            "echo" => answers.write_all(&body)?,
            other => bail!("nobody knows the order {other}"),
        }
        order.clear();
    }
    Ok(())
}

fn write_to_all(body: &[u8], sockets: &Sockets) {
    let mut sockets = sockets.lock().unwrap_or_else(PoisonError::into_inner);
    // The sink sees by itself that something is missing.
    sockets.retain_mut(|socket| socket.write_all(body).is_ok());
}
