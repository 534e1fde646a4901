//! Toasts over a real D-Bus to a daemon that the test plays. Each test has a bus of its own: it
//! runs itself again inside `dbus-run-session`.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use tokio::sync::mpsc;
use vestnik_model::text::Body;

use self::daemon::{Behaviour, FakeDaemon, Heard};
use super::super::{Toast, ToastEvent, Toaster, tag};
use crate::{sample, view::Language};

mod daemon;

/// How long until a wait counts as hung, on any machine.
const LIMIT: Duration = Duration::from_mins(5);

#[test]
fn no_answer_is_too_fast_to_be_heard() {
    on_a_bus("played::no_answer_is_too_fast_to_be_heard");
}

#[test]
fn a_toast_says_what_the_notification_says() {
    on_a_bus("played::a_toast_says_what_the_notification_says");
}

#[test]
fn angle_brackets_stay_text_where_daemons_read_markup() {
    on_a_bus("played::angle_brackets_stay_text_where_daemons_read_markup");
}

#[test]
fn what_is_withdrawn_is_closed() {
    on_a_bus("played::what_is_withdrawn_is_closed");
}

#[test]
fn putting_a_toast_away_is_heard_and_expiry_is_not() {
    on_a_bus("played::putting_a_toast_away_is_heard_and_expiry_is_not");
}

#[test]
fn without_a_daemon_a_toast_fails_and_the_next_may_succeed() {
    on_a_bus("played::without_a_daemon_a_toast_fails_and_the_next_may_succeed");
}

/// The tests themselves; each wants a session bus without any daemon on it.
mod played {
    use super::*;

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn no_answer_is_too_fast_to_be_heard() {
        let behaviour = Behaviour {
            clicks_at_once: true,
            ..Behaviour::default()
        };
        let (_daemon, _heard) = FakeDaemon::start(behaviour).await;
        let (toaster, mut events) = start();
        for number in 1..=6 {
            toaster.show(toast(number));
        }
        let mut opened = Vec::new();
        let mut shown = Vec::new();
        while opened.len() < 6 || shown.len() < 6 {
            match next(&mut events).await {
                ToastEvent::Opened(id) => opened.push(id),
                ToastEvent::Shown(id) => shown.push(id),
                event @ (ToastEvent::Failed { .. } | ToastEvent::Dismissed(_)) => {
                    panic!("unexpected {event:?}")
                }
            }
        }
        assert!(
            events.try_recv().is_err(),
            "a clicked toast that closes was not put away"
        );
        opened.sort();
        assert_eq!(opened, (1..=6).map(sample::id).collect::<Vec<_>>());
    }

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn a_toast_says_what_the_notification_says() {
        let (_daemon, mut heard) = FakeDaemon::start(Behaviour::default()).await;
        let (toaster, mut events) = start();
        toaster.show(toast(1));
        toaster.show(toast(1));
        for _ in 0..2 {
            let Heard::Notify(notify) = next(&mut heard).await else {
                panic!("not a toast");
            };
            assert_eq!(notify.app, "Vestnik");
            assert_eq!(notify.summary, "Order 1");
            assert_eq!(notify.body, "1 < 2 & 3");
            assert_eq!(notify.actions, ["default", "Open"]);
            assert_eq!(
                notify.replaces,
                tag(sample::id(1)),
                "the second replaces the first"
            );
        }
        assert_eq!(next(&mut events).await, ToastEvent::Shown(sample::id(1)));
    }

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn angle_brackets_stay_text_where_daemons_read_markup() {
        let behaviour = Behaviour {
            reads_markup: true,
            ..Behaviour::default()
        };
        let (_daemon, mut heard) = FakeDaemon::start(behaviour).await;
        let (toaster, _events) = start();
        toaster.show(toast(1));
        let Heard::Notify(notify) = next(&mut heard).await else {
            panic!("not a toast");
        };
        assert_eq!(notify.body, "1 &lt; 2 &amp; 3");
    }

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn what_is_withdrawn_is_closed() {
        let (_daemon, mut heard) = FakeDaemon::start(Behaviour::default()).await;
        let (toaster, mut events) = start();
        toaster.show(toast(1));
        assert_eq!(next(&mut events).await, ToastEvent::Shown(sample::id(1)));
        toaster.withdraw(vec![sample::id(1), sample::id(2)]);
        assert!(matches!(next(&mut heard).await, Heard::Notify(_)));
        assert_eq!(next(&mut heard).await, Heard::Close(tag(sample::id(1))));
    }

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn putting_a_toast_away_is_heard_and_expiry_is_not() {
        let (daemon, _heard) = FakeDaemon::start(Behaviour::default()).await;
        let (toaster, mut events) = start();
        for number in 1..=2 {
            toaster.show(toast(number));
            assert_eq!(
                next(&mut events).await,
                ToastEvent::Shown(sample::id(number))
            );
        }
        daemon.closed(tag(sample::id(1)), 1).await;
        daemon.closed(tag(sample::id(2)), 2).await;
        assert_eq!(
            next(&mut events).await,
            ToastEvent::Dismissed(sample::id(2))
        );
    }

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn without_a_daemon_a_toast_fails_and_the_next_may_succeed() {
        let (toaster, mut events) = start();
        toaster.show(toast(1));
        let failed = next(&mut events).await;
        assert!(matches!(failed, ToastEvent::Failed { id, .. } if id == sample::id(1)));
        let (_daemon, _heard) = FakeDaemon::start(Behaviour::default()).await;
        toaster.show(toast(2));
        assert_eq!(next(&mut events).await, ToastEvent::Shown(sample::id(2)));
    }
}

fn start() -> (Toaster, mpsc::Receiver<ToastEvent>) {
    let (events, heard) = mpsc::channel(64);
    let (toaster, task) = Toaster::new(events);
    tokio::spawn(task);
    (toaster, heard)
}

fn toast(number: usize) -> Toast {
    let mut item = sample::item(number);
    item.notification.body = Body::parse("1 < 2 & 3").unwrap();
    Toast::of(&item, Language::En)
}

async fn next<T>(events: &mut mpsc::Receiver<T>) -> T {
    tokio::time::timeout(LIMIT, events.recv())
        .await
        .expect("something happens in time")
        .expect("the other side still runs")
}

/// Runs one of the tests above on a session bus that starts nothing by itself.
fn on_a_bus(test: &str) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("bus.conf");
    std::fs::write(&config, BUS).unwrap();
    let module = module_path!()
        .split_once("::")
        .map_or("", |(_, module)| module);
    let run = Command::new("dbus-run-session")
        .arg(format!("--config-file={}", config.display()))
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", &format!("{module}::{test}")])
        .stdin(Stdio::null())
        .output()
        .expect("dbus-run-session is installed (Debian: dbus-daemon)");
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success() && output.contains("1 passed"),
        "{output}"
    );
}

const BUS: &str = r#"<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>"#;
