//! Start, setup, preferences, machine, end.

use super::*;
use crate::{
    preferences,
    view::{DeliveryView, LanguagePreference, SecretsView, ThemePreference},
    wake::MachineEvent,
};

#[tokio::test(start_paused = true)]
async fn the_app_begins_with_its_window_and_is_ready_when_the_core_runs() {
    let mut app = App::start();
    app.record.expect(Told::Unread(0, Language::En)).await;
    app.record.expect(Told::Window).await;
    app.phase(&Phase::Ready).await;
    app.core.set(|state| state.unread = 3);
    app.record.expect(Told::Unread(3, Language::En)).await;
    settle().await;
    let snapshot = app.snapshot().await;
    assert_eq!(snapshot.phase, Phase::Ready);
    assert_eq!(snapshot.connection, ConnectionView::Online);
    let user = "anna".to_owned();
    assert_eq!(snapshot.account, AccountView::SignedIn { user });
    assert_eq!(snapshot.unread, 3);
    assert_eq!(snapshot.opened, None);
    assert_eq!(snapshot.system.secrets, Some(SecretsView::Keyring));
    assert_eq!(snapshot.system.starts_at_login, Some(false));
    assert_eq!(snapshot.system.server.unwrap().host, "push.example");
}

#[tokio::test(start_paused = true)]
async fn started_at_login_the_app_has_no_window_until_it_is_wanted() {
    let mut app = App::start_with(Start {
        is_in_background: true,
        ..Start::default()
    });
    app.phase(&Phase::Ready).await;
    settle().await;
    assert!(!app.record.rest().contains(&Told::Window));
    app.desk.send(Intent::ShowWindow).await;
    app.record.expect(Told::Window).await;
    app.core.expect("foregrounded").await;
}

#[tokio::test(start_paused = true)]
async fn the_window_is_told_only_what_changed() {
    let mut app = App::started().await;
    settle().await;
    app.record.rest();
    app.core.set(|state| state.unread = 1);
    app.record.expect(Told::Unread(1, Language::En)).await;
    let others = app.record.rest();
    assert_eq!(others, [], "neither account nor connection changed");
}

#[tokio::test(start_paused = true)]
async fn without_a_configuration_the_app_says_so_and_can_be_asked_again() {
    let problem = SetupProblem::Missing {
        settings: vec!["server".to_owned()],
    };
    let mut app = App::start_with(Start {
        problem: Some(problem.clone()),
        ..Start::default()
    });
    app.phase(&setup(problem)).await;
    let refused = app.ask(|reply| Intent::MarkAllRead { reply }).await;
    assert_eq!(refused, Err(ErrorCode::NotReady));

    *app.launcher.problem.lock().unwrap() = None;
    app.core.expect("launch false").await;
    let reload = |reply| Intent::ReloadConfiguration {
        without_keyring: true,
        reply,
    };
    app.ask(reload).await.unwrap();
    app.core.expect("launch true").await;
    app.phase(&Phase::Starting).await;
    app.phase(&Phase::Ready).await;
    // A core that runs is not started twice.
    app.ask(reload).await.unwrap();
    assert_eq!(app.snapshot().await.phase, Phase::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_core_that_ends_by_itself_is_not_hidden() {
    let mut app = App::started().await;
    app.core.events = None;
    let detail = "the core has stopped".to_owned();
    app.phase(&setup(SetupProblem::Failed { detail })).await;
}

#[tokio::test(start_paused = true)]
async fn sleep_wake_and_another_network_reach_the_core() {
    let mut app = App::started().await;
    for (event, call) in [
        (MachineEvent::Sleeps, "suspend"),
        (MachineEvent::Wakes, "resume"),
        (MachineEvent::NetworkChanged, "network_changed"),
    ] {
        app.desk.send(Intent::Machine(event)).await;
        app.core.expect(call).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_try_can_be_had_at_once() {
    let mut app = App::started().await;
    app.ask(|reply| Intent::RetryNow { reply }).await.unwrap();
    app.core.expect("foregrounded").await;
}

#[tokio::test(start_paused = true)]
async fn a_person_who_looks_at_the_app_uses_this_device() {
    let mut app = App::start_with(Start {
        is_in_background: true,
        ..Start::default()
    });
    // The window may be in front before the core is there.
    app.desk.send(Intent::Focus(true)).await;
    app.core.expect("foregrounded").await;
    app.desk.send(Intent::Focus(false)).await;
    app.desk.send(Intent::Focus(true)).await;
    app.core.expect("foregrounded").await;
}

#[tokio::test(start_paused = true)]
async fn the_start_at_login_and_the_tray_are_told_as_they_are() {
    let mut app = App::started().await;
    let starts = true;
    app.ask(|reply| Intent::StartAtLogin { starts, reply })
        .await
        .unwrap();
    app.record.expect(Told::StartAtLogin(true)).await;
    app.desk.send(Intent::Tray(true)).await;
    app.record
        .event(|event| {
            let UiEvent::System { system } = event else {
                return None;
            };
            (system.starts_at_login == Some(true) && system.has_tray).then_some(())
        })
        .await;
    assert_eq!(app.snapshot().await.system.delivery, DeliveryView::Unknown);
}

#[tokio::test(start_paused = true)]
async fn preferences_are_kept_and_change_the_words_of_tray_and_toasts() {
    let mut app = App::started().await;
    let preferences = Preferences {
        language: LanguagePreference::Ru,
        theme: ThemePreference::Dark,
        is_switched_off: false,
    };
    app.ask(|reply| Intent::SavePreferences { preferences, reply })
        .await
        .unwrap();
    let language = Language::Ru;
    app.record
        .expect(Told::Event(UiEvent::Preferences {
            preferences,
            language,
        }))
        .await;
    app.record.expect(Told::Unread(0, Language::Ru)).await;
    app.core.due(crate::sample::row(1)).await;
    let open = app
        .record
        .until(|told| {
            if let Told::Toast(toast) = told {
                Some(toast.open)
            } else {
                None
            }
        })
        .await;
    assert_eq!(open, "Открыть");
    let file: PathBuf = app.folder.path().join("preferences.toml");
    assert_eq!(preferences::load(&file), preferences);
}

#[tokio::test(start_paused = true)]
async fn what_was_preferred_last_is_kept_also_by_who_quits_at_once() {
    let mut app = App::started().await;
    let mut preferences = Preferences::default();
    for theme in [ThemePreference::Light, ThemePreference::Dark] {
        preferences.theme = theme;
        let (reply, _) = tokio::sync::oneshot::channel();
        app.desk
            .tell(Intent::SavePreferences { preferences, reply });
    }
    app.core.asked();
    let folder = app.end().await;
    let kept = preferences::load(&folder.path().join("preferences.toml"));
    assert_eq!(kept, preferences);
}

#[tokio::test(start_paused = true)]
async fn quitting_ends_the_core_first_even_while_it_is_slow() {
    let mut app = App::started().await;
    let id = crate::sample::id(1);
    let dismissed = crate::toast::ToastEvent::Dismissed(id);
    app.desk.send(Intent::Toast(dismissed)).await;
    app.core.expect(&format!("dismissed {id}")).await;
    app.desk.tell(Intent::Quit);
    app.core.expect("stop").await;
    app.record.expect(Told::Quit).await;
    app.task.await.unwrap();
    let late = app.desk.ask(|reply| Intent::RetryNow { reply }).await;
    assert_eq!(late.map_err(|error| error.code), Err(ErrorCode::Closed));
}
