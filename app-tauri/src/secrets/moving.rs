//! Secrets that were in files move into a keyring.

use std::{fs, io, path::Path};

use vestnik_core::{FileSecrets, SecretError, SecretStore};

use super::INSTALLATION;

/// Why secrets did not move. Those in files are still there.
#[derive(Debug, thiserror::Error)]
pub(super) enum MoveError {
    /// The folder cannot be read.
    #[error("the folder of secrets cannot be read")]
    Folder(#[from] io::Error),
    /// A store refuses.
    #[error("a secret cannot be moved")]
    Secret(#[from] SecretError),
}

/// Moves the secrets of a folder into a keyring. All of them are there before the first file is
/// deleted, and the file by which the folder is recognised goes last: a start that ends in between
/// moves them again.
pub(super) fn into(keyring: &dyn SecretStore, folder: &Path) -> Result<(), MoveError> {
    let files = FileSecrets::new(folder);
    let mut names = names(folder)?;
    names.sort_by_key(|name| name == INSTALLATION);
    for name in &names {
        if let Some(secret) = files.get(name)? {
            keyring.set(name, &secret)?;
        }
    }
    for name in &names {
        files.delete(name)?;
    }
    Ok(())
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let is_secret = |name: &String| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        names.extend(entry?.file_name().into_string().ok().filter(is_secret));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use vestnik_core::{MemorySecrets, inbox::secret::ExposeSecret as _};

    use super::*;

    #[test]
    fn every_secret_moves_and_no_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let files = FileSecrets::new(folder.path());
        for name in [INSTALLATION, "refresh", "logout-3"] {
            files.set(name, &format!("the {name}").into()).unwrap();
        }
        let keyring = MemorySecrets::default();
        into(&keyring, folder.path()).unwrap();
        for name in [INSTALLATION, "refresh", "logout-3"] {
            let secret = keyring.get(name).unwrap().unwrap();
            assert_eq!(secret.expose_secret(), format!("the {name}"));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
