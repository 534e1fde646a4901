//! Secrets in private files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};
use vestnik_sqlite::{create_private_folder, write_private_file};

use super::{SecretError, SecretStore};

/// Secrets in files that only their owner can read: the fallback where the system has no keystore.
///
/// On Unix the folder has mode 0700 and the files 0600; on other systems the folder that the system
/// gives an app is private. The secrets are **not encrypted**: who can read the user's files can read
/// them, and a backup of the folder copies them. A copy of the whole folder to another device is
/// therefore not noticed, as it is with a real keystore; keep the folder out of backups.
#[derive(Debug)]
pub struct FileSecrets {
    folder: PathBuf,
}

/// The most bytes of a secret that is read.
const MAX_BYTES: u64 = 64 * 1_024;

impl FileSecrets {
    /// Uses a folder, which is made when the first secret is set.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    fn path(&self, name: &str) -> Result<PathBuf, SecretError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
            return Err(SecretError::Unreadable);
        }
        Ok(self.folder.join(name))
    }
}

impl SecretStore for FileSecrets {
    fn get(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        match read(&self.path(name)?) {
            Ok(text) => Ok(Some(text.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(SecretError::Unreadable)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    fn set(&self, name: &str, secret: &SecretString) -> Result<(), SecretError> {
        let path = self.path(name)?;
        create_private_folder(&self.folder)
            .and_then(|()| write_private_file(&path, secret.expose_secret().as_bytes()))
            .map_err(unavailable)
    }

    fn delete(&self, name: &str) -> Result<(), SecretError> {
        match fs::remove_file(self.path(name)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unavailable(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    if path.metadata()?.len() > MAX_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    fs::read_to_string(path)
}

fn unavailable(error: io::Error) -> SecretError {
    SecretError::Unavailable {
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_until_they_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = FileSecrets::new(folder.path().join("secrets"));
        let get = |name| {
            let secret = secrets.get(name).unwrap();
            secret.map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(get("refresh"), None);
        secrets.set("refresh", &"vr_1".into()).unwrap();
        secrets.set("refresh", &"vr_2".into()).unwrap();
        assert_eq!(get("refresh").as_deref(), Some("vr_2"));
        secrets.delete("refresh").unwrap();
        secrets.delete("refresh").unwrap();
        assert_eq!(get("refresh"), None);
    }

    #[test]
    fn a_name_is_no_path() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = FileSecrets::new(folder.path());
        for name in ["", "../x", "a/b", "C:x", "имя"] {
            assert!(secrets.set(name, &"x".into()).is_err(), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_a_secret() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        FileSecrets::new(&path).set("refresh", &"x".into()).unwrap();
        for (path, mode) in [(path.clone(), 0o700), (path.join("refresh"), 0o600)] {
            let found = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(found & 0o777, mode);
        }
    }
}
