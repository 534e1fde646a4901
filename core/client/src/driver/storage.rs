//! The thread that owns the files.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::JoinHandle,
};

use tokio::sync::{Semaphore, oneshot};
use vestnik_clock::Clock;
use vestnik_inbox::{Standing, StoreError};
use vestnik_model::Permission;

use super::Shared;
use crate::{
    error::Error,
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
    calls: Semaphore,
}

/// Files that were just opened, and how the installation was found.
pub(crate) struct Opened {
    pub(crate) files: Files,
    pub(crate) standing: Standing,
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
            files.set_permission(permission)?;
            Ok::<_, StoreError>(Self { files, standing })
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
            calls: Semaphore::new(CALLS),
        })))
    }

    /// Does work for the app, and waits for what comes of it.
    pub(crate) async fn call<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Files) -> Result<T, StoreError> + Send + 'static,
    {
        let _permit = self.0.calls.acquire().await.map_err(|_| Error::Closed)?;
        let (answer, answered) = oneshot::channel();
        let is_open = self.push(Box::new(move |files| {
            let result = work(files);
            // Who stopped waiting needs no answer.
            Box::new(move || drop(answer.send(result)))
        }));
        if !is_open {
            return Err(Error::Closed);
        }
        // A job that panicked answers nothing; what it began was rolled back.
        Ok(answered.await.map_err(|_| Error::Restarted)??)
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

    /// Finishes what was asked for, then closes the files.
    pub(crate) async fn close(&self) {
        drop(lock(&self.0.jobs).take());
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
