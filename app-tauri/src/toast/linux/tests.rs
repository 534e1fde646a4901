//! Toasts over a real D-Bus to a daemon that the test plays. Each test has a bus of its own: it
//! runs itself again inside `dbus-run-session`.

use std::time::Duration;

use tokio::sync::mpsc;
use vestnik_model::text::Body;

use self::daemon::{Behaviour, FakeDaemon, Heard};
use super::super::{Delivery, Toast, ToastError, ToastEvent, Toaster, tag};
use crate::{bus_test::on_a_bus, sample, view::Language};

mod daemon;

/// How long until a wait counts as hung, on any machine.
const LIMIT: Duration = Duration::from_mins(5);

#[test]
fn no_answer_is_too_fast_to_be_noticed() {
    on_a_bus(
        module_path!(),
        "played::no_answer_is_too_fast_to_be_noticed",
    );
}

#[test]
fn a_toast_says_what_the_notification_says() {
    on_a_bus(
        module_path!(),
        "played::a_toast_says_what_the_notification_says",
    );
}

#[test]
fn angle_brackets_stay_text_where_daemons_read_markup() {
    on_a_bus(
        module_path!(),
        "played::angle_brackets_stay_text_where_daemons_read_markup",
    );
}

#[test]
fn what_is_withdrawn_is_closed_and_only_what_is_there_is_redrawn() {
    on_a_bus(
        module_path!(),
        "played::what_is_withdrawn_is_closed_and_only_what_is_there_is_redrawn",
    );
}

#[test]
fn putting_a_toast_away_is_told_and_expiry_is_not() {
    on_a_bus(
        module_path!(),
        "played::putting_a_toast_away_is_told_and_expiry_is_not",
    );
}

#[test]
fn without_a_daemon_a_toast_fails_and_after_it_came_the_next_is_shown() {
    on_a_bus(
        module_path!(),
        "played::without_a_daemon_a_toast_fails_and_after_it_came_the_next_is_shown",
    );
}

#[test]
fn do_not_disturb_is_told() {
    on_a_bus(module_path!(), "played::do_not_disturb_is_told");
}

/// The tests themselves; each wants a session bus without any daemon on it.
mod played {
    use super::*;

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn no_answer_is_too_fast_to_be_noticed() {
        let behaviour = Behaviour {
            clicks_at_once: true,
            ..Behaviour::default()
        };
        let (_daemon, _heard) = FakeDaemon::start(behaviour).await;
        let (toaster, mut events) = start();
        ready(&mut events).await;
        let shown = (1..=6).map(|number| toaster.show(toast(number)));
        for outcome in futures_util::future::join_all(shown).await {
            assert_eq!(outcome, Ok(()));
        }
        let mut opened = Vec::new();
        while opened.len() < 6 {
            match next(&mut events).await {
                ToastEvent::Opened(id) => opened.push(id),
                event @ (ToastEvent::Delivery(_) | ToastEvent::Dismissed(_)) => {
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
        let (toaster, _events) = start();
        for _ in 0..2 {
            assert_eq!(toaster.show(toast(1)).await, Ok(()));
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
        assert_eq!(toaster.show(toast(1)).await, Ok(()));
        let Heard::Notify(notify) = next(&mut heard).await else {
            panic!("not a toast");
        };
        assert_eq!(notify.body, "1 &lt; 2 &amp; 3");
    }

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn what_is_withdrawn_is_closed_and_only_what_is_there_is_redrawn() {
        let (_daemon, mut heard) = FakeDaemon::start(Behaviour::default()).await;
        let (toaster, _events) = start();
        assert_eq!(toaster.show(toast(1)).await, Ok(()));
        assert!(matches!(next(&mut heard).await, Heard::Notify(_)));
        toaster.redraw(toast(2));
        toaster.redraw(toast(1));
        let Heard::Notify(again) = next(&mut heard).await else {
            panic!("not a toast");
        };
        assert_eq!(again.replaces, tag(sample::id(1)));
        toaster.withdraw(vec![sample::id(1), sample::id(2)]);
        assert_eq!(next(&mut heard).await, Heard::Close(tag(sample::id(1))));
    }

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn putting_a_toast_away_is_told_and_expiry_is_not() {
        let (daemon, _heard) = FakeDaemon::start(Behaviour::default()).await;
        let (toaster, mut events) = start();
        ready(&mut events).await;
        for number in 1..=2 {
            assert_eq!(toaster.show(toast(number)).await, Ok(()));
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
    async fn without_a_daemon_a_toast_fails_and_after_it_came_the_next_is_shown() {
        let (toaster, mut events) = start();
        let absent = ToastEvent::Delivery(Delivery::NoService);
        assert_eq!(next(&mut events).await, absent);
        assert_eq!(toaster.show(toast(1)).await, Err(ToastError::NoService));
        let (daemon, _heard) = FakeDaemon::start(Behaviour::default()).await;
        ready(&mut events).await;
        assert_eq!(toaster.show(toast(2)).await, Ok(()));
        daemon.end().await;
        assert_eq!(next(&mut events).await, absent);
    }

    #[tokio::test]
    #[ignore = "runs inside dbus-run-session"]
    async fn do_not_disturb_is_told() {
        let (daemon, _heard) = FakeDaemon::start(Behaviour::default()).await;
        let (_toaster, mut events) = start();
        ready(&mut events).await;
        daemon.inhibit(true).await;
        let paused = ToastEvent::Delivery(Delivery::Paused);
        assert_eq!(next(&mut events).await, paused);
        daemon.inhibit(false).await;
        ready(&mut events).await;
    }
}

fn start() -> (Toaster, mpsc::Receiver<ToastEvent>) {
    let (events, heard) = mpsc::channel(64);
    let (toaster, task) = Toaster::new(events);
    tokio::spawn(task);
    (toaster, heard)
}

async fn ready(events: &mut mpsc::Receiver<ToastEvent>) {
    let ready = ToastEvent::Delivery(Delivery::Ready);
    assert_eq!(next(events).await, ready);
}

fn toast(number: usize) -> Toast {
    let mut row = sample::row(number);
    row.notification.body = Body::parse("1 < 2 & 3").unwrap();
    Toast::of(&row, Language::En)
}

async fn next<T>(events: &mut mpsc::Receiver<T>) -> T {
    tokio::time::timeout(LIMIT, events.recv())
        .await
        .expect("something happens in time")
        .expect("the other side still runs")
}
