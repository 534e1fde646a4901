//! What is shown, and when its ticket is settled.

use jiff::SignedDuration;
use vestnik_model::NotificationId;

use super::*;
use crate::{
    sample,
    toast::{Toast, ToastError, ToastEvent},
    view::DeliveryView,
};

async fn toast(app: &mut App) -> NotificationId {
    app.record
        .until(|told| {
            if let Told::Toast(toast) = told {
                Some(toast.id)
            } else {
                None
            }
        })
        .await
}

fn takes(app: &App, outcome: Option<Result<(), ToastError>>) {
    *app.shell.takes.lock().unwrap() = outcome;
}

#[tokio::test(start_paused = true)]
async fn what_is_due_is_shown_and_settled_when_the_system_took_it() {
    let mut app = App::started().await;
    let row = sample::row(1);
    app.core.due(row.clone()).await;
    app.record
        .expect(Told::Toast(Toast::of(&row, Language::En)))
        .await;
    app.core.expect(&format!("shown {}", sample::id(1))).await;
}

#[tokio::test(start_paused = true)]
async fn a_toast_that_the_system_did_not_answer_yet_is_not_settled() {
    let mut app = App::started().await;
    takes(&app, None);
    app.core.due(sample::row(1)).await;
    toast(&mut app).await;
    settle().await;
    let asked = app.core.asked();
    assert!(
        !asked.iter().any(|call| call.starts_with("shown")),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_system_refuses_comes_back_and_what_the_person_forbade_does_not() {
    let mut app = App::started().await;
    for (number, refusal, end) in [
        (1, ToastError::Silent, "failed toast.silent"),
        (2, ToastError::NoService, "failed toast.no_service"),
        (
            3,
            ToastError::Refused("busy".to_owned()),
            "failed toast.refused",
        ),
        (4, ToastError::Denied, "suppressed blocked.os"),
    ] {
        takes(&app, Some(Err(refusal)));
        app.core.due(sample::row(number)).await;
        app.core
            .expect(&format!("{end} {}", sample::id(number)))
            .await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_service_nothing_is_taken_and_when_it_comes_everything_is_shown() {
    let mut app = App::started().await;
    let absent = ToastEvent::Delivery(Delivery::NoService);
    app.desk.send(Intent::Toast(absent)).await;
    app.record
        .event(|event| {
            let UiEvent::System { system } = event else {
                return None;
            };
            (system.delivery == DeliveryView::NoService).then_some(())
        })
        .await;
    app.core.due(sample::row(1)).await;
    settle().await;
    let is_toast = |told: &Told| matches!(told, Told::Toast(_));
    assert!(!app.record.rest().iter().any(is_toast));

    let ready = ToastEvent::Delivery(Delivery::Ready);
    app.desk.send(Intent::Toast(ready)).await;
    app.core.expect("permit Granted").await;
    assert_eq!(toast(&mut app).await, sample::id(1));
    app.core.expect(&format!("shown {}", sample::id(1))).await;
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_hours_is_listed_and_not_shown() {
    let mut app = App::started().await;
    let (hour, second) = (SignedDuration::from_hours(1), SignedDuration::from_secs(1));
    app.core.due_after(hour + second, sample::row(1)).await;
    app.core
        .expect(&format!("suppressed failed {}", sample::id(1)))
        .await;
    app.core.due_after(hour, sample::row(2)).await;
    assert_eq!(toast(&mut app).await, sample::id(2));
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_the_person_took_back_reaches_the_core() {
    let mut app = App::started().await;
    let denied = ToastEvent::Delivery(Delivery::Denied);
    app.desk.send(Intent::Toast(denied)).await;
    app.core.expect("permit Denied").await;
    let delivery = app.snapshot().await.system.delivery;
    assert_eq!(delivery, DeliveryView::Denied);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_of_a_user_who_is_gone_is_not_shown() {
    let mut app = App::started().await;
    app.core.void(sample::row(1)).await;
    app.core.due(sample::row(2)).await;
    assert_eq!(toast(&mut app).await, sample::id(2));
}

#[tokio::test(start_paused = true)]
async fn a_system_that_does_not_answer_is_given_a_few_toasts_only() {
    let mut app = App::started().await;
    takes(&app, None);
    for number in 0..20 {
        app.core.due(sample::row(number)).await;
    }
    settle().await;
    let told = app.record.rest();
    let toasts = told.iter().filter(|told| matches!(told, Told::Toast(_)));
    assert_eq!(toasts.count(), super::super::show::MOST);
}

#[tokio::test(start_paused = true)]
async fn a_clicked_toast_is_opened_in_the_window() {
    let mut app = App::started().await;
    let id = sample::id(1);
    app.desk.send(Intent::Toast(ToastEvent::Opened(id))).await;
    app.record
        .expect(Told::Event(UiEvent::Opened { id: id.to_string() }))
        .await;
    app.record.expect(Told::Window).await;
    app.core.expect("foregrounded").await;
    app.core.expect(&format!("clicked {id}")).await;
    assert_eq!(app.snapshot().await.opened, None);
}

#[tokio::test(start_paused = true)]
async fn a_toast_clicked_without_a_window_is_the_first_thing_of_the_next() {
    let mut app = App::started().await;
    app.shell.has_window.store(false, Ordering::SeqCst);
    let id = sample::id(1);
    app.desk.send(Intent::Toast(ToastEvent::Opened(id))).await;
    app.core.expect(&format!("clicked {id}")).await;
    assert_eq!(app.snapshot().await.opened, Some(id.to_string()));
    assert_eq!(app.snapshot().await.opened, None);
}
