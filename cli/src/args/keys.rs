//! `vestnik keys`.

use clap::Subcommand;
use vestnik_model::{AppId, UserId};

use super::{ServerArgs, SettingsArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make an App and its first keys, on the server's machine, while the server is stopped.
    #[command(after_help = "Example:
  vestnik keys bootstrap --app shop --database vestnik.sqlite

An App that exists keeps its keys: the command then ends with exit code 3.")]
    Bootstrap {
        /// The App to make.
        #[arg(long)]
        app: AppId,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Make another API key of every scope for an App that exists, on the server's machine, while the
    /// server is stopped: for when no such key is left.
    #[command(after_help = "Example:
  vestnik keys admin --app shop --database vestnik.sqlite")]
    Admin {
        /// The App.
        #[arg(long)]
        app: AppId,
        #[command(flatten)]
        settings: SettingsArgs,
    },
    /// Vouch for a user as the App's backend would, for trying out: prints an identity token.
    #[command(after_help = "Example:
  vestnik keys vouch --app shop --user anna --secret \"$SECRET\"")]
    Vouch {
        /// The App.
        #[arg(long, env = "VESTNIK_APP")]
        app: AppId,
        /// The user.
        #[arg(long)]
        user: UserId,
        /// The App's identity secret, as `keys bootstrap` printed it.
        #[arg(long, env = "VESTNIK_IDENTITY_SECRET", hide_env_values = true)]
        secret: String,
    },
    /// Make a key.
    #[command(after_help = "Example:
  vestnik keys create --name courier --scope publish --scope read")]
    Create {
        #[command(flatten)]
        server: ServerArgs,
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What it may do; repeat for several.
        #[arg(long = "scope", required = true)]
        scopes: Vec<String>,
    },
    /// List the keys of the App, without their secrets.
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Revoke a key; what it signs for stops at once.
    Revoke {
        #[command(flatten)]
        server: ServerArgs,
        /// Which.
        id: String,
    },
}
