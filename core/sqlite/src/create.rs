//! A new file, which is there whole or not at all.

use std::path::Path;

use rusqlite::Connection;

use crate::{
    Damage, OpenError, Schema,
    file::{beside, remove_if_present, sync_file, sync_folder},
    mode,
    open::FLAGS,
};

/// Makes the file if it is not there. It is made beside and renamed, so that an empty file is never
/// ours: it is what a failed copy leaves behind.
pub(crate) fn create_if_absent(path: &Path, schema: &Schema) -> Result<(), OpenError> {
    match path.metadata() {
        Ok(file) if file.len() == 0 => Err(OpenError::Corrupt {
            path: path.to_owned(),
            source: Damage::Empty,
        }),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(path, schema),
        Err(error) => Err(OpenError::io(path, error)),
    }
}

fn create(path: &Path, schema: &Schema) -> Result<(), OpenError> {
    let new = beside(path, ".new");
    let io_error = |source| OpenError::io(path, source);
    let refuse = |error| OpenError::from_opening(&new, error);
    // What a process that was killed while it made a file has left.
    remove_if_present(&new).map_err(io_error)?;
    remove_if_present(&beside(&new, "-journal")).map_err(io_error)?;
    drop(mode::create_private_file(&new, true).map_err(io_error)?);
    let mut connection = Connection::open_with_flags(&new, FLAGS).map_err(refuse)?;
    schema.migrate(&new, &mut connection)?;
    connection.close().map_err(|(_, error)| refuse(error))?;
    sync_file(&new).map_err(io_error)?;
    // A log without its database would be taken for that of the new file.
    remove_if_present(&crate::file::wal_of(path)).map_err(io_error)?;
    remove_if_present(&crate::file::shm_of(path)).map_err(io_error)?;
    std::fs::rename(&new, path).map_err(io_error)?;
    sync_folder(path).map_err(io_error)
}
