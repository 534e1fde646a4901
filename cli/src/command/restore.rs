//! `vestnik restore`: puts a backup in the place of the database of a stopped server.

use anyhow::Context as _;
use console::style;
use jiff::Timestamp;
use serde::Serialize;
use vestnik_server::{Config, Erased, Lost, RestoreError, Restored, TakenBack};

use crate::{args::RestoreArgs, exit::Failure, output::Output, settings};

pub(crate) async fn run(args: RestoreArgs, output: &Output) -> Result<(), Failure> {
    let config = settings::load(args.settings, None)?;
    let erased = if args.keep_erased {
        Erased::Kept
    } else {
        Erased::Again
    };
    let restored =
        vestnik_server::restore(&args.file, &config.database, erased).map_err(refused)?;
    // The restore is done whatever becomes of the keys, so its report comes first.
    output.result(&Report::of(restored, erased), words);
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

fn refused(error: RestoreError) -> anyhow::Error {
    let is_about_erasures = matches!(error, RestoreError::Erasures { .. });
    let error = anyhow::Error::from(error);
    if is_about_erasures {
        error.context(
            "nothing was restored; `--keep-erased` restores all the same, and users who were erased since are back",
        )
    } else {
        error
    }
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
    /// How many users were erased in that span; absent when the replaced file does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased_users: Option<u64>,
    /// Whether they are back; otherwise they are erased again.
    erased_users_are_back: bool,
    /// What else people took back in that span; absent when the replaced file does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_back: Option<Counts>,
}

/// What people took back.
#[derive(Serialize)]
struct Counts {
    /// Of how many users what they do not want is as before.
    opt_outs: u64,
    /// How many sessions that ended are live again.
    sessions: u64,
    /// How many addresses that were found dead are used again.
    dead_addresses: u64,
}

impl Counts {
    fn of(taken_back: &TakenBack) -> Self {
        let TakenBack {
            opt_outs,
            sessions,
            dead_addresses,
        } = *taken_back;
        Self {
            opt_outs,
            sessions,
            dead_addresses,
        }
    }
}

/// Whether users who were erased are back. Nobody is erased again of whom the replaced file does not tell.
fn are_back(erased_users: Option<u64>, erased: Erased) -> bool {
    erased == Erased::Kept || erased_users.is_none()
}

impl Report {
    fn of(restored: Restored, erased: Erased) -> Self {
        let Restored {
            backup,
            replaced,
            erased_users,
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
            taken_back,
        } = lost.unwrap_or_else(|| Lost {
            from: backup.backup_at.or_else(|| backup.last.map(|last| last.at)),
            until: None,
            revived_keys: Vec::new(),
            forgotten_keys: Vec::new(),
            taken_back: None,
        });
        Self {
            replaced: replaced.map(|path| path.display().to_string()),
            lost_from: from,
            lost_until: until.map(|mark| mark.at),
            revived_keys: names(&revived_keys),
            forgotten_keys: names(&forgotten_keys),
            erased_users,
            erased_users_are_back: are_back(erased_users, erased),
            taken_back: taken_back.as_ref().map(Counts::of),
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
    lines.extend(erased_users(report));
    match &report.taken_back {
        Some(counts) => lines.extend(taken_back(counts)),
        None if report.replaced.is_some() => lines.push(
            "The replaced file cannot be read or is of another database: opt-outs that were set and \
             sessions that ended after the backup are not known, and are as the backup has them"
                .to_owned(),
        ),
        None => {}
    }
    lines.join("\n")
}

fn erased_users(report: &Report) -> Option<String> {
    match (report.erased_users, report.erased_users_are_back) {
        (Some(0), _) => None,
        (Some(count), true) => Some(format!("Users who were erased since and are back: {count}")),
        (Some(count), false) => Some(format!(
            "Users who were erased since; the server erases them again before it answers anybody: {count}"
        )),
        (None, _) => report.replaced.as_ref().map(|_| {
            "The replaced file does not tell who was erased after the backup: they are back"
                .to_owned()
        }),
    }
}

fn taken_back(counts: &Counts) -> Vec<String> {
    let said = [
        (
            counts.opt_outs,
            "Users whose opt-outs were changed since and are as before",
        ),
        (
            counts.sessions,
            "Sessions that ended since and are live again",
        ),
        (
            counts.dead_addresses,
            "Addresses that were found dead since and are used again",
        ),
    ];
    let said = said.into_iter().filter(|(count, _)| *count > 0);
    said.map(|(count, words)| format!("{words}: {count}"))
        .collect()
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
    fn what_was_taken_back_is_told() {
        let report = |erased_users, erased_users_are_back| Report {
            replaced: Some("old".to_owned()),
            lost_from: None,
            lost_until: None,
            revived_keys: Vec::new(),
            forgotten_keys: Vec::new(),
            erased_users,
            erased_users_are_back,
            taken_back: Some(Counts {
                opt_outs: 2,
                sessions: 0,
                dead_addresses: 3,
            }),
        };
        let said = |count, are_back| erased_users(&report(count, are_back));
        let again = said(Some(1), false).unwrap();
        assert!(again.contains("erases them again") && again.ends_with(": 1"));
        assert!(said(Some(1), true).unwrap().contains("are back: 1"));
        assert!(said(None, true).unwrap().contains("does not tell"));
        assert_eq!(said(Some(0), false), None);
        let lines = words(&report(Some(0), false));
        assert_eq!(lines.matches(" since and ").count(), 2, "{lines}");
    }

    #[test]
    fn who_is_not_known_to_be_erased_is_back() {
        assert!(!are_back(Some(1), Erased::Again));
        assert!(are_back(None, Erased::Again) && are_back(Some(1), Erased::Kept));
    }

    #[test]
    fn the_lost_span_is_told() {
        let at = |text: &str| -> Option<Timestamp> { Some(text.parse().unwrap()) };
        let (early, late) = (at("2026-11-28T09:00:00Z"), at("2026-11-28T10:00:00Z"));
        assert!(span(early, late).contains("09:00:00Z to 2026-11-28T10:00:00Z are lost"));
        assert!(span(late, early).contains("Nothing is known to be lost"));
        assert!(span(early, None).contains("after 2026-11-28T09:00:00Z"));
    }
}
