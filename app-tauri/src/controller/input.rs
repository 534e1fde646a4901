//! What the controller hears, and how it waits for it.

use std::future::pending;

use futures_util::StreamExt;
use vestnik_core::{Event, HistoryItem};
use vestnik_model::NotificationId;

use super::{Controller, Intent};
use crate::{
    session::{Launched, Launcher},
    shell::DesktopShell,
    view::SetupProblem,
};

/// Everything that can happen to a controller.
pub(super) enum Input<S> {
    /// Somebody wants something.
    Intent(Intent),
    /// The core tells something.
    Core(Box<Event>),
    /// The core tells nothing any more.
    CoreEnded,
    /// The connection is another.
    Connection,
    /// The unread count is another.
    Unread,
    /// Work is finished.
    Done(Done<S>),
}

/// What was read of changed rows.
#[derive(Default)]
pub(super) struct ChangedRows {
    /// Their contents now.
    pub(super) rows: Vec<HistoryItem>,
    /// Those that left the history: recalled, or deleted on another device.
    pub(super) removed: Vec<NotificationId>,
}

/// The outcome of work.
pub(super) enum Done<S> {
    /// The core was started, or was not.
    Launched(Result<Launched<S>, SetupProblem>),
    /// Changed rows were read.
    Rows(ChangedRows),
    /// Everything was marked read.
    AllRead,
    /// Nothing follows from it.
    Nothing,
}

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    /// Waits for the next input; there is none when nobody is left who could want anything.
    pub(super) async fn next(&mut self) -> Option<Input<L::Session>> {
        tokio::select! {
            intent = self.intents.recv() => intent.map(Input::Intent),
            input = next_of(self.running.as_mut()) => Some(input),
            Some(done) = self.tasks.join_next() => Some(Input::Done(done.unwrap_or_else(|error| {
                tracing::error!(%error, "work of the controller failed");
                Done::Nothing
            }))),
        }
    }
}

async fn next_of<S>(running: Option<&mut Launched<S>>) -> Input<S> {
    let Some(running) = running else {
        return pending().await;
    };
    tokio::select! {
        event = running.events.next() => event.map_or(Input::CoreEnded, |event| Input::Core(Box::new(event))),
        Ok(()) = running.connection.changed() => Input::Connection,
        Ok(()) = running.unread.changed() => Input::Unread,
    }
}
