//! `vestnik backup` and `vestnik restore`.

use std::path::PathBuf;

use clap::Args;

use super::SettingsArgs;

/// Copy the database, also beside a running server.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  vestnik backup /backups/vestnik-2026-11-28.sqlite --database /var/lib/vestnik/vestnik.sqlite")]
pub(crate) struct BackupArgs {
    /// The file to write; it must not exist.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
}

/// Put a backup in the place of the database of a stopped server.
#[derive(Debug, Args)]
#[command(
    after_help = "The file that is replaced is kept under another name. Devices read their logs anew; what was
published, revoked or rotated after the backup is lost, and the span of it is printed. API keys that
were revoked in that span are valid again unless --revoke-keys is given.

Example:
  vestnik restore /backups/vestnik-2026-11-28.sqlite --database /var/lib/vestnik/vestnik.sqlite"
)]
pub(crate) struct RestoreArgs {
    /// The backup.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Revoke every API key of every App after the restore.
    #[arg(long)]
    pub(crate) revoke_keys: bool,
    /// Bring users back who were erased after the backup was made. Without this they are erased again, and
    /// nothing is restored if the replaced database is too damaged to say who they are.
    #[arg(long)]
    pub(crate) keep_erased: bool,
}
