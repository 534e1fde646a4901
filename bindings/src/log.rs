//! What the library writes to the log, told to the app.
//!
//! Only lines of Vestnik's own code are told: those of libraries may have addresses in them. There are
//! no secrets, ids of users or contents in ours.

use std::{
    fmt::{self, Write as _},
    mem,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU8, AtomicU64, Ordering},
        mpsc,
    },
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
};

use crate::{error::VestnikError, gate::Foreign};

/// How many lines wait for a slow sink; beyond it, lines are dropped and counted.
const WAITING: usize = 256;
/// Whose lines are told.
const OURS: &str = "vestnik";

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, uniffi::Enum)]
pub enum LogLevel {
    /// A fault of the library.
    Error,
    /// Something that should not happen, and that the library copes with.
    Warn,
    /// What an operator wants to know.
    Info,
    /// What helps to find a fault.
    Debug,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LogRecord {
    /// How much it matters.
    pub level: LogLevel,
    /// The part of the library.
    pub target: String,
    /// What happened, and its particulars.
    pub message: String,
    /// How many lines were dropped before this one because the sink was too slow.
    pub dropped: u64,
}

/// Takes lines of the log.
#[uniffi::export(foreign)]
pub trait LogSink: Send + Sync {
    /// Takes a line, on a thread of the library's own. What it throws does no harm.
    ///
    /// # Errors
    /// Whatever the app's code threw.
    fn log(&self, record: LogRecord) -> Result<(), VestnikError>;
}

/// Tells a sink what is written to the log from now on, down to a level; in the place of a former sink.
/// None ends it.
///
/// # Errors
/// [`VestnikError::Internal`] if the system gives no thread.
#[uniffi::export(default(level = None))]
pub fn log_to(sink: Option<Arc<dyn LogSink>>, level: Option<LogLevel>) -> Result<(), VestnikError> {
    let log = log()?;
    let level = sink.is_some().then(|| level.unwrap_or(LogLevel::Info));
    let sink = sink.map(|sink| Arc::new(Foreign::new(sink)));
    let former = mem::replace(&mut *log.sink(), sink);
    // Its release is a call of the app's language, which is not made while the lock is held.
    drop(former);
    log.level.store(code(level), Ordering::Release);
    tracing::callsite::rebuild_interest_cache();
    Ok(())
}

/// Who is told, if anybody.
type Slot = Arc<Mutex<Option<Arc<Foreign<dyn LogSink>>>>>;

/// What all lines of the process go through.
#[derive(Clone)]
struct Log {
    sink: Slot,
    /// The least level that is told, as [`code`] gives it.
    level: Arc<AtomicU8>,
    dropped: Arc<AtomicU64>,
    lines: mpsc::SyncSender<LogRecord>,
}

fn log() -> Result<&'static Log, VestnikError> {
    static LOG: OnceLock<Result<Log, String>> = OnceLock::new();
    let made = LOG.get_or_init(|| {
        let log = Log::start().map_err(|error| error.to_string())?;
        tracing::subscriber::set_global_default(log.clone()).map_err(|error| error.to_string())?;
        Ok(log)
    });
    made.as_ref().map_err(VestnikError::internal)
}

impl Log {
    fn start() -> std::io::Result<Self> {
        let (lines, written) = mpsc::sync_channel(WAITING);
        let sink = Slot::default();
        let told = Arc::clone(&sink);
        std::thread::Builder::new()
            .name("vestnik-log".to_owned())
            .spawn(move || {
                for record in written {
                    let sink = told.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    // A sink that fails has nobody else to be told.
                    if let Some(sink) = sink
                        && sink
                            .call(|sink| sink.log(record))
                            .is_some_and(|told| told.is_err())
                    {}
                }
            })?;
        Ok(Self {
            sink,
            level: Arc::new(AtomicU8::new(code(None))),
            dropped: Arc::default(),
            lines,
        })
    }

    fn sink(&self) -> MutexGuard<'_, Option<Arc<Foreign<dyn LogSink>>>> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let level = known(*metadata.level());
        let ours = metadata.target().starts_with(OURS);
        ours && level.is_some_and(|level| code(Some(level)) <= self.level.load(Ordering::Acquire))
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.level.load(Ordering::Acquire) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let Some(level) = known(*metadata.level()) else {
            return;
        };
        let mut text = Text::default();
        event.record(&mut text);
        let record = LogRecord {
            level,
            target: metadata.target().to_owned(),
            message: text.0,
            dropped: self.dropped.swap(0, Ordering::AcqRel),
        };
        if let Err(mpsc::TrySendError::Full(lost) | mpsc::TrySendError::Disconnected(lost)) =
            self.lines.try_send(record)
        {
            self.dropped.fetch_add(lost.dropped + 1, Ordering::AcqRel);
        }
    }

    // Spans are not told.
    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}

/// The message of an event, then its fields.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let separator = if self.0.is_empty() { "" } else { " " };
        let written = if field.name() == "message" {
            // tracing gives the message first.
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, "{separator}{}={value:?}", field.name())
        };
        // Writing to a string does not fail.
        written.unwrap_or_default();
    }
}

/// A level as a number: 0 for none, more for more lines.
const fn code(level: Option<LogLevel>) -> u8 {
    match level {
        None => 0,
        Some(LogLevel::Error) => 1,
        Some(LogLevel::Warn) => 2,
        Some(LogLevel::Info) => 3,
        Some(LogLevel::Debug) => 4,
    }
}

/// Lines of level `TRACE` are not told.
fn known(level: Level) -> Option<LogLevel> {
    match level {
        Level::ERROR => Some(LogLevel::Error),
        Level::WARN => Some(LogLevel::Warn),
        Level::INFO => Some(LogLevel::Info),
        Level::DEBUG => Some(LogLevel::Debug),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Kept {
        told: Mutex<mpsc::Sender<LogRecord>>,
        go: Mutex<mpsc::Receiver<()>>,
    }

    impl LogSink for Kept {
        fn log(&self, record: LogRecord) -> Result<(), VestnikError> {
            self.keep(record);
            Ok(())
        }
    }

    impl Kept {
        /// Waits for a word, and passes the line on; a test that has ended needs none.
        fn keep(&self, record: LogRecord) {
            if self.go.lock().unwrap().recv().is_ok() {
                drop(self.told.lock().unwrap().send(record));
            }
        }
    }

    fn kept() -> (mpsc::Sender<()>, mpsc::Receiver<LogRecord>, Arc<Kept>) {
        let (tell, told) = mpsc::channel();
        let (go, gone) = mpsc::channel();
        let kept = Kept {
            told: Mutex::new(tell),
            go: Mutex::new(gone),
        };
        (go, told, Arc::new(kept))
    }

    fn log_of(sink: Arc<dyn LogSink>, level: LogLevel) -> Log {
        let log = Log::start().unwrap();
        *log.sink() = Some(Arc::new(Foreign::new(sink)));
        log.level.store(code(Some(level)), Ordering::Release);
        log
    }

    #[test]
    fn a_sink_is_told_ours_down_to_its_level() {
        let (go, told, sink) = kept();
        let log = log_of(sink, LogLevel::Warn);
        tracing::subscriber::with_default(log, || {
            tracing::info!(target: "vestnik_core::x", "too little");
            tracing::error!(target: "hyper", "not ours");
            tracing::warn!(target: "vestnik_core::x", facts = 3, "set aside");
        });
        go.send(()).unwrap();
        let record = told.recv().unwrap();
        assert_eq!(record.level, LogLevel::Warn);
        assert_eq!(record.target, "vestnik_core::x");
        assert_eq!(record.message, "set aside facts=3");
        assert!(told.try_recv().is_err());
    }

    #[test]
    fn a_slow_sink_loses_lines_and_knows_how_many() {
        let (go, told, sink) = kept();
        let log = log_of(sink, LogLevel::Info);
        let write = |log: &Log| {
            tracing::subscriber::with_default(log.clone(), || {
                tracing::info!(target: "vestnik_core", "a line");
            });
        };
        // One is with the sink, perhaps; the others wait.
        for _ in 0..WAITING + 11 {
            write(&log);
        }
        let lost = log.dropped.load(Ordering::Acquire);
        assert!((10..=11).contains(&lost), "{lost}");
        for _ in 0..=WAITING + 1 {
            go.send(()).unwrap();
        }
        told.recv().unwrap();
        // The first that has been told has made room, now or in a moment.
        write(&log);
        while log.dropped.load(Ordering::Acquire) > 0 {
            std::thread::yield_now();
            write(&log);
        }
        go.send(()).unwrap();
        let dropped = loop {
            go.send(()).unwrap();
            let record = told.recv().unwrap();
            if record.dropped > 0 {
                break record.dropped;
            }
        };
        assert!(dropped >= lost);
    }
}
