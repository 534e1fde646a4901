//! What the app's handle asks of the task.

use std::sync::Arc;

use tokio::sync::oneshot;
use vestnik_model::{NotificationId, Permission, TopicName};

use super::{Done, Task};
use crate::{driver::errand::tell_logout, engine::Input, error::Error, store::StoreError};

/// What the handle asks for.
#[derive(Debug)]
pub(crate) enum Command {
    Nudge,
    /// Something changed in the store: facts may wait, the shell may re-read.
    Changed(Vec<NotificationId>),
    Permission(Permission),
    Subscribe {
        topic: TopicName,
        joins: bool,
        answer: oneshot::Sender<Result<(), Error>>,
    },
    Flush {
        answer: oneshot::Sender<()>,
    },
    Logout {
        answer: oneshot::Sender<Result<(), Error>>,
    },
    Stop {
        answer: oneshot::Sender<()>,
    },
}

impl Task {
    pub(super) async fn obey(&mut self, command: Command) {
        match command {
            Command::Nudge => self.handle(Input::Nudge).await,
            Command::Changed(ids) => {
                self.announcements.change(ids);
                if let Some(input) = self.outbox_changed().await {
                    self.handle(input).await;
                }
            }
            Command::Permission(permission) => {
                self.config.device.permission = permission;
                if self.engine.is_online() {
                    self.register();
                }
            }
            Command::Subscribe {
                topic,
                joins,
                answer,
            } => self.subscribe(topic, joins, answer),
            Command::Flush { answer } => {
                self.flushes.push(answer);
                if let Some(input) = self.outbox_changed().await {
                    self.handle(input).await;
                }
            }
            Command::Logout { answer } => {
                let outcome = self.logout().await;
                reply(answer, outcome.map_err(Error::from));
            }
            Command::Stop { .. } => {}
        }
    }

    fn subscribe(&self, topic: TopicName, joins: bool, answer: oneshot::Sender<Result<(), Error>>) {
        let Some(hub) = self.hub.clone().filter(|_| self.engine.is_online()) else {
            reply(answer, Err(Error::Unreachable { retry_after: None }));
            return;
        };
        self.run_beside(async move {
            let call = if joins {
                hub.subscribe(topic)
            } else {
                hub.unsubscribe(topic)
            };
            reply(answer, call.await.map_err(Error::from));
            Done::Quiet
        });
    }

    /// The user's part here ends first; the server is told as soon as it can be.
    async fn logout(&mut self) -> Result<(), StoreError> {
        let store = &self.shared.store;
        let refresh_token = store.session().await?.map(|session| session.refresh_token);
        store.put_pending_logout(refresh_token).await?;
        store.wipe_user().await?;
        self.session.forget().await;
        self.recount().await;
        self.handle(Input::LoggedOut).await;
        self.finish_logout();
        Ok(())
    }

    /// Tells the server of a logout that it does not know of yet.
    pub(super) fn finish_logout(&self) {
        let session = Arc::clone(&self.session);
        self.run_beside(async move {
            tell_logout(&session).await;
            Done::Quiet
        });
    }
}

/// Answers whoever asked; somebody who stopped waiting needs no answer.
pub(super) fn reply<T>(asked: oneshot::Sender<T>, answer: T) {
    if asked.send(answer).is_err() {
        tracing::trace!("nobody waits for this answer any more");
    }
}
