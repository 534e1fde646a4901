//! The end of the writer thread, for those who wait for it.

use std::sync::Mutex;

use crate::{Failure, mutex::lock, reply::Reply};

/// How the thread ended, once it has.
#[derive(Default)]
pub(super) struct Ending(Mutex<State>);

#[derive(Default)]
struct State {
    result: Option<Result<(), Failure>>,
    waiting: Vec<Reply<()>>,
}

impl Ending {
    pub(super) fn has_come(&self) -> bool {
        lock(&self.0).result.is_some()
    }

    /// Answers when the thread has ended, at once if it has.
    pub(super) fn wait(&self, reply: Reply<()>) {
        let mut state = lock(&self.0);
        match state.result.clone() {
            Some(result) => {
                drop(state);
                reply(result);
            }
            None => state.waiting.push(reply),
        }
    }

    /// The first end counts.
    pub(super) fn come(&self, result: &Result<(), Failure>) {
        let mut state = lock(&self.0);
        if state.result.is_some() {
            return;
        }
        state.result = Some(result.clone());
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for reply in waiting {
            reply(result.clone());
        }
    }
}

impl std::fmt::Debug for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ending")
            .field("result", &lock(&self.0).result)
            .finish_non_exhaustive()
    }
}
