//! A server below a path of a shared host (row 9 of the reports).

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use crate::world::World;

#[test]
fn a_senders_commands_keep_to_the_servers_path() {
    let world = World::new(&[]);
    let commands: [(&[&str], &str); 3] = [
        (
            &["send", "--user", "anna", "hello"],
            "POST /push/v1/notifications HTTP/1.1",
        ),
        (
            &["status", "ntf_01890a5dac96774bbcceb302099a8057"],
            "GET /push/v1/notifications/ntf_01890a5dac96774bbcceb302099a8057 HTTP/1.1",
        ),
        (&["keys", "list"], "GET /push/v1/keys?limit=200 HTTP/1.1"),
    ];
    for (arguments, expected) in commands {
        let host = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = host.local_addr().unwrap();
        let url = format!("http://{address}/push/");
        let asked = thread::spawn(move || refuse_one(&host));
        let output = world.sender(&url, arguments).output().unwrap();
        // A command that asked nothing does not leave the host waiting.
        drop(TcpStream::connect(address));
        assert_eq!(asked.join().unwrap(), expected, "{output:?}");
    }
}

/// Refuses one request and gives its first line.
fn refuse_one(host: &TcpListener) -> String {
    let (socket, _) = host.accept().unwrap();
    let mut lines = BufReader::new(&socket).lines().map(Result::unwrap);
    let first = lines.next().unwrap_or_default();
    lines.find(|line| line.is_empty());
    let refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    (&socket).write_all(refusal.as_bytes()).unwrap();
    first
}
