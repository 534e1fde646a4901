//! The history in the window.

use vestnik_model::ClickKind;

use super::*;
use crate::{
    model::Event,
    sample,
    view::{HistoryRequest, TroubleView},
};

#[tokio::test(start_paused = true)]
async fn changed_rows_reach_the_window_and_toasts_of_read_and_removed_ones_leave() {
    let mut app = App::started().await;
    app.core.put(sample::row(1));
    app.core.put(sample::read(2));
    app.core
        .send(Event::Changed(vec![
            sample::id(1),
            sample::id(2),
            sample::id(3),
        ]))
        .await;
    app.record
        .expect(Told::Withdraw(vec![sample::id(2), sample::id(3)]))
        .await;
    let (items, removed) = app
        .record
        .event(|event| {
            if let UiEvent::Changed { items, removed } = event {
                Some((items, removed))
            } else {
                None
            }
        })
        .await;
    let read: Vec<_> = items.iter().map(|item| item.is_read).collect();
    assert_eq!(read, [false, true]);
    assert_eq!(removed, [sample::id(3).to_string()]);
}

#[tokio::test(start_paused = true)]
async fn too_many_changes_make_the_window_read_again() {
    let mut app = App::started().await;
    let many = (0..=100).map(sample::id).collect();
    for event in [Event::Changed(many), Event::Reread] {
        app.core.send(event).await;
        app.record.expect(Told::Event(UiEvent::Stale)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_read_elsewhere_leaves_the_screen() {
    let mut app = App::started().await;
    app.core.send(Event::Withdraw(vec![sample::id(7)])).await;
    app.record.expect(Told::Withdraw(vec![sample::id(7)])).await;
}

#[tokio::test(start_paused = true)]
async fn new_contents_are_drawn_again_unless_they_were_read() {
    let mut app = App::started().await;
    app.core.put(sample::row(1));
    app.core.put(sample::read(2));
    app.core
        .send(Event::Redraw(vec![sample::id(2), sample::id(1)]))
        .await;
    let id = app
        .record
        .until(|told| {
            if let Told::Redraw(toast) = told {
                Some(toast.id)
            } else {
                None
            }
        })
        .await;
    assert_eq!(id, sample::id(1));
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_leaves_the_screen_and_the_window() {
    let mut app = App::started().await;
    app.core.put(sample::row(1));
    app.shell.has_window.store(false, Ordering::SeqCst);
    let opened = crate::toast::ToastEvent::Opened(sample::id(1));
    app.desk.send(Intent::Toast(opened)).await;
    app.core.expect(&format!("clicked {}", sample::id(1))).await;
    app.core.send(Event::Forgotten).await;
    app.record.expect(Told::WithdrawAll).await;
    app.record.expect(Told::Event(UiEvent::Forgotten)).await;
    app.shell.has_window.store(true, Ordering::SeqCst);
    assert_eq!(app.snapshot().await.opened, None);
}

#[tokio::test(start_paused = true)]
async fn rows_of_a_former_user_that_are_still_being_read_never_reach_the_window() {
    let mut app = App::started().await;
    let former = app.core.held_row(sample::row(1));
    app.core.send(Event::Changed(vec![sample::id(1)])).await;
    app.core.expect(&format!("row {}", sample::id(1))).await;
    app.core.send(Event::Forgotten).await;
    app.record.expect(Told::Event(UiEvent::Forgotten)).await;
    former.add_permits(1);
    settle().await;
    let is_changed = |told: &Told| matches!(told, Told::Event(UiEvent::Changed { .. }));
    assert!(!app.record.rest().iter().any(is_changed));
}

#[tokio::test(start_paused = true)]
async fn trouble_reaches_the_window_with_the_time_of_the_next_try() {
    let mut app = App::started().await;
    app.core.set(|state| {
        state.phase = vestnik_core::Phase::Waiting;
        state.trouble = Some(vestnik_core::Trouble::CaptivePortal);
        state.retry_at = Some(now());
    });
    let connection = ConnectionView::Offline {
        trouble: Some(TroubleView::CaptivePortal),
        retry_at: Some("2026-11-21T10:01:00Z".to_owned()),
    };
    app.record
        .expect(Told::Event(UiEvent::Connection { connection }))
        .await;
}

#[tokio::test(start_paused = true)]
async fn pages_are_read_by_place_capped_and_searched() {
    let mut app = App::started().await;
    app.core.put(sample::row(1));
    app.core.put(sample::read(2));
    let request = HistoryRequest {
        before: None,
        limit: 5_000,
        search: None,
    };
    let newest = request.clone();
    let page = app
        .ask(|reply| Intent::History {
            request: newest,
            reply,
        })
        .await
        .unwrap();
    app.core.expect("history start 200 ").await;
    let ids: Vec<_> = page.items.iter().map(|item| item.id.clone()).collect();
    assert_eq!(ids, [sample::id(2).to_string(), sample::id(1).to_string()]);

    let request = HistoryRequest {
        before: Some("7".to_owned()),
        limit: 50,
        search: Some("order".to_owned()),
    };
    app.ask(|reply| Intent::History { request, reply })
        .await
        .unwrap();
    app.core.expect("history 7 50 order").await;
}

#[tokio::test(start_paused = true)]
async fn only_links_for_the_browser_are_followed() {
    let mut app = App::started().await;
    app.core.put(sample::row(1));
    app.core.put(sample::linking(
        2,
        ClickKind::Link,
        "https://shop.example/o/1",
    ));
    app.core
        .put(sample::linking(3, ClickKind::App, "shop://order/1"));
    app.core.put(sample::linking(
        4,
        ClickKind::Link,
        "https://nobody-opens.example/",
    ));
    let mut outcomes = Vec::new();
    for number in 1..=5 {
        let id = sample::id(number);
        outcomes.push(app.ask(|reply| Intent::FollowLink { id, reply }).await);
    }
    let missing = Err(ErrorCode::NotFound);
    assert_eq!(
        outcomes,
        [missing, Ok(()), missing, Err(ErrorCode::System), missing]
    );
    app.record
        .expect(Told::Link("https://shop.example/o/1".to_owned()))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_button_does_what_it_says_and_the_sender_is_told() {
    let mut app = App::started().await;
    app.core.put(sample::with_buttons(1));
    let id = sample::id(1);
    for action in ["pay", "ok"] {
        let action = action.to_owned();
        let pressed = app.ask(|reply| Intent::Press { id, action, reply }).await;
        pressed.unwrap();
    }
    app.record
        .expect(Told::Link("https://shop.example/pay".to_owned()))
        .await;
    app.core.expect(&format!("actioned {id} pay")).await;
    app.core.expect(&format!("actioned {id} ok")).await;
    let answered = app.ask(|reply| Intent::Answer {
        id,
        action: "answer".to_owned(),
        text: "Yes".to_owned(),
        reply,
    });
    answered.await.unwrap();
    app.core.expect(&format!("reply {id} answer Yes")).await;
    // A screen of another app, a button that is not there, a notification that is gone.
    for (number, action) in [(1, "app"), (1, "none"), (2, "ok")] {
        let (id, action) = (sample::id(number), action.to_owned());
        let refused = app.ask(|reply| Intent::Press { id, action, reply }).await;
        assert_eq!(refused, Err(ErrorCode::NotFound));
    }
}

#[tokio::test(start_paused = true)]
async fn opening_reads_and_what_is_gone_is_said_to_be() {
    let mut app = App::started().await;
    app.core.put(sample::row(1));
    let id = sample::id(1);
    app.ask(|reply| Intent::Open { id, reply }).await.unwrap();
    app.core.expect(&format!("clicked {id}")).await;
    let id = sample::id(2);
    let gone = app.ask(|reply| Intent::Open { id, reply }).await;
    assert_eq!(gone, Err(ErrorCode::NotFound));
}

#[tokio::test(start_paused = true)]
async fn reading_all_takes_every_toast_away() {
    let mut app = App::started().await;
    app.core.put(sample::row(1));
    let count = app.ask(|reply| Intent::MarkAllRead { reply }).await;
    assert_eq!(count, Ok(1));
    app.record.expect(Told::WithdrawAll).await;
}

/// What came while everything was being marked read was not.
#[tokio::test(start_paused = true)]
async fn reading_all_leaves_the_toast_of_what_came_since() {
    let mut app = App::started().await;
    is_drawn(&mut app, &[1, 2, 3]).await;
    app.core.put(sample::read(1));
    app.core.put(sample::read(2));
    app.ask(|reply| Intent::MarkAllRead { reply })
        .await
        .unwrap();
    let read = vec![sample::id(1), sample::id(2)];
    app.record.expect(Told::Withdraw(read)).await;
    // It is read then, too: toasts of an earlier process leave with it.
    app.core.put(sample::read(3));
    app.ask(|reply| Intent::MarkAllRead { reply })
        .await
        .unwrap();
    app.record.expect(Told::WithdrawAll).await;
}

/// The toasts of unread notifications are drawn, in this order.
async fn is_drawn(app: &mut App, numbers: &[usize]) {
    for number in numbers {
        let row = sample::row(*number);
        app.core.put(row.clone());
        app.core.due(row).await;
        app.core
            .expect(&format!("shown {}", sample::id(*number)))
            .await;
    }
    app.record.rest();
}

/// The core says so when more has changed than it lists, with what other devices read among it.
#[tokio::test(start_paused = true)]
async fn after_more_changes_than_are_listed_toasts_are_looked_up() {
    let mut app = App::started().await;
    is_drawn(&mut app, &[1, 2, 3, 4, 5]).await;
    // Read, recalled, edited, and put away by the person.
    app.core.put(sample::read(2));
    app.core.remove(sample::id(3));
    let mut edited = sample::row(4);
    edited.notification.title = sample::row(9).notification.title;
    app.core.put(edited);
    app.core.put(sample::read(5));
    let dismissed = crate::toast::ToastEvent::Dismissed(sample::id(5));
    app.desk.send(Intent::Toast(dismissed)).await;
    app.core.send(Event::Reread).await;
    app.record.expect(Told::Event(UiEvent::Stale)).await;
    let gone = vec![sample::id(2), sample::id(3)];
    app.record.expect(Told::Withdraw(gone)).await;
    let title = app.record.until(redrawn).await;
    assert_eq!(title, (sample::id(4), "Order 9".to_owned()));
    settle().await;
    // Each once.
    app.record.rest();
    app.core.send(Event::Reread).await;
    settle().await;
    assert_eq!(of_toasts(app.record.rest()), []);
}

/// What the shell was told of toasts.
fn of_toasts(mut told: Vec<Told>) -> Vec<Told> {
    told.retain(|told| {
        matches!(
            told,
            Told::Toast(_) | Told::Redraw(_) | Told::Withdraw(_) | Told::WithdrawAll
        )
    });
    told
}

fn redrawn(told: Told) -> Option<(NotificationId, String)> {
    if let Told::Redraw(toast) = told {
        Some((toast.id, toast.title))
    } else {
        None
    }
}

/// Rows of the history that was set aside come back unread.
#[tokio::test(start_paused = true)]
async fn a_damaged_history_takes_no_toast_away() {
    let mut app = App::started().await;
    is_drawn(&mut app, &[1]).await;
    app.core.remove(sample::id(1));
    for event in [Event::HistoryRebuilt, Event::Reread] {
        app.core.send(event).await;
    }
    app.record.expect(Told::Event(UiEvent::Stale)).await;
    settle().await;
    assert_eq!(of_toasts(app.record.rest()), []);
}

/// A notification that went to both users has one id.
#[tokio::test(start_paused = true)]
async fn what_a_former_user_has_read_takes_no_toast_of_the_next_one_away() {
    let mut app = App::started().await;
    is_drawn(&mut app, &[1]).await;
    app.core.put(sample::read(1));
    let former = app.core.hold();
    app.core.send(Event::Reread).await;
    app.core.expect(&format!("row {}", sample::id(1))).await;
    app.core.send(Event::Forgotten).await;
    app.record.expect(Told::WithdrawAll).await;
    app.record.expect(Told::Event(UiEvent::Forgotten)).await;
    app.core.due(sample::row(1)).await;
    app.core.expect(&format!("shown {}", sample::id(1))).await;
    app.record.rest();
    former.add_permits(1);
    settle().await;
    assert_eq!(of_toasts(app.record.rest()), []);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_history_is_told() {
    let mut app = App::started().await;
    app.core.send(Event::HistoryRebuilt).await;
    app.record
        .expect(Told::Event(UiEvent::HistoryRebuilt))
        .await;
}
