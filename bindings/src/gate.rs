//! What threads of the library call in the app's language, and how that ends.
//!
//! A language that has an end of its own, as Python, must not be called while it ends: the thread that calls
//! is killed in the middle of Rust, which aborts the program. So every such call passes a gate, and the
//! program closes the gate before its language ends. Three kinds of calls pass: methods of the app's objects,
//! the release of such an object, and the wake-up of an asynchronous call.

use std::{
    fmt,
    future::poll_fn,
    mem,
    pin::pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Wake, Waker},
    time::Duration,
};

use crate::error::VestnikError;

static GATE: Gate = Gate::new();

/// Ends the calls of the app's code by threads of the library, for good and for the whole process, and waits
/// until none is under way; gives whether that came to pass within the time.
///
/// For a program that ends, in a language that cannot be called while it ends: Python's package does this by
/// itself. From then on listeners and the log's sink are told nothing, the app's secret store counts as
/// unavailable, calls that store hold up the thread that makes them, and calls that wait for the server or
/// for what happens fail with `VestnikError.Closed`.
///
/// # Errors
/// None; see the rules of this library.
#[uniffi::export]
pub fn quiesce(within: Duration) -> Result<bool, VestnikError> {
    Ok(GATE.close(within))
}

/// Whether asynchronous calls can be woken.
pub(crate) fn is_open() -> bool {
    GATE.is_open()
}

/// An object of the app.
pub(crate) struct Foreign<T: ?Sized> {
    // Present until it is dropped.
    object: Option<Arc<T>>,
    gate: &'static Gate,
}

impl<T: ?Sized> Foreign<T> {
    pub(crate) const fn new(object: Arc<T>) -> Self {
        Self {
            object: Some(object),
            gate: &GATE,
        }
    }

    /// Calls it; `None` if the app's code must not be called any more.
    pub(crate) fn call<R>(&self, call: impl FnOnce(&T) -> R) -> Option<R> {
        let _pass = self.gate.enter()?;
        self.object.as_deref().map(call)
    }
}

impl<T: ?Sized> fmt::Debug for Foreign<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").finish_non_exhaustive()
    }
}

impl<T: ?Sized> Drop for Foreign<T> {
    fn drop(&mut self) {
        let pass = self.gate.enter();
        let object = self.object.take();
        if pass.is_none() {
            // Its release is a call of the app's language.
            mem::forget(object);
        }
    }
}

/// Awaits a future on behalf of the app, whose language is called to wake it.
pub(crate) async fn waking<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| {
        let waker = Waker::from(Arc::new(GatedWaker(context.waker().clone())));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

struct GatedWaker(Waker);

impl Wake for GatedWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(_pass) = GATE.enter() {
            self.0.wake_by_ref();
        }
    }
}

/// Lets calls in until it is closed, and knows how many are inside.
#[derive(Debug)]
struct Gate {
    calls: Mutex<Calls>,
    left: Condvar,
}

#[derive(Debug)]
struct Calls {
    is_closed: bool,
    inside: usize,
}

impl Gate {
    const fn new() -> Self {
        Self {
            calls: Mutex::new(Calls {
                is_closed: false,
                inside: 0,
            }),
            left: Condvar::new(),
        }
    }

    fn is_open(&self) -> bool {
        !self.calls().is_closed
    }

    fn enter(&self) -> Option<Pass<'_>> {
        let mut calls = self.calls();
        if calls.is_closed {
            return None;
        }
        calls.inside += 1;
        Some(Pass(self))
    }

    /// Lets nothing in any more; gives whether everything had left within the time.
    fn close(&self, within: Duration) -> bool {
        let mut calls = self.calls();
        calls.is_closed = true;
        let waited = self
            .left
            .wait_timeout_while(calls, within, |calls| calls.inside > 0);
        let (calls, _) = waited.unwrap_or_else(PoisonError::into_inner);
        calls.inside == 0
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call that is inside.
#[derive(Debug)]
struct Pass<'a>(&'a Gate);

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.calls().inside -= 1;
        self.0.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// An object of the app behind a gate of the test's own.
    fn behind<T>(object: T) -> (&'static Gate, Foreign<T>) {
        let gate = Box::leak(Box::new(Gate::new()));
        let object = Some(Arc::new(object));
        (gate, Foreign { object, gate })
    }

    #[test]
    fn nothing_is_called_behind_a_closed_gate() {
        let (gate, object) = behind(1);
        assert_eq!(object.call(|one| *one), Some(1));
        assert!(gate.close(Duration::ZERO));
        assert_eq!(object.call(|one| *one), None);
    }

    #[test]
    fn closing_waits_for_the_call_that_is_under_way() {
        let (tell, told) = mpsc::channel();
        let (go, gone) = mpsc::channel::<()>();
        let (gate, object) = behind(());
        let calling = std::thread::spawn(move || {
            object.call(|()| {
                tell.send(()).unwrap();
                gone.recv().unwrap();
            })
        });
        told.recv().unwrap();
        assert!(!gate.close(Duration::ZERO));
        let closing = std::thread::spawn(|| gate.close(Duration::MAX));
        go.send(()).unwrap();
        assert!(closing.join().unwrap());
        assert_eq!(calling.join().unwrap(), Some(()));
    }

    #[test]
    fn a_call_that_panics_has_left() {
        let (gate, object) = behind(());
        let call = std::panic::AssertUnwindSafe(|| object.call(|()| panic!("a test's own panic")));
        assert!(std::panic::catch_unwind(call).is_err());
        assert!(gate.close(Duration::ZERO));
    }

    #[test]
    fn an_object_is_released_while_the_gate_is_open_and_only_then() {
        let kept = Arc::new(());
        for (closes, holders) in [(false, 1), (true, 2)] {
            let (gate, object) = behind(Arc::clone(&kept));
            if closes {
                assert!(gate.close(Duration::ZERO));
            }
            drop(object);
            assert_eq!(Arc::strong_count(&kept), holders);
        }
    }
}
