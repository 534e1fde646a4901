//! The calls of one connection while they run: a task for each.

use std::collections::BTreeMap;

use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    feeds::Feeds,
    scope::{Outcome, Scope, Value},
};
use crate::{
    message::CompletionOutcome,
    payload::Payload,
    server::{
        hub::{HubError, Taken, UploadSource},
        machine::{Call, CallKey, trim},
        written::Receipt,
    },
};

/// How many items of a connection's streams may wait for its socket.
const ITEMS: usize = 16;

/// The running calls of a connection.
pub(super) struct Calls {
    plain: JoinSet<Done>,
    /// A stream whose guard is dropped is dropped too.
    streams: BTreeMap<CallKey, DropGuard>,
    /// There only while streams are: idle connections are many.
    items: Option<Channel>,
    pub(super) feeds: Feeds,
    /// By running call, what tells it that it is not wanted any more.
    tokens: BTreeMap<CallKey, CancellationToken>,
}

/// What a call is run with, besides what the client said.
pub(super) struct Supplies {
    pub(super) uploads: Vec<UploadSource>,
    pub(super) cancellation: CancellationToken,
}

type Channel = (mpsc::Sender<Done>, mpsc::Receiver<Done>);

/// What became of a call.
#[derive(Debug)]
pub(super) enum Done {
    /// The handler of new connections ended.
    Welcomed(Result<(), HubError>),
    /// With what reports that the completion was written, if its handler wants to know.
    Completed(CallKey, CompletionOutcome, Option<Receipt>),
    Item(CallKey, Payload),
    StreamEnded(CallKey, CompletionOutcome),
    /// A handler took something of a stream that the client sends.
    Taken(Taken),
}

impl Supplies {
    /// A handler that no call of the client runs can neither read streams nor be cancelled.
    pub(super) fn none() -> Self {
        Self {
            uploads: Vec::new(),
            cancellation: CancellationToken::new(),
        }
    }
}

impl Calls {
    pub(super) fn new() -> Self {
        Self {
            plain: JoinSet::new(),
            streams: BTreeMap::new(),
            items: None,
            feeds: Feeds::default(),
            tokens: BTreeMap::new(),
        }
    }

    /// Waits for the next news of a call. Cancel safe.
    pub(super) async fn next(&mut self) -> Done {
        tokio::select! {
            Some(Ok(done)) = self.plain.join_next() => done,
            Some(done) = receive(&mut self.items) => done,
            taken = self.feeds.next() => Done::Taken(taken),
        }
    }

    /// Greets a new connection.
    pub(super) fn welcome<S: Value, U: Value>(&mut self, scope: &Scope<S, U>) {
        let tasks = scope.tasks();
        let scope = scope.clone();
        let work = async move { Done::Welcomed(scope.welcome().await) };
        self.plain.spawn(tasks.track_future(work));
    }

    /// Runs a plain call.
    pub(super) fn start<S: Value, U: Value>(&mut self, scope: &Scope<S, U>, call: Call) {
        let tasks = scope.tasks();
        let scope = scope.clone();
        let supplies = self.supply(&scope, &call);
        let work = async move {
            let (key, is_answered) = (call.key, call.is_answered);
            let Outcome {
                completion,
                receipt,
            } = scope.run(call, supplies).await;
            // A call that is not answered has no completion to be written.
            let receipt = receipt.filter(|_| is_answered);
            Done::Completed(key, completion, receipt)
        };
        self.plain.spawn(tasks.track_future(work));
    }

    /// Runs a streaming call.
    pub(super) fn start_stream<S: Value, U: Value>(&mut self, scope: &Scope<S, U>, call: Call) {
        let (sender, _) = self.items.get_or_insert_with(|| mpsc::channel(ITEMS));
        let sender = sender.clone();
        let tasks = scope.tasks();
        let scope = scope.clone();
        let supplies = self.supply(&scope, &call);
        let dropped = CancellationToken::new();
        let guard = dropped.clone().drop_guard();
        let key = call.key;
        let work = async move {
            let outcome = scope.run_stream(call, supplies, &sender).await;
            // Nobody listens when the connection ended; that is fine.
            sender.send(Done::StreamEnded(key, outcome)).await.ok();
        };
        self.streams.insert(key, guard);
        tokio::spawn(tasks.track_future(enter_then_drop(work, dropped)));
    }

    fn supply<S, U>(&mut self, scope: &Scope<S, U>, call: &Call) -> Supplies {
        let buffer = scope.shared.config.protocol.upload_buffer;
        let cancellation = CancellationToken::new();
        self.tokens.insert(call.key, cancellation.clone());
        Supplies {
            uploads: self.feeds.open(&call.uploads, buffer),
            cancellation,
        }
    }

    /// Tells a call that it is not wanted any more.
    pub(super) fn cancel(&self, key: CallKey) {
        if let Some(token) = self.tokens.get(&key) {
            token.cancel();
        }
    }

    /// Forgets a call that ended; drops it if it is a stream that has not.
    pub(super) fn forget(&mut self, key: CallKey) {
        self.tokens.remove(&key);
        self.streams.remove(&key);
        if self.streams.is_empty() {
            self.items = None;
        }
        trim(&mut self.tokens);
        trim(&mut self.streams);
    }

    /// Ends the streams, tells plain calls, and leaves those to finish by themselves.
    pub(super) fn leave(mut self) {
        self.tokens.values().for_each(CancellationToken::cancel);
        self.plain.detach_all();
    }
}

/// Runs a stream's work until it ends or is not wanted any more.
///
/// Aborting the task would not do: one that is aborted before its first turn never enters the
/// handler, and a client may cancel a stream in the packet that starts it. The official server
/// enters the method and cancels its token.
async fn enter_then_drop(work: impl Future<Output = ()>, dropped: CancellationToken) {
    tokio::select! {
        biased;
        () = work => {}
        () = dropped.cancelled() => {}
    }
}

async fn receive(items: &mut Option<Channel>) -> Option<Done> {
    match items {
        Some((_, receiver)) => receiver.recv().await,
        None => None,
    }
}
