//! Asking a program that cannot call back until it says what is wanted, for a bounded time.

use std::time::Duration;

use anyhow::Context as _;

/// How long until a wait counts as hung, on any machine.
pub(crate) const LIMIT: Duration = Duration::from_mins(5);

/// How long to leave the other side alone between two questions.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks until there is an answer. The last refusal is the error when there is none in time.
pub(crate) async fn until<T, F>(what: &str, mut ask: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let mut refusal = anyhow::anyhow!("it never answered");
    let asking = async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(error) => refusal = error,
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let answer = tokio::time::timeout(LIMIT, asking).await;
    answer
        .map_err(|_| refusal)
        .with_context(|| format!("waiting in vain until {what}"))
}

/// Waits for something that is told, for a bounded time.
pub(crate) async fn within<F: Future>(what: &str, told: F) -> anyhow::Result<F::Output> {
    tokio::time::timeout(LIMIT, told)
        .await
        .with_context(|| format!("waiting in vain for {what}"))
}
