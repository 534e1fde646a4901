//! The files of the simulator's keys. They stay for the next start, so that senders need not be
//! configured anew.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

use anyhow::Context as _;
use vestnik_sim::{Credentials, Setup};

use crate::exit::Failure;

/// All keys, for the next start.
const ALL: &str = "credentials.json";
/// What Google gives for a service account.
pub(super) const SERVICE_ACCOUNT: &str = "service-account.json";
/// What Apple gives for a signing key.
pub(super) const APNS_KEY: &str = "apns.p8";
/// The client of Huawei's version 1.
pub(super) const HMS: &str = "hms.json";
/// What Huawei gives for a service account, for version 3.
const HMS_SERVICE_ACCOUNT: &str = "hms-service-account.json";
/// The project of `RuStore`.
pub(super) const RUSTORE: &str = "rustore.json";
/// The certificate that senders trust.
pub(super) const AUTHORITY: &str = "ca.pem";

/// Reads the keys of an earlier start, or makes new ones.
pub(super) fn load(folder: &Path) -> Result<Credentials, Failure> {
    let file = folder.join(ALL);
    match fs::read(&file) {
        Ok(text) => {
            let read = serde_json::from_slice(&text);
            let what = format!(
                "{} cannot be read; without it new keys are made",
                file.display()
            );
            Ok(read.context(what)?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(Credentials::generate().map_err(anyhow::Error::from)?)
        }
        Err(error) => Err(anyhow::Error::new(error)
            .context(format!("{} cannot be read", file.display()))
            .into()),
    }
}

/// Writes the files that senders are configured with.
pub(super) fn write(folder: &Path, setup: &Setup) -> Result<(), Failure> {
    let pretty = |value| serde_json::to_string_pretty(&value);
    let all = serde_json::to_value(&setup.credentials).and_then(pretty);
    for (name, text) in [
        (ALL, all),
        (SERVICE_ACCOUNT, pretty(setup.service_account())),
        (HMS, pretty(setup.hms_client())),
        (HMS_SERVICE_ACCOUNT, pretty(setup.hms_service_account())),
        (RUSTORE, pretty(setup.rustore_project())),
        (APNS_KEY, Ok(setup.apns_key().to_owned())),
        (AUTHORITY, Ok(setup.ca_certificate().to_owned())),
    ] {
        save(folder, name, &text.map_err(anyhow::Error::from)?)?;
    }
    Ok(())
}

/// Writes one file, and the folder if there is none.
pub(super) fn save(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let file = folder.join(name);
    let written = create(&file).and_then(|mut file| file.write_all(text.as_bytes()));
    Ok(written.with_context(|| format!("{} cannot be written", file.display()))?)
}

/// A file that only its owner may read.
fn create(file: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_for_the_next_start_and_are_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let made = load(&keys).unwrap();
        fs::create_dir_all(&keys).unwrap();
        let text = serde_json::to_vec(&made).unwrap();
        create(&keys.join(ALL)).unwrap().write_all(&text).unwrap();
        assert_eq!(load(&keys).unwrap().apns_key, made.apns_key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(keys.join(ALL)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(keys.join(ALL), "{}").unwrap();
        assert!(load(&keys).is_err());
    }
}
