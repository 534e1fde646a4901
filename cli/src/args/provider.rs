//! `vestnik provider`: the credentials of an App.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Url;
use vestnik_model::Channel;

use super::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// Set the credentials at a service, whatever it says of them.
    #[command(after_help = "Examples:
  vestnik provider add fcm service-account.json
  vestnik provider add email smtp.json
  vestnik provider add webhook backend.json
  vestnik provider add sms account.json
  vestnik provider add fcm .vestnik-sim/service-account.json \\
      --base-url https://localhost:9101 --roots .vestnik-sim/ca.pem

Credentials of another project or APNs topic do not take the place of present ones, which devices'
addresses belong to: remove those first.

What the file has for each service: docs/protocol.md; for a gateway: docs/gateways.md.")]
    Add {
        #[command(flatten)]
        server: ServerArgs,
        /// The service: fcm, apns, webpush, hms, rustore, email, webhook, or what the App calls a gateway.
        #[arg(value_parser = service)]
        service: Channel,
        #[command(flatten)]
        file: AccountFile,
    },
    /// List the services at which the App has credentials.
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Ask a service whether it takes the credentials: nobody is notified by it.
    Check {
        #[command(flatten)]
        server: ServerArgs,
        /// The service: fcm, apns, webpush, hms, rustore, email, webhook, or what the App calls a gateway.
        #[arg(value_parser = service)]
        service: Channel,
    },
    /// Put other credentials in the place of those at a service, if it takes them: nobody notices.
    #[command(after_help = "\
The service is asked about the new credentials first; if it refuses them, nothing changes. What waits because
the former ones were refused is sent at once. Former keys of Web Push are kept for the subscriptions that
browsers made with them; the former secret of a webhook signs beside the new one for a day.

Example:
  vestnik provider rotate apns new-key.json")]
    Rotate {
        #[command(flatten)]
        server: ServerArgs,
        /// The service: fcm, apns, webpush, hms, rustore, email, webhook, or what the App calls a gateway.
        #[arg(value_parser = service)]
        service: Channel,
        #[command(flatten)]
        file: AccountFile,
    },
    /// Remove the credentials at a service: nothing passes it any more.
    Remove {
        #[command(flatten)]
        server: ServerArgs,
        /// The service: fcm, apns, webpush, hms, rustore, email, webhook, or what the App calls a gateway.
        #[arg(value_parser = service)]
        service: Channel,
    },
}

/// Credentials in a file.
#[derive(Debug, Args)]
pub(crate) struct AccountFile {
    /// A file with one JSON object, or - for the standard input.
    pub(crate) account: PathBuf,
    /// Where the service is, if not at its own address: a simulator.
    #[arg(long)]
    pub(crate) base_url: Option<Url>,
    /// Certificates in PEM to trust besides the system's.
    #[arg(long)]
    pub(crate) roots: Option<PathBuf>,
}

/// A service that notifications pass: one of those that are built in, or a gateway by the App's name for it.
fn service(text: &str) -> Result<Channel, String> {
    match Channel::from_code(text) {
        Some(Channel::Hub) => Err("the hub needs no credentials".to_owned()),
        Some(channel) => Ok(channel),
        None => Err("a gateway has a name of a to z, digits and _".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_built_in_one_or_a_gateway() {
        assert_eq!(service("fcm"), Ok(Channel::Fcm));
        assert!(matches!(service("sms"), Ok(Channel::Gateway(_))));
        for text in ["hub", "", "S M S", "../keys"] {
            assert!(service(text).is_err(), "{text}");
        }
    }
}
