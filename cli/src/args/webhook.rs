//! `vestnik webhook`.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use vestnik_model::{
    EventId, EventKind, WebhookId,
    webhook::{DEFAULT_OVERLAP_HOURS, SignatureKind},
};

use super::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Send what happens from now on to an address. Prints the key to verify by, this once.
    #[command(after_help = "Examples:
  vestnik webhook add https://shop.example/hook
  vestnik webhook add https://shop.example/hook --event delivery.read --event notification.error
  vestnik webhook add https://shop.example/hook --signature ed25519

How a receiver verifies what it is sent: docs/webhooks.md.")]
    Add {
        #[command(flatten)]
        server: ServerArgs,
        /// An absolute https address.
        url: String,
        /// A kind of event to send, again for more; every kind if absent.
        #[arg(long = "event", value_name = "KIND", value_parser = kind)]
        events: Vec<EventKind>,
        /// How requests are signed.
        #[arg(long, value_enum, default_value_t = SignatureName::Hmac)]
        signature: SignatureName,
    },
    /// List the App's webhooks with how they do.
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Send a test event at once and say what was answered; exit code 6 if it was not taken.
    Test(WebhookArgs),
    /// Send events again, or leave some out: go on behind an event or at a time.
    #[command(after_help = "Examples:
  vestnik webhook replay whk_… --after evt_42
  vestnik webhook replay whk_… --since 2026-11-28T09:00:00Z")]
    Replay {
        #[command(flatten)]
        webhook: WebhookArgs,
        #[command(flatten)]
        from: ReplayFrom,
    },
    /// Make a new key; the present one signs beside it for a while.
    Rotate {
        #[command(flatten)]
        webhook: WebhookArgs,
        /// For how many hours, at most 168.
        #[arg(long, default_value_t = DEFAULT_OVERLAP_HOURS)]
        overlap_hours: u32,
    },
    /// Send events again, from where it was.
    Enable(WebhookArgs),
    /// Send nothing; events are kept for seven days.
    Disable(WebhookArgs),
    /// Remove a webhook.
    Remove(WebhookArgs),
}

/// A webhook at a server.
#[derive(Debug, Args)]
pub(crate) struct WebhookArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The webhook's id.
    pub(crate) id: WebhookId,
}

/// Where a replay begins.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ReplayFrom {
    /// Behind this event.
    #[arg(long, value_name = "EVENT")]
    pub(crate) after: Option<EventId>,
    /// With the first event of this time or later.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<Timestamp>,
}

/// How requests are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignatureName {
    /// HMAC-SHA256 with a shared key.
    Hmac,
    /// Ed25519; the receiver has the public key.
    Ed25519,
}

impl From<SignatureName> for SignatureKind {
    fn from(name: SignatureName) -> Self {
        match name {
            SignatureName::Hmac => Self::Hmac,
            SignatureName::Ed25519 => Self::Ed25519,
        }
    }
}

fn kind(text: &str) -> Result<EventKind, String> {
    let known = EventKind::from_code(text).filter(|kind| !kind.is_of_webhook());
    known.ok_or_else(|| {
        let kinds = EventKind::ALL.into_iter();
        let kinds = kinds.filter(|kind| !kind.is_of_webhook());
        let kinds: Vec<_> = kinds.map(EventKind::as_str).collect();
        format!("must be one of {}", kinds.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_the_servers_words() {
        assert_eq!(kind("delivery.read"), Ok(EventKind::DeliveryRead));
        assert!(kind("webhook.test").is_err(), "it cannot be asked for");
        assert!(kind("read").unwrap_err().contains("delivery.read"));
    }
}
