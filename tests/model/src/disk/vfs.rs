//! The file system between SQLite and the system's.
#![allow(
    unsafe_code,
    reason = "SQLite takes a file system as a table of C functions"
)]

use std::{
    ffi::{CStr, OsStr, c_char, c_int, c_void},
    mem::size_of,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    ptr,
    sync::{
        Once,
        atomic::{AtomicPtr, Ordering},
    },
};

use rusqlite::ffi;

use super::state::{Change, Disk, Fault, disk_of, fault, is_dead, overwrites, settled};

/// The system's file system.
static SYSTEM: AtomicPtr<ffi::sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

/// A file of ours; that of the system lies behind it.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    disk: Option<Disk>,
    /// Owned; null for a temporary file.
    path: *mut PathBuf,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Without memory maps of the database: each read and write comes by here.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes the file system that of every connection that this process opens from now on.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: SQLite initialises itself; the default file system lives as long as the process, and so
        // does the copy, which is leaked.
        unsafe {
            ffi::sqlite3_initialize();
            let system = ffi::sqlite3_vfs_find(ptr::null());
            SYSTEM.store(system, Ordering::SeqCst);
            let mut ours = *system;
            ours.pNext = ptr::null_mut();
            ours.zName = c"vestnik-model".as_ptr();
            ours.szOsFile += c_int::try_from(size_of::<File>()).unwrap_or(c_int::MAX);
            ours.xOpen = Some(open);
            ours.xDelete = Some(delete);
            ffi::sqlite3_vfs_register(Box::into_raw(Box::new(ours)), 1);
        }
    });
}

unsafe fn system_file(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite allocates `szOsFile` bytes, ours and then the system's.
    unsafe { file.cast::<u8>().add(size_of::<File>()).cast() }
}

/// Calls a method of the system's file.
macro_rules! forward {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        // SAFETY: the system's file was opened, so its table is there.
        unsafe {
            let system = system_file($file);
            match (*(*system).pMethods).$method {
                Some(method) => method(system $(, $argument)*),
                None => ffi::SQLITE_IOERR,
            }
        }
    }};
}

fn code(fault: Fault, io: c_int) -> c_int {
    match fault {
        Fault::Full => ffi::SQLITE_FULL,
        Fault::Io | Fault::Death => io,
    }
}

unsafe fn path_of<'a>(name: *const c_char) -> Option<&'a Path> {
    // SAFETY: a name that is not null is a C string.
    (!name.is_null()).then(|| {
        Path::new(OsStr::from_bytes(
            unsafe { CStr::from_ptr(name) }.to_bytes(),
        ))
    })
}

unsafe fn ours<'a>(file: *mut ffi::sqlite3_file) -> &'a File {
    // SAFETY: every file with our methods is a `File`.
    unsafe { &*file.cast::<File>() }
}

impl File {
    fn path(&self) -> Option<&Path> {
        // SAFETY: it is owned by this file and freed in `close` only.
        unsafe { self.path.as_ref() }.map(PathBuf::as_path)
    }
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: the arguments are SQLite's own.
    unsafe {
        let path = path_of(name);
        let disk = path.and_then(disk_of);
        (*file).pMethods = ptr::null();
        if is_dead(disk) {
            return ffi::SQLITE_CANTOPEN;
        }
        let system = SYSTEM.load(Ordering::SeqCst);
        let Some(xopen) = (*system).xOpen else {
            return ffi::SQLITE_CANTOPEN;
        };
        let opened = system_file(file);
        let result = xopen(system, name, opened, flags, out_flags);
        if (*opened).pMethods.is_null() {
            return result;
        }
        if let Some(path) = path {
            // What an earlier file of this name has lost is not lost by this one.
            settled(disk, path);
        }
        let path = path.map_or(ptr::null_mut(), |path| {
            Box::into_raw(Box::new(path.to_owned()))
        });
        file.cast::<File>().write(File {
            base: ffi::sqlite3_file {
                pMethods: &raw const METHODS,
            },
            disk,
            path,
        });
        result
    }
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    // SAFETY: the arguments are SQLite's own.
    unsafe {
        let path = path_of(name);
        let disk = path.and_then(disk_of);
        if let Some(fault) = fault(disk, Change::Other) {
            return code(fault, ffi::SQLITE_IOERR_DELETE);
        }
        if let Some(path) = path {
            settled(disk, path);
        }
        let system = SYSTEM.load(Ordering::SeqCst);
        match (*system).xDelete {
            Some(xdelete) => xdelete(system, name, sync_folder),
            None => ffi::SQLITE_IOERR_DELETE,
        }
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let result = forward!(file, xClose);
    // SAFETY: the path was made in `open`; SQLite closes a file once.
    unsafe {
        let path = ours(file).path;
        if !path.is_null() {
            drop(Box::from_raw(path));
        }
        (*file).pMethods = ptr::null();
    }
    result
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    amount: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    forward!(file, xRead, into, amount, at)
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    amount: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the file is ours.
    let this = unsafe { ours(file) };
    if let Some(fault) = fault(this.disk, Change::Write) {
        return code(fault, ffi::SQLITE_IOERR_WRITE);
    }
    remember(file, at, usize::try_from(amount).unwrap_or_default());
    forward!(file, xWrite, from, amount, at)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    // SAFETY: the file is ours.
    let this = unsafe { ours(file) };
    if let Some(fault) = fault(this.disk, Change::Other) {
        return code(fault, ffi::SQLITE_IOERR_TRUNCATE);
    }
    remember(file, size, usize::MAX);
    forward!(file, xTruncate, size)
}

/// Keeps what a change from a place on is about to overwrite.
fn remember(file: *mut ffi::sqlite3_file, at: ffi::sqlite3_int64, amount: usize) {
    // SAFETY: the file is ours.
    let this = unsafe { ours(file) };
    let (Some(disk), Some(path)) = (this.disk, this.path()) else {
        return;
    };
    let mut length: ffi::sqlite3_int64 = 0;
    forward!(file, xFileSize, &raw mut length);
    let there = usize::try_from(length.saturating_sub(at)).unwrap_or_default();
    let mut old = vec![0_u8; there.min(amount)];
    if !old.is_empty() {
        let amount = c_int::try_from(old.len()).unwrap_or(c_int::MAX);
        forward!(file, xRead, old.as_mut_ptr().cast(), amount, at);
    }
    let unsigned = |number| u64::try_from(number).unwrap_or_default();
    overwrites(Some(disk), path, unsigned(at), old, unsigned(length));
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the file is ours.
    let this = unsafe { ours(file) };
    if let Some(fault) = fault(this.disk, Change::Other) {
        return code(fault, ffi::SQLITE_IOERR_FSYNC);
    }
    if let Some(path) = this.path() {
        settled(this.disk, path);
    }
    // The disk of the model is durable from here on; the machine's own need not be.
    ffi::SQLITE_OK
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    size: *mut ffi::sqlite3_int64,
) -> c_int {
    forward!(file, xFileSize, size)
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    forward!(file, xLock, level)
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, level: c_int) -> c_int {
    forward!(file, xUnlock, level)
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    forward!(file, xCheckReservedLock, out)
}

unsafe extern "C" fn file_control(
    file: *mut ffi::sqlite3_file,
    operation: c_int,
    argument: *mut c_void,
) -> c_int {
    forward!(file, xFileControl, operation, argument)
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    forward!(file, xSectorSize)
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    forward!(file, xDeviceCharacteristics)
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    forward!(file, xShmMap, page, size, extend, out)
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    forward!(file, xShmLock, offset, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: the system's file was opened, so its table is there.
    unsafe {
        let system = system_file(file);
        if let Some(barrier) = (*(*system).pMethods).xShmBarrier {
            barrier(system);
        }
    }
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: the file is ours.
    let is_dead = is_dead(unsafe { ours(file) }.disk);
    let delete = if is_dead { 0 } else { delete };
    forward!(file, xShmUnmap, delete)
}
