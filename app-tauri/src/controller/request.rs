//! What the person asks of the core by way of the controller: each is a task that answers by
//! itself.

use vestnik_core::{Error, HistoryCursor};
use vestnik_model::{Click, ClickKind, NotificationId};

use super::{Controller, Done, Reply, input::ChangedRows};
use crate::{
    preferences,
    session::{Launcher, Session},
    shell::DesktopShell,
    view::{
        CommandError, HistoryRequest, HistoryView, NotificationView, Phase, Preferences, UiEvent,
    },
};

/// The most rows that a window gets at once.
const MAX_PAGE: u32 = 200;

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    pub(super) fn read_history(&mut self, request: &HistoryRequest, reply: Reply<HistoryView>) {
        let limit = request.limit.min(MAX_PAGE);
        let before = request
            .before
            .as_deref()
            .map(str::parse::<HistoryCursor>)
            .transpose();
        self.answer(reply, move |core| async move {
            let before = before.map_err(|_| CommandError::not_found("no such page"))?;
            Ok(HistoryView::from(&core.history(before, limit).await?))
        });
    }

    pub(super) fn read_row(&mut self, id: NotificationId, reply: Reply<Option<NotificationView>>) {
        self.answer(reply, move |core| async move {
            Ok(core.row(id).await?.as_ref().map(NotificationView::from))
        });
    }

    pub(super) fn open(&mut self, id: NotificationId, reply: Reply<()>) {
        self.answer(reply, move |core| async move {
            if core.row(id).await?.is_none() {
                return Err(CommandError::not_found("no such notification"));
            }
            Ok(core.open(id).await?)
        });
    }

    pub(super) fn mark_all_read(&mut self, reply: Reply<usize>) {
        let Some(core) = self.core_for(reply) else {
            return;
        };
        let (session, reply) = core;
        self.tasks.spawn(async move {
            let outcome = session.mark_all_read().await;
            let done = if outcome.is_ok() {
                Done::AllRead
            } else {
                Done::Nothing
            };
            send(reply, outcome.map_err(CommandError::from));
            done
        });
    }

    pub(super) fn follow_link(&mut self, id: NotificationId, reply: Reply<()>) {
        let shell = self.shell.clone();
        self.answer(reply, move |core| async move {
            let row = core.row(id).await?;
            let click = row.and_then(|row| row.notification.click);
            let link = click
                .as_ref()
                .and_then(Click::checked)
                .filter(|(kind, _)| opens_in_browser(*kind));
            let Some((_, url)) = link else {
                return Err(CommandError::not_found("the notification has no link"));
            };
            shell
                .open_link(url)
                .map_err(|error| CommandError::system(&error))
        });
    }

    pub(super) fn retry_now(&mut self, reply: Reply<()>) {
        let Some((session, reply)) = self.core_for(reply) else {
            return;
        };
        session.network_changed();
        send(reply, Ok(()));
    }

    pub(super) fn prefer(&mut self, preferences: Preferences, reply: Reply<()>) {
        self.preferences = preferences;
        let language = self.language();
        self.emit(UiEvent::Preferences {
            preferences,
            language,
        });
        self.show_unread();
        let file = self.preferences_file.clone();
        self.tasks.spawn_blocking(move || {
            let saved = preferences::save(&file, preferences);
            send(reply, saved.map_err(|error| CommandError::system(&error)));
            Done::Nothing
        });
    }

    pub(super) fn reload(&mut self, reply: Reply<()>) {
        if matches!(self.phase, Phase::Setup { .. }) {
            self.launch();
        }
        send(reply, Ok(()));
    }

    /// Tells the core something that nobody waits for the outcome of.
    pub(super) fn tell_core<F>(&mut self, tell: impl FnOnce(L::Session) -> F + Send + 'static)
    where
        F: Future<Output = Result<(), Error>> + Send,
    {
        let Some(session) = self.session() else {
            return;
        };
        self.tasks.spawn(async move {
            if let Err(error) = tell(session).await {
                tracing::warn!(%error, "the core did not take it");
            }
            Done::Nothing
        });
    }

    /// Reads changed rows again. Rows that are gone are no longer worth telling.
    pub(super) fn spawn_rows(&mut self, ids: Vec<NotificationId>) {
        let Some(session) = self.session() else {
            return;
        };
        self.tasks.spawn(async move {
            let mut changed = ChangedRows::default();
            for id in ids {
                match session.row(id).await {
                    Ok(Some(row)) => changed.rows.push(row),
                    Ok(None) => changed.removed.push(id),
                    Err(error) => tracing::warn!(%id, %error, "a changed row could not be read"),
                }
            }
            Done::Rows(changed)
        });
    }

    fn answer<T, F>(&mut self, reply: Reply<T>, ask: impl FnOnce(L::Session) -> F + Send + 'static)
    where
        T: Send + 'static,
        F: Future<Output = Result<T, CommandError>> + Send,
    {
        let Some((session, reply)) = self.core_for(reply) else {
            return;
        };
        self.tasks.spawn(async move {
            send(reply, ask(session).await);
            Done::Nothing
        });
    }

    /// The core, and the reply back; without a core the reply is given at once.
    fn core_for<T>(&self, reply: Reply<T>) -> Option<(L::Session, Reply<T>)> {
        match self.session() {
            Some(session) => Some((session, reply)),
            None => {
                send(reply, Err(CommandError::not_ready()));
                None
            }
        }
    }

    fn session(&self) -> Option<L::Session> {
        self.running.as_ref().map(|running| running.session.clone())
    }
}

/// Whether a click leads to the browser. A deep link leads to a screen of the sender's own app, and
/// this app has none of those.
pub(crate) fn opens_in_browser(kind: ClickKind) -> bool {
    match kind {
        ClickKind::Link | ClickKind::Webview => true,
        ClickKind::App => false,
    }
}

fn send<T>(reply: Reply<T>, outcome: Result<T, CommandError>) {
    if reply.send(outcome).is_err() {
        tracing::debug!("who asked has gone");
    }
}
