//! What a sender asks about a notification: explain, cancel, retry, events.

use serde_json::Value;

use crate::world::{World, result};

#[test]
fn a_sender_asks_what_became_of_a_notification() {
    let world = World::new(&[]);
    let server = world.serve("127.0.0.1:0");
    let ask = |arguments: &[&str]| {
        let all = [&["--json"], arguments].concat();
        world.sender(&server.url, &all).output().unwrap()
    };
    world.go_online(&server.url, "anna").leave();
    let sent = result(&ask(&["send", "--user", "anna", "Order 8812"]));
    let id = sent["id"].as_str().unwrap();

    let told = result(&ask(&["explain", id, "--user", "anna", "--lang", "ru"]));
    let statements = told["statements"].as_array().unwrap();
    let last = statements.last().unwrap();
    assert_eq!(last["code"], "waits_for_device", "{told}");
    assert!(
        last["text"]
            .as_str()
            .unwrap()
            .starts_with("Оно ждёт устройства")
    );
    let each = result(&ask(&["explain", id]));
    assert_eq!(each["user"], "anna", "the one recipient: {each}");
    let both = ask(&[
        "explain",
        each["delivery_id"].as_str().unwrap(),
        "--user",
        "anna",
    ]);
    assert_eq!(both.status.code(), Some(2));

    let nothing = ask(&["retry", id]);
    assert_eq!(nothing.status.code(), Some(3), "{nothing:?}");
    let problem: Value = serde_json::from_slice(&nothing.stdout).unwrap();
    assert_eq!(problem["error"]["code"], "notification.nothing_lost");
    let cancelled = result(&ask(&["cancel", id]));
    assert_eq!(cancelled["status"], "cancelled", "{cancelled}");

    let first = result(&ask(&["events", "--count", "1"]));
    assert_eq!(first["type"], "installation.registered", "{first}");
    let after = first["id"].as_str().unwrap();
    let rest = ask(&["events", "--after", after]);
    let lines = String::from_utf8(rest.stdout).unwrap();
    let rest = lines
        .lines()
        .map(|line| -> Value { serde_json::from_str(line).unwrap() });
    let of_it = rest.filter(|event| event["data"]["notification_id"] == id);
    let kinds: Vec<_> = of_it.map(|event| event["type"].clone()).collect();
    assert!(kinds.len() > 1, "{kinds:?}");
    assert_eq!(kinds.last().unwrap(), "notification.cancelled", "{kinds:?}");
}
