//! The calls of the application while they last, and the streams that go along.

use tokio::sync::{mpsc, oneshot};

use super::Task;
use crate::{
    client::{
        clock,
        driver::{
            command::{Command, Interest, Items, Wanted},
            error::CallError,
            upload::{OpenUpload, Uploaded},
        },
        machine::{Begun, Call},
    },
    message::{CompletionOutcome, InvocationId},
    payload::Payload,
};

/// Who waits for the end of a call.
#[derive(Debug)]
pub(super) enum Waiting {
    Answer(oneshot::Sender<CompletionOutcome>),
    Items(Items),
}

impl Task {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Call {
                call,
                uploads,
                wanted,
            } => self.begin(call, uploads, wanted),
            Command::Complete { id, outcome } => {
                self.machine.complete(clock::now(), &id, outcome);
            }
        }
    }

    pub(super) fn begin(&mut self, call: Call, uploads: Vec<OpenUpload>, wanted: Wanted) {
        let now = clock::now();
        let ids = match wanted {
            Wanted::Nothing => self.machine.send(now, call),
            // Who waits no more needs no answer, and the server not the call.
            Wanted::Answer { answer, .. } if answer.is_closed() => return,
            Wanted::Answer { answer, caller } => {
                let begun = self.machine.invoke(now, call);
                self.await_end(begun, Waiting::Answer(answer), caller)
            }
            Wanted::Items { items, caller } => {
                let begun = self.machine.stream(now, call);
                self.await_end(begun, Waiting::Items(items), caller)
            }
        };
        for (id, upload) in ids.into_iter().zip(uploads) {
            self.uploads.add(id, upload);
        }
    }

    /// Waits for the end of a call: by the server, or because nobody wants it any more. Gives the
    /// ids of its uploads.
    pub(super) fn await_end(
        &mut self,
        begun: Begun,
        waiting: Waiting,
        caller: Interest,
    ) -> Vec<InvocationId> {
        let id = begun.id.clone();
        self.unwanted.push(Box::pin(async move {
            drop(caller.await);
            id
        }));
        self.waiting.insert(begun.id, waiting);
        begun.uploads
    }

    pub(super) fn pass_on(&mut self, uploaded: Uploaded) {
        let now = clock::now();
        match uploaded {
            Uploaded::Item(id, item) => self.machine.upload(now, &id, item),
            Uploaded::Ended(id, error) => self.machine.end_upload(now, &id, error),
        }
    }

    /// A stream that the application dropped is ended; one it does not read is given up.
    pub(super) fn on_item(&mut self, id: &InvocationId, item: Payload) {
        let Some(Waiting::Items(items)) = self.waiting.get(id) else {
            return;
        };
        let is_given_up = match items.try_send(Ok(item)) {
            Ok(()) => false,
            Err(mpsc::error::TrySendError::Closed(_)) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                let items = items.clone();
                tokio::spawn(async move { items.send(Err(CallError::Lagged)).await });
                true
            }
        };
        if is_given_up {
            self.give_up(id);
        }
    }

    /// Cancels a call that nobody wants; one that ended already is let be. Servers before .NET 11
    /// end only streams so, and ignore it otherwise.
    pub(super) fn give_up(&mut self, id: &InvocationId) {
        self.waiting.remove(id);
        self.machine.cancel(clock::now(), id);
    }

    pub(super) fn on_completed(&mut self, id: &InvocationId, outcome: CompletionOutcome) {
        match self.waiting.remove(id) {
            Some(Waiting::Answer(answer)) => drop(answer.send(outcome)),
            Some(Waiting::Items(items)) => {
                if let CompletionOutcome::Error(error) = outcome {
                    tokio::spawn(async move { items.send(Err(CallError::Failed(error))).await });
                }
            }
            None => {}
        }
    }

    /// Fails what waits for the server.
    pub(super) fn fail_calls(&mut self) {
        for waiting in std::mem::take(&mut self.waiting).into_values() {
            match waiting {
                Waiting::Answer(answer) => drop(answer),
                Waiting::Items(items) => {
                    tokio::spawn(async move { items.send(Err(CallError::Disconnected)).await });
                }
            }
        }
    }
}
