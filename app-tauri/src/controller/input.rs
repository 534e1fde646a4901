//! What the controller takes, and how it waits for it.

use std::future::pending;

use futures_util::StreamExt;
use vestnik_core::LoginError;
use vestnik_model::NotificationId;

use super::{Controller, Intent, Reply, reread::Reading};
use crate::{
    credential::Credential,
    identity::IdentityError,
    model::{Event, Row},
    session::{Launched, Launcher, Session},
    shell::DesktopShell,
    view::{CodeView, SetupProblem},
};

/// Everything that can happen to a controller.
pub(super) enum Input<S: Session> {
    /// Something is asked for.
    Intent(Intent),
    /// Something happened in the core.
    Core(Event),
    /// The core has stopped.
    CoreEnded,
    /// The core's state is another.
    State,
    /// Something is to be shown.
    Ticket(S::Ticket),
    /// Work is finished.
    Done(Done<S>),
}

/// What was read of changed rows.
#[derive(Default)]
pub(super) struct ChangedRows {
    /// Their contents now.
    pub(super) rows: Vec<Row>,
    /// Those that left the history: recalled, or deleted on another device.
    pub(super) removed: Vec<NotificationId>,
}

/// Why toasts are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// More has changed than is listed.
    Reread,
    /// Everything was marked read.
    AllRead,
}

/// How a start of the core ended.
pub(super) type Outcome<S> = Result<Launched<S>, SetupProblem>;

/// Who wants the configured sign-in code.
pub(super) enum Asked {
    /// The app itself.
    ByApp,
    /// The person, who wants to know what it says.
    ToRead(Reply<CodeView>),
    /// The person, who agrees that it replaces another user or not.
    ToSignIn {
        /// Whether they agree.
        replaces: bool,
        /// For the outcome.
        reply: Reply<()>,
    },
}

/// The outcome of work.
pub(super) enum Done<S: Session> {
    /// The core was started, or was not.
    Launched(Outcome<S>),
    /// Changed rows were read.
    Rows(Reading, ChangedRows),
    /// Rows were read whose toasts have new contents.
    Redraw(Reading, Vec<Row>),
    /// Everything was marked read.
    AllRead,
    /// The toasts that may be on the screen were looked up.
    Looked(Look, Reading, ChangedRows),
    /// A ticket was settled.
    Shown,
    /// The configured sign-in code was read.
    Configured(Result<Credential, IdentityError>, Asked),
    /// A sign-in was answered.
    SignedIn {
        /// The answer.
        outcome: Result<(), LoginError>,
        /// How often the person had signed out when it began.
        sign_outs: u64,
        /// For who waits for it, if it is the person.
        reply: Option<Reply<()>>,
    },
    /// Whether the system starts the app at the person's login.
    LoginItems(Option<bool>),
    /// Nothing follows from it.
    Nothing,
}

impl<S: DesktopShell, L: Launcher> Controller<S, L> {
    /// Waits for the next input; there is none when nobody is left who could want anything.
    pub(super) async fn next(&mut self) -> Option<Input<L::Session>> {
        let takes_tickets = self.takes_tickets();
        tokio::select! {
            intent = self.intents.recv() => intent.map(Input::Intent),
            input = next_of(self.running.as_mut(), takes_tickets) => Some(input),
            Some(done) = self.tasks.join_next() => Some(Input::Done(done.unwrap_or_else(|error| {
                tracing::error!(%error, "work of the controller failed");
                Done::Nothing
            }))),
        }
    }
}

async fn next_of<S: Session>(running: Option<&mut Launched<S>>, takes_tickets: bool) -> Input<S> {
    let Some(running) = running else {
        return pending().await;
    };
    tokio::select! {
        event = running.events.next() => event.map_or(Input::CoreEnded, Input::Core),
        Ok(()) = running.state.changed() => Input::State,
        Some(ticket) = running.tickets.next(), if takes_tickets => Input::Ticket(ticket),
    }
}
