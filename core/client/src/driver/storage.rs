//! The thread that owns the files.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::JoinHandle,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use vestnik_clock::Clock;
use vestnik_inbox::{Standing, StoreError};
use vestnik_model::Permission;

use super::Shared;
use crate::{
    error::Error,
    machine::session::Seed,
    storage::{FileOptions, Files},
};

/// How many calls of the app wait before callers wait.
const CALLS: usize = 256;

/// Does its work and gives how to answer, which is done once those who watch were told.
type Job = Box<dyn FnOnce(&mut Files) -> Reply + Send>;
type Reply = Box<dyn FnOnce() + Send>;

/// A handle to the thread that owns the files. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Storage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Gone once the files are closing.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    calls: Arc<Semaphore>,
}

/// Files that were just opened, and how the installation was found.
pub(crate) struct Opened {
    pub(crate) files: Files,
    pub(crate) standing: Standing,
    pub(crate) seed: Seed,
}

impl Opened {
    /// Opens the files on a thread where that may take its time.
    pub(crate) async fn new(
        options: FileOptions,
        permission: Permission,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let opening = move || {
            let (mut files, standing) = Files::open(options, clock)?;
            files.begin_permission(permission)?;
            let seed = files.seed()?;
            Ok::<_, StoreError>(Self {
                files,
                standing,
                seed,
            })
        };
        let opened = tokio::task::spawn_blocking(opening).await;
        // It panicked, or the runtime ends.
        Ok(opened.map_err(|_| Error::Closed)??)
    }
}

impl Storage {
    /// Gives the files a thread of their own.
    pub(crate) fn start(mut files: Files, shared: Arc<Shared>) -> Result<Self, Error> {
        shared.publish(&files.take_news(), files.generation());
        let (jobs, queue) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("vestnik-storage".to_owned())
            .spawn(move || run(files, &queue, &shared))
            .map_err(|error| StoreError::Other {
                source: Arc::new(error),
            })?;
        Ok(Self(Arc::new(Inner {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
            calls: Arc::new(Semaphore::new(CALLS)),
        })))
    }

    /// Does work for the app, and waits for what comes of it. Work that is asked for is done, also if
    /// the caller stops waiting; until it is done it counts as one that waits.
    pub(crate) async fn call<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Files) -> Result<T, StoreError> + Send + 'static,
    {
        let calls = Arc::clone(&self.0.calls);
        let permit = calls.acquire_owned().await.map_err(|_| Error::Closed)?;
        self.begin(Some(permit), work).await
    }

    /// Does work for the app that must not wait for its turn to be asked for, and gives what comes of
    /// it. The caller bounds how much of it there is.
    pub(crate) fn call_now<T, F>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Files) -> Result<T, StoreError> + Send + 'static,
    {
        self.begin(None, work)
    }

    fn begin<T, F>(
        &self,
        permit: Option<OwnedSemaphorePermit>,
        work: F,
    ) -> impl Future<Output = Result<T, Error>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Files) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let is_open = self.push(Box::new(move |files| {
            let _permit = permit;
            let result = work(files);
            // Who stopped waiting needs no answer.
            Box::new(move || drop(answer.send(result)))
        }));
        async move {
            if !is_open {
                return Err(Error::Closed);
            }
            // A job that panicked answers nothing; what it began was rolled back.
            Ok(answered.await.map_err(|_| Error::Restarted)??)
        }
    }

    /// Does work that nobody waits for here.
    pub(crate) fn run(&self, work: impl FnOnce(&mut Files) -> Reply + Send + 'static) {
        self.push(Box::new(work));
    }

    /// Does work without an answer, as well as it can be done.
    pub(crate) fn try_to(
        &self,
        what: &'static str,
        work: impl FnOnce(&mut Files) -> Result<(), StoreError> + Send + 'static,
    ) {
        self.run(move |files| {
            if let Err(error) = work(files) {
                tracing::warn!(%error, "{what}");
            }
            Box::new(|| ())
        });
    }

    /// Takes no more work. What was asked for is finished, then the last work is done, then the files are
    /// closed.
    pub(crate) fn finish(&self, last: impl FnOnce(&mut Files) + Send + 'static) {
        let last: Job = Box::new(move |files| {
            last(files);
            Box::new(|| ())
        });
        if let Some(jobs) = lock(&self.0.jobs).take() {
            // A thread that is gone has no files to close.
            drop(jobs.send(last));
        }
    }

    /// Waits until the files are closed.
    pub(crate) async fn closed(&self) {
        let Some(thread) = lock(&self.0.thread).take() else {
            return;
        };
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the thread of the storage ended by a panic");
        }
    }

    /// Gives false if the files are closing.
    fn push(&self, job: Job) -> bool {
        let jobs = lock(&self.0.jobs);
        jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok())
    }
}

fn run(mut files: Files, queue: &mpsc::Receiver<Job>, shared: &Shared) {
    while let Ok(job) = queue.recv() {
        // A transaction that panics is rolled back, so that the files stay as they were.
        let done = catch_unwind(AssertUnwindSafe(|| job(&mut files)));
        shared.publish(&files.take_news(), files.generation());
        match done {
            Ok(reply) => reply(),
            Err(_) => tracing::error!("a job of the storage panicked"),
        }
    }
    if let Err(error) = files.close() {
        tracing::error!(%error, "the files were not closed cleanly");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
