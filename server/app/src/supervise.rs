//! Background tasks that are started again when they panic.

use std::{
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a task that panicked waits before it is started again.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts background tasks, and starts them again when they panic. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Supervisor {
    tasks: TaskTracker,
    ends: CancellationToken,
    health: Arc<Health>,
}

/// How background tasks do.
#[derive(Default)]
pub(crate) struct Health {
    panics: AtomicU64,
    pausing: AtomicU64,
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health")
            .field("panics", &self.panics())
            .finish()
    }
}

impl Health {
    /// How many panics there were.
    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Whether every task runs.
    pub(crate) fn is_sound(&self) -> bool {
        self.pausing.load(Ordering::Relaxed) == 0
    }
}

impl Supervisor {
    /// Runs a task until [`stop`](Self::stop). `task` makes a new one after a panic; one that ends by
    /// itself is started again too.
    pub(crate) fn keep<F, T>(&self, name: &'static str, task: F)
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = ()> + Send + 'static,
    {
        let health = Arc::clone(&self.health);
        let kept = async move {
            loop {
                if AssertUnwindSafe(task()).catch_unwind().await.is_err() {
                    health.panics.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(name, "a background task panicked and is started again");
                }
                health.pausing.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(PAUSE).await;
                health.pausing.fetch_sub(1, Ordering::Relaxed);
            }
        };
        self.tasks
            .spawn(self.ends.clone().run_until_cancelled_owned(kept));
    }

    /// How the tasks do.
    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// Stops all tasks and waits for them.
    pub(crate) async fn stop(&self) {
        self.ends.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_started_again_and_counted() {
        let supervisor = Supervisor::default();
        let runs = Arc::new(AtomicU32::new(0));
        let (counted, (done, mut finished)) = (Arc::clone(&runs), tokio::sync::mpsc::channel(1));
        supervisor.keep("test", move || {
            let (run, done) = (counted.fetch_add(1, Ordering::Relaxed), done.clone());
            async move {
                assert!(run >= 2, "planted");
                done.send(()).await.unwrap();
                std::future::pending::<()>().await;
            }
        });
        finished.recv().await.unwrap();
        assert_eq!(
            (runs.load(Ordering::Relaxed), supervisor.health().panics()),
            (3, 2)
        );
        assert!(supervisor.health().is_sound());
        supervisor.stop().await;
    }
}
