//! An extension beside the app, which draws at any time.

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use vestnik_envelope::{Context, PublicKey, seal};
use vestnik_inbox::{
    SecretStore as _,
    push::{self, Closed, Draw, PushKeys, Undrawn},
    secret::{ENVELOPE, ExposeSecret as _},
};
use vestnik_model::{PushAddress, PushAddressKind};

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
    let hint =
        |device: &mut Device, number| device.files.handle_push(&hint(number)).unwrap().pushed;
    for number in 1..=4 {
        assert_eq!(hint(&mut device, number), Pushed::Hint(Some(id(number))));
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
