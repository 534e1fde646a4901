//! Holds operations between their commit and their answer.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

/// Where operations pass on their way from the commit to the answer.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// How many pauses are held.
    pauses: usize,
    /// How many operations have committed while the gate was shut.
    committed: usize,
    wakers: Vec<Waker>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a commit; tells whether it has to wait at the gate.
    pub(super) fn is_shut_for_commit(&self) -> bool {
        let mut state = self.lock();
        if state.pauses == 0 {
            return false;
        }
        state.committed += 1;
        state.wake();
        true
    }

    pub(super) async fn opened(&self) {
        self.until(|state| state.pauses == 0).await;
    }

    async fn until(&self, is_reached: impl Fn(&State) -> bool) {
        poll_fn(|context| {
            let mut state = self.lock();
            if is_reached(&state) {
                return Poll::Ready(());
            }
            state.wakers.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

impl State {
    fn wake(&mut self) {
        for waker in self.wakers.drain(..) {
            waker.wake();
        }
    }
}

/// Holds the answers of operations that write, until it is dropped. The operations commit and emit
/// their effects all the same.
#[derive(Debug)]
pub struct Pause(Arc<Gate>);

impl Pause {
    pub(super) fn begin(gate: &Arc<Gate>) -> Self {
        let mut state = gate.lock();
        if state.pauses == 0 {
            state.committed = 0;
        }
        state.pauses += 1;
        drop(state);
        Self(Arc::clone(gate))
    }

    /// Waits until so many operations have committed since the pause began. Those whose caller went
    /// away count too.
    pub async fn committed(&self, operations: usize) {
        self.0.until(|state| state.committed >= operations).await;
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.pauses -= 1;
        state.wake();
    }
}
