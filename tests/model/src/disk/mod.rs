//! Disks that fail: a file system of SQLite that loses power, is full, or refuses a write.
//!
//! [`install`] makes it the process's default, so that the core's own code opens its files through it
//! without knowing. It hands each call on to the system's, unless the disk of the file has a fault. A
//! world runs in one thread, and its disks are that thread's: worlds of other threads have their own.

mod state;
mod vfs;

pub(crate) use state::{
    Disk, Fault, after_writes, break_down, full, has_died, kill, lose_power, mend, mount,
    unmount_all,
};
pub(crate) use vfs::install;
