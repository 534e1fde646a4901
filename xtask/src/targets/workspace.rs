//! The packages of the workspace.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    place,
    step::{command, words},
};

/// A package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, below the top of the repository.
    folder: PathBuf,
}

impl Package {
    /// Whether it lies below a folder of the repository.
    pub(crate) fn is_in(&self, folder: &str) -> bool {
        self.folder.starts_with(folder)
    }

    #[cfg(test)]
    pub(crate) fn of(name: &str, folder: &str) -> Self {
        Self {
            name: name.to_owned(),
            folder: folder.into(),
        }
    }
}

/// All packages of the workspace.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let what = ["metadata", "--locked", "--no-deps", "--format-version", "1"];
    let mut metadata = command("cargo", &what);
    let output = metadata.output()?;
    ensure!(output.status.success(), "{} failed", words(&metadata));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array();
    let packages = packages.context("cargo names the packages")?;
    packages.iter().map(package).collect()
}

fn package(value: &Value) -> Result<Package> {
    let name = value["name"].as_str().context("a package has a name")?;
    let manifest = value["manifest_path"].as_str();
    let manifest = Path::new(manifest.context("a package has a manifest")?);
    let folder = manifest.parent().context("a manifest is in a folder")?;
    Ok(Package {
        name: name.to_owned(),
        folder: folder.strip_prefix(place::root())?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_package_is_found() {
        let packages = packages().unwrap();
        assert!(packages.contains(&Package::of("xtask", "xtask")));
        assert!(packages.iter().any(|package| package.is_in("core")));
    }
}
