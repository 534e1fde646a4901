//! What a person wants to receive, and whether this device shows it.

use vestnik_model::preference::OptOutChange;

use super::*;
use crate::{
    model::Event,
    toast::ToastEvent,
    view::{ChoiceView, OptOutRequest},
};

async fn switch(app: &App, is_switched_off: bool) {
    let preferences = Preferences {
        is_switched_off,
        ..Preferences::default()
    };
    app.ask(|reply| Intent::SavePreferences { preferences, reply })
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_switches_pop_ups_off_sees_none_and_the_core_knows_why() {
    let mut app = App::started().await;
    app.desk
        .send(Intent::Toast(ToastEvent::Delivery(Delivery::Ready)))
        .await;
    app.core.expect("permit Granted").await;
    switch(&app, true).await;
    app.core.expect("permit SwitchedOff").await;
    app.core.due(crate::sample::row(1)).await;
    // The system says something in between.
    app.desk
        .send(Intent::Toast(ToastEvent::Delivery(Delivery::Paused)))
        .await;
    app.core.expect("permit SwitchedOff").await;
    settle().await;
    assert_eq!(app.core.asked(), [""; 0]);
    let folder = app.end().await;
    // The switch outlives the process, and nothing is drawn before the core knows of it.
    let mut app = App::start_in(folder, Start::default());
    app.core.expect("permit SwitchedOff").await;
    app.core.due(crate::sample::row(2)).await;
    settle().await;
    assert_eq!(app.core.asked(), [""; 0]);
    switch(&app, false).await;
    let id = crate::sample::id(2);
    app.core.expect(&format!("shown {id}")).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_person_does_not_want_is_told_and_changed_one_at_a_time() {
    let mut app = App::started().await;
    {
        let mut wanted = app.core.wanted.lock().unwrap();
        wanted.is_known = true;
        wanted.categories = ["news", "orders"].map(|name| name.parse().unwrap()).into();
        wanted.opt_outs = serde_json::from_str(r#"{"categories": ["news"]}"#).unwrap();
        wanted.waiting = serde_json::from_str(r#"{"all": false}"#).unwrap();
    }
    let view = app.ask(|reply| Intent::Consent { reply }).await.unwrap();
    let choice = |name: &str, is_off| ChoiceView {
        name: name.to_owned(),
        is_off,
        is_waiting: false,
    };
    assert_eq!(
        view.categories,
        [choice("news", true), choice("orders", false)]
    );
    assert!(view.is_known && view.is_all_waiting && !view.is_all_off);

    let opt_out = |what, is_off| {
        app.ask(move |reply| Intent::OptOut {
            what,
            is_off,
            reply,
        })
    };
    let named = |name: &str| name.to_owned();
    opt_out(OptOutRequest::All, true).await.unwrap();
    let name = named("orders");
    opt_out(OptOutRequest::Category { name }, true)
        .await
        .unwrap();
    let name = named("gossip");
    opt_out(OptOutRequest::Topic { name }, false).await.unwrap();
    let text = r#"{"all": true, "categories": {"orders": true}, "topics": {"gossip": false}}"#;
    let expected: OptOutChange = serde_json::from_str(text).unwrap();
    assert_eq!(app.core.wanted.lock().unwrap().waiting, expected);
    let name = String::new();
    let odd = opt_out(OptOutRequest::Category { name }, true).await;
    assert_eq!(odd, Err(ErrorCode::NotFound));

    app.core.send(Event::Preferences { is_refused: true }).await;
    let is_refused = true;
    app.record
        .expect(Told::Event(UiEvent::ConsentChanged { is_refused }))
        .await;
}
