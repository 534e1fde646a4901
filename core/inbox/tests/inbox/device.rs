//! Who the device is.

use std::{fs, path::Path};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use vestnik_inbox::{
    Device, MemorySecrets, OpenDevice, SecretError, SecretStore, Stamp, Standing, StoreError,
    secret::{ExposeSecret as _, INSTALLATION, REFRESH, SecretString},
};

use super::world::folder;

fn stamp(number: u8) -> Stamp {
    Stamp {
        now: "2026-11-29T03:00:00Z".parse().unwrap(),
        offset: None,
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

fn refresh(device: &Device, secrets: &MemorySecrets) -> Option<String> {
    let token = device.refresh(secrets).unwrap();
    token.map(|token| token.expose_secret().to_owned())
}

/// Copies the folder of one device to another.
fn copied(of: &Path) -> TempDir {
    let copy = folder();
    for file in fs::read_dir(of).unwrap() {
        let file = file.unwrap();
        if file.file_name().to_str() != Some("device.sqlite.lock") {
            fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    copy
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
    let change = |state: &mut vestnik_inbox::DeviceState| {
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
        .log_in(&secrets, &"anna".parse().unwrap(), &"vr_token".into())
        .unwrap();
    device.log_out(&secrets).unwrap();
    device
        .log_in(&secrets, &"lena".parse().unwrap(), &"vr_other".into())
        .unwrap();
    device.close().unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("vr_") && !text.contains(&secret));
    }
}

#[test]
fn h13_identity_session_and_logouts_outlive_a_damaged_file() {
    let (folder, secrets, mut device) = device(1);
    let identity = device.identity().clone();
    device
        .log_in(&secrets, &"anna".parse().unwrap(), &"first".into())
        .unwrap();
    device.log_out(&secrets).unwrap();
    let generation = device
        .log_in(&secrets, &"lena".parse().unwrap(), &"second".into())
        .unwrap();
    device.close().unwrap();
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
        assert!(device.state().generation > generation);
        let logouts = device.pending_logouts().unwrap();
        assert_eq!(logouts.len(), 1);
        let token = device
            .logout_token(&secrets, logouts[0].generation)
            .unwrap();
        assert_eq!(token.unwrap().expose_secret(), "first");
        device.close().unwrap();
    }
    // An absent file is no different.
    fs::remove_file(&path).unwrap();
    let opened = open(folder.path(), &secrets, 3);
    assert_eq!(
        (opened.standing, opened.device.identity()),
        (Standing::Rebuilt, &identity)
    );
    assert_eq!(opened.aside, None);
}

#[test]
fn a_copy_on_another_device_becomes_an_installation_of_its_own() {
    let (folder, secrets, mut device) = device(1);
    let identity = device.identity().clone();
    device
        .log_in(&secrets, &"anna".parse().unwrap(), &"token".into())
        .unwrap();
    device.log_out(&secrets).unwrap();
    device
        .log_in(&secrets, &"anna".parse().unwrap(), &"token".into())
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
    assert_eq!(open(copy.path(), &others, 3).standing, Standing::Same);
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
        .log_in(&secrets, &"anna".parse().unwrap(), &"annas".into())
        .unwrap();
    device.close().unwrap();
    let backup = copied(folder.path());
    let mut device = open(folder.path(), &secrets, 2).device;
    let generation = device
        .log_in(&secrets, &"lena".parse().unwrap(), &"lenas".into())
        .unwrap();
    device.close().unwrap();
    open(folder.path(), &secrets, 3).device.close().unwrap();
    // The backup comes back, the secret store does not.
    for file in fs::read_dir(backup.path()).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let opened = open(folder.path(), &secrets, 4);
    assert_eq!(opened.standing, Standing::Restored);
    assert_eq!(opened.device.user().unwrap().as_str(), "lena");
    assert_eq!(refresh(&opened.device, &secrets).as_deref(), Some("lenas"));
    assert!(opened.device.state().generation > generation);
    // The process ends before the history knows.
    opened.device.close().unwrap();
    let mut again = open(folder.path(), &secrets, 5);
    assert_eq!(again.standing, Standing::Restored);
    let clear = |state: &mut vestnik_inbox::DeviceState| state.is_restored = false;
    again.device.update(clear).unwrap();
    again.device.close().unwrap();
    let same = open(folder.path(), &secrets, 6);
    assert_eq!(same.standing, Standing::Same);
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

#[test]
fn c6_no_end_of_the_process_gives_a_session_anothers_name() {
    for steps in 0..12 {
        let folder = folder();
        let ending = Ending {
            secrets: MemorySecrets::default(),
            left: steps.into(),
        };
        let life = || -> Result<(), StoreError> {
            let mut device = Device::open(folder.path(), &ending, &stamp(1))?.device;
            device.log_in(&ending, &"anna".parse().unwrap(), &"annas".into())?;
            device.log_in(&ending, &"lena".parse().unwrap(), &"lenas".into())?;
            device.log_out(&ending)?;
            device.log_in(&ending, &"mira".parse().unwrap(), &"miras".into())?;
            Ok(())
        };
        let ended = life().is_err();
        let device = open(folder.path(), &ending.secrets, 2).device;
        let user = device.user().map(|user| format!("{user}s"));
        match refresh(&device, &ending.secrets) {
            Some(token) => assert_eq!(Some(token), user, "{steps}"),
            None => assert!(ended && !device.state().is_logged_in, "{steps}"),
        }
        device.close().unwrap();
        let same = open(folder.path(), &ending.secrets, 3);
        assert_eq!(same.standing, Standing::Same);
    }
}

#[test]
fn c3_a_result_of_an_older_generation_is_dropped() {
    let (_folder, secrets, mut device) = device(1);
    let first = device
        .log_in(&secrets, &"anna".parse().unwrap(), &"first".into())
        .unwrap();
    assert!(
        device
            .keep_refresh(&secrets, first, &"second".into())
            .unwrap()
    );
    device.log_out(&secrets).unwrap();
    assert!(
        !device
            .keep_refresh(&secrets, first, &"late".into())
            .unwrap()
    );
    assert_eq!(refresh(&device, &secrets), None);
    let second = device
        .log_in(&secrets, &"anna".parse().unwrap(), &"new".into())
        .unwrap();
    assert!(second > first + 1);
    assert!(
        !device
            .keep_refresh(&secrets, first, &"late".into())
            .unwrap()
    );
    assert_eq!(refresh(&device, &secrets).as_deref(), Some("new"));
}

#[test]
fn a_session_that_the_server_ended_leaves_the_history_its_owner() {
    let (_folder, secrets, mut device) = device(1);
    device
        .log_in(&secrets, &"anna".parse().unwrap(), &"token".into())
        .unwrap();
    device.end_session(&secrets).unwrap();
    assert_eq!(device.user().unwrap().as_str(), "anna");
    assert!(!device.state().is_logged_in);
    assert!(secrets.get(REFRESH).unwrap().is_none());
}

#[test]
fn h7_a_logout_waits_until_the_server_has_confirmed_it() {
    let (folder, secrets, mut device) = device(1);
    assert_eq!(
        device.log_out(&secrets).unwrap(),
        None,
        "nobody was logged in"
    );
    device
        .log_in(&secrets, &"anna".parse().unwrap(), &"annas".into())
        .unwrap();
    let generation = device.log_out(&secrets).unwrap().unwrap();
    // Another login in between changes nothing of it.
    device
        .log_in(&secrets, &"lena".parse().unwrap(), &"lenas".into())
        .unwrap();
    let next_at: Timestamp = "2026-11-29T03:01:00Z".parse().unwrap();
    device.logout_tried(generation, next_at).unwrap();
    device
        .keep_logout_token(&secrets, generation, &"annas next".into())
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
