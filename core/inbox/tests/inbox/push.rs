//! Pushes, in an extension process and in the app.

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use serde_json::json;
use tempfile::TempDir;
use vestnik_envelope::{Context, PublicKey, seal};
use vestnik_inbox::{
    Device, MemorySecrets, Offset, Payload, SecretStore as _, ShowState, Stamp, Suppression,
    Withdrawal,
    push::{Draw, Opened, PARCEL_BYTES, PushKeys, Undrawn, handle, open},
    secret::{ENVELOPE, ExposeSecret as _},
    spool,
};
use vestnik_model::{InstallationId, NotificationId, UserId};

use super::world::{World, anna, at, content, folder, id};

/// A device beside which there is an extension.
struct Phone {
    folder: TempDir,
    secrets: MemorySecrets,
    device: Device,
}

fn stamp(day: i64, random: u8) -> Stamp {
    Stamp {
        now: at(day * 86_400),
        offset: Offset::Heard(SignedDuration::ZERO),
        random: [random; 32],
    }
}

impl Phone {
    fn new() -> Self {
        let (folder, secrets) = (folder(), MemorySecrets::default());
        let opened = Device::open(folder.path(), &secrets, &stamp(0, 1)).unwrap();
        let mut phone = Self {
            folder,
            secrets,
            device: opened.device,
        };
        phone.log_in(&anna(), 1);
        phone
    }

    fn log_in(&mut self, user: &UserId, generation: u64) {
        self.device
            .log_in(&self.secrets, generation, user, &"vr".into())
            .unwrap();
    }

    /// The server says what time it is, by which the device's clock is ahead by so many days; gives whether
    /// there is a new key.
    fn hear(&mut self, day: i64, ahead: i64) -> bool {
        let stamp = Stamp {
            offset: Offset::Heard(SignedDuration::from_hours(-24 * ahead)),
            ..stamp(day + ahead, u8::try_from(day).unwrap() + 100)
        };
        self.device.renew_keys(&self.secrets, &stamp).unwrap()
    }

    fn reopened(self, day: i64, random: u8) -> Self {
        let Self {
            folder,
            secrets,
            device,
        } = self;
        device.close().unwrap();
        let opened = Device::open(folder.path(), &secrets, &stamp(day, random)).unwrap();
        Self {
            folder,
            secrets,
            device: opened.device,
        }
    }

    /// The keys as an extension reads them.
    fn keys(&self) -> PushKeys {
        let text = self.secrets.get(ENVELOPE).unwrap().unwrap();
        PushKeys::parse(text.expose_secret()).unwrap()
    }

    fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    fn push(&self, number: u64) -> Vec<u8> {
        let payload = Payload::new(Some(anna()), content(number, json!({})));
        self.sealed(&payload, id(number))
    }

    fn sealed(&self, payload: &Payload, notification: NotificationId) -> Vec<u8> {
        let installation = self.device.identity().id;
        let key = self.device.push_keys().public_text();
        sealed(payload, (installation, notification), &key)
    }

    /// A push that withdraws a notification of a user.
    fn withdrawal(&self, number: u64, user: &UserId) -> Vec<u8> {
        let installation = self.device.identity().id;
        let key = self.device.push_keys().public_text();
        let content = serde_json::to_vec(&Withdrawal::new(user.clone(), id(number))).unwrap();
        let envelope = envelope(&content, (installation, id(number)), &key);
        let parcel = json!({"v": 1, "id": "att_2", "withdraws": id(number), "envelope": envelope});
        json!({"vestnik": parcel}).to_string().into_bytes()
    }

    fn draw(&self, push: &[u8]) -> Draw {
        handle(push, Some(&self.keys()), &self.spool())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.spool()).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "seen").collect();
        names.sort();
        names
    }
}

fn sealed(
    payload: &Payload,
    (installation, notification): (InstallationId, NotificationId),
    key: &str,
) -> Vec<u8> {
    let content = serde_json::to_vec(payload).unwrap();
    let envelope = envelope(&content, (installation, notification), key);
    let parcel = json!({
        "v": 1, "id": "att_1", "notification": notification, "envelope": envelope,
    });
    parcel.to_string().into_bytes()
}

fn envelope(
    content: &[u8],
    (installation, notification): (InstallationId, NotificationId),
    key: &str,
) -> String {
    let key = PublicKey::parse(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
    let context = Context {
        installation,
        notification,
    };
    URL_SAFE_NO_PAD.encode(seal(content, &key, &context, [9; 32]).unwrap())
}

fn nothing(draw: &Draw) -> Undrawn {
    match draw {
        Draw::Nothing { why, .. } => *why,
        Draw::Show { .. } | Draw::Withdraw(_) | Draw::Generic { .. } => panic!("{draw:?}"),
    }
}

fn generic(draw: &Draw) -> Undrawn {
    match draw {
        Draw::Generic { why, .. } => *why,
        Draw::Show { .. } | Draw::Withdraw(_) | Draw::Nothing { .. } => panic!("{draw:?}"),
    }
}

fn shown(draw: Draw) -> NotificationId {
    match draw {
        Draw::Show {
            ticket,
            notification,
        } => {
            ticket.shown().unwrap();
            notification.id
        }
        Draw::Withdraw(_) | Draw::Generic { .. } | Draw::Nothing { .. } => panic!("{draw:?}"),
    }
}

#[test]
fn an_extension_draws_what_was_sealed_for_it_once() {
    let phone = Phone::new();
    assert_eq!(shown(phone.draw(&phone.push(1))), id(1));
    assert_eq!(nothing(&phone.draw(&phone.push(1))), Undrawn::Duplicate);
    let mut world = World::new();
    let ingested = world.write(|inbox| spool::ingest(inbox, &phone.spool()));
    assert_eq!(ingested.applied.inserted, [id(1)]);
    ingested.remove_files().unwrap();
    assert_eq!(world.kinds(1), ["delivered", "displayed"]);
    assert_eq!(world.show_all(), []);
}

#[test]
fn what_the_app_has_begun_to_show_is_not_drawn_by_an_extension() {
    let phone = Phone::new();
    fs::create_dir(phone.spool()).unwrap();
    spool::mark_seen(&phone.spool(), id(1), Some(0)).unwrap();
    spool::mark_seen(&phone.spool(), id(2), None).unwrap();
    for number in [1, 2] {
        assert_eq!(
            nothing(&phone.draw(&phone.push(number))),
            Undrawn::Duplicate
        );
    }
    let newer = Payload::new(Some(anna()), content(1, json!({"revision": 1})));
    assert_eq!(shown(phone.draw(&phone.sealed(&newer, id(1)))), id(1));
}

#[test]
fn a_push_without_an_envelope_is_drawn_without_content() {
    let phone = Phone::new();
    let hint = json!({"v": "1", "id": "att_1", "notification": id(1)}).to_string();
    assert_eq!(generic(&phone.draw(hint.as_bytes())), Undrawn::Hint);
    assert!(matches!(
        open(hint.as_bytes(), &phone.keys()),
        Ok(Opened::Hint(Some(about))) if about == id(1)
    ));
    assert_eq!(phone.names(), [""; 0]);
}

#[test]
fn what_cannot_be_opened_is_reported_by_the_app() {
    let phone = Phone::new();
    let installation = phone.device.identity().id;
    let other = PushKeys::parse(
        &json!({"installation": installation, "user": "anna", "keys":
            URL_SAFE_NO_PAD.encode(&*vestnik_envelope::KeyRing::new(at(0), [7; 32]).to_bytes())})
        .to_string(),
    )
    .unwrap();
    let payload = |number| Payload::new(Some(anna()), content(number, json!({})));
    let unknown = sealed(&payload(1), (installation, id(1)), &other.public_text());
    // Sealed for another notification than the one that is named: moved by somebody.
    let key = phone.device.push_keys().public_text();
    let moved = sealed(&payload(3), (installation, id(3)), &key);
    let moved = String::from_utf8(moved).unwrap();
    let moved = moved.replace(&id(3).to_string(), &id(2).to_string());
    // It says that it is another one.
    let wrong = sealed(&payload(5), (installation, id(4)), &key);
    assert_eq!(generic(&phone.draw(&unknown)), Undrawn::UnknownKey);
    assert_eq!(
        generic(&phone.draw(moved.as_bytes())),
        Undrawn::DecryptFailed
    );
    assert_eq!(generic(&phone.draw(&wrong)), Undrawn::DecryptFailed);
    assert_eq!(phone.names().len(), 3);
    // The second came by the hub meanwhile.
    let mut world = World::new();
    world.page(vec![super::world::notification(2)]);
    let ingested = world.write(|inbox| spool::ingest(inbox, &phone.spool()));
    assert!(ingested.is_key_in_doubt);
    ingested.remove_files().unwrap();
    assert_eq!(phone.names(), [""; 0]);
    assert_eq!(world.kinds(1), ["not_shown"]);
    assert_eq!(world.read(|history| history.facts_waiting()), 3);
    assert_eq!(world.kinds(2), ["delivered"]);
    let facts = world.facts();
    let about = |number: u64| {
        let about = id(number).to_string();
        let fact = facts
            .iter()
            .find(|fact| fact.notification_id.as_deref() == Some(&about));
        fact.and_then(|fact| fact.body.clone())
    };
    assert_eq!(about(1), Some(json!({"reason": "decrypt.unknown_key"})));
    assert_eq!(about(4), Some(json!({"reason": "decrypt.failed"})));
}

#[test]
fn nothing_is_drawn_of_what_is_not_ours() {
    let mut phone = Phone::new();
    for (push, why) in [
        (b"no JSON".to_vec(), Undrawn::Malformed),
        (
            br#"{"aps": {"alert": "another sender"}}"#.to_vec(),
            Undrawn::Malformed,
        ),
        (vec![b' '; PARCEL_BYTES + 1], Undrawn::TooLarge),
    ] {
        assert_eq!(nothing(&phone.draw(&push)), why);
        assert_eq!(nothing(&handle(&push, None, &phone.spool())), why);
    }
    let push = phone.push(1);
    assert_eq!(phone.names(), [""; 0]);
    let boris: UserId = "boris".parse().unwrap();
    phone.log_in(&boris, 2);
    assert_eq!(nothing(&phone.draw(&push)), Undrawn::OtherUser);
    phone.device.log_out(&phone.secrets, 3, None).unwrap();
    assert_eq!(nothing(&phone.draw(&push)), Undrawn::OtherUser);
    let nobody = Payload::new(None, content(2, json!({})));
    let nobody = phone.sealed(&nobody, id(2));
    assert_eq!(nothing(&phone.draw(&nobody)), Undrawn::OtherUser);
    // Nor is it announced that something came.
    for envelope in [None, Some("AQID"), Some("?")] {
        let parcel = json!({"v": 1, "notification": id(3), "envelope": envelope});
        let parcel = parcel.to_string().into_bytes();
        assert_eq!(nothing(&phone.draw(&parcel)), Undrawn::OtherUser);
        assert_eq!(
            open(&parcel, &phone.keys()).unwrap_err().why,
            Undrawn::OtherUser
        );
    }
    phone.log_in(&anna(), 4);
    assert_eq!(shown(phone.draw(&push)), id(1));
}

/// The app is told the time by the server. An extension is not, and its clock may be set while no app runs: by
/// the difference that the app heard, this one expired long ago.
#[test]
fn a_wrong_clock_loses_no_push() {
    let mut phone = Phone::new();
    phone
        .device
        .renew_keys(&phone.secrets, &stamp(0, 2))
        .unwrap();
    let past = content(1, json!({"expires_at": at(-3_600)}));
    let payload = Payload::new(Some(anna()), past);
    assert_eq!(shown(phone.draw(&phone.sealed(&payload, id(1)))), id(1));
}

/// A hint, or what was sealed for another key, says nothing of its content; what it is about may be on the
/// screen.
#[test]
fn what_the_person_has_had_is_not_announced_once_more() {
    let phone = Phone::new();
    let hint = |number| {
        json!({"vestnik": {"v": 1, "id": "att_1", "notification": id(number)}})
            .to_string()
            .into_bytes()
    };
    let draw = |number| phone.draw(&hint(number));
    let Draw::Show { ticket, .. } = phone.draw(&phone.push(1)) else {
        panic!("it is new");
    };
    assert_eq!(nothing(&draw(1)), Undrawn::Duplicate);
    ticket.shown().unwrap();
    assert_eq!(nothing(&draw(1)), Undrawn::Duplicate);
    spool::mark_seen(&phone.spool(), id(2), Some(3)).unwrap();
    spool::mark_seen(&phone.spool(), id(3), None).unwrap();
    for number in [2, 3] {
        assert_eq!(nothing(&draw(number)), Undrawn::Duplicate);
        let locked = handle(&hint(number), None, &phone.spool());
        assert_eq!(nothing(&locked), Undrawn::Duplicate);
    }
    // Nor is what could not be opened.
    let parcel = json!({"v": 1, "notification": id(4), "envelope": "AQID"});
    let odd = phone.draw(parcel.to_string().as_bytes());
    assert_eq!(generic(&odd), Undrawn::DecryptFailed);
    assert_eq!(nothing(&draw(4)), Undrawn::Duplicate);
}

/// Otherwise there would be two entries for one notification, and nothing could take the first one away.
#[test]
fn a_text_without_content_is_drawn_under_the_notifications_id_once() {
    let phone = Phone::new();
    let about = |draw: &Draw| match draw {
        Draw::Generic { notification, .. } | Draw::Nothing { notification, .. } => *notification,
        Draw::Withdraw(notification) => Some(*notification),
        Draw::Show { notification, .. } => Some(notification.id),
    };
    let parcel = |number: u64, envelope| {
        json!({"v": 1, "notification": id(number), "envelope": envelope})
            .to_string()
            .into_bytes()
    };
    for (number, envelope) in [(1, None), (2, Some("AQID")), (3, Some("?"))] {
        let first = phone.draw(&parcel(number, envelope));
        assert!(matches!(first, Draw::Generic { .. }), "{first:?}");
        let second = phone.draw(&parcel(number, envelope));
        assert_eq!(nothing(&second), Undrawn::Duplicate);
        assert_eq!([about(&first), about(&second)], [Some(id(number)); 2]);
    }
    let locked = handle(&phone.push(4), None, &phone.spool());
    assert_eq!(
        (generic(&locked), about(&locked)),
        (Undrawn::NoKeys, Some(id(4)))
    );
    // The content comes after all.
    assert_eq!(shown(phone.draw(&phone.push(4))), id(4));
    // The user goes: what says nothing of its content goes, too.
    let drawn = spool::clear(&phone.spool()).unwrap();
    assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4].map(id));
    assert!(matches!(phone.draw(&parcel(1, None)), Draw::Generic { .. }));
}

/// The server is told of the switch a little later, and pushes until then.
#[test]
fn while_the_app_is_switched_off_nothing_is_drawn_or_announced() {
    let phone = Phone::new();
    fs::create_dir(phone.spool()).unwrap();
    spool::leave_switch(&phone.spool(), true).unwrap();
    let hint = json!({"v": 1, "notification": id(2)}).to_string();
    for push in [phone.push(1), hint.clone().into_bytes()] {
        assert_eq!(nothing(&phone.draw(&push)), Undrawn::SwitchedOff);
    }
    spool::leave_switch(&phone.spool(), false).unwrap();
    let mut world = World::new();
    let ingested = world.write(|inbox| spool::ingest(inbox, &phone.spool()));
    // The system may have shown a text for each.
    let mut withdrawn = ingested.applied.withdrawn.clone();
    withdrawn.sort();
    assert_eq!(withdrawn, [id(1), id(2)]);
    ingested.remove_files().unwrap();
    let by_app = ShowState::Suppressed(Some(Suppression::BlockedApp));
    assert_eq!(world.show_of(1), by_app);
    assert_eq!(world.kinds(1), ["delivered", "not_shown"]);
    assert_eq!(nothing(&phone.draw(&phone.push(1))), Undrawn::Duplicate);
    assert_eq!(generic(&phone.draw(hint.as_bytes())), Undrawn::Hint);
    assert_eq!(shown(phone.draw(&phone.push(3))), id(3));
}

/// A system that draws each push in any case draws the same once more.
#[test]
fn a_repeated_push_gives_what_was_drawn_unless_that_is_gone() {
    let phone = Phone::new();
    let again = |number| match phone.draw(&phone.push(number)) {
        Draw::Nothing {
            why: Undrawn::Duplicate,
            notification,
            content,
        } => {
            assert_eq!(notification, Some(id(number)));
            content.map(|content| content.id)
        }
        draw @ (Draw::Show { .. }
        | Draw::Withdraw(_)
        | Draw::Generic { .. }
        | Draw::Nothing { .. }) => {
            panic!("{draw:?}")
        }
    };
    shown(phone.draw(&phone.push(1)));
    spool::mark_seen(&phone.spool(), id(2), Some(0)).unwrap();
    spool::mark_seen(&phone.spool(), id(3), None).unwrap();
    spool::mark_seen(&phone.spool(), id(4), Some(0)).unwrap();
    spool::mark_put_away(&phone.spool(), id(4)).unwrap();
    assert_eq!(
        [1, 2, 3, 4].map(again),
        [Some(id(1)), Some(id(2)), None, None]
    );
}

/// What a person put away was an earlier revision: the later one is shown, and stays.
#[test]
fn a_later_revision_is_not_put_away_with_an_earlier_one() {
    let phone = Phone::new();
    assert_eq!(shown(phone.draw(&phone.push(1))), id(1));
    spool::mark_put_away(&phone.spool(), id(1)).unwrap();
    let later = Payload::new(Some(anna()), content(1, json!({"revision": 1})));
    let push = phone.sealed(&later, id(1));
    assert_eq!(shown(phone.draw(&push)), id(1));
    let Draw::Nothing { content, .. } = phone.draw(&push) else {
        panic!("it is drawn once");
    };
    assert_eq!(content.map(|content| content.revision), Some(1));
}

fn withdrawn(draw: &Draw) -> NotificationId {
    match draw {
        Draw::Withdraw(notification) => *notification,
        Draw::Show { .. } | Draw::Generic { .. } | Draw::Nothing { .. } => panic!("{draw:?}"),
    }
}

#[test]
fn what_is_withdrawn_is_taken_off_and_not_drawn_any_more() {
    let phone = Phone::new();
    // It is on the screen.
    let Draw::Show { ticket, .. } = phone.draw(&phone.push(1)) else {
        panic!("it is new");
    };
    ticket.shown().unwrap();
    // The second one is withdrawn before it comes.
    for number in [1, 2] {
        for _ in 0..2 {
            let drawn = phone.draw(&phone.withdrawal(number, &anna()));
            assert_eq!(withdrawn(&drawn), id(number));
        }
        // A system that draws each push in any case is given nothing to draw again.
        let again = phone.draw(&phone.push(number));
        assert!(
            matches!(
                again,
                Draw::Nothing {
                    why: Undrawn::Duplicate,
                    content: None,
                    ..
                }
            ),
            "{again:?}"
        );
    }
    assert_eq!(shown(phone.draw(&phone.push(3))), id(3));
}

#[test]
fn a_withdrawal_that_is_not_ours_says_nothing_to_anybody() {
    let phone = Phone::new();
    let other = UserId::parse("bert").unwrap();
    let foreign = phone.draw(&phone.withdrawal(1, &other));
    assert_eq!(nothing(&foreign), Undrawn::OtherUser);
    let mut odd = String::from_utf8(phone.withdrawal(1, &anna())).unwrap();
    odd = odd.replace(&id(1).to_string(), &id(2).to_string());
    assert_eq!(nothing(&phone.draw(odd.as_bytes())), Undrawn::Malformed);
    let bare = json!({"vestnik": {"v": 1, "id": "att_2", "withdraws": id(1)}});
    let bare = phone.draw(bare.to_string().as_bytes());
    assert_eq!(nothing(&bare), Undrawn::Malformed);
    // Who cannot open anything announces nothing that goes away.
    let locked = handle(&phone.withdrawal(1, &anna()), None, &phone.spool());
    assert_eq!(nothing(&locked), Undrawn::Malformed);
    // The server is told nothing of them: the log brings what is withdrawn.
    assert_eq!(phone.names(), Vec::<String>::new());
    assert_eq!(shown(phone.draw(&phone.push(1))), id(1));
}

#[test]
fn what_an_extension_withdrew_leaves_the_history() {
    let phone = Phone::new();
    let mut world = World::new();
    for number in [1, 2] {
        let Draw::Show { ticket, .. } = phone.draw(&phone.push(number)) else {
            panic!("it is new");
        };
        ticket.shown().unwrap();
    }
    withdrawn(&phone.draw(&phone.withdrawal(1, &anna())));
    withdrawn(&phone.draw(&phone.withdrawal(3, &anna())));
    let ingested = world.write(|inbox| spool::ingest(inbox, &phone.spool()));
    assert!(ingested.applied.withdrawn.contains(&id(1)));
    ingested.remove_files().unwrap();
    assert_eq!(phone.names(), Vec::<String>::new());
    let has = [1, 2, 3].map(|number| world.write(|inbox| inbox.has(id(number))));
    assert_eq!(has, [false, true, false]);
    // Neither the app nor an extension draws what comes afterwards.
    assert_eq!(nothing(&phone.draw(&phone.push(3))), Undrawn::Duplicate);
    let late = Payload::new(Some(anna()), content(3, json!({})));
    let applied = world.write(|inbox| inbox.handle_push(&late)).unwrap();
    assert_eq!(applied.inserted, []);
}

/// Two services, or two threads of one process, may bring the same at once.
#[test]
fn of_pushes_that_come_at_once_one_is_drawn() {
    let phone = Phone::new();
    let (keys, spool) = (phone.keys(), phone.spool());
    for number in 1..=20 {
        let push = phone.push(number);
        let barrier = std::sync::Barrier::new(4);
        let draw = || {
            barrier.wait();
            handle(&push, Some(&keys), &spool)
        };
        let draws = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(draw)).collect();
            let draws = threads.into_iter().map(|thread| thread.join().unwrap());
            draws.collect::<Vec<_>>()
        });
        let (shown, others): (Vec<_>, Vec<_>) = draws
            .iter()
            .partition(|draw| matches!(draw, Draw::Show { .. }));
        assert_eq!((shown.len(), others.len()), (1, 3), "{draws:?}");
        for other in others {
            assert_eq!(nothing(other), Undrawn::Duplicate);
        }
    }
}

/// Otherwise a server that seals for a wrong key would fill the spool.
#[test]
fn what_cannot_be_opened_takes_no_room_from_what_is_drawn() {
    let phone = Phone::new();
    for number in 1..=spool::MAX_FILES as u64 + 1 {
        let parcel = json!({"v": 1, "notification": id(number), "envelope": "AQID"});
        let draw = phone.draw(parcel.to_string().as_bytes());
        assert_eq!(generic(&draw), Undrawn::DecryptFailed);
    }
    assert_eq!(phone.names().len(), spool::MAX_DROPPED);
    assert_eq!(shown(phone.draw(&phone.push(1))), id(1));
}

/// A phone that was not unlocked since it was switched on has no keys, and no spool either.
#[test]
fn what_cannot_be_read_now_is_announced_and_left_to_the_log() {
    let phone = Phone::new();
    let draw = handle(&phone.push(1), None, &phone.spool());
    assert_eq!(generic(&draw), Undrawn::NoKeys);
    fs::remove_dir_all(phone.spool()).unwrap();
    fs::write(phone.spool(), "no folder").unwrap();
    assert_eq!(generic(&phone.draw(&phone.push(1))), Undrawn::NotSpooled);
}

/// A keychain was reset while the app ran. Its extension has no other keys.
#[test]
fn keys_that_are_lost_while_the_app_runs_are_kept_once_more() {
    let mut phone = Phone::new();
    phone.hear(0, 0);
    let push = phone.push(1);
    phone.secrets.delete(ENVELOPE).unwrap();
    assert!(!phone.hear(0, 0), "the key is the same");
    assert_eq!(shown(phone.draw(&push)), id(1));
}

#[test]
fn keys_stay_and_are_renewed_after_a_month() {
    let phone = Phone::new();
    let (key, sealed) = (phone.device.push_keys().public_text(), phone.push(1));
    let late = phone.push(2);
    assert_eq!(key.len(), vestnik_model::installation::ENVELOPE_KEY_CHARS);
    let mut phone = phone.reopened(29, 2);
    let renewed = |phone: &mut Phone, day, random| {
        let renewed = phone.device.renew_keys(&phone.secrets, &stamp(day, random));
        renewed.unwrap()
    };
    assert!(!renewed(&mut phone, 29, 3));
    assert_eq!(phone.device.push_keys().public_text(), key);
    assert!(renewed(&mut phone, 30, 4));
    let newer = phone.device.push_keys().public_text();
    assert_ne!(newer, key);
    assert_eq!(phone.keys().public_text(), newer);
    // What was sealed before still opens, until nothing can be on its way any more.
    assert_eq!(shown(phone.draw(&sealed)), id(1));
    let mut phone = phone.reopened(58, 5);
    assert!(
        !renewed(&mut phone, 59, 6),
        "a former key that goes is no news"
    );
    let draw = handle(&late, Some(&phone.keys()), &phone.spool());
    assert_eq!(generic(&draw), Undrawn::UnknownKey);
}

/// At its first run a device has heard nobody; its clock may be ahead by a year.
#[test]
fn a_key_of_a_wrong_clock_is_renewed_after_a_month() {
    let phone = Phone::new();
    phone.secrets.set(ENVELOPE, &"lost".into()).unwrap();
    let mut phone = phone.reopened(365, 3);
    let key = phone.device.push_keys().public_text();
    assert!(!phone.hear(0, 365));
    assert_eq!(phone.device.push_keys().public_text(), key);
    assert!(!phone.hear(29, 365));
    assert!(phone.hear(30, 365));
    assert_ne!(phone.device.push_keys().public_text(), key);
}

#[test]
fn keys_that_were_lost_are_made_anew() {
    let phone = Phone::new();
    let sealed = phone.push(1);
    let key = phone.device.push_keys().public_text();
    for text in ["", "{}", "odd"] {
        phone.secrets.set(ENVELOPE, &text.into()).unwrap();
    }
    let phone = phone.reopened(1, 2);
    assert_ne!(phone.device.push_keys().public_text(), key);
    assert_eq!(generic(&phone.draw(&sealed)), Undrawn::UnknownKey);
    assert_eq!(shown(phone.draw(&phone.push(2))), id(2));
}

#[test]
fn no_key_is_in_a_database_or_a_log() {
    let phone = Phone::new();
    let text = phone.secrets.get(ENVELOPE).unwrap().unwrap();
    let kept: serde_json::Value = serde_json::from_str(text.expose_secret()).unwrap();
    let keys = kept["keys"].as_str().unwrap().to_owned();
    let bytes = URL_SAFE_NO_PAD.decode(&keys).unwrap();
    let private = &bytes[bytes.len() - 32..];
    assert!(!format!("{:?} {:?}", phone.device, phone.keys()).contains(&keys));
    for entry in fs::read_dir(phone.folder.path()).unwrap() {
        let file = fs::read(entry.unwrap().path()).unwrap_or_default();
        let has = |part: &[u8]| file.windows(part.len()).any(|window| window == part);
        assert!(!has(private) && !has(keys.as_bytes()));
    }
}

/// What the tests of the bindings open: they have nothing to seal with. `VESTNIK_WRITE_PUSH=1` writes it anew.
#[test]
fn the_push_of_the_bindings_is_as_it_was() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../bindings/fixtures/push.json"
    );
    let phone = Phone::new();
    let until = json!({"title": "by push", "expiresAt": "2100-01-01T00:00:00Z"});
    let payload = |user: &str| Payload::new(user.parse().ok(), content(1, until.clone()));
    let text = |push: Vec<u8>| String::from_utf8(push).unwrap();
    let keys = phone.keys().to_text();
    let fixture = json!({
        "keys": keys.expose_secret(),
        "notification": id(1),
        "push": text(phone.sealed(&payload("anna"), id(1))),
        "of_another_user": text(phone.sealed(&payload("boris"), id(1))),
        "hint": json!({"v": 1, "id": "att_1", "notification": id(1)}).to_string(),
    });
    if std::env::var_os("VESTNIK_WRITE_PUSH").is_some() {
        let text = serde_json::to_string_pretty(&fixture).unwrap();
        fs::write(path, text + "\n").unwrap();
    }
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert_eq!(kept, fixture);
    let keys = PushKeys::parse(kept["keys"].as_str().unwrap()).unwrap();
    let push = kept["push"].as_str().unwrap();
    let draw = handle(push.as_bytes(), Some(&keys), &phone.spool());
    assert_eq!(shown(draw), id(1));
}
