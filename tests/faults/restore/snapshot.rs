//! The ways of taking a backup and of restoring it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use vestnik_testkit::{TestServer, server::Halt};

/// How a backup is taken and restored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// By the commands: beside the running server, and in the place of the halted one's file.
    Command,
    /// The database file of a stopped server is copied, and later copied back over it by hand.
    CopiedFile,
    /// All files of a halted server are copied, and later all are set back.
    AllFiles,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Command, Self::CopiedFile, Self::AllFiles];

    pub(super) const fn count(self) -> &'static str {
        match self {
            Self::Command => "by command",
            Self::CopiedFile => "by copied file",
            Self::AllFiles => "by all files",
        }
    }

    /// Takes a backup into an empty folder; the server runs afterwards.
    pub(super) async fn back_up(
        self,
        server: &mut TestServer,
        folder: &Path,
    ) -> anyhow::Result<()> {
        match self {
            Self::Command => {
                let (from, to) = (server.database().to_owned(), folder.join("backup.sqlite"));
                tokio::task::spawn_blocking(move || vestnik_server::backup(&from, &to)).await??;
            }
            // A stopped server leaves everything in its file.
            Self::CopiedFile => {
                server.halt(Halt::Drain).await?;
                fs::copy(server.database(), folder.join("backup.sqlite"))?;
                server.resume().await?;
            }
            Self::AllFiles => {
                server.halt(Halt::Kill).await?;
                for file in files_of(server.database())? {
                    copy_into(&file, folder)?;
                }
                server.resume().await?;
            }
        }
        Ok(())
    }

    /// Puts the backup in the place of a halted server's files.
    pub(super) async fn restore(self, database: &Path, folder: &Path) -> anyhow::Result<()> {
        match self {
            Self::Command => {
                let (from, to) = (folder.join("backup.sqlite"), database.to_owned());
                let restored = move || {
                    let erased = vestnik_server::Erased::Again;
                    vestnik_server::restore(&from, &to, erased).map(drop)
                };
                tokio::task::spawn_blocking(restored).await??;
            }
            Self::CopiedFile => {
                // A log of the newer file would be applied to the older one.
                remove_logs(database)?;
                fs::copy(folder.join("backup.sqlite"), database)?;
            }
            Self::AllFiles => {
                for file in files_of(database)? {
                    fs::remove_file(file)?;
                }
                let parent = database.parent().context("a database is in a folder")?;
                for entry in fs::read_dir(folder)? {
                    copy_into(&entry?.path(), parent)?;
                }
            }
        }
        Ok(())
    }
}

/// The database file and everything beside it that begins with its name.
fn files_of(database: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let parent = database.parent().context("a database is in a folder")?;
    let name = database.file_name().context("a database has a name")?;
    let name = name.to_string_lossy().into_owned();
    let entries = fs::read_dir(parent)?;
    let paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    let is_of_it = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        path.is_file() && file.starts_with(&name) && !file.contains(".replaced-")
    };
    Ok(paths.into_iter().filter(is_of_it).collect())
}

fn copy_into(file: &Path, folder: &Path) -> anyhow::Result<()> {
    let name = file.file_name().context("a file has a name")?;
    fs::copy(file, folder.join(name))?;
    Ok(())
}

fn remove_logs(database: &Path) -> io::Result<()> {
    for ending in ["-wal", "-shm"] {
        let mut log = database.as_os_str().to_owned();
        log.push(ending);
        match fs::remove_file(&log) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
