use std::{
    net::{Ipv4Addr, TcpListener},
    thread,
};

use super::*;
use crate::{marker, peer::Peer, publish::Publisher, role};

const SOON: Duration = Duration::from_mins(5);

fn raw() -> Peer {
    let path = crate::peer::folder().join("raw.toml");
    Peer::read(&path).unwrap()
}

/// A raw server in a thread of its own, with clients.
fn ground(clients: usize) -> (Sink, Publisher) {
    let (main, control) = (role::listen(0).unwrap(), role::listen(0).unwrap());
    let at = main.local_addr().unwrap();
    let orders = control.local_addr().unwrap();
    thread::spawn(move || role::serve_raw(main, &control));
    let peer = raw();
    let mut sink = Sink::new(at, Script::new(&peer.connect).unwrap()).unwrap();
    sink.connect(clients, SOON).unwrap();
    let publisher = Publisher::connect(orders, &peer.publish).unwrap();
    (sink, publisher)
}

fn collect(sink: &mut Sink, expected: u64, patience: Duration) -> Log {
    let deadline = clock::now() + patience;
    sink.collect(expected, deadline, &Progress::default())
        .unwrap();
    sink.take_log()
}

#[test]
fn every_client_gets_every_message_once() {
    let (mut sink, mut publisher) = ground(50);
    for _ in 0..20 {
        publisher
            .publish(&marker::payload(clock::nanos(), 200))
            .unwrap();
    }
    let log = collect(&mut sink, 1_000, SOON);
    log.must_be_whole(1_000).unwrap();
    let frame = 4 + r#"{"type":1,"target":"Notify","arguments":[""]}"#.len() + 1;
    assert_eq!(log.bytes_per_message(), (frame + 200) as f64);
}

#[test]
fn a_message_that_comes_twice_makes_the_run_void() {
    let (mut sink, mut publisher) = ground(2);
    let payload = marker::payload(clock::nanos(), 200);
    publisher.publish(&payload).unwrap();
    publisher.publish(&payload).unwrap();
    let log = collect(&mut sink, 4, SOON);
    assert!(log.must_be_whole(4).is_err());
}

#[test]
fn stalled_clients_read_nothing_until_they_resume() {
    let (mut sink, mut publisher) = ground(4);
    sink.stall(&[0, 1]);
    publisher
        .publish(&marker::payload(clock::nanos(), 200))
        .unwrap();
    let log = collect(&mut sink, 2, SOON);
    log.must_be_whole(2).unwrap();
    let resumed = sink.resume(Duration::from_millis(200)).unwrap();
    assert_eq!((resumed.received, resumed.cut), (2, 0));
}

#[test]
fn clients_of_a_server_that_says_no_are_an_error() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::Write as _;
            let answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
            stream.unwrap().write_all(answer).unwrap();
        }
    });
    let peers = Peer::all().unwrap();
    let ws = peers.iter().find(|peer| peer.name == "ws").unwrap();
    let mut sink = Sink::new(address, Script::new(&ws.connect).unwrap()).unwrap();
    let error = sink.connect(1, SOON).unwrap_err();
    assert!(format!("{error:#}").contains("404"), "{error:#}");
}
