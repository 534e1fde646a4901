//! The library's own runtime: work goes on there whatever the app does with its futures.

use std::{future::Future, sync::OnceLock, time::Duration};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{error::VestnikError, gate};

/// On a phone, other things need the processors too.
const WORKERS: usize = 2;

/// How long a call waits for somebody else.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    /// Until this has passed; absent for as long as it takes.
    pub(crate) within: Option<Duration>,
    /// Until the app gives up.
    pub(crate) cancelled: CancellationToken,
}

/// Where all work runs. Made at first use, kept for the life of the process.
///
/// # Errors
/// [`VestnikError::Internal`] if the system gives no threads.
pub(crate) fn handle() -> Result<Handle, VestnikError> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let made = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("vestnik")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())
    });
    made.as_ref()
        .map(|runtime| runtime.handle().clone())
        .map_err(VestnikError::internal)
}

/// Runs a call that changes what is stored. It goes on if the waiter is dropped.
pub(crate) async fn run<T, E>(
    call: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, VestnikError>
where
    T: Send + 'static,
    VestnikError: From<E>,
    E: Send + 'static,
{
    let running = handle()?.spawn(call);
    let joined = match gate::is_open() {
        true => gate::waking(running).await,
        // Nothing would wake the waiter.
        false => handle()?.block_on(running),
    };
    Ok(joined.map_err(VestnikError::internal)??)
}

/// Runs a call that waits for somebody else. The waiting ends when the waiter is dropped, the app
/// gives up or the time has passed.
pub(crate) async fn wait<T, E>(
    patience: Patience,
    call: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, VestnikError>
where
    T: Send + 'static,
    VestnikError: From<E>,
    E: Send + 'static,
{
    if !gate::is_open() {
        return Err(VestnikError::Closed);
    }
    let waiting = AbortOnDropHandle::new(handle()?.spawn(patient(patience, call)));
    gate::waking(waiting)
        .await
        .map_err(VestnikError::internal)?
}

async fn patient<T, E>(
    patience: Patience,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, VestnikError>
where
    VestnikError: From<E>,
{
    let Patience { within, cancelled } = patience;
    let answer = async {
        match within {
            Some(within) => tokio::time::timeout(within, call)
                .await
                .map_err(|_| VestnikError::Timeout)?
                .map_err(VestnikError::from),
            None => call.await.map_err(VestnikError::from),
        }
    };
    tokio::select! {
        biased;
        () = cancelled.cancelled() => Err(VestnikError::Cancelled),
        answer = answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        pin::pin,
        sync::mpsc,
        task::{Context, Waker},
    };

    use super::*;

    fn block<T>(call: impl Future<Output = T>) -> T {
        handle().unwrap().block_on(call)
    }

    fn within(within: Duration) -> Patience {
        Patience {
            within: Some(within),
            ..Patience::default()
        }
    }

    #[test]
    fn a_call_ends_at_its_deadline() {
        let call = pending::<Result<(), VestnikError>>();
        let outcome = block(wait(within(Duration::ZERO), call));
        assert_eq!(outcome, Err(VestnikError::Timeout));
    }

    #[test]
    fn a_call_ends_when_the_app_gives_up() {
        let patience = within(Duration::MAX);
        patience.cancelled.cancel();
        let call = pending::<Result<(), VestnikError>>();
        assert_eq!(block(wait(patience, call)), Err(VestnikError::Cancelled));
    }

    /// Says that it was dropped.
    struct Held(mpsc::Sender<()>);

    impl Drop for Held {
        fn drop(&mut self) {
            self.0.send(()).unwrap();
        }
    }

    #[test]
    fn what_waits_ends_with_its_waiter() {
        let (tell, told) = mpsc::channel();
        let held = Held(tell);
        let call = async move {
            let _held = &held;
            pending::<Result<(), VestnikError>>().await
        };
        let mut waiting = Box::pin(wait(Patience::default(), call));
        let polled = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        drop(waiting);
        told.recv().unwrap();
    }

    #[test]
    fn what_is_stored_goes_on_without_its_waiter() {
        let (tell, told) = mpsc::channel();
        let (go, gone) = tokio::sync::oneshot::channel();
        let call = async move {
            gone.await.unwrap();
            tell.send(()).map_err(VestnikError::internal)
        };
        {
            let mut running = pin!(run(call));
            let polled = running
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_pending());
        }
        go.send(()).unwrap();
        told.recv().unwrap();
    }

    #[test]
    fn a_panic_of_ours_becomes_an_error() {
        #[expect(
            clippy::unused_async,
            reason = "the panic is to happen when it is polled"
        )]
        async fn call() -> Result<(), VestnikError> {
            panic!("a test's own panic")
        }
        assert!(matches!(
            block(run(call())),
            Err(VestnikError::Internal { .. })
        ));
    }
}
