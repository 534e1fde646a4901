//! How a history begins: logins that are cut, clocks that are set, files that are set back or lost.

use std::{path::Path, time::Duration};

use jiff::SignedDuration;
use vestnik_clock::Clock as _;
use vestnik_inbox::{Moment, RestoreMark, Restored, Standing};
use vestnik_model::UserId;

use super::{Device, anna, arrival, arrival_of, id};
use crate::{
    machine::{
        Generation, Secret,
        session::{LogoutNote, SeedStanding, StoreCall},
    },
    storage::FormerHistory,
};

/// Copies the files of a device over those of a folder. Locks belong to whoever has them.
fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        let is_lock = file.path().extension().is_some_and(|word| word == "lock");
        if file.file_type().unwrap().is_file() && !is_lock {
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

#[test]
fn a_logout_that_was_noted_is_done_before_another_engine_begins() {
    let mut device = Device::new(FormerHistory::Wipe);
    let note = LogoutNote::Pending {
        generation: Generation::new(1),
        user: Some(anna()),
        refresh: Secret::new("refresh"),
    };
    device.files.note(note).unwrap();
    let seed = device.files.seed().unwrap();
    assert!(matches!(seed.standing, SeedStanding::Nobody));
    assert_eq!(seed.logouts.len(), 1, "the server is still to be told");
    assert_eq!(device.files.device().user(), None);
    // A later session is not ended by it.
    device.log_in(5);
    let seed = device.files.seed().unwrap();
    assert!(matches!(seed.standing, SeedStanding::LoggedIn { .. }));
}

/// What was accepted before a login is quiet, and what was accepted after it is due, although the process
/// ended before the history knew of the login.
#[test]
fn a_history_learns_of_a_login_that_was_cut() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.log_out(2);
    device.clock.advance(Duration::from_secs(1_000));
    let (login, moment) = (device.files.server_now(), device.files.stamp().moment());
    // All that a login makes durable before the history.
    let owner = &mut device.files.device;
    owner.update(|state| state.login = Some(moment)).unwrap();
    owner
        .log_in(&*device.secrets, 3, &anna(), &"refresh".into())
        .unwrap();
    device.clock.advance(Duration::from_secs(100));
    let (mut device, _) = device.restart();
    assert_eq!(device.files.device().user(), Some(&anna()));
    device.receive_of(&[1], login - Duration::from_secs(10));
    device.receive_of(&[2], login + Duration::from_secs(10));
    assert_eq!(device.take().unwrap().id(), id(2));
    assert!(device.take().is_none());
    assert_eq!(device.files.device().state().login, None);
}

/// The moment before which all is quiet was taken from the device's clock, which was then set.
#[test]
fn a_clock_that_is_set_before_the_server_is_heard_shows_nothing_again() {
    for set_by in [-86_400, -3_600, 3_600, 86_400] {
        let mut device = Device::new(FormerHistory::Wipe);
        device.receive(&[1]);
        let restored = Restored {
            mark: RestoreMark::new([7; 16]),
            found: Moment {
                at: device.clock.now(),
                is_by_device: true,
            },
        };
        let owner = &mut device.files.device;
        owner
            .update(|state| state.restored = Some(restored))
            .unwrap();
        let accepted_at = device.files.server_now();
        device.clock.advance(Duration::from_secs(5));
        let (mut device, _) = device.restart();
        let server = device.files.server_now();
        assert_eq!(device.files.heard_now(), None);
        let now = device.clock.now() + SignedDuration::from_secs(set_by);
        device.clock.set(now);
        device.hear(server);
        assert_eq!(device.files.heard_now(), Some(server), "{set_by}");
        device.clock.advance(Duration::from_secs(5));
        device.receive_of(&[2], accepted_at);
        device.receive(&[3]);
        assert_eq!(device.take().unwrap().id(), id(3), "{set_by}");
        assert!(device.take().is_none(), "{set_by}");
    }
}

/// What was shown by a history that came back with a backup is not known any more, whenever it is opened.
#[test]
fn each_history_learns_that_the_files_were_set_back() {
    let boris = || UserId::parse("boris").unwrap();
    let mut device = Device::new(FormerHistory::Seal);
    device.log_out(2);
    device.log_in_as(boris(), 3);
    let backup = tempfile::tempdir().unwrap();
    let (mut device, _) = device.restart_after(|folder| copy(folder, backup.path()));
    device.log_out(4);
    device.log_in(5);
    let accepted_at = device.files.server_now();
    device.receive(&[1]);
    let taken = device.take().unwrap();
    device.settle(&taken).unwrap();
    device.log_out(6);
    device.log_in_as(boris(), 7);
    device.clock.advance(Duration::from_secs(10));

    let (mut device, standing) = device.restart_after(|folder| copy(backup.path(), folder));
    assert_eq!(standing, Standing::Restored);
    device.hear(device.clock.now());
    device.clock.advance(Duration::from_secs(10));
    let meanwhile = device.files.server_now();
    device.clock.advance(Duration::from_secs(10));
    let (mut device, _) = device.restart();
    device.log_out(20);
    device.log_in(21);
    device.receive_of(&[1], accepted_at);
    device.receive_of(&[2], meanwhile);
    assert_eq!(device.take().unwrap().id(), id(2));
    assert!(device.take().is_none());
}

/// The moment of the login was taken from the clock as it was set.
#[test]
fn a_login_after_the_clock_was_set_is_that_moment() {
    for set_by in [-7_200, 7_200, 300_000_000] {
        let mut device = Device::new(FormerHistory::Wipe);
        device.log_out(2);
        let (mut device, _) = device.restart();
        let login = device.files.server_now();
        let now = device.clock.now() + SignedDuration::from_secs(set_by);
        device.clock.set(now);
        device.log_in(3);
        device.clock.advance(Duration::from_secs(100));
        device.hear(login + Duration::from_secs(100));
        device.receive_of(&[1], login - Duration::from_secs(10));
        device.receive_of(&[2], login + Duration::from_secs(50));
        assert_eq!(device.take().unwrap().id(), id(2), "{set_by}");
        assert!(device.take().is_none(), "{set_by}");
    }
}

/// The server has logged the user in, and the disk is full for a while.
#[test]
fn what_comes_while_a_login_cannot_be_stored_is_due() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.log_out(2);
    let path = device.history();
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let login = StoreCall::Login {
        user: anna(),
        refresh: Secret::new("refresh"),
    };
    let before = device.files.server_now() - Duration::from_secs(10);
    device.files.store(Generation::new(3), login).unwrap_err();
    device.clock.advance(Duration::from_secs(100));
    let meanwhile = device.files.server_now();
    device.clock.advance(Duration::from_secs(100));
    std::fs::remove_dir(&path).unwrap();
    device.log_in(3);
    device.receive_of(&[1], before);
    device.receive_of(&[2], meanwhile);
    assert_eq!(device.take().unwrap().id(), id(2));
    assert!(device.take().is_none());
}

/// The history is gone, and what it showed may still be on the screen.
#[test]
fn what_a_lost_history_showed_comes_off_the_screen_when_it_was_read() {
    let mut device = Device::new(FormerHistory::Wipe);
    device.receive(&[1, 2]);
    while let Some(taken) = device.take() {
        device.settle(&taken).unwrap();
    }
    let accepted_at = device.files.server_now() - Duration::from_secs(1);
    device.clock.advance(Duration::from_secs(10));
    let path = device.history();
    let (mut device, standing) = device.restart_after(|_| {
        for suffix in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(format!("{}{suffix}", path.display())));
        }
    });
    assert_eq!(standing, Standing::Same);
    assert!(
        !device.files.take_news().is_reread,
        "what the history lacks may come back"
    );
    let read = arrival_of(1, accepted_at, Some(accepted_at));
    device.page(vec![read, arrival(2, accepted_at)]);
    device.receive(&[3]);
    let withdrawn = device.files.take_news().withdrawn;
    assert_eq!(withdrawn.into_iter().collect::<Vec<_>>(), [id(1)]);
    assert_eq!(device.take().unwrap().id(), id(3));
    assert!(device.take().is_none());
    let (mut device, _) = device.restart();
    assert!(device.files.take_news().is_reread);
}
