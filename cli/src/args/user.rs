//! `vestnik user`: what a server knows of a user.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vestnik_model::{
    CategoryName, GatewayName, TopicName, UserId, attributes::QuietHoursRequest, phone::PhoneNumber,
};

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
    /// Import push addresses that were collected before: one JSON object a line.
    #[command(after_help = "\
Each line has user, kind (fcm_token, fcm_fid, rustore, hms, apns, webpush), value, and for apns optionally environment
(production, sandbox). A file with a wrong line imports nothing; the same file twice does the same as once.

Until a device with the core reports an address, what is pushed to it is a hint with a generic text.

Example:
  echo '{\"user\": \"anna\", \"kind\": \"fcm_token\", \"value\": \"…\"}' | vestnik user import -")]
    Import(ImportArgs),
    /// Where a user gets e-mail.
    #[command(subcommand)]
    Email(EmailCommand),
    /// Where a user gets messages of a messenger.
    #[command(subcommand)]
    Chat(ChatCommand),
    /// By whose clock a user is notified, when they want quiet, and their telephone number.
    #[command(subcommand)]
    Attributes(AttributesCommand),
    /// What a user does not want to be notified of.
    #[command(subcommand)]
    Preferences(PreferencesCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// A file of JSON lines, or - for the standard input.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AttributesCommand {
    /// Say what is known of a user, whole: what is not given is not known any more.
    #[command(after_help = "Example:
  vestnik user attributes set anna --zone Europe/Berlin --quiet 22:00-07:00")]
    Set {
        #[command(flatten)]
        server: ServerArgs,
        /// The user.
        user: UserId,
        /// The user's time zone; it counts while no installation of theirs reports one.
        #[arg(long)]
        zone: Option<String>,
        /// When the user wants quiet, by their own clock.
        #[arg(long, value_name = "FROM-TO", value_parser = parse_quiet)]
        quiet: Option<QuietHoursRequest>,
        /// The user's telephone number; its zone counts where nothing else says one.
        #[arg(long)]
        phone: Option<PhoneNumber>,
    },
    /// Show what is known of a user.
    Show {
        #[command(flatten)]
        server: ServerArgs,
        /// The user.
        user: UserId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PreferencesCommand {
    /// Change what a user does not want: what is not given stays as it is.
    #[command(after_help = "Example:
  vestnik user preferences change anna --no-category promotions --category orders")]
    Change {
        #[command(flatten)]
        server: ServerArgs,
        /// The user.
        user: UserId,
        #[command(flatten)]
        change: OptOutArgs,
    },
    /// Show what a user does not want.
    Show {
        #[command(flatten)]
        server: ServerArgs,
        /// The user.
        user: UserId,
    },
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct OptOutArgs {
    /// The user wants no notification at all.
    #[arg(long, conflicts_with = "something")]
    pub(crate) nothing: bool,
    /// The user wants notifications again, but for the categories and topics that they do not want.
    #[arg(long)]
    pub(crate) something: bool,
    /// A category that the user does not want; again for more.
    #[arg(long = "no-category", value_name = "CATEGORY")]
    pub(crate) no_categories: Vec<CategoryName>,
    /// A category that the user wants again; again for more.
    #[arg(long = "category", value_name = "CATEGORY")]
    pub(crate) categories: Vec<CategoryName>,
    /// A topic by which the user does not want to be reached; again for more.
    #[arg(long = "no-topic", value_name = "TOPIC")]
    pub(crate) no_topics: Vec<TopicName>,
    /// A topic by which the user wants to be reached again; again for more.
    #[arg(long = "topic", value_name = "TOPIC")]
    pub(crate) topics: Vec<TopicName>,
}

/// Reads quiet hours; what they mean is checked by the server.
fn parse_quiet(text: &str) -> Result<QuietHoursRequest, String> {
    let (from, to) = text.split_once('-').ok_or("must be FROM-TO")?;
    Ok(QuietHoursRequest {
        from: from.to_owned(),
        to: to.to_owned(),
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChatCommand {
    /// Make a link by which a user opens a chat with the App's bot, of use once.
    #[command(after_help = "Example:
  vestnik user chat link anna telegram")]
    Link(ChatArgs),
    /// Set the chat of a user; again to change it.
    #[command(after_help = "Example:
  vestnik user chat set anna telegram 987654321")]
    Set {
        #[command(flatten)]
        of: ChatArgs,
        /// The messenger's id of the chat with the App's bot.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// Show the chat of a user, and whether they blocked it.
    Show(ChatArgs),
    /// Remove the chat of a user, who then gets no messages there any more.
    Remove(ChatArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ChatArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The user.
    pub(crate) user: UserId,
    /// The name of the gateway's channel.
    pub(crate) gateway: GatewayName,
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
