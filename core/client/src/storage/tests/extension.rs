//! An extension beside the app, which draws at any time.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use vestnik_envelope::{Context, PublicKey, seal};
use vestnik_inbox::{
    SecretStore as _, Suppression,
    push::{self, Closed, Draw, PushKeys, Undrawn},
    secret::{ENVELOPE, ExposeSecret as _},
};
use vestnik_model::{Permission, PushAddress, PushAddressKind};

use super::*;
use crate::storage::Pushed;

impl Device {
    fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    /// What an extension draws that was given a push of anna's.
    fn extension_draws(&mut self, number: u128) {
        let payload = content(number, self.files.server_now());
        let payload = json!({ "user": "anna", "notification": payload });
        let payload = Payload::parse(&serde_json::to_vec(&payload).unwrap()).unwrap();
        let ticket = spool::write(&self.spool(), &payload).unwrap().unwrap();
        ticket.shown().unwrap();
    }

    /// The keys as an extension reads them.
    fn keys(&self) -> PushKeys {
        let keys = self.secrets.get(ENVELOPE).unwrap().unwrap();
        PushKeys::parse(keys.expose_secret()).unwrap()
    }

    /// A push of what is accepted now and lasts an hour.
    fn sealed(&self, number: u128) -> Vec<u8> {
        let key = URL_SAFE_NO_PAD.decode(self.files.envelope_key()).unwrap();
        let context = Context {
            installation: self.files.device().identity().id,
            notification: id(number),
        };
        let payload = content(number, self.files.server_now());
        let payload = json!({ "user": "anna", "notification": payload }).to_string();
        let key = PublicKey::parse(&key).unwrap();
        let envelope = seal(payload.as_bytes(), &key, &context, [9; 32]).unwrap();
        let envelope = URL_SAFE_NO_PAD.encode(envelope);
        let parcel = json!({ "v": 1, "notification": id(number), "envelope": envelope });
        parcel.to_string().into_bytes()
    }

    /// The ticket of an extension that is given a push of anna's now.
    fn extension_takes(&mut self, number: u128) -> spool::Ticket {
        let draw = push::handle(&self.sealed(number), Some(&self.keys()), &self.spool());
        let Draw::Show { ticket, .. } = draw else {
            panic!("{draw:?}");
        };
        let now = std::time::SystemTime::from(self.clock.now());
        let file = std::fs::File::options().write(true).open(ticket.path());
        file.unwrap().set_modified(now).unwrap();
        ticket
    }

    /// Whether an extension that is given a push once more hands on its content.
    fn comes_back(&self, number: u128) -> bool {
        match push::handle(&self.sealed(number), Some(&self.keys()), &self.spool()) {
            Draw::Nothing {
                why: Undrawn::Duplicate,
                content,
                ..
            } => content.is_some(),
            draw @ (Draw::Nothing { .. }
            | Draw::Show { .. }
            | Draw::Withdraw(_)
            | Draw::Generic { .. }) => panic!("{draw:?}"),
        }
    }

    fn make_spool(&mut self) {
        let address = PushAddress::new(PushAddressKind::Apns, "a");
        self.files.keep_push_addresses(vec![address]).unwrap();
    }

    fn withdrawn(&mut self) -> Vec<NotificationId> {
        let news = self.files.take_news();
        news.withdrawn.into_iter().collect()
    }
}

fn hint(number: u128) -> Vec<u8> {
    let parcel = json!({ "vestnik": { "v": 1, "notification": id(number) } });
    parcel.to_string().into_bytes()
}

/// The person taps what an extension drew while the app runs, and no page came since.
#[test]
fn what_a_person_does_with_what_an_extension_drew_is_not_lost() {
    let mut device = Device::new(FormerHistory::Wipe);
    for number in 1..=3 {
        device.extension_draws(number);
    }
    let replied = device
        .files
        .act(id(1), |inbox| inbox.reply(id(1), None, "yes"));
    assert_eq!(replied.ok(), Some(true));
    assert_eq!(device.show(1), ShowState::Shown);
    device.extension_draws(4);
    let archived = device
        .files
        .change_flags(&[id(4)], |inbox| inbox.archive(&[id(4)], true));
    assert_eq!(archived.unwrap(), [id(4)]);
    device.extension_draws(5);
    assert!(device.files.get(id(5)).unwrap().is_some());
    let nobodys = device.files.act(id(9), |inbox| inbox.clicked(id(9)));
    assert_eq!(nobodys.ok(), Some(false));
}

/// It had read the keys before the logout, or the process ended in the middle of one.
#[test]
fn what_an_extension_drew_for_a_user_who_is_gone_leaves_the_screen() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.log_out(2);
    assert_eq!(device.withdrawn(), []);
    device.extension_draws(1);
    assert!(device.take().is_none());
    assert_eq!(device.withdrawn(), [id(1)]);
    device.extension_draws(2);
    let (mut device, _) = device.restart();
    assert_eq!(device.withdrawn(), [id(2)]);
    device.log_in_as("boris".parse().unwrap(), 3);
    let page = device.files.page(&HistoryQuery::default()).unwrap();
    assert_eq!(page.items, []);
}

/// Before the spool is cleared: what was spooled in between would stay on the screen.
#[test]
fn an_extension_has_no_keys_of_a_user_who_goes_while_the_spool_is_cleared() {
    for is_switch in [false, true] {
        let mut device = Device::new(FormerHistory::Wipe);
        // What is no folder cannot be cleared.
        std::fs::write(device.spool(), "").unwrap();
        let call = if is_switch {
            StoreCall::Login {
                user: "boris".parse().unwrap(),
                refresh: Secret::new("refresh"),
            }
        } else {
            StoreCall::Logout(None)
        };
        device.files.store(Generation::new(2), call).unwrap_err();
        let keys = device.secrets.get(ENVELOPE).unwrap().unwrap();
        let keys: serde_json::Value = serde_json::from_str(keys.expose_secret()).unwrap();
        assert_eq!(keys.get("user"), None);
    }
}

/// The first push may come after the app has shown what it is about.
#[test]
fn an_extension_that_never_ran_knows_what_the_app_has_shown() {
    let mut device = Device::new(FormerHistory::Wipe);
    let address = PushAddress::new(PushAddressKind::FcmToken, "f");
    device.files.keep_push_addresses(vec![address]).unwrap();
    device.receive(&[1]);
    let taken = device.take().unwrap();
    device.settle(&taken).unwrap();
    // A notification that never came here was recalled.
    let recall = json!({ "kind": "recall", "id": id(2), "at": at(1) });
    device.page(vec![serde_json::from_value(recall).unwrap()]);
    drop(device.files.take_news());
    let keys = device.keys();
    let draw = |number| push::handle(&hint(number), Some(&keys), &device.spool());
    for number in [1, 2] {
        let draw = draw(number);
        assert!(
            matches!(
                draw,
                Draw::Nothing {
                    why: Undrawn::Duplicate,
                    ..
                }
            ),
            "{draw:?}"
        );
    }
    assert!(matches!(
        draw(3),
        Draw::Generic {
            why: Undrawn::Hint,
            ..
        }
    ));
}

#[test]
fn a_push_that_does_not_open_is_not_announced_if_the_hub_was_first() {
    let mut device = Device::new(FormerHistory::Wipe);
    let odd = |number| {
        let parcel = json!({ "v": 1, "notification": id(number), "envelope": "AQID" });
        parcel.to_string().into_bytes()
    };
    let push = |device: &mut Device, number| device.files.handle_push(&odd(number)).unwrap();
    device.receive(&[1]);
    let recall = json!({ "kind": "recall", "id": id(2), "at": at(1) });
    device.page(vec![serde_json::from_value(recall).unwrap()]);
    drop(device.files.take_news());
    let dropped = |number, why| {
        Pushed::Dropped(Closed {
            why,
            notification: Some(id(number)),
        })
    };
    assert_eq!(push(&mut device, 1).pushed, dropped(1, Undrawn::Duplicate));
    assert!(device.files.take_news().tells_again, "the key is in doubt");
    assert_eq!(push(&mut device, 2).pushed, dropped(2, Undrawn::Revoked));
    for why in [Undrawn::DecryptFailed, Undrawn::Duplicate] {
        let handled = push(&mut device, 3);
        // Somebody draws a text.
        let _is_new = spool::announce(&device.spool(), id(3));
        assert_eq!(
            (handled.pushed, handled.is_log_needed),
            (dropped(3, why), true)
        );
    }
}

/// A text without content is on the screen under the notification's id.
#[test]
fn what_was_announced_goes_off_the_screen_if_it_is_not_to_be_shown() {
    let mut device = Device::new(FormerHistory::Wipe);
    for number in 1..=4 {
        let pushed = device.files.handle_push(&hint(number)).unwrap().pushed;
        assert_eq!(pushed, Pushed::Hint(Some(id(number))));
        let draw = push::handle(&hint(number), Some(&device.keys()), &device.spool());
        assert!(matches!(draw, Draw::Generic { .. }), "{draw:?}");
    }
    // One is drawn over it, one was read elsewhere, one is recalled.
    device.receive(&[1]);
    let read = json!({
        "kind": "state", "id": id(2), "at": at(1), "flag": "read", "value": true, "version": 1
    });
    let recall = json!({ "kind": "recall", "id": id(3), "at": at(1) });
    device.page(
        [read, recall]
            .map(|entry| serde_json::from_value(entry).unwrap())
            .to_vec(),
    );
    drop(device.files.take_news());
    device.receive(&[2]);
    let news = device.files.take_news();
    assert_eq!(news.withdrawn.into_iter().collect::<Vec<_>>(), [id(2)]);
    assert_eq!(device.take().unwrap().id(), id(1));
    // The person tapped the last one.
    let tapped = device.files.act(id(4), |inbox| inbox.clicked(id(4)));
    assert!(!tapped.unwrap());
    let drawn = push::handle(&device.sealed(4), Some(&device.keys()), &device.spool());
    assert!(
        matches!(
            drawn,
            Draw::Nothing {
                why: Undrawn::Duplicate,
                ..
            }
        ),
        "{drawn:?}"
    );
}

/// It looked for a mark before the app left one.
#[test]
fn a_ticket_that_an_extension_writes_while_the_app_takes_its_own_is_the_extensions() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.make_spool();
    device.receive(&[1, 2]);
    let ticket = device.extension_takes(1);
    // What was due when the spool was ingested.
    let (_, taken) = device.files.take_unlent().unwrap().unwrap();
    assert_eq!((taken.id(), device.show(1)), (id(2), ShowState::Taken));
    assert!(device.files.take_unlent().unwrap().is_none());
    ticket.shown().unwrap();
    device.clock.advance(Duration::from_secs(61));
    assert!(device.take().is_none());
    assert_eq!(device.show(1), ShowState::Shown);
}

#[test]
fn what_the_app_and_an_extension_leave_to_each_other_is_drawn_by_the_app() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.make_spool();
    device.receive(&[1]);
    let ticket = device.extension_takes(1);
    assert!(device.files.take_unlent().unwrap().is_none());
    std::fs::remove_file(ticket.path()).unwrap();
    let pause = device.files.next_show().unwrap().unwrap();
    assert!(pause <= Duration::from_secs(2), "{pause:?}");
    device.clock.advance(pause);
    assert_eq!(device.take().unwrap().id(), id(1));
}

/// Its ticket lies there, and the mark comes too late for it.
#[test]
fn what_is_read_while_an_extension_draws_it_is_looked_at_again() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.make_spool();
    device.receive(&[1]);
    drop(device.files.take_news());
    let ticket = device.extension_takes(1);
    // What is in the history is not looked for in the spool.
    let tapped = device.files.act(id(1), |inbox| inbox.clicked(id(1)));
    assert!(tapped.unwrap());
    assert!(device.files.take_news().has_show);
    assert!(device.take().is_none());
    ticket.shown().unwrap();
    let pause = device.files.next_show().unwrap().unwrap();
    device.clock.advance(pause);
    assert!(device.take().is_none());
    assert_eq!(device.withdrawn(), [id(1)]);
}

/// A system that draws each push in any case draws what the extension hands on.
#[test]
fn what_was_read_or_put_away_does_not_come_back_by_a_push_that_comes_once_more() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.make_spool();
    device.receive(&[1, 2, 3, 4]);
    while let Some(taken) = device.take() {
        device.settle(&taken).unwrap();
    }
    drop(device.files.take_news());
    assert!((1..=4).all(|number| device.comes_back(number)));
    assert!(device.take().is_none());
    assert_eq!(device.withdrawn(), [], "they are on the screen");
    let tapped = device.files.act(id(1), |inbox| inbox.clicked(id(1)));
    let swiped = device.files.act(id(2), |inbox| inbox.dismissed(id(2)));
    assert!(tapped.unwrap() && swiped.unwrap());
    let read = json!({
        "kind": "state", "id": id(3), "at": at(1), "flag": "read", "value": true, "version": 1
    });
    device.page(vec![serde_json::from_value(read).unwrap()]);
    drop(device.files.take_news());
    for number in 1..=4 {
        assert_eq!(device.comes_back(number), number == 4, "{number}");
    }
    // The system has drawn a text without content in their places.
    let (mut device, _) = device.restart();
    assert_eq!(device.withdrawn(), [1, 2, 3].map(id));
    device.files.mark_all_read(None).unwrap();
    drop(device.files.take_news());
    assert!(!device.comes_back(4));
}

/// The process ended while it tried to read what the push is about.
#[test]
fn a_notification_is_announced_when_the_text_is_drawn_and_not_before() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.make_spool();
    let hinted = Pushed::Hint(Some(id(1)));
    assert_eq!(device.files.handle_push(&hint(1)).unwrap().pushed, hinted);
    let (mut device, _) = device.restart();
    assert_eq!(device.files.handle_push(&hint(1)).unwrap().pushed, hinted);
    let draw = push::handle(&hint(1), Some(&device.keys()), &device.spool());
    assert!(matches!(draw, Draw::Generic { .. }), "{draw:?}");
    let duplicate = Pushed::Dropped(Closed {
        why: Undrawn::Duplicate,
        notification: Some(id(1)),
    });
    assert_eq!(
        device.files.handle_push(&hint(1)).unwrap().pushed,
        duplicate
    );
}

/// The app says at a start what the system lets it do, and knows nothing of the switch.
#[test]
fn a_switch_that_is_off_stays_off_over_a_start_and_where_pushes_are_drawn() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.make_spool();
    let is_drawn = |device: &Device, number| match push::handle(
        &device.sealed(number),
        Some(&device.keys()),
        &device.spool(),
    ) {
        Draw::Show { ticket, .. } => ticket.shown().map(|()| true).unwrap(),
        Draw::Nothing {
            why: Undrawn::SwitchedOff,
            ..
        } => false,
        draw @ (Draw::Nothing { .. } | Draw::Withdraw(_) | Draw::Generic { .. }) => {
            panic!("{draw:?}")
        }
    };
    device
        .files
        .set_permission(Permission::SwitchedOff)
        .unwrap();
    assert!(!is_drawn(&device, 1));
    let pushed = device.files.handle_push(&hint(9)).unwrap().pushed;
    assert!(
        matches!(
            pushed,
            Pushed::Dropped(Closed {
                why: Undrawn::SwitchedOff,
                ..
            })
        ),
        "{pushed:?}"
    );
    let (mut device, _) = device.restart();
    for (system, both) in [
        (Permission::Granted, Permission::SwitchedOff),
        (Permission::Denied, Permission::Denied),
        (Permission::Granted, Permission::SwitchedOff),
    ] {
        device.files.begin_permission(system).unwrap();
        assert_eq!(device.files.permission(), both);
    }
    // The system says nothing of the switch.
    device.files.set_permission(Permission::Denied).unwrap();
    device.files.begin_permission(Permission::Granted).unwrap();
    device.receive(&[2]);
    assert!(device.take().is_none());
    let by_app = ShowState::Suppressed(Some(Suppression::BlockedApp));
    assert_eq!([device.show(1), device.show(2)], [by_app; 2]);
    assert!(!is_drawn(&device, 3));
    device.files.set_permission(Permission::Granted).unwrap();
    assert_eq!(device.files.permission(), Permission::Granted);
    assert!(is_drawn(&device, 4));
}
