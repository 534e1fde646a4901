//! What an application does when the server calls.

use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use serde::Serialize;
use tokio::{sync::Semaphore, time::timeout};

use super::reply::{Reply, conclude};
use crate::{
    client::driver::HubClient,
    message::{Arguments, BindError, CompletionOutcome, FromArguments, Invocation},
    payload::Payload,
    protocol::Protocol,
};

/// How many calls of the server are answered at the same time; more are refused, so that a server
/// that asks without end fills no memory.
const MAX_ANSWERING: usize = 64;

/// How long a refusal may wait to be written: what the application orders waits for it.
const BUSY_PATIENCE: Duration = Duration::from_secs(5);

type Replying = BoxFuture<'static, Reply>;
type Hear = dyn Fn(&Arguments) -> Result<(), BindError> + Send + Sync;
type Answer = dyn Fn(&Arguments, Protocol) -> Result<Replying, BindError> + Send + Sync;

enum Handler {
    Hear(Box<Hear>),
    Answer(Box<Answer>),
}

/// The handlers of a connection, by target without case.
pub(super) struct Handlers {
    by_target: BTreeMap<String, Vec<Handler>>,
    answering: Arc<Semaphore>,
}

impl Default for Handlers {
    fn default() -> Self {
        Self {
            by_target: BTreeMap::new(),
            answering: Arc::new(Semaphore::new(MAX_ANSWERING)),
        }
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.by_target.keys()).finish()
    }
}

impl Handlers {
    pub(super) fn hear<A, F>(&mut self, target: &str, handler: F)
    where
        A: FromArguments,
        F: Fn(A) + Send + Sync + 'static,
    {
        let hear = move |arguments: &Arguments| arguments.bind().map(&handler);
        self.add(target, Handler::Hear(Box::new(hear)));
    }

    pub(super) fn answer<A, F, R, T, E>(&mut self, target: &str, handler: F)
    where
        A: FromArguments,
        F: Fn(A) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, E>> + Send + 'static,
        T: Serialize,
        E: fmt::Display,
    {
        let answer = move |arguments: &Arguments, protocol: Protocol| {
            let answered = handler(arguments.bind()?);
            let reply = async move {
                match answered.await {
                    Ok(value) => Payload::write(protocol, &value)
                        .map_or_else(|error| Reply::Failed(error.to_string()), Reply::Result),
                    Err(error) => Reply::Failed(error.to_string()),
                }
            };
            Ok(Box::pin(reply) as Replying)
        };
        self.add(target, Handler::Answer(Box::new(answer)));
    }

    fn add(&mut self, target: &str, handler: Handler) {
        let handlers = self.by_target.entry(target.to_lowercase());
        handlers.or_default().push(handler);
    }

    /// Lets all handlers of a call's target hear it, and answers it when the server waits for that.
    /// Answers are given beside each other, and beside what comes next: a handler that calls the
    /// server must not stop the connection that brings its own answer.
    pub(super) async fn dispatch(&self, invocation: Invocation, client: &HubClient) {
        let replies = self.replies(&invocation, client.protocol());
        let Some(id) = invocation.invocation_id else {
            if !replies.is_empty() {
                tracing::debug!(target = %invocation.target, "the server wants no result");
            }
            return;
        };
        let Ok(place) = Arc::clone(&self.answering).try_acquire_owned() else {
            let busy = CompletionOutcome::Error("Client is busy.".to_owned());
            if timeout(BUSY_PATIENCE, client.conclude(id, busy))
                .await
                .is_err()
            {
                tracing::debug!("the server takes no refusal");
            }
            return;
        };
        let client = client.clone();
        tokio::spawn(async move {
            let mut given = Vec::new();
            for reply in replies {
                let reply = AssertUnwindSafe(reply).catch_unwind().await;
                given.push(reply.unwrap_or_else(|_| panicked()));
            }
            // Nobody waits for the answer any more when the connection is gone.
            drop(client.conclude(id, conclude(given)).await);
            drop(place);
        });
    }

    /// Runs what hears, and begins what answers.
    fn replies(&self, invocation: &Invocation, protocol: Protocol) -> Vec<Replying> {
        let handlers = self.by_target.get(&invocation.target.to_lowercase());
        let Some(handlers) = handlers else {
            tracing::debug!(target = %invocation.target, "the server calls what nobody handles");
            return Vec::new();
        };
        let arguments = &invocation.arguments;
        let mut replies = Vec::new();
        for handler in handlers {
            let begun = catch_unwind(AssertUnwindSafe(|| match handler {
                Handler::Hear(hear) => hear(arguments).map(|()| None),
                Handler::Answer(answer) => answer(arguments, protocol).map(Some),
            }));
            let reply = match begun {
                Ok(Ok(reply)) => reply,
                Ok(Err(error)) => {
                    tracing::debug!(target = %invocation.target, %error, "a call does not fit");
                    Some(ready(Reply::Unreadable))
                }
                Err(_) => Some(ready(panicked())),
            };
            replies.extend(reply);
        }
        replies
    }
}

fn ready(reply: Reply) -> Replying {
    Box::pin(std::future::ready(reply))
}

fn panicked() -> Reply {
    tracing::error!("a handler of the server's calls panicked");
    Reply::Failed("The client's handler failed.".to_owned())
}
