//! A folder with a database, and the keys of the App in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use vestnik_model::AppId;

/// The App of every load.
pub(crate) const APP: &str = "shop";

const DATABASE: &str = "vestnik.sqlite";

/// A folder with a database; removed at the end.
#[derive(Debug)]
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) keys: Keys,
}

/// The keys of the App.
#[derive(Clone)]
pub(crate) struct Keys {
    /// An API key with every scope.
    pub(super) admin: String,
    pub(super) identity_id: String,
    pub(super) identity_secret: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Site {
    /// Makes a database with an App.
    pub(crate) fn make() -> Result<Self> {
        let folder = folder()?;
        let database = folder.path().join(DATABASE);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let app = AppId::parse(APP)?;
        let made = runtime.block_on(vestnik_server::bootstrap(&database, None, app))?;
        let keys = Keys {
            admin: made.admin_key,
            identity_id: made.identity_key_id,
            identity_secret: made.identity_secret,
        };
        Ok(Self { folder, keys })
    }

    /// The same files in another folder. Nobody may have the database open.
    pub(super) fn copy(&self) -> Result<Self> {
        let copy = folder()?;
        for file in fs::read_dir(self.folder.path())? {
            let file = file?;
            fs::copy(file.path(), copy.path().join(file.file_name()))
                .with_context(|| format!("cannot copy {}", file.path().display()))?;
        }
        Ok(Self {
            folder: copy,
            keys: self.keys.clone(),
        })
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.path().join(DATABASE)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new()
        .prefix("vestnik-bench-")
        .tempdir()?)
}
