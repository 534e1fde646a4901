//! `vestnik status --watch` over a restart of the server (row 20 of the reports).

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use serde_json::Value;

use crate::world::{World, result};

#[test]
fn a_watch_goes_on_when_the_server_is_back() {
    let world = World::new(&[]);
    let server = world.serve("127.0.0.1:0");
    let (url, address) = (server.url.clone(), server.address());
    world.go_online(&url, "anna").leave();
    let mut send = world.sender(&url, &["--json", "send", "--user", "anna", "Order 8812"]);
    let sent = result(&send.output().unwrap());
    let id = sent["id"].as_str().unwrap();

    let mut watch = world.sender(&url, &["--json", "status", id, "--watch"]);
    let watch = watch.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut watch = watch.unwrap();
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut items = lines.map(|line| -> Value { serde_json::from_str(&line.unwrap()).unwrap() });
    let first = items.next().unwrap();
    assert_eq!(first["counts"]["pending"], 1, "{first}");

    // Killed, with nothing said to anybody.
    drop(server);
    let _server = world.serve(&address);
    let more = ["--json", "--count", "1", "--mark-read"];
    let mut listen = world.listen(&url, "anna", &more);
    let listened = listen.output().unwrap();
    assert!(listened.status.success(), "{listened:?}");

    let rest: Vec<_> = items.collect();
    let last = rest.last().unwrap();
    assert_eq!(last["counts"]["read"], 1, "{rest:?}");
    let versions: Vec<_> = [&first].into_iter().chain(&rest).map(version).collect();
    assert!(
        versions.is_sorted_by(|one, next| one < next),
        "{versions:?}"
    );
    assert_eq!(watch.wait().unwrap().code(), Some(0));
}

fn version(item: &Value) -> u64 {
    item["version"].as_u64().unwrap()
}
