//! The core's own runtime: work goes on there whatever the host does with its futures.

use std::{future::Future, sync::OnceLock, time::Duration};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

use crate::error::PushError;

/// Two threads: a phone has other things to do.
const WORKERS: usize = 2;

/// Where all work runs. Made at first use, kept for the life of the process.
///
/// # Errors
/// [`PushError::Internal`] when the system gives no threads.
pub(crate) fn handle() -> Result<Handle, PushError> {
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
        .map_err(PushError::internal)
}

/// Runs a call on the runtime and waits for its answer; the call goes on if the waiter is dropped.
pub(crate) async fn run<T, E>(
    call: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, PushError>
where
    T: Send + 'static,
    PushError: From<E>,
    E: Send + 'static,
{
    let joined = handle()?.spawn(call).await.map_err(PushError::internal)?;
    Ok(joined?)
}

/// Runs a call that waits for somebody else: until it is done, the deadline passes or the host
/// cancels it.
pub(crate) async fn run_until<T, E>(
    deadline: Duration,
    cancelled: CancellationToken,
    call: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, PushError>
where
    T: Send + 'static,
    PushError: From<E>,
    E: Send + 'static,
{
    run::<T, PushError>(async move {
        tokio::select! {
            () = cancelled.cancelled() => Err(PushError::Cancelled),
            outcome = tokio::time::timeout(deadline, call) => match outcome {
                Ok(outcome) => outcome.map_err(PushError::from),
                Err(_) => Err(PushError::Timeout),
            },
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    fn block<T>(call: impl Future<Output = T>) -> T {
        Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(call)
    }

    #[test]
    fn a_call_ends_at_its_deadline() {
        let call = pending::<Result<(), PushError>>();
        let outcome = block(run_until(Duration::ZERO, CancellationToken::new(), call));
        assert_eq!(outcome, Err(PushError::Timeout));
    }

    #[test]
    fn a_call_ends_when_the_host_changes_its_mind() {
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        let call = pending::<Result<(), PushError>>();
        let outcome = block(run_until(Duration::MAX, cancelled, call));
        assert_eq!(outcome, Err(PushError::Cancelled));
    }

    #[test]
    fn a_panic_of_ours_becomes_an_error() {
        #[expect(
            clippy::unused_async,
            reason = "the panic is to happen when it is polled"
        )]
        async fn call() -> Result<(), PushError> {
            panic!("a test's own panic")
        }
        assert!(matches!(
            block(run(call())),
            Err(PushError::Internal { .. })
        ));
    }
}
