//! Waiting for what must come: woken by changes, bounded by silence, never by sleeping and looking.
//!
//! A slow machine makes everything late and nothing wrong. So a wait ends in failure only when
//! nothing at all has changed for [`SILENCE`], however long the whole takes.

use std::{fmt::Debug, future::Future, time::Duration};

use anyhow::{Context as _, bail};
use tokio::sync::watch;

/// For how long nothing may change before a wait fails. Generous, because it is spent on failure
/// only.
pub const SILENCE: Duration = Duration::from_secs(120);

/// The interval at which a state is asked for that cannot be watched.
const INTERVAL: Duration = Duration::from_millis(10);

/// Waits until `check` finds something in a watched state; looks after each change.
///
/// # Errors
/// When the state has not changed for [`SILENCE`], or its owner is gone.
pub async fn eventually<S, T>(
    what: &str,
    state: &mut watch::Receiver<S>,
    mut check: impl FnMut(&S) -> Option<T>,
) -> anyhow::Result<T> {
    loop {
        if let Some(found) = check(&state.borrow_and_update()) {
            return Ok(found);
        }
        if within(what, SILENCE, state.changed()).await?.is_err() {
            bail!("{what}: cannot come any more, the owner of the state is gone");
        }
    }
}

/// Asks again and again until the answer is there, for a state that cannot be watched.
///
/// # Errors
/// When the answer has not come within [`SILENCE`], or asking fails.
pub async fn asked<T, F: Future<Output = anyhow::Result<Option<T>>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> anyhow::Result<T> {
    within(what, SILENCE, async {
        let mut tick = tokio::time::interval(INTERVAL);
        loop {
            tick.tick().await;
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
        }
    })
    .await?
}

/// As [`asked`], for a state that approaches its end by steps: each answer is the state and whether
/// it is the wanted one, and every change of it gives the wait [`SILENCE`] more.
///
/// # Errors
/// When the state has not changed for [`SILENCE`], or asking fails.
pub async fn approached<S, F>(what: &str, mut ask: impl FnMut() -> F) -> anyhow::Result<S>
where
    S: PartialEq + Debug,
    F: Future<Output = anyhow::Result<(S, bool)>>,
{
    let mut tick = tokio::time::interval(INTERVAL);
    let mut last: Option<S> = None;
    loop {
        let moved = async {
            loop {
                tick.tick().await;
                let (state, is_there) = ask().await?;
                if is_there || last.as_ref() != Some(&state) {
                    return anyhow::Ok((state, is_there));
                }
            }
        };
        let moved = within(what, SILENCE, moved).await;
        let (state, is_there) = moved.with_context(|| format!("it stayed at {last:?}"))??;
        if is_there {
            return Ok(state);
        }
        last = Some(state);
    }
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
        let waiting = eventually("a big number", &mut state, big);
        let (found, ()) = tokio::join!(waiting, async { sender.send(2).unwrap() });
        assert_eq!(found.unwrap(), 2);
        assert_eq!(eventually("still", &mut state, big).await.unwrap(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_never_comes_is_an_error_that_names_it() {
        let (sender, mut state) = watch::channel(0);
        let error = eventually("a miracle", &mut state, |_| None::<()>)
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "a miracle: has not come within 120s");
        drop(sender);
        let error = eventually("a miracle", &mut state, |_| None::<()>)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "a miracle: cannot come any more, the owner of the state is gone"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn progress_gives_a_wait_more_time() {
        let (sender, mut state) = watch::channel(0);
        let counting = tokio::spawn(async move {
            for n in 1..=10 {
                tokio::time::sleep(SILENCE / 2).await;
                sender.send_replace(n);
            }
        });
        let is_ten = |n: &i32| (*n == 10).then_some(());
        eventually("ten", &mut state, is_ten).await.unwrap();
        counting.await.unwrap();
        let mut calls = 0;
        let slow = approached("a thousand", || {
            calls += 1;
            std::future::ready(Ok((calls, calls == 1_000)))
        });
        assert_eq!(slow.await.unwrap(), 1_000);
        let stuck = approached("a miracle", || std::future::ready(Ok((7, false))));
        assert!(format!("{:#}", stuck.await.unwrap_err()).contains("Some(7)"));
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
