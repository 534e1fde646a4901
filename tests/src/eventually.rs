//! Waiting for what must come: woken by change, bounded in time, never by sleeping and looking.

use std::{future::Future, time::Duration};

use anyhow::{Context as _, bail};
use tokio::sync::watch;

/// How long a test waits for what must come. No machine is so slow: it is only spent on failure.
pub const SOON: Duration = Duration::from_mins(5);

/// How often is asked what cannot tell of itself.
const AGAIN: Duration = Duration::from_millis(10);

/// Waits until `check` finds what it looks for in a watched state, looking after each change.
///
/// # Errors
/// When it has not come within `limit`, or never can because the state's owner is gone.
pub async fn eventually<S, T>(
    what: &str,
    limit: Duration,
    state: &mut watch::Receiver<S>,
    mut check: impl FnMut(&S) -> Option<T>,
) -> anyhow::Result<T> {
    within(what, limit, async {
        loop {
            if let Some(found) = check(&state.borrow_and_update()) {
                return Ok(found);
            }
            if state.changed().await.is_err() {
                bail!("{what}: can no longer come, its owner is gone");
            }
        }
    })
    .await?
}

/// Asks again and again until the answer is there, for what cannot tell of itself when it changes.
///
/// # Errors
/// When it has not come within [`SOON`], or asking fails.
pub async fn asked<T, F: Future<Output = anyhow::Result<Option<T>>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> anyhow::Result<T> {
    within(what, SOON, async {
        let mut tick = tokio::time::interval(AGAIN);
        loop {
            tick.tick().await;
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
        }
    })
    .await?
}

/// Awaits a future for at most `limit`.
///
/// # Errors
/// When it has not finished by then.
pub async fn within<F: Future>(
    what: &str,
    limit: Duration,
    future: F,
) -> anyhow::Result<F::Output> {
    tokio::time::timeout(limit, future)
        .await
        .with_context(|| format!("{what}: has not come within {limit:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_there_is_found_at_once_and_what_comes_is_waited_for() {
        let (sender, mut state) = watch::channel(1);
        let big = |n: &i32| (*n > 1).then_some(*n);
        let waiting = eventually("a big number", SOON, &mut state, big);
        let (found, ()) = tokio::join!(waiting, async { sender.send(2).unwrap() });
        assert_eq!(found.unwrap(), 2);
        assert_eq!(eventually("still", SOON, &mut state, big).await.unwrap(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_comes_is_an_error_that_names_it() {
        let (sender, mut state) = watch::channel(0);
        let error = eventually("a miracle", SOON, &mut state, |_| None::<()>)
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "a miracle: has not come within 300s");
        drop(sender);
        let error = eventually("a miracle", SOON, &mut state, |_| None::<()>)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "a miracle: can no longer come, its owner is gone"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_asked_for_until_it_is_there() {
        let mut left = 3;
        let answer = asked("an answer", || {
            left -= 1;
            std::future::ready(Ok((left == 0).then_some("there")))
        });
        assert_eq!(answer.await.unwrap(), "there");
        let never = asked("a miracle", || std::future::ready(Ok(None::<()>)));
        assert!(never.await.is_err());
    }
}
