//! `vestnik restore`: puts a backup in the place of the database of a stopped server.

use anyhow::Context as _;
use console::style;
use jiff::Timestamp;
use serde::Serialize;
use vestnik_server::{Config, Lost, Restored};

use crate::{args::RestoreArgs, exit::Failure, output::Output, settings};

pub(crate) async fn run(args: RestoreArgs, output: &Output) -> Result<(), Failure> {
    let config = settings::load(args.settings, None)?;
    let restored =
        vestnik_server::restore(&args.file, &config.database).map_err(anyhow::Error::from)?;
    // The restore is done whatever becomes of the keys, so its report comes first.
    output.result(&Report::from(restored), words);
    if args.revoke_keys {
        let revoked_keys = revoke(&config)
            .await
            .context("the backup is in place, and its API keys were not revoked")?;
        output.result(&Revoked { revoked_keys }, revoked_words);
    } else {
        output.note(
            "API keys that may have leaked can all be revoked: `vestnik restore --revoke-keys`",
        );
    }
    Ok(())
}

async fn revoke(config: &Config) -> Result<u64, anyhow::Error> {
    let key = vestnik_server::seal_key(config)?;
    Ok(vestnik_server::revoke_all_keys(&config.database, key).await?)
}

/// What was revoked after a restore.
#[derive(Serialize)]
struct Revoked {
    /// How many API keys.
    revoked_keys: u64,
}

fn revoked_words(Revoked { revoked_keys }: &Revoked) -> String {
    format!("{revoked_keys} API keys are revoked; `vestnik keys admin` makes an App a new one")
}

/// What a restore did.
#[derive(Serialize)]
struct Report {
    /// Where the file is that was replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced: Option<String>,
    /// From when on everything is lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_from: Option<Timestamp>,
    /// Until when; absent when the replaced file could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost_until: Option<Timestamp>,
    /// API keys, as `app/id`, that were revoked in that span and are valid again.
    revived_keys: Vec<String>,
    /// API keys that were made in that span and are unknown again.
    forgotten_keys: Vec<String>,
}

impl From<Restored> for Report {
    fn from(restored: Restored) -> Self {
        let Restored {
            backup,
            replaced,
            lost,
        } = restored;
        let names = |keys: &[(vestnik_model::AppId, String)]| -> Vec<String> {
            keys.iter().map(|(app, id)| format!("{app}/{id}")).collect()
        };
        let Lost {
            from,
            until,
            revived_keys,
            forgotten_keys,
        } = lost.unwrap_or_else(|| Lost {
            from: backup.backup_at.or_else(|| backup.last.map(|last| last.at)),
            until: None,
            revived_keys: Vec::new(),
            forgotten_keys: Vec::new(),
        });
        Self {
            replaced: replaced.map(|path| path.display().to_string()),
            lost_from: from,
            lost_until: until.map(|mark| mark.at),
            revived_keys: names(&revived_keys),
            forgotten_keys: names(&forgotten_keys),
        }
    }
}

fn words(report: &Report) -> String {
    let mut lines = vec![style("restored").green().to_string()];
    if let Some(replaced) = &report.replaced {
        lines.push(format!("The replaced file is kept as {replaced}"));
    }
    lines.push(span(report.lost_from, report.lost_until));
    if !report.revived_keys.is_empty() {
        let keys = report.revived_keys.join(", ");
        lines.push(format!(
            "API keys that were revoked since and are valid again: {keys}"
        ));
    }
    if !report.forgotten_keys.is_empty() {
        let keys = report.forgotten_keys.join(", ");
        lines.push(format!(
            "API keys that were made since and are unknown now: {keys}"
        ));
    }
    lines.join("\n")
}

fn span(from: Option<Timestamp>, until: Option<Timestamp>) -> String {
    match (from, until) {
        (Some(from), Some(until)) if until <= from => {
            format!("Nothing is known to be lost: the replaced file ends at {until}")
        }
        (Some(from), Some(until)) => format!(
            "Publishes, receipts, revocations and rotations from {from} to {until} are lost"
        ),
        (Some(from), None) => {
            format!("Whatever was published, reported, revoked or rotated after {from} is lost")
        }
        (None, _) => "Whatever was done after the backup is lost".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lost_span_is_told() {
        let at = |text: &str| -> Option<Timestamp> { Some(text.parse().unwrap()) };
        let (early, late) = (at("2026-11-28T09:00:00Z"), at("2026-11-28T10:00:00Z"));
        assert!(span(early, late).contains("09:00:00Z to 2026-11-28T10:00:00Z are lost"));
        assert!(span(late, early).contains("Nothing is known to be lost"));
        assert!(span(early, None).contains("after 2026-11-28T09:00:00Z"));
    }
}
