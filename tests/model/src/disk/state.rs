//! The disks of a thread and their faults.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::random::Random;

/// The number of a disk of this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Disk(pub(super) usize);

/// What a disk answers in the place of doing what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is no room.
    Full,
    /// The device fails.
    Io,
    /// The process ends here: see [`has_died`].
    Death,
}

#[derive(Debug, Default)]
struct State {
    folder: PathBuf,
    /// The process has ended: nothing that it still does reaches the disk.
    is_dead: bool,
    is_full: bool,
    is_broken: bool,
    /// After so many writes one fails.
    countdown: Option<(u64, Fault)>,
    /// The writes of each file since it was last made durable.
    unsynced: BTreeMap<PathBuf, Vec<Undo>>,
}

/// What a write has overwritten.
#[derive(Debug)]
struct Undo {
    at: u64,
    old: Vec<u8>,
    /// How long the file was.
    length: u64,
}

/// A change of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Takes room.
    Write,
    /// Needs none.
    Other,
}

thread_local! {
    static DISKS: RefCell<Vec<State>> = const { RefCell::new(Vec::new()) };
}

/// A folder becomes a disk.
pub(crate) fn mount(folder: &Path) -> Disk {
    DISKS.with_borrow_mut(|disks| {
        disks.push(State {
            folder: folder.to_owned(),
            ..State::default()
        });
        Disk(disks.len() - 1)
    })
}

/// Forgets the disks of this thread.
pub(crate) fn unmount_all() {
    DISKS.with_borrow_mut(Vec::clear);
}

/// Whether there is room.
pub(crate) fn full(disk: Disk, is_full: bool) {
    with(disk, |state| state.is_full = is_full);
}

/// One write fails, after so many that do not.
pub(crate) fn after_writes(disk: Disk, writes: u64, fault: Fault) {
    with(disk, |state| state.countdown = Some((writes, fault)));
}

/// Every write fails.
pub(crate) fn break_down(disk: Disk) {
    with(disk, |state| state.is_broken = true);
}

/// The disk is whole again.
pub(crate) fn mend(disk: Disk) {
    with(disk, |state| {
        state.is_full = false;
        state.is_broken = false;
        state.countdown = None;
    });
}

/// Lets the process that is on the disk end: `end` drops what it had open, and nothing of that reaches the
/// disk.
pub(crate) fn kill(disk: Disk, end: impl FnOnce()) {
    with(disk, |state| state.is_dead = true);
    end();
    with(disk, |state| state.is_dead = false);
}

/// Whether the process has come to its end by [`Fault::Death`].
pub(crate) fn has_died(disk: Disk) -> bool {
    with(disk, |state| state.is_dead).unwrap_or_default()
}

/// Of what was not made durable, only a beginning is left in each file.
pub(crate) fn lose_power(disk: Disk, random: &mut Random) -> std::io::Result<()> {
    let unsynced = with(disk, |state| std::mem::take(&mut state.unsynced)).unwrap_or_default();
    for (path, undos) in unsynced {
        let kept = random.index(undos.len() + 1);
        for undo in undos.iter().skip(kept).rev() {
            take_back(&path, undo)?;
        }
    }
    Ok(())
}

fn take_back(path: &Path, undo: &Undo) -> std::io::Result<()> {
    use std::io::Seek as _;
    let mut file = match fs::OpenOptions::new().write(true).open(path) {
        // The process has removed it since.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    file.set_len(undo.length)?;
    if !undo.old.is_empty() {
        file.seek(std::io::SeekFrom::Start(undo.at))?;
        file.write_all(&undo.old)?;
    }
    Ok(())
}

/// The disk that a file is on.
pub(super) fn disk_of(path: &Path) -> Option<Disk> {
    DISKS.with_borrow(|disks| {
        disks
            .iter()
            .rposition(|state| path.starts_with(&state.folder))
            .map(Disk)
    })
}

/// Whether the process that has a file open has ended.
pub(super) fn is_dead(disk: Option<Disk>) -> bool {
    disk.is_some_and(|disk| with(disk, |state| state.is_dead).unwrap_or(false))
}

/// What a change of a file is answered instead of being done.
pub(super) fn fault(disk: Option<Disk>, change: Change) -> Option<Fault> {
    with(disk?, |state| {
        if state.is_dead {
            return Some(Fault::Io);
        }
        if state.is_broken {
            return Some(Fault::Io);
        }
        if state.is_full && change == Change::Write {
            return Some(Fault::Full);
        }
        match &mut state.countdown {
            Some((0, fault)) => {
                let fault = *fault;
                state.countdown = None;
                state.is_dead = fault == Fault::Death;
                Some(fault)
            }
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    })
    .flatten()
}

/// A write is about to change a file.
pub(super) fn overwrites(disk: Option<Disk>, path: &Path, at: u64, old: Vec<u8>, length: u64) {
    if let Some(disk) = disk {
        with(disk, |state| {
            let undos = state.unsynced.entry(path.to_owned()).or_default();
            undos.push(Undo { at, old, length });
        });
    }
}

/// A file is durable, or is gone.
pub(super) fn settled(disk: Option<Disk>, path: &Path) {
    if let Some(disk) = disk {
        with(disk, |state| state.unsynced.remove(path));
    }
}

fn with<T>(disk: Disk, work: impl FnOnce(&mut State) -> T) -> Option<T> {
    DISKS.with_borrow_mut(|disks| disks.get_mut(disk.0).map(work))
}
