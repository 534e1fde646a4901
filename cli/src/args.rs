//! The command line. `--help` of each command shows examples.

mod action;
mod app;
mod audience;
mod backup;
mod bounce;
mod costs;
mod delivery;
mod demo;
mod gateway;
mod keys;
mod provider;
mod schedule;
mod sim;
mod step;
mod user;
mod webhook;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use reqwest::Url;
use vestnik_model::{
    ActionRequest, AppId, AudienceId, CategoryName, Devices, InstallationId, MinVersion,
    NotificationId, Platform, Priority, TopicName, UserId, Word as _,
    email::EmailAddress,
    phone::PhoneNumber,
    publish::{ErrorPolicy, StepRequest},
};

pub(crate) use self::{
    app::AppCommand,
    audience::{AudienceArgs, AudienceCommand, FormArgs, UploadArgs},
    backup::{BackupArgs, RestoreArgs},
    bounce::BounceArgs,
    costs::CostsArgs,
    delivery::{
        CancelArgs, EventsArgs, ExplainArgs, Explained, OneArgs, PauseArgs, RecallArgs, ResumeArgs,
        RetryArgs,
    },
    demo::DemoArgs,
    gateway::{GatewayCheckArgs, GatewayCommand},
    keys::KeysCommand,
    provider::{AccountFile, ProviderCommand},
    schedule::ScheduleArgs,
    sim::SimArgs,
    user::{
        AttributesCommand, ChatArgs, ChatCommand, EmailCommand, ImportArgs, OptOutArgs,
        PreferencesCommand, UserCommand,
    },
    webhook::{WebhookArgs, WebhookCommand},
};

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed
  2  wrong usage
  3  the server refused the request
  4  the credentials are missing, wrong or do not reach this
  5  the server cannot be reached or cannot answer now: try again
  6  done, but it did not lead where it should (a lost notification, a demo that did not hold)";

/// Push notifications that their users own: what was accepted is never lost, is shown exactly once,
/// and its sender can see what became of it.
#[derive(Debug, Parser)]
#[command(name = "vestnik", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    /// Print JSON for programs instead of words for people.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a server on one SQLite file.
    Serve(ServeArgs),
    /// Make, list and revoke API keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Set, try and remove the credentials of the App at push services and at an SMTP server.
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// List and try the descriptors of gateways: SMS services, messengers, flash calls.
    #[command(subcommand)]
    Gateway(GatewayCommand),
    /// Say what holds for every user of the App.
    #[command(subcommand)]
    App(AppCommand),
    /// Show what the messages of a month cost, and what pushes in their place saved.
    Costs(CostsArgs),
    /// Say where a user gets e-mail, and by whose clock they are notified.
    #[command(subcommand)]
    User(UserCommand),
    /// Send the App's events to its backend: add, try, replay and remove receivers.
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Upload, list and delete files of recipients.
    #[command(subcommand)]
    Audience(AudienceCommand),
    /// Publish a notification.
    Send(Box<SendArgs>),
    /// Show what a notification would come to, without sending it.
    Preview(Box<PreviewArgs>),
    /// Be a device: receive notifications in the terminal.
    Listen(ListenArgs),
    /// Show what became of a notification.
    Status(StatusArgs),
    /// Explain in words what became of a notification to a person.
    Explain(ExplainArgs),
    /// Stop what was not handed over yet.
    Cancel(CancelArgs),
    /// Notify nobody further until the notification is resumed.
    Pause(PauseArgs),
    /// Let a notification that was paused go on.
    Resume(ResumeArgs),
    /// Withdraw a notification, where it was shown too.
    Recall(RecallArgs),
    /// Try anew what was lost of a notification.
    Retry(RetryArgs),
    /// Print what happened to the App's notifications, oldest first.
    Events(EventsArgs),
    /// Bring the server a message that came to where bounces of letters go.
    Bounce(BounceArgs),
    /// Copy the database, also beside a running server.
    Backup(BackupArgs),
    /// Put a backup in the place of the database of a stopped server.
    Restore(RestoreArgs),
    /// Simulate push services, to test without an account at any of them.
    Sim(SimArgs),
    /// See it all work: a server, three devices and a courier, on this machine only.
    Demo(DemoArgs),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: Shell,
    },
}

/// Run a server on one SQLite file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vestnik serve
  vestnik serve --listen 0.0.0.0:4000 --database /var/lib/vestnik/vestnik.sqlite
  vestnik serve --config /etc/vestnik.toml --print-config")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// The address to listen on.
    #[arg(long)]
    pub(crate) listen: Option<String>,
    /// Print the configuration as it is after file, environment and flags, and exit.
    #[arg(long)]
    pub(crate) print_config: bool,
}

/// The server's settings, as `vestnik serve` reads them.
#[derive(Debug, Clone, Args)]
pub(crate) struct SettingsArgs {
    /// A TOML file; `vestnik serve --print-config` shows what may stand in it.
    #[arg(long, env = "VESTNIK_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The database file.
    #[arg(long)]
    pub(crate) database: Option<PathBuf>,
}

/// Where the server is, and by which key.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerArgs {
    /// The server's address.
    #[arg(long, env = "VESTNIK_SERVER", default_value = "http://127.0.0.1:4000/", value_parser = parse_server)]
    pub(crate) server: Url,
    /// An API key.
    #[arg(long, env = "VESTNIK_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
}

/// Publish a notification.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vestnik send --user anna 'Order 8812' 'On its way'
  vestnik send --topic orders 'We open at noon' --priority high --watch
  vestnik send --user anna 'Sign here' --step push:60:read --step email
  vestnik send --topic orders 'We open at nine' --at 2026-12-01T08:00:00+01:00
  vestnik send --topic orders 'Good morning' --at 2026-12-01T09:00:00 --local --per-minute 1000
  vestnik send --audience-file march.csv 'Spring sale' 'From Monday on'
  vestnik send --user anna 'Order 8812' --click shop://orders/8812 --data '{\"order\":8812}'")]
pub(crate) struct SendArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The line by which a person recognises it.
    pub(crate) title: String,
    /// What it says.
    #[arg(default_value = "")]
    pub(crate) body: String,
    /// To a user; repeat for several.
    #[arg(long = "user", required_unless_present_any = ["emails", "phones", "topics", "installations", "audiences", "audience_file"])]
    pub(crate) users: Vec<UserId>,
    /// To the users with an e-mail address, which was set for them; repeat for several.
    #[arg(long = "email", value_parser = EmailAddress::parse)]
    pub(crate) emails: Vec<EmailAddress>,
    /// To the users with a telephone number, which was set for them; repeat for several.
    #[arg(long = "phone")]
    pub(crate) phones: Vec<PhoneNumber>,
    /// To everyone subscribed to a topic; repeat for several.
    #[arg(long = "topic")]
    pub(crate) topics: Vec<TopicName>,
    /// To one installation only; repeat for several.
    #[arg(long = "installation")]
    pub(crate) installations: Vec<InstallationId>,
    /// To everyone whom an uploaded audience names; repeat for several.
    #[arg(long = "audience")]
    pub(crate) audiences: Vec<AudienceId>,
    /// Upload a file of recipients first, as `vestnik audience upload` does, and send to it.
    #[arg(long, value_name = "FILE")]
    pub(crate) audience_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) form: FormArgs,
    /// Leave a user out.
    #[arg(long = "exclude-user")]
    pub(crate) exclude_users: Vec<UserId>,
    /// Which of each person's devices: all, primary (on which they last opened the app),
    /// primary-then-all or most-recent.
    #[arg(long, default_value = "all", value_parser = parse_devices)]
    pub(crate) devices: Devices,
    /// The oldest version of the app on a platform, as in android=3.1.0; repeat for several. Devices with an
    /// older one get nothing.
    #[arg(long = "min-version", value_name = "PLATFORM=VERSION", value_parser = parse_min_version)]
    pub(crate) min_versions: Vec<(Platform, MinVersion)>,
    /// The kind of content.
    #[arg(long)]
    pub(crate) category: Option<CategoryName>,
    /// How urgently it asks for attention: low, normal, high or critical.
    #[arg(long, default_value = "normal", value_parser = parse_priority)]
    pub(crate) priority: Priority,
    /// An https address of a picture.
    #[arg(long)]
    pub(crate) image: Option<String>,
    /// What a tap opens: an https address, or a deep link of the app.
    #[arg(long)]
    pub(crate) click: Option<String>,
    /// A button, as `pay:link:Pay=https://shop.example/pay`, answer:reply:Answer=Your message or
    /// ok:callback:Got it: an id, what it does, what it says; repeat for up to four.
    #[arg(long = "action", value_parser = action::parse)]
    pub(crate) actions: Vec<ActionRequest>,
    /// A JSON object for the app.
    #[arg(long)]
    pub(crate) data: Option<String>,
    /// For how many seconds it is worth delivering.
    #[arg(long)]
    pub(crate) ttl: Option<u32>,
    /// A step of the cascade, as push:60 or push:60:read or email: a channel, for how many seconds the next
    /// one waits for it, and for what (handed, delivered or read); repeat for several. At its end, `:give_up` says
    /// that a try of which nobody knows whether it was taken is not repeated.
    #[arg(long = "step", value_parser = step::parse)]
    pub(crate) steps: Vec<StepRequest>,
    /// How many lost deliveries make it an error: any, the majority, or all.
    #[arg(long, default_value = "any", value_parser = parse_error_policy)]
    pub(crate) error_policy: ErrorPolicy,
    #[command(flatten)]
    pub(crate) schedule: ScheduleArgs,
    /// Your own number for it.
    #[arg(long)]
    pub(crate) external_id: Option<String>,
    /// What it is about, as order-8812: it takes the place of earlier ones with the same key.
    #[arg(long)]
    pub(crate) collapse_key: Option<String>,
    /// Repeating the command with the same key publishes once.
    #[arg(long)]
    pub(crate) idempotency_key: Option<String>,
    /// Stay and show what becomes of it.
    #[arg(long)]
    pub(crate) watch: bool,
}

/// Show what a notification would come to, without sending it.
#[derive(Debug, Args)]
#[command(
    after_help = "The arguments are those of send. Counts the recipients and how each could be reached now, and shows
what every push service would get and how many bytes that is; --json has the payloads.

Example:
  vestnik preview --topic orders 'We open at noon' --priority high"
)]
pub(crate) struct PreviewArgs {
    #[command(flatten)]
    pub(crate) send: SendArgs,
}

/// Be a device: receive notifications in the terminal.
#[derive(Debug, Args)]
#[command(
    after_help = "The history and the device's tokens live in --data-dir: a second run goes on where the
first stopped. The identity token is a JWT by which the App's backend vouches for the user; for trying
out, --identity-secret makes one here.

Examples:
  vestnik listen --app shop --user anna --identity-secret \"$SECRET\" --topic orders
  vestnik listen --app shop --identity-token \"$JWT\" --json"
)]
pub(crate) struct ListenArgs {
    /// The server's address.
    #[arg(long, env = "VESTNIK_SERVER", default_value = "http://127.0.0.1:4000/", value_parser = parse_server)]
    pub(crate) server: Url,
    /// The App.
    #[arg(long, env = "VESTNIK_APP")]
    pub(crate) app: AppId,
    /// A JWT from the App's backend.
    #[arg(long, env = "VESTNIK_IDENTITY_TOKEN", hide_env_values = true)]
    pub(crate) identity_token: Option<String>,
    /// The App's identity secret, to vouch for --user here; for trying out only.
    #[arg(
        long,
        env = "VESTNIK_IDENTITY_SECRET",
        hide_env_values = true,
        requires = "user"
    )]
    pub(crate) identity_secret: Option<String>,
    /// The user to be, with --identity-secret.
    #[arg(long)]
    pub(crate) user: Option<UserId>,
    /// Where history and tokens live.
    #[arg(long, default_value = ".vestnik-device")]
    pub(crate) data_dir: PathBuf,
    /// Subscribe to a topic first; repeat for several.
    #[arg(long = "topic")]
    pub(crate) topics: Vec<TopicName>,
    /// Report what is printed as read, not only as delivered.
    #[arg(long)]
    pub(crate) mark_read: bool,
    /// Stop after so many notifications.
    #[arg(long)]
    pub(crate) count: Option<u64>,
}

/// Show what became of a notification.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vestnik status ntf_0192f0c1000070008000000000000001
  vestnik status ntf_0192f0c1000070008000000000000001 --watch")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Which.
    pub(crate) id: NotificationId,
    /// Stay and show each change, until nothing waits any more.
    #[arg(long)]
    pub(crate) watch: bool,
}

/// An address of HTTP, with whatever path the server stands under.
fn parse_server(text: &str) -> Result<Url, String> {
    let is_http = |url: &Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let url = Url::parse(text).ok().filter(is_http);
    url.ok_or_else(|| {
        "must be an address like http://127.0.0.1:4000/ or https://host/path/".to_owned()
    })
}

fn parse_error_policy(text: &str) -> Result<ErrorPolicy, String> {
    ErrorPolicy::from_code(text).ok_or_else(|| {
        let known = ErrorPolicy::ALL.map(ErrorPolicy::as_str);
        format!("must be one of {}", known.join(", "))
    })
}

fn parse_devices(text: &str) -> Result<Devices, String> {
    Devices::from_word(&text.replace('-', "_")).ok_or_else(|| {
        let known = Devices::WORDS.iter().map(|word| word.as_str());
        let known: Vec<_> = known.map(|word| word.replace('_', "-")).collect();
        format!("must be one of {}", known.join(", "))
    })
}

fn parse_min_version(text: &str) -> Result<(Platform, MinVersion), String> {
    let (platform, version) = text
        .split_once('=')
        .ok_or_else(|| "must be a platform and a version, as in android=3.1.0".to_owned())?;
    let known = Platform::from_code(platform).ok_or_else(|| {
        let known = Platform::ALL.map(Platform::as_str).join(", ");
        format!("the platform must be one of {known}")
    })?;
    let version = version.parse::<MinVersion>();
    version
        .map(|version| (known, version))
        .map_err(|error| format!("the version {error}"))
}

fn parse_priority(text: &str) -> Result<Priority, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_| "must be low, normal, high or critical".to_owned())
}

#[cfg(test)]
mod tests;
