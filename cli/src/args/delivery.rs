//! The arguments of commands about what became of a notification.

use std::str::FromStr;

use clap::Args;
use vestnik_model::{DeliveryId, EventId, Language, NotificationId, UserId, Word as _};

use super::ServerArgs;

/// Explain in words what became of a notification to a person.
#[derive(Debug, Args)]
#[command(
    after_help = "Each sentence is followed by the rule that it follows from, with --rules. With a notification that
has many recipients and no --user, the first ones are explained, as many as --limit says.

Examples:
  vestnik explain ntf_0192f0c1000070008000000000000001 --user anna
  vestnik explain dlv_0192f0c1000080008000000000000001 --lang ru"
)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// A notification or a delivery.
    pub(crate) id: Explained,
    /// The recipient, of a notification.
    #[arg(long)]
    pub(crate) user: Option<UserId>,
    /// The language: en or ru.
    #[arg(long, default_value = "en", value_parser = parse_language)]
    pub(crate) lang: Language,
    /// Print the rule behind each sentence.
    #[arg(long)]
    pub(crate) rules: bool,
    /// The most recipients of a notification to explain.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
}

/// Stop what was not handed over yet.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  vestnik cancel ntf_0192f0c1000070008000000000000001")]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    pub(crate) of: OneArgs,
}

/// Notify nobody further until the notification is resumed.
#[derive(Debug, Args)]
#[command(
    after_help = "No try begins, and no step of a cascade. What is with a service already is not called back.

Example:
  vestnik pause ntf_0192f0c1000070008000000000000001"
)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    pub(crate) of: OneArgs,
}

/// Let a notification that was paused go on.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  vestnik resume ntf_0192f0c1000070008000000000000001")]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    pub(crate) of: OneArgs,
}

/// Withdraw a notification, where it was shown too.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  vestnik recall ntf_0192f0c1000070008000000000000001")]
pub(crate) struct RecallArgs {
    #[command(flatten)]
    pub(crate) of: OneArgs,
}

/// Try anew what was lost of a notification.
#[derive(Debug, Args)]
#[command(
    after_help = "A delivery that ended before anybody took it is tried anew if something has changed since: the person
logged in on a new device, allowed notifications again, the App got credentials, a service is well
again. If there is none, the exit code is 3 and the code notification.nothing_lost.

Example:
  vestnik retry ntf_0192f0c1000070008000000000000001"
)]
pub(crate) struct RetryArgs {
    #[command(flatten)]
    pub(crate) of: OneArgs,
}

/// A notification.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Which.
    pub(crate) id: NotificationId,
}

/// Print what happened to the App's notifications, oldest first.
#[derive(Debug, Args)]
#[command(
    after_help = "Events are kept for seven days. The id of the last one that was printed is where --after goes on.

Examples:
  vestnik events
  vestnik events --after evt_1042 --follow --json"
)]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Go on behind this event; from the oldest one that is kept if absent.
    #[arg(long)]
    pub(crate) after: Option<EventId>,
    /// Stay and print each event when it happens.
    #[arg(long)]
    pub(crate) follow: bool,
    /// Stop after so many events.
    #[arg(long)]
    pub(crate) count: Option<u64>,
}

/// What is to be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Explained {
    Notification(NotificationId),
    Delivery(DeliveryId),
}

impl FromStr for Explained {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let notification = text.parse().map(Self::Notification).ok();
        let delivery = || text.parse().map(Self::Delivery).ok();
        notification
            .or_else(delivery)
            .ok_or("must be the id of a notification (ntf_…) or of a delivery (dlv_…)")
    }
}

fn parse_language(text: &str) -> Result<Language, &'static str> {
    Language::from_word(text).ok_or("must be en or ru")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_or_a_delivery_is_explained() {
        let number = "0192f0c1000070008000000000000001";
        for (prefix, is_notification) in [("ntf", true), ("dlv", false)] {
            let id: Explained = format!("{prefix}_{number}").parse().unwrap();
            assert_eq!(matches!(id, Explained::Notification(_)), is_notification);
        }
        assert!(format!("ins_{number}").parse::<Explained>().is_err());
    }
}
