//! `vestnik user`: what a server knows of a user.

use clap::Subcommand;
use vestnik_model::UserId;

use super::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List the devices that a user is logged in on, and which one is the primary one.
    #[command(after_help = "Example:
  vestnik user devices anna")]
    Devices {
        #[command(flatten)]
        server: ServerArgs,
        /// The user.
        user: UserId,
    },
    /// Where a user gets e-mail.
    #[command(subcommand)]
    Email(EmailCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum EmailCommand {
    /// Set the address of a user; again to change it.
    #[command(after_help = "Example:
  vestnik user email set anna anna@shop.example")]
    Set {
        #[command(flatten)]
        server: ServerArgs,
        /// The user.
        user: UserId,
        /// The address.
        address: String,
    },
    /// Show the address of a user, and whether a mail server called it dead.
    Show {
        #[command(flatten)]
        server: ServerArgs,
        /// The user.
        user: UserId,
    },
    /// Remove the address of a user, who then gets no e-mail any more.
    Remove {
        #[command(flatten)]
        server: ServerArgs,
        /// The user.
        user: UserId,
    },
}
