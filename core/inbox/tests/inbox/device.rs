//! Who the device is.

use std::{fs, path::Path};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use vestnik_inbox::{
    Device, DeviceState, Identity, MemorySecrets, NewLogout, Offset, OpenDevice, SecretError,
    SecretStore, Stamp, Standing, StoreError,
    secret::{ExposeSecret as _, INSTALLATION, REFRESH, SecretString},
};

use vestnik_model::UserId;

use super::world::folder;

fn stamp(number: u8) -> Stamp {
    Stamp {
        now: "2026-11-29T03:00:00Z".parse().unwrap(),
        offset: Offset::Unknown,
        random: [number; 32],
    }
}

fn open(folder: &Path, secrets: &MemorySecrets, number: u8) -> OpenDevice {
    Device::open(folder, secrets, &stamp(number)).unwrap()
}

fn device(number: u8) -> (TempDir, MemorySecrets, Device) {
    let (folder, secrets) = (folder(), MemorySecrets::default());
    let opened = open(folder.path(), &secrets, number);
    assert_eq!(opened.standing, Standing::New);
    (folder, secrets, opened.device)
}

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

fn pending(generation: u64, name: &str, token: &str) -> NewLogout {
    NewLogout {
        generation,
        user: Some(user(name)),
        token: token.into(),
    }
}

fn refresh(device: &Device, secrets: &MemorySecrets) -> Option<String> {
    let token = device.refresh(secrets).unwrap();
    token.map(|token| token.expose_secret().to_owned())
}

/// Copies the folder of one device to another.
fn copied(of: &Path) -> TempDir {
    let copy = folder();
    put_back(of, copy.path());
    copy
}

/// Copies a device's files over those of a folder. The lock belongs to whoever has it.
fn put_back(backup: &Path, folder: &Path) {
    for file in fs::read_dir(backup).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_str() != Some("device.sqlite.lock") {
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }
}

#[test]
fn an_installation_is_made_once_and_stays() {
    let (folder, secrets, device) = device(1);
    let identity = device.identity().clone();
    assert!(!format!("{device:?}").contains(&identity.secret.expose()));
    device.close().unwrap();
    for number in 2..6 {
        let opened = open(folder.path(), &secrets, number);
        assert_eq!(
            (opened.standing, opened.device.identity()),
            (Standing::Same, &identity)
        );
        opened.device.close().unwrap();
    }
}

#[test]
fn two_installations_have_nothing_in_common() {
    let (one, two) = (device(1).2, device(2).2);
    assert_ne!(one.identity().id, two.identity().id);
    assert_ne!(one.identity().secret, two.identity().secret);
}

#[test]
fn what_is_remembered_stays() {
    let (folder, secrets, mut device) = device(1);
    let change = |state: &mut DeviceState| {
        state.offset = Some(SignedDuration::from_secs(-7_200));
        state.locale = Some("ru".to_owned());
    };
    device.update(change).unwrap();
    device.close().unwrap();
    let opened = open(folder.path(), &secrets, 2).device;
    assert_eq!(
        opened.state().offset,
        Some(SignedDuration::from_secs(-7_200))
    );
    assert_eq!(opened.state().locale.as_deref(), Some("ru"));
}

#[test]
fn m13_no_secret_is_in_the_database() {
    let (folder, secrets, mut device) = device(1);
    let secret = device.identity().secret.expose();
    device
        .log_in(&secrets, 1, &user("anna"), &"vr_token".into())
        .unwrap();
    device
        .log_out(&secrets, 2, Some(&pending(1, "anna", "vr_token")))
        .unwrap();
    device
        .log_in(&secrets, 3, &user("lena"), &"vr_other".into())
        .unwrap();
    device.close().unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("vr_") && !text.contains(&secret));
    }
}

/// What a device has in its secret store.
struct Left {
    secrets: MemorySecrets,
    identity: Identity,
}

/// Anna logged out without the server's being told; then somebody logged in.
fn after_a_logout(name: &str) -> (TempDir, Left) {
    let (folder, secrets, mut device) = device(1);
    let identity = device.identity().clone();
    device
        .log_in(&secrets, 1, &user("anna"), &"first".into())
        .unwrap();
    device
        .log_out(&secrets, 2, Some(&pending(1, "anna", "first")))
        .unwrap();
    device
        .log_in(&secrets, 3, &user(name), &"second".into())
        .unwrap();
    device.close().unwrap();
    (folder, Left { secrets, identity })
}

#[test]
fn h13_identity_session_and_logouts_outlive_a_damaged_file() {
    let (folder, Left { secrets, identity }) = after_a_logout("lena");
    let path = folder.path().join("device.sqlite");
    for damage in ["not a database", ""] {
        fs::write(&path, damage).unwrap();
        let opened = open(folder.path(), &secrets, 2);
        let mut device = opened.device;
        assert_eq!(opened.standing, Standing::Rebuilt);
        assert_eq!(fs::read_to_string(opened.aside.unwrap()).unwrap(), damage);
        assert_eq!(device.identity(), &identity);
        assert_eq!(device.user().unwrap().as_str(), "lena");
        assert_eq!(refresh(&device, &secrets).as_deref(), Some("second"));
        assert!(device.state().generation > 3);
        let logouts = device.pending_logouts().unwrap();
        assert_eq!(logouts.len(), 1);
        let token = device
            .logout_token(&secrets, logouts[0].generation)
            .unwrap();
        assert_eq!(token.unwrap().expose_secret(), "first");
        device.close().unwrap();
    }
    // The process ended after the file was set aside and before there was a new one.
    fs::remove_file(&path).unwrap();
    let opened = open(folder.path(), &secrets, 3);
    assert_eq!(
        (opened.standing, opened.device.identity()),
        (Standing::Rebuilt, &identity)
    );
    assert_eq!(opened.aside, None);
}

/// A file that is there and says nothing of the installation is damaged: its log was lost, or a value is.
#[test]
fn a_file_without_marks_costs_nobody_their_session() {
    for name in ["installation", "mark", "%"] {
        let (folder, secrets, mut device) = device(1);
        let identity = device.identity().clone();
        device
            .log_in(&secrets, 1, &user("anna"), &"annas".into())
            .unwrap();
        device.close().unwrap();
        let file = rusqlite::Connection::open(folder.path().join("device.sqlite")).unwrap();
        let damage = "UPDATE meta SET value = 'what' WHERE name LIKE ?1";
        assert!(file.execute(damage, [name]).unwrap() > 0);
        drop(file);
        let opened = open(folder.path(), &secrets, 2);
        assert_eq!(opened.standing, Standing::Rebuilt, "{name}");
        let mut device = opened.device;
        assert_eq!(device.identity(), &identity);
        assert_eq!(refresh(&device, &secrets).as_deref(), Some("annas"));
        assert!(device.pending_logouts().unwrap().is_empty());
    }
}

/// Nothing of a device but what its system keeps: the app was removed.
fn removed() -> Left {
    after_a_logout("anna").1
}

/// The app was removed and is installed again; the system has kept its secrets.
#[test]
fn whoever_installs_the_app_again_is_a_new_installation_and_logged_out() {
    let Left { secrets, identity } = removed();

    let folder = folder();
    // The second opening finds what the first has left, whole or cut short.
    for (number, expected) in [(2, Standing::Wiped), (3, Standing::Same)] {
        let opened = open(folder.path(), &secrets, number);
        let mut device = opened.device;
        assert_eq!(opened.standing, expected);
        assert_ne!(device.identity().id, identity.id);
        assert_ne!(device.identity().secret, identity.secret);
        assert_eq!(device.user(), None);
        assert_eq!(refresh(&device, &secrets), None);
        assert!(secrets.get(REFRESH).unwrap().is_none());
        assert!(device.state().generation > 3);
        // The server is told of both sessions.
        let told = device.pending_logouts().unwrap().into_iter().map(|logout| {
            let token = device.logout_token(&secrets, logout.generation).unwrap();
            (logout.generation, token.unwrap().expose_secret().to_owned())
        });
        assert_eq!(
            told.collect::<Vec<_>>(),
            [(1, "first".to_owned()), (3, "second".to_owned())]
        );
        device.close().unwrap();
    }
}

#[test]
fn a_copy_on_another_device_becomes_an_installation_of_its_own() {
    let (folder, secrets, mut device) = device(1);
    let identity = device.identity().clone();
    device
        .log_in(&secrets, 1, &user("anna"), &"token".into())
        .unwrap();
    device
        .log_out(&secrets, 2, Some(&pending(1, "anna", "token")))
        .unwrap();
    device
        .log_in(&secrets, 3, &user("anna"), &"token".into())
        .unwrap();
    device.close().unwrap();
    let (copy, others) = (copied(folder.path()), MemorySecrets::default());
    let opened = open(copy.path(), &others, 2);
    let mut clone = opened.device;
    assert_eq!(opened.standing, Standing::Cloned);
    assert_ne!(clone.identity().id, identity.id);
    assert_ne!(clone.identity().secret, identity.secret);
    assert_eq!(refresh(&clone, &others), None);
    assert!(!clone.state().is_logged_in);
    assert_eq!(
        clone.user().unwrap().as_str(),
        "anna",
        "the history is hers"
    );
    assert!(
        clone.pending_logouts().unwrap().is_empty(),
        "those are the other's"
    );
    clone.close().unwrap();
    // Its histories are as old as the copy, whenever they are opened.
    let again = open(copy.path(), &others, 3);
    assert_eq!(again.standing, Standing::Same);
    assert!(again.device.state().restored.is_some());
    // The first device is what it was.
    let first = open(folder.path(), &secrets, 4);
    assert_eq!(
        (first.standing, first.device.identity()),
        (Standing::Same, &identity)
    );
}

#[test]
fn a_file_that_was_set_back_is_noticed_and_gives_nobody_anothers_session() {
    let (folder, secrets, mut device) = device(1);
    device
        .log_in(&secrets, 1, &user("anna"), &"annas".into())
        .unwrap();
    device.close().unwrap();
    let backup = copied(folder.path());
    let mut device = open(folder.path(), &secrets, 2).device;
    device
        .log_in(&secrets, 2, &user("lena"), &"lenas".into())
        .unwrap();
    device.close().unwrap();
    // The backup comes back, the secret store does not.
    put_back(backup.path(), folder.path());
    let opened = open(folder.path(), &secrets, 4);
    assert_eq!(opened.standing, Standing::Restored);
    assert_eq!(opened.device.user().unwrap().as_str(), "lena");
    assert_eq!(refresh(&opened.device, &secrets).as_deref(), Some("lenas"));
    assert!(opened.device.state().generation > 2);
    // Histories learn it whenever they are opened.
    let first = opened.device.state().restored.expect("it was noticed");
    opened.device.close().unwrap();
    let same = open(folder.path(), &secrets, 5);
    assert_eq!(same.standing, Standing::Same);
    assert_eq!(same.device.state().restored, Some(first));
    same.device.close().unwrap();
    // Until the server was heard, the clock may have been set.
    let later = Stamp {
        now: stamp(6).now + SignedDuration::from_hours(1),
        ..stamp(6)
    };
    let mut same = Device::open(folder.path(), &secrets, &later)
        .unwrap()
        .device;
    let found = |device: &Device| device.state().restored.unwrap().found.at;
    assert_eq!(found(&same), later.now);
    let hear =
        |state: &mut DeviceState| state.hear_time(SignedDuration::from_hours(2), Timestamp::MAX);
    same.update(hear).unwrap();
    assert_eq!(found(&same), later.now + SignedDuration::from_hours(2));
    same.close().unwrap();
    let same = open(folder.path(), &secrets, 7);
    assert_eq!(
        found(&same.device),
        later.now + SignedDuration::from_hours(2)
    );
    same.device.close().unwrap();
    // A history that has learned of the first time learns of the second.
    put_back(backup.path(), folder.path());
    let opened = open(folder.path(), &secrets, 8);
    let second = opened.device.state().restored.expect("it was noticed");
    assert_ne!(first.mark, second.mark);
}

/// A secret store that lets the process end at its n-th change.
#[derive(Debug)]
struct Ending {
    secrets: MemorySecrets,
    left: std::sync::atomic::AtomicU32,
}

impl Ending {
    fn step(&self) -> Result<(), SecretError> {
        use std::sync::atomic::Ordering::SeqCst;
        if self
            .left
            .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1))
            .is_err()
        {
            return Err(SecretError::Unavailable {
                source: "the process has ended".into(),
            });
        }
        Ok(())
    }
}

impl SecretStore for Ending {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        self.secrets.get(name)
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        self.step()?;
        self.secrets.set(name, secret)
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.step()?;
        self.secrets.delete(name)
    }
}

/// Two users and a third log in on a device; whoever asks for a step again is served.
fn life(folder: &Path, secrets: &dyn SecretStore) -> Result<(), StoreError> {
    let mut device = Device::open(folder, secrets, &stamp(1))?.device;
    device.log_in(secrets, 1, &user("anna"), &"annas".into())?;
    device.log_in(secrets, 2, &user("lena"), &"lenas".into())?;
    device.log_out(secrets, 3, Some(&pending(2, "lena", "lenas")))?;
    device.log_in(secrets, 4, &user("mira"), &"miras".into())?;
    device.keep_refresh(secrets, 4, &"miras".into())?;
    device.end_session(secrets, 5)?;
    device.keep_logout(secrets, &pending(2, "lena", "lenas next"))?;
    device.logout_done(secrets, 2)
}

#[test]
fn c6_no_end_of_the_process_gives_a_session_anothers_name() {
    let mut ended = true;
    for steps in 0.. {
        let folder = folder();
        let ending = Ending {
            secrets: MemorySecrets::default(),
            left: steps.into(),
        };
        ended = life(folder.path(), &ending).is_err();
        let mut device = open(folder.path(), &ending.secrets, 2).device;
        let name = device.user().map(|user| format!("{user}s"));
        match refresh(&device, &ending.secrets) {
            Some(token) => assert_eq!(Some(token), name, "{steps}"),
            None => assert!(!device.state().is_logged_in, "{steps}"),
        }
        let session = ending.secrets.get(REFRESH).unwrap();
        assert_eq!(session.is_some(), device.state().is_logged_in, "{steps}");
        assert_no_token_is_left(&mut device, &ending.secrets);
        device.close().unwrap();
        let same = open(folder.path(), &ending.secrets, 3);
        assert_eq!(same.standing, Standing::Same);
        if !ended {
            break;
        }
    }
    assert!(!ended, "it came to its end");
}

/// Every pending logout has its token, no session is being logged out, and there are no other tokens.
fn assert_no_token_is_left(device: &mut Device, secrets: &MemorySecrets) {
    let pending = device.pending_logouts().unwrap();
    let names = format!("{secrets:?}");
    assert_eq!(names.matches("logout-").count(), pending.len(), "{names}");
    for logout in pending {
        let token = device.logout_token(secrets, logout.generation).unwrap();
        let session = refresh(device, secrets);
        assert_ne!(token.unwrap().expose_secret(), &session.unwrap_or_default());
    }
}

#[test]
fn an_installation_anew_that_was_cut_short_logs_nobody_in_and_forgets_no_session() {
    let mut has_ended = true;
    for steps in 0.. {
        let folder = folder();
        let ending = Ending {
            secrets: removed().secrets,
            left: steps.into(),
        };
        has_ended = Device::open(folder.path(), &ending, &stamp(2)).is_err();
        let mut device = open(folder.path(), &ending.secrets, 3).device;
        assert_eq!((device.user(), device.state().is_logged_in), (None, false));
        assert_eq!(device.pending_logouts().unwrap().len(), 2, "{steps}");
        assert_no_token_is_left(&mut device, &ending.secrets);
        assert!(ending.secrets.get(REFRESH).unwrap().is_none());
        device.close().unwrap();
        let same = open(folder.path(), &ending.secrets, 4);
        assert_eq!(same.standing, Standing::Same);
        if !has_ended {
            break;
        }
    }
    assert!(!has_ended, "it came to its end");
}

#[test]
fn what_failed_in_its_middle_is_completed_by_doing_it_again() {
    for fails_at in 0..24 {
        let folder = folder();
        let ending = Ending {
            secrets: MemorySecrets::default(),
            left: 4.into(),
        };
        let mut device = Device::open(folder.path(), &ending, &stamp(1))
            .unwrap()
            .device;
        let mut left = fails_at;
        let mut step =
            |device: &mut Device, step: &dyn Fn(&mut Device) -> Result<(), StoreError>| {
                ending.left.store(left, std::sync::atomic::Ordering::SeqCst);
                if step(device).is_err() {
                    ending.left.store(100, std::sync::atomic::Ordering::SeqCst);
                    step(device).unwrap();
                }
                left = ending.left.load(std::sync::atomic::Ordering::SeqCst);
            };
        let logout = pending(1, "anna", "annas");
        step(&mut device, &|device| {
            device.log_in(&ending, 1, &user("anna"), &"annas".into())
        });
        step(&mut device, &|device| {
            device.log_out(&ending, 2, Some(&logout))
        });
        step(&mut device, &|device| {
            device.log_in(&ending, 3, &user("lena"), &"lenas".into())
        });
        step(&mut device, &|device| device.end_session(&ending, 4));
        step(&mut device, &|device| {
            device.log_in(&ending, 5, &user("lena"), &"new".into())
        });
        assert_eq!(device.state().generation, 5);
        assert_eq!(refresh(&device, &ending.secrets).as_deref(), Some("new"));
        let logouts = device.pending_logouts().unwrap();
        assert_eq!(logouts.len(), 1);
        step(&mut device, &|device| device.logout_done(&ending, 1));
        assert!(device.pending_logouts().unwrap().is_empty());
        assert!(ending.secrets.get("logout-1").unwrap().is_none());
    }
}

#[test]
fn c3_a_result_of_an_older_generation_is_dropped() {
    let (_folder, secrets, mut device) = device(1);
    device
        .log_in(&secrets, 1, &user("anna"), &"first".into())
        .unwrap();
    device.keep_refresh(&secrets, 1, &"second".into()).unwrap();
    assert_eq!(refresh(&device, &secrets).as_deref(), Some("second"));
    device
        .log_out(&secrets, 2, Some(&pending(1, "anna", "second")))
        .unwrap();
    device.keep_refresh(&secrets, 1, &"late".into()).unwrap();
    assert!(secrets.get(REFRESH).unwrap().is_none());
    device
        .log_in(&secrets, 3, &user("anna"), &"new".into())
        .unwrap();
    device.keep_refresh(&secrets, 1, &"late".into()).unwrap();
    assert_eq!(refresh(&device, &secrets).as_deref(), Some("new"));
}

#[test]
fn the_generation_is_the_one_that_was_given_and_never_goes_back() {
    let (folder, secrets, mut device) = device(1);
    let anna = user("anna");
    device.log_in(&secrets, 7, &anna, &"token".into()).unwrap();
    assert_eq!(device.state().generation, 7);
    device.end_session(&secrets, 8).unwrap();
    assert_eq!(device.state().generation, 8);
    device.log_out(&secrets, 9, None).unwrap();
    assert_eq!((device.state().generation, device.user()), (9, None));
    device.log_in(&secrets, 3, &anna, &"token".into()).unwrap();
    assert_eq!(device.state().generation, 9);
    device.close().unwrap();
    let device = open(folder.path(), &secrets, 2).device;
    assert_eq!(device.state().generation, 9);
}

#[test]
fn of_many_logouts_the_newest_are_kept() {
    let (folder, secrets, mut device) = device(1);
    for number in 1..=40 {
        device
            .keep_logout(&secrets, &pending(number, "anna", "token"))
            .unwrap();
    }
    device.close().unwrap();
    let mut device = open(folder.path(), &secrets, 2).device;
    let pending = device.pending_logouts().unwrap();
    let generations: Vec<u64> = pending.iter().map(|logout| logout.generation).collect();
    assert_eq!(generations, (9..=40).collect::<Vec<u64>>());
    assert_no_token_is_left(&mut device, &secrets);
}

#[test]
fn a_login_that_was_granted_too_late_is_logged_out_beside_the_present_session() {
    let (folder, secrets, mut device) = device(1);
    device
        .log_in(&secrets, 5, &user("lena"), &"lenas".into())
        .unwrap();
    device
        .keep_logout(&secrets, &pending(4, "anna", "annas"))
        .unwrap();
    device.close().unwrap();
    let mut device = open(folder.path(), &secrets, 2).device;
    assert_eq!(refresh(&device, &secrets).as_deref(), Some("lenas"));
    let logouts = device.pending_logouts().unwrap();
    assert_eq!(logouts[0].generation, 4);
    assert_eq!(logouts[0].user, Some(user("anna")));
}

#[test]
fn m15_wishes_stay_until_their_user_is_gone_and_addresses_longer() {
    let (folder, secrets, mut device) = device(1);
    let wish = |state: &mut DeviceState| {
        state.wishes = vec![
            ("news".parse().unwrap(), true),
            ("orders".parse().unwrap(), true),
            ("news".parse().unwrap(), false),
        ];
        let address = |kind: &str, value: &str| {
            serde_json::from_value(serde_json::json!({"kind": kind, "value": value})).unwrap()
        };
        state.push_addresses = vec![
            address("apns", "old"),
            address("later_kind", "x"),
            address("apns", "new"),
        ];
    };
    device
        .log_in(&secrets, 1, &user("anna"), &"token".into())
        .unwrap();
    device.update(wish).unwrap();
    device.end_session(&secrets, 2).unwrap();
    device
        .log_in(&secrets, 3, &user("anna"), &"token".into())
        .unwrap();
    device.close().unwrap();
    let mut device = open(folder.path(), &secrets, 2).device;
    let wishes = |device: &Device| -> Vec<(String, bool)> {
        let wishes = device.state().wishes.iter();
        wishes
            .map(|(topic, joins)| (topic.to_string(), *joins))
            .collect()
    };
    let addresses = |device: &Device| -> Vec<String> {
        let addresses = device.state().push_addresses.iter();
        addresses.map(|address| address.value.clone()).collect()
    };
    assert_eq!(
        wishes(&device),
        [("orders".to_owned(), true), ("news".to_owned(), false)]
    );
    assert_eq!(addresses(&device), ["x", "new"]);
    device
        .log_in(&secrets, 4, &user("lena"), &"token".into())
        .unwrap();
    assert_eq!(wishes(&device), []);
    device.update(wish).unwrap();
    device
        .log_out(&secrets, 5, Some(&pending(4, "lena", "token")))
        .unwrap();
    assert_eq!(wishes(&device), []);
    assert_eq!(addresses(&device), ["x", "new"]);
}

#[test]
fn what_is_remembered_is_bounded() {
    let (_folder, _secrets, mut device) = device(1);
    let topic = |number: usize| format!("topic-{number}").parse().unwrap();
    device
        .update(|state| state.wishes = (0..300).map(|number| (topic(number), true)).collect())
        .unwrap();
    let wishes = &device.state().wishes;
    assert_eq!(wishes.len(), vestnik_inbox::MAX_WISHES);
    assert_eq!(wishes.last(), Some(&(topic(299), true)));
}

#[test]
fn a_session_that_the_server_ended_leaves_the_history_its_owner() {
    let (_folder, secrets, mut device) = device(1);
    device
        .log_in(&secrets, 1, &user("anna"), &"token".into())
        .unwrap();
    device.end_session(&secrets, 2).unwrap();
    assert_eq!(device.user().unwrap().as_str(), "anna");
    assert!(!device.state().is_logged_in);
    assert!(secrets.get(REFRESH).unwrap().is_none());
}

#[test]
fn h7_a_logout_waits_until_the_server_has_confirmed_it() {
    let (folder, secrets, mut device) = device(1);
    device.log_out(&secrets, 1, None).unwrap();
    assert!(device.pending_logouts().unwrap().is_empty());
    device
        .log_in(&secrets, 2, &user("anna"), &"annas".into())
        .unwrap();
    let generation = 2;
    device
        .log_out(&secrets, 3, Some(&pending(2, "anna", "annas")))
        .unwrap();
    // Another login in between changes nothing of it.
    device
        .log_in(&secrets, 4, &user("lena"), &"lenas".into())
        .unwrap();
    let next_at: Timestamp = "2026-11-29T03:01:00Z".parse().unwrap();
    device.logout_tried(generation, next_at).unwrap();
    device
        .keep_logout(&secrets, &pending(2, "anna", "annas next"))
        .unwrap();
    device.close().unwrap();
    let mut device = open(folder.path(), &secrets, 2).device;
    let pending = device.pending_logouts().unwrap();
    let [logout] = pending.as_slice() else {
        panic!("{pending:?}");
    };
    assert_eq!(
        (logout.generation, logout.tries, logout.next_at),
        (generation, 1, next_at)
    );
    assert_eq!(logout.user.as_ref().unwrap().as_str(), "anna");
    let token = device.logout_token(&secrets, generation).unwrap();
    assert_eq!(token.unwrap().expose_secret(), "annas next");
    device.logout_done(&secrets, generation).unwrap();
    assert!(device.pending_logouts().unwrap().is_empty());
    assert!(device.logout_token(&secrets, generation).unwrap().is_none());
    assert_eq!(refresh(&device, &secrets).as_deref(), Some("lenas"));
}

#[test]
fn a_secret_store_that_is_locked_is_no_clone() {
    #[derive(Debug)]
    struct Locked;
    impl SecretStore for Locked {
        fn get(&self, _: &str) -> Result<Option<SecretString>, SecretError> {
            Err(SecretError::Unavailable {
                source: "locked".into(),
            })
        }
        fn set(&self, _: &str, _: &SecretString) -> Result<(), SecretError> {
            Ok(())
        }
        fn delete(&self, _: &str) -> Result<(), SecretError> {
            Ok(())
        }
    }
    let (folder, secrets, device) = device(1);
    let identity = device.identity().clone();
    device.close().unwrap();
    let refused = Device::open(folder.path(), &Locked, &stamp(2)).unwrap_err();
    assert!(matches!(refused, StoreError::Secrets { .. }));
    let opened = open(folder.path(), &secrets, 3);
    assert_eq!(
        (opened.standing, opened.device.identity()),
        (Standing::Same, &identity)
    );
}

#[test]
fn a_secret_that_is_not_ours_makes_a_new_installation() {
    let (folder, secrets, device) = device(1);
    device.close().unwrap();
    secrets.set(INSTALLATION, &"{\"id\": 7}".into()).unwrap();
    let opened = open(folder.path(), &secrets, 2);
    assert_eq!(opened.standing, Standing::Cloned);
}

#[test]
fn one_process_has_the_device() {
    let (folder, secrets, _device) = device(1);
    let refused = Device::open(folder.path(), &secrets, &stamp(2)).unwrap_err();
    assert!(matches!(refused, StoreError::Busy));
}

#[test]
fn an_end_of_the_process_while_it_is_told_that_files_were_set_back_hides_nothing() {
    for is_long_ago in [false, true] {
        let (folder, secrets, mut device) = device(1);
        device
            .log_in(&secrets, 1, &user("anna"), &"annas".into())
            .unwrap();
        device.close().unwrap();
        let backup = copied(folder.path());
        let mut device = open(folder.path(), &secrets, 2).device;
        device
            .log_in(&secrets, 8, &user("lena"), &"lenas".into())
            .unwrap();
        device.close().unwrap();
        if is_long_ago {
            open(folder.path(), &secrets, 3).device.close().unwrap();
        }
        put_back(backup.path(), folder.path());
        let ends = Copying::open(folder.path(), secrets);
        assert!(ends.len() >= 4, "{}", ends.len());
        for (number, End { folder, secrets }) in ends.into_iter().enumerate() {
            let opened = open(folder.path(), &secrets, 5);
            assert!(opened.device.state().restored.is_some(), "{number}");
            assert_eq!(opened.device.user().unwrap().as_str(), "lena", "{number}");
            assert!(opened.device.state().generation > 8, "{number}");
        }
    }
}

/// A secret store that copies the folder of the device before each change, as if the process ended
/// there.
#[derive(Debug)]
struct Copying<'a> {
    secrets: MemorySecrets,
    folder: &'a Path,
    ends: std::sync::Mutex<Vec<End>>,
}

/// What an end of the process leaves.
#[derive(Debug)]
struct End {
    folder: TempDir,
    secrets: MemorySecrets,
}

impl Copying<'_> {
    const NAMES: [&'static str; 5] = [INSTALLATION, REFRESH, "logout-1", "logout-2", "logout-6"];

    /// Opens a device; gives what each end of the process leaves of it.
    fn open(folder: &Path, secrets: MemorySecrets) -> Vec<End> {
        let copying = Copying {
            secrets,
            folder,
            ends: std::sync::Mutex::default(),
        };
        Device::open(folder, &copying, &stamp(4)).unwrap();
        copying.ends.into_inner().unwrap()
    }

    fn copy(&self) {
        let secrets = MemorySecrets::default();
        for name in Self::NAMES {
            if let Some(secret) = self.secrets.get(name).unwrap() {
                secrets.set(name, &secret).unwrap();
            }
        }
        let folder = copied(self.folder);
        self.ends.lock().unwrap().push(End { folder, secrets });
    }
}

impl SecretStore for Copying<'_> {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        self.secrets.get(name)
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        self.copy();
        self.secrets.set(name, secret)?;
        self.copy();
        Ok(())
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        self.copy();
        self.secrets.delete(name)?;
        self.copy();
        Ok(())
    }
}

#[test]
fn wherever_the_process_ends_the_two_stores_agree_at_the_next_opening() {
    let folder = folder();
    let copying = Copying {
        secrets: MemorySecrets::default(),
        folder: folder.path(),
        ends: std::sync::Mutex::default(),
    };
    life(folder.path(), &copying).unwrap();
    life_goes_on(folder.path(), &copying).unwrap();
    let ends = copying.ends.into_inner().unwrap();
    assert!(ends.len() > 20, "{}", ends.len());
    for (number, End { folder, secrets }) in ends.into_iter().enumerate() {
        let opened = open(folder.path(), &secrets, 9);
        let mut device = opened.device;
        let is_first = matches!(
            opened.standing,
            Standing::New | Standing::Wiped | Standing::Rebuilt
        );
        assert!(
            opened.standing == Standing::Same || (is_first && number < 3),
            "{number}"
        );
        let name = device.user().map(|user| format!("{user}s"));
        let session = refresh(&device, &secrets);
        assert!(session.is_none() || session == name, "{number}");
        assert_eq!(session.is_some(), device.state().is_logged_in, "{number}");
        assert_no_token_is_left(&mut device, &secrets);
        device.close().unwrap();
        let again = open(folder.path(), &secrets, 10);
        assert_eq!(again.standing, Standing::Same, "{number}");
    }
}

fn life_goes_on(folder: &Path, secrets: &dyn SecretStore) -> Result<(), StoreError> {
    let mut device = Device::open(folder, secrets, &stamp(2))?.device;
    device.log_in(secrets, 6, &user("kira"), &"kiras".into())?;
    device.log_out(secrets, 7, Some(&pending(6, "kira", "kiras")))
}

#[test]
fn a_locked_keyring_may_open_later() {
    let locked = SecretError::Unavailable {
        source: "locked".into(),
    };
    assert!(StoreError::from(locked).is_retryable());
    assert!(!StoreError::from(SecretError::Unreadable).is_retryable());
}

#[test]
fn a_session_without_its_installation_is_nobodys() {
    let (folder, secrets, mut device) = device(1);
    device
        .log_in(&secrets, 1, &user("anna"), &"annas".into())
        .unwrap();
    device.close().unwrap();
    secrets.delete(INSTALLATION).unwrap();
    let opened = open(folder.path(), &secrets, 2);
    assert_eq!(opened.standing, Standing::Cloned);
    assert!(!opened.device.state().is_logged_in);
    assert!(secrets.get(REFRESH).unwrap().is_none());
}

#[test]
fn a_number_that_leaves_no_room_is_no_generation() {
    let (folder, secrets, mut device) = device(1);
    device
        .log_in(&secrets, 5, &user("anna"), &"annas".into())
        .unwrap();
    device.close().unwrap();
    let most = u64::MAX.to_string();
    let kept = secrets.get(INSTALLATION).unwrap().unwrap();
    let kept = kept
        .expose_secret()
        .replace("\"generation\":0", &format!("\"generation\":{most}"));
    assert!(kept.contains(&most), "{}", kept.len());
    secrets.set(INSTALLATION, &kept.into()).unwrap();
    fs::remove_file(folder.path().join("device.sqlite")).unwrap();
    let opened = open(folder.path(), &secrets, 2);
    assert_eq!(opened.standing, Standing::Wiped);
    assert_eq!(opened.device.state().generation, 6);
}

#[test]
fn what_a_copy_or_a_backup_says_of_topics_and_addresses_is_old() {
    let (folder, secrets, mut device) = device(1);
    device
        .log_in(&secrets, 1, &user("anna"), &"annas".into())
        .unwrap();
    let address = serde_json::json!({"kind": "apns", "value": "c0ffee"});
    device
        .update(|state| {
            state.wishes = vec![("news".parse().unwrap(), true)];
            state.push_addresses = vec![serde_json::from_value(address).unwrap()];
        })
        .unwrap();
    device.close().unwrap();
    let copy = copied(folder.path());
    let clone = open(copy.path(), &MemorySecrets::default(), 2);
    assert_eq!(clone.standing, Standing::Cloned);
    let state = clone.device.state();
    assert!(state.wishes.is_empty() && state.push_addresses.is_empty());
    // The server has answered since; the address is the device's all the same.
    let backup = copied(folder.path());
    let mut device = open(folder.path(), &secrets, 3).device;
    device.update(|state| state.wishes.clear()).unwrap();
    device.close().unwrap();
    put_back(backup.path(), folder.path());
    let restored = open(folder.path(), &secrets, 4);
    assert_eq!(restored.standing, Standing::Restored);
    let state = restored.device.state();
    assert_eq!((state.wishes.len(), state.push_addresses.len()), (0, 1));
}
