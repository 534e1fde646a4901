//! What happens to the machine that matters for a connection: it sleeps, it wakes, its network
//! changes.

use tokio::sync::mpsc;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(target_os = "macos")]
use macos as platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

/// What happened to the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MachineEvent {
    /// It is about to sleep.
    Sleeps,
    /// It woke up.
    Wakes,
    /// It has another network, or another way into it.
    NetworkChanged,
}

/// How many events may wait. One more of the same kind says nothing new.
const QUEUE: usize = 16;

/// Begins to watch the machine, for as long as the events are received. Where the system tells
/// nothing, nothing comes: the core then finds out by itself, later.
pub(crate) fn watch() -> (
    mpsc::Receiver<MachineEvent>,
    impl Future<Output = ()> + Send + 'static,
) {
    let (told, events) = mpsc::channel(QUEUE);
    (events, platform::run(told))
}
