//! The calls of the application while they last, and the streams that go along.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::oneshot;

use super::Task;
use crate::{
    client::{
        clock,
        driver::{
            command::{Command, Interest, Wanted},
            error::CallError,
            inbox::{Inbox, Put},
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
    Items(Inbox),
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
                self.await_end(begun, Waiting::Items(Inbox::new(items)), caller)
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

    pub(super) fn on_item(&mut self, id: &InvocationId, item: Payload) {
        let Some(Waiting::Items(inbox)) = self.waiting.get_mut(id) else {
            return;
        };
        match inbox.put(clock::now(), item) {
            Put::Taken => {}
            Put::Waits => drop(self.full.insert(id.clone())),
            Put::Unread => self.give_up(id),
        }
    }

    /// A stream whose reader took what waited goes on; one that is not read is given up.
    pub(super) fn on_emptied(&mut self, id: &InvocationId, is_empty: bool) {
        self.full.remove(id);
        if is_empty {
            return;
        }
        if let Some(Waiting::Items(inbox)) = self.waiting.remove(id) {
            inbox.give_up();
        }
        self.give_up(id);
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
            Some(Waiting::Items(inbox)) => inbox.end(match outcome {
                CompletionOutcome::Error(error) => Some(CallError::Failed(error)),
                CompletionOutcome::Void | CompletionOutcome::Result(_) => None,
            }),
            None => {}
        }
    }

    /// Fails what waits for the server.
    pub(super) fn fail_calls(&mut self) {
        for waiting in std::mem::take(&mut self.waiting).into_values() {
            match waiting {
                Waiting::Answer(answer) => drop(answer),
                Waiting::Items(inbox) => inbox.end(Some(CallError::Disconnected)),
            }
        }
    }
}

/// Lets the reader of a stream take what it had no room for; says whose, and whether it did in
/// time. Waits forever when there is none.
pub(super) async fn empty(
    waiting: &mut BTreeMap<InvocationId, Waiting>,
    full: &BTreeSet<InvocationId>,
) -> (InvocationId, bool) {
    let Some(id) = full.first() else {
        return std::future::pending().await;
    };
    let is_empty = match waiting.get_mut(id) {
        Some(Waiting::Items(inbox)) => inbox.empty().await,
        // It ended meanwhile, and gave the reader to who takes care of the rest.
        Some(Waiting::Answer(_)) | None => true,
    };
    (id.clone(), is_empty)
}
