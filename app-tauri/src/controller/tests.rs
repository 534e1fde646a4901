use std::{path::PathBuf, sync::atomic::Ordering, time::Duration};

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use self::{
    core::{FakeLauncher, Strings, fake_core},
    shell::{FakeShell, Record, Told},
};
use super::*;
use crate::{
    identity::IdentityOrigin,
    view::{ErrorCode, SetupProblem},
};

mod account;
mod consent;
mod core;
mod history;
mod life;
mod shell;
mod show;

/// A running app with a played core and a shell that writes down.
struct App {
    desk: Desk,
    shell: FakeShell,
    record: Record,
    core: Strings,
    launcher: FakeLauncher,
    folder: TempDir,
    task: JoinHandle<()>,
}

/// What an app is started with.
#[derive(Default)]
struct Start {
    problem: Option<SetupProblem>,
    identity: Option<IdentityOrigin>,
    standing: Option<vestnik_core::Standing>,
    is_in_background: bool,
}

/// A minute after the samples came.
fn now() -> Timestamp {
    "2026-11-21T10:01:00Z".parse().unwrap()
}

impl App {
    fn start() -> Self {
        Self::start_with(Start::default())
    }

    fn start_with(start: Start) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), start)
    }

    fn start_in(folder: TempDir, start: Start) -> Self {
        let (desk, intents) = Desk::new();
        let (shell, record) = FakeShell::new();
        let (launcher, core) = fake_core();
        *launcher.problem.lock().unwrap() = start.problem;
        *launcher.identity.lock().unwrap() = start.identity;
        if let Some(standing) = start.standing {
            core.stand(standing);
        }
        let controller = Controller::new(Setting {
            shell: shell.clone(),
            launcher: launcher.clone(),
            intents,
            config_dir: folder.path().to_owned(),
            system_language: Language::En,
            is_in_background: start.is_in_background,
        });
        let task = tokio::spawn(controller.run());
        Self {
            desk,
            shell,
            record,
            core,
            launcher,
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

    async fn account(&mut self, expected: &AccountView) {
        self.record
            .event(|event| {
                matches!(event, UiEvent::Account { account } if account == *expected).then_some(())
            })
            .await;
    }

    async fn snapshot(&mut self) -> Snapshot {
        self.desk.send(Intent::Attached).await;
        self.record
            .event(|event| {
                if let UiEvent::Snapshot { snapshot } = event {
                    Some(*snapshot)
                } else {
                    None
                }
            })
            .await
    }

    /// Ends the app and gives its folder, for the next start.
    async fn end(mut self) -> TempDir {
        self.desk.tell(Intent::Quit);
        self.record.expect(Told::Quit).await;
        self.task.await.unwrap();
        self.folder
    }

    /// Asks for something; gives the code of the refusal.
    async fn ask<T>(&self, intent: impl FnOnce(Reply<T>) -> Intent) -> Result<T, ErrorCode> {
        self.desk.ask(intent).await.map_err(|error| error.code)
    }
}

fn configured(token: &str) -> Option<IdentityOrigin> {
    Some(IdentityOrigin::Token(vestnik_core::Secret::new(token)))
}

/// A sign-in code for a user.
fn code(user: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let claims = format!(r#"{{"sub":"{user}"}}"#);
    format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims))
}

fn setup(problem: SetupProblem) -> Phase {
    Phase::Setup {
        config_path: "/config/desktop.toml".to_owned(),
        problem,
    }
}

/// Lets everything that can happen without the test happen.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
