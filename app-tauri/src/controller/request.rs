//! What the person asks of the core by way of the controller: each is a task that answers by
//! itself.

use vestnik_core::{Error, Place};
use vestnik_model::{Click, NotificationId};

use super::{Controller, Done, Reply};
use crate::{
    model::{PageRequest, opens_in_browser},
    preferences,
    session::{Launcher, Session},
    shell::DesktopShell,
    view::{
        CommandError, ConsentView, HistoryRequest, HistoryView, NotificationView, OptOutRequest,
        Preferences, UiEvent,
    },
};

/// The most rows that a window gets at once.
const MAX_PAGE: u32 = 200;

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    pub(super) fn read_history(&mut self, request: HistoryRequest, reply: Reply<HistoryView>) {
        let HistoryRequest {
            before,
            limit,
            search,
        } = request;
        let before = before.as_deref().map(str::parse::<Place>).transpose();
        self.answer(reply, move |core| async move {
            let page = PageRequest {
                before: before.map_err(|_| CommandError::not_found("no such page"))?,
                limit: limit.clamp(1, MAX_PAGE),
                search,
            };
            Ok(HistoryView::from(&core.history(page).await?))
        });
    }

    pub(super) fn read_row(&mut self, id: NotificationId, reply: Reply<Option<NotificationView>>) {
        self.answer(reply, move |core| async move {
            Ok(core.row(id).await?.as_ref().map(NotificationView::from))
        });
    }

    pub(super) fn open(&mut self, id: NotificationId, reply: Reply<()>) {
        self.answer(reply, move |core| async move {
            if core.clicked(id).await? {
                Ok(())
            } else {
                Err(CommandError::not_found("no such notification"))
            }
        });
    }

    pub(super) fn mark_all_read(&mut self, reply: Reply<u64>) {
        let Some((session, reply)) = self.core_for(reply) else {
            return;
        };
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

    /// A link is opened before the press is told: what does not open was not pressed to any effect.
    pub(super) fn press(&mut self, id: NotificationId, action: String, reply: Reply<()>) {
        let shell = self.shell.clone();
        self.answer(reply, move |core| async move {
            let row = core.row(id).await?;
            let actions = row.map(|row| row.notification.actions).unwrap_or_default();
            let pressed = actions.into_iter().find(|known| known.id == action);
            let Some(pressed) = pressed else {
                return Err(CommandError::not_found(
                    "the notification has no such button",
                ));
            };
            if let Some((kind, url)) = pressed.link() {
                if !opens_in_browser(kind) {
                    return Err(CommandError::not_found("the button has no link"));
                }
                shell
                    .open_link(url)
                    .map_err(|error| CommandError::system(&error))?;
            }
            found(core.actioned(id, action).await?)
        });
    }

    pub(super) fn answer_notification(
        &mut self,
        id: NotificationId,
        (action, text): (String, String),
        reply: Reply<()>,
    ) {
        self.answer(reply, move |core| async move {
            found(core.reply(id, action, text).await?)
        });
    }

    pub(super) fn retry_now(&mut self, reply: Reply<()>) {
        let Some((session, reply)) = self.core_for(reply) else {
            return;
        };
        session.foregrounded();
        self.reconsider_configured_code();
        send(reply, Ok(()));
    }

    pub(super) fn read_consent(&mut self, reply: Reply<ConsentView>) {
        self.answer(reply, |core| async move {
            Ok(ConsentView::from(core.preferences().await?))
        });
    }

    pub(super) fn opt_out(&mut self, what: OptOutRequest, is_off: bool, reply: Reply<()>) {
        self.answer(reply, move |core| async move {
            Ok(core.change_opt_outs(what.change(is_off)?).await?)
        });
    }

    pub(super) fn prefer(&mut self, preferences: Preferences, reply: Reply<()>) {
        let former = std::mem::replace(&mut self.preferences, preferences);
        if former.is_switched_off != preferences.is_switched_off {
            self.permit();
        }
        let language = self.language();
        self.emit(UiEvent::Preferences {
            preferences,
            language,
        });
        self.show_unread();
        let file = self.preferences_file.clone();
        self.disk.write(move || {
            let saved = preferences::save(&file, preferences);
            send(reply, saved.map_err(|error| CommandError::system(&error)));
        });
    }

    /// Tells the core something whose outcome nobody waits for.
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

    pub(super) fn answer<T, F>(
        &mut self,
        reply: Reply<T>,
        ask: impl FnOnce(L::Session) -> F + Send + 'static,
    ) where
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

    pub(super) fn session(&self) -> Option<L::Session> {
        self.running.as_ref().map(|running| running.session.clone())
    }
}

pub(super) fn send<T>(reply: Reply<T>, outcome: Result<T, CommandError>) {
    if reply.send(outcome).is_err() {
        tracing::debug!("nobody waits for the answer");
    }
}

fn found(is_there: bool) -> Result<(), CommandError> {
    is_there
        .then_some(())
        .ok_or_else(|| CommandError::not_found("the notification is gone"))
}
