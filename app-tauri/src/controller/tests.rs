use std::sync::{Arc, Mutex, atomic::Ordering};

use tempfile::TempDir;
use tokio::task::JoinHandle;
use vestnik_core::{ConnectionState, clock::SystemClock};
use vestnik_model::ClickKind;

use self::{
    core::{Strings, fake_core},
    shell::{FakeShell, Record, Told},
};
use super::*;
use crate::{
    sample,
    view::{ErrorCode, HistoryRequest, LanguagePreference, ThemePreference},
};

mod core;
mod shell;

/// A running app with a played core and a shell that writes down.
struct App {
    desk: Desk,
    shell: FakeShell,
    record: Record,
    core: Strings,
    problem: Arc<Mutex<Option<SetupProblem>>>,
    folder: TempDir,
    task: JoinHandle<()>,
}

impl App {
    fn start() -> Self {
        Self::start_with(None)
    }

    fn start_with(problem: Option<SetupProblem>) -> Self {
        let (desk, intents) = Desk::new();
        let (shell, record) = FakeShell::new();
        let (launcher, core) = fake_core();
        *launcher.problem.lock().unwrap() = problem;
        let problem = Arc::clone(&launcher.problem);
        let folder = tempfile::tempdir().unwrap();
        let controller = Controller::new(Setting {
            shell: shell.clone(),
            launcher,
            intents,
            preferences: folder.path().join("preferences.toml"),
            system_language: Language::En,
            clock: Arc::new(SystemClock),
        });
        let task = tokio::spawn(controller.run());
        Self {
            desk,
            shell,
            record,
            core,
            problem,
            folder,
            task,
        }
    }

    async fn started() -> Self {
        let mut app = Self::start();
        app.phase(&Phase::Ready).await;
        app
    }

    async fn phase(&mut self, expected: &Phase) {
        self.record
            .event(|event| {
                matches!(event, UiEvent::Phase { phase } if phase == *expected).then_some(())
            })
            .await;
    }

    async fn snapshot(&mut self) -> Snapshot {
        self.desk.send(Intent::Attached).await;
        self.record
            .event(|event| {
                if let UiEvent::Snapshot { snapshot } = event {
                    Some(snapshot)
                } else {
                    None
                }
            })
            .await
    }
}

#[tokio::test(start_paused = true)]
async fn the_app_begins_with_its_window_and_is_ready_when_the_core_runs() {
    let mut app = App::start();
    app.record.expect(Told::Unread(0, Language::En)).await;
    app.record.expect(Told::Window).await;
    app.phase(&Phase::Ready).await;
    app.core.unread.send(3).unwrap();
    app.record.expect(Told::Unread(3, Language::En)).await;
    let snapshot = app.snapshot().await;
    assert_eq!(snapshot.phase, Phase::Ready);
    assert_eq!(snapshot.connection, ConnectionView::Connecting);
    assert_eq!(snapshot.unread, 3);
    assert_eq!(snapshot.opened, None);
}

#[tokio::test(start_paused = true)]
async fn what_comes_is_listed_and_shown_and_reported_when_the_system_took_it() {
    let mut app = App::started().await;
    let item = sample::item(1);
    let id = item.notification.id;
    app.core.send(show(item.clone())).await;
    let arrived = app
        .record
        .event(|event| {
            if let UiEvent::Arrived { item } = event {
                Some(item)
            } else {
                None
            }
        })
        .await;
    assert_eq!(arrived.id, id.to_string());
    app.record
        .expect(Told::Toast(Toast::of(&item, Language::En)))
        .await;
    app.desk.send(Intent::Toast(ToastEvent::Shown(id))).await;
    app.core.expect(&format!("report_shown {id}")).await;
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
    app.core.expect(&format!("open {id}")).await;
    assert_eq!(app.snapshot().await.opened, None);
}

#[tokio::test(start_paused = true)]
async fn a_toast_clicked_without_a_window_is_the_first_thing_of_the_next() {
    let mut app = App::started().await;
    app.shell.has_window.store(false, Ordering::SeqCst);
    let id = sample::id(1);
    app.desk.send(Intent::Toast(ToastEvent::Opened(id))).await;
    app.core.expect(&format!("open {id}")).await;
    assert_eq!(app.snapshot().await.opened, Some(id.to_string()));
    assert_eq!(app.snapshot().await.opened, None);
}

#[tokio::test(start_paused = true)]
async fn changed_rows_reach_the_window_and_toasts_of_read_and_removed_ones_leave() {
    let mut app = App::started().await;
    app.core.put(sample::item(1));
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
    app.core
        .send(Event::Changed((0..=100).map(sample::id).collect()))
        .await;
    app.record.expect(Told::Event(UiEvent::Stale)).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_read_elsewhere_leaves_the_screen() {
    let mut app = App::started().await;
    app.core.send(Event::Withdraw(vec![sample::id(7)])).await;
    app.record.expect(Told::Withdraw(vec![sample::id(7)])).await;
}

#[tokio::test(start_paused = true)]
async fn the_connection_reaches_the_window() {
    let mut app = App::started().await;
    app.core.connection.send(ConnectionState::Online).unwrap();
    let connection = ConnectionView::Online;
    app.record
        .expect(Told::Event(UiEvent::Connection { connection }))
        .await;
}

#[tokio::test(start_paused = true)]
async fn without_a_configuration_the_app_says_so_and_can_be_asked_again() {
    let problem = SetupProblem::Missing {
        settings: vec!["server".to_owned()],
    };
    let mut app = App::start_with(Some(problem.clone()));
    let config_path = "/config/desktop.toml".to_owned();
    app.phase(&Phase::Setup {
        config_path,
        problem,
    })
    .await;
    let refused = app.desk.ask(|reply| Intent::MarkAllRead { reply }).await;
    assert_eq!(
        refused.map_err(|error| error.code),
        Err(ErrorCode::NotReady)
    );

    *app.problem.lock().unwrap() = None;
    app.desk
        .ask(|reply| Intent::ReloadConfiguration { reply })
        .await
        .unwrap();
    app.phase(&Phase::Starting).await;
    app.phase(&Phase::Ready).await;
}

#[tokio::test(start_paused = true)]
async fn a_core_that_runs_is_not_started_twice() {
    let mut app = App::started().await;
    app.desk
        .ask(|reply| Intent::ReloadConfiguration { reply })
        .await
        .unwrap();
    assert_eq!(app.snapshot().await.phase, Phase::Ready);
}

#[tokio::test(start_paused = true)]
async fn a_core_that_ends_by_itself_is_not_hidden() {
    let mut app = App::started().await;
    app.core.events = None;
    let problem = SetupProblem::Failed {
        detail: "the core has stopped".to_owned(),
    };
    let config_path = "/config/desktop.toml".to_owned();
    app.phase(&Phase::Setup {
        config_path,
        problem,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn pages_are_read_by_cursor_and_capped() {
    let mut app = App::started().await;
    app.core.put(sample::item(1));
    app.core.put(sample::read(2));
    let request = HistoryRequest {
        before: None,
        limit: 5_000,
    };
    let page = app
        .desk
        .ask(|reply| Intent::History { request, reply })
        .await
        .unwrap();
    app.core.expect("history start 200").await;
    let ids: Vec<_> = page.items.iter().map(|item| item.id.clone()).collect();
    assert_eq!(ids, [sample::id(2).to_string(), sample::id(1).to_string()]);
}

#[tokio::test(start_paused = true)]
async fn only_links_for_the_browser_are_followed() {
    let mut app = App::started().await;
    app.core.put(sample::item(1));
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
        let outcome = app.desk.ask(|reply| Intent::FollowLink { id, reply }).await;
        outcomes.push(outcome.map_err(|error| error.code));
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
async fn opening_reads_and_what_is_gone_is_said_to_be() {
    let mut app = App::started().await;
    app.core.put(sample::item(1));
    let id = sample::id(1);
    app.desk
        .ask(|reply| Intent::Open { id, reply })
        .await
        .unwrap();
    app.core.expect(&format!("open {id}")).await;
    let id = sample::id(2);
    let gone = app.desk.ask(|reply| Intent::Open { id, reply }).await;
    assert_eq!(gone.map_err(|error| error.code), Err(ErrorCode::NotFound));
}

#[tokio::test(start_paused = true)]
async fn reading_all_takes_every_toast_away() {
    let mut app = App::started().await;
    app.core.put(sample::item(1));
    let count = app.desk.ask(|reply| Intent::MarkAllRead { reply }).await;
    assert_eq!(count, Ok(1));
    app.record.expect(Told::WithdrawAll).await;
}

#[tokio::test(start_paused = true)]
async fn the_next_try_can_be_had_at_once() {
    let mut app = App::started().await;
    app.desk
        .ask(|reply| Intent::RetryNow { reply })
        .await
        .unwrap();
    app.core.expect("network_changed").await;
}

#[tokio::test(start_paused = true)]
async fn preferences_are_kept_and_change_the_words_of_tray_and_toasts() {
    let mut app = App::started().await;
    let preferences = Preferences {
        language: LanguagePreference::Ru,
        theme: ThemePreference::Dark,
    };
    app.desk
        .ask(|reply| Intent::SavePreferences { preferences, reply })
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
    app.core.send(show(sample::item(1))).await;
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
    assert_eq!(
        preferences::load(&app.folder.path().join("preferences.toml")),
        preferences
    );
}

#[tokio::test(start_paused = true)]
async fn quitting_ends_the_core_first_even_while_it_is_slow() {
    let mut app = App::started().await;
    let id = sample::id(1);
    app.desk
        .send(Intent::Toast(ToastEvent::Dismissed(id)))
        .await;
    app.core.expect(&format!("dismiss {id}")).await;
    app.desk.tell(Intent::Quit);
    app.core.expect("stop").await;
    app.record.expect(Told::Quit).await;
    app.task.await.unwrap();
    let late = app.desk.ask(|reply| Intent::RetryNow { reply }).await;
    assert_eq!(late.map_err(|error| error.code), Err(ErrorCode::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_damaged_history_is_told() {
    let mut app = App::started().await;
    let quarantined = PathBuf::from("/data/history.sqlite.damaged");
    app.core
        .send(Event::Warning(Warning::HistoryRebuilt { quarantined }))
        .await;
    let warning = WarningView::HistoryRebuilt;
    app.record
        .expect(Told::Event(UiEvent::Warned { warning }))
        .await;
}

fn show(item: HistoryItem) -> Event {
    Event::Show {
        item: Box::new(item),
        again: false,
    }
}
