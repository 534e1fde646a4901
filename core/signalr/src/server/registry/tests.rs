use super::*;
use crate::server::{SendError, clock, connection::Opening, frame::Frame};
use crate::{
    protocol::Protocol,
    server::queue::{Popped, QueueLimits},
};

fn enter(hub: &HubHandle, id: &str) -> Connection {
    let limits = QueueLimits {
        frames: 1,
        bytes: 100,
        batch: 1_024,
    };
    let connection = Connection::new(Opening {
        id: ConnectionId::new(id),
        hub: hub.clone(),
        limits,
        extensions: http::Extensions::new(),
        now: clock::now(),
    });
    hub.enter(&connection);
    connection.speak(Protocol::Json);
    connection
}

#[test]
fn reaches_those_under_a_key_until_they_leave_or_end() {
    let hub = HubHandle::default();
    let (ada, bob) = (enter(&hub, "ada"), enter(&hub, "bob"));
    let frame = Frame::new("News", ());
    assert!(hub.join("room", ada.id()) && hub.join("room", ada.id()));
    assert!(hub.join("room", bob.id()) && hub.join("hall", bob.id()));
    assert_eq!(hub.group("room").send(&frame).queued, 2);
    let outcome = hub.group("room").send(&frame);
    assert_eq!((outcome.queued, outcome.full.len()), (0, 2));
    assert!(hub.leave("room", ada.id()) && !hub.leave("room", ada.id()));
    hub.exit(bob.id());
    assert_eq!((hub.key_count("room"), hub.key_count("hall")), (0, 0));
    assert!(hub.read().groups.len() == 0, "an empty key is forgotten");
    assert!(!hub.join("room", bob.id()));
    assert!(hub.connection(bob.id()).is_none() && hub.connection(ada.id()).is_some());
}

#[test]
fn asks_late_comers_of_a_draining_hub_to_close() {
    let hub = HubHandle::default();
    hub.write().draining = Some(Draining {
        allow_reconnect: true,
    });
    let late = enter(&hub, "late");
    assert_eq!(late.try_send(&Frame::new("News", ())), Err(SendError::Gone));
}

/// Ada in the room and the hall, Bob in the room, Cat nowhere; Ada and Cat are one user.
fn people() -> (HubHandle, [Connection; 3]) {
    let hub = HubHandle::default();
    let people = ["ada", "bob", "cat"].map(|id| enter(&hub, id));
    for (key, id) in [("room", "ada"), ("room", "bob"), ("hall", "ada")] {
        assert!(hub.join(key, &ConnectionId::new(id)));
    }
    for (user, id) in [("u", "ada"), ("v", "bob"), ("u", "cat")] {
        assert!(hub.name(user, 2, &ConnectionId::new(id)));
    }
    (hub, people)
}

/// Who gets a frame; each connection's queue holds one only.
fn check(clients: impl FnOnce(&HubHandle, &[Connection; 3]) -> Vec<Broadcast>, expected: &[&str]) {
    let (hub, people) = people();
    let outcomes = clients(&hub, &people);
    let queued: usize = outcomes.iter().map(|outcome| outcome.queued).sum();
    assert!(outcomes.iter().all(|outcome| outcome.full.is_empty()));
    let reached: Vec<&str> = people
        .iter()
        .filter(|connection| connection.queue().pop().0 != Popped::Empty)
        .map(|connection| connection.id().as_str())
        .collect();
    assert_eq!((reached.as_slice(), queued), (expected, expected.len()));
}

#[test]
fn addresses_each_connection_once() {
    let frame = &Frame::new("News", ());
    check(|hub, _| vec![hub.all().send(frame)], &["ada", "bob", "cat"]);
    check(
        |hub, _| vec![hub.group("room").send(frame)],
        &["ada", "bob"],
    );
    check(
        |hub, _| vec![hub.groups(["room", "hall", "attic"]).send(frame)],
        &["ada", "bob"],
    );
    check(|hub, _| vec![hub.user("u").send(frame)], &["ada", "cat"]);
    check(
        |hub, _| vec![hub.users(["u", "v", "w"]).send(frame)],
        &["ada", "bob", "cat"],
    );
    // A user is not a group, whatever the names.
    check(
        |hub, _| vec![hub.group("u").send(frame), hub.user("room").send(frame)],
        &[],
    );
    check(
        |hub, [ada, _, cat]| {
            let nobody = ConnectionId::new("nobody");
            vec![hub.connections([ada.id(), cat.id(), &nobody]).send(frame)]
        },
        &["ada", "cat"],
    );
}

#[test]
fn leaves_out_whom_it_is_told_to() {
    let frame = &Frame::new("News", ());
    check(
        |_, [ada, ..]| vec![ada.others().send(frame)],
        &["bob", "cat"],
    );
    check(
        |_, [ada, ..]| vec![ada.others_in("room").send(frame)],
        &["bob"],
    );
    check(
        |_, [.., cat]| vec![cat.others_in("room").send(frame)],
        &["ada", "bob"],
    );
    check(
        |hub, [ada, _, cat]| vec![hub.all().except([ada.id()]).except([cat.id()]).send(frame)],
        &["bob"],
    );
    check(
        |hub, [ada, ..]| vec![hub.user("u").except([ada.id()]).send(frame)],
        &["cat"],
    );
}

#[test]
fn forgets_users_with_their_connections() {
    let (hub, [ada, ..]) = people();
    assert_eq!(hub.user("u").count(), 2);
    hub.exit(ada.id());
    assert_eq!(hub.user("u").count(), 1);
    hub.exit(&ConnectionId::new("cat"));
    assert_eq!(hub.read().users.len(), 1);
    hub.name("u", 2, ada.id());
    assert_eq!(hub.read().users.len(), 1, "the dead are under no name");
}

#[test]
fn a_user_has_only_so_many_connections() {
    let (hub, [ada, ..]) = people();
    let late = enter(&hub, "late");
    assert!(!hub.name("u", 2, late.id()));
    assert_eq!(hub.user("u").count(), 2);
    hub.exit(ada.id());
    assert!(hub.name("u", 2, late.id()));
}
