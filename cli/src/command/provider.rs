//! `vestnik provider`: the credentials of an App at push services, at an SMTP server and at gateways.

use std::{io::Read as _, path::Path};

use console::style;
use serde_json::{Value, json};
use vestnik_model::{
    Channel, FieldProblem, Problem,
    problem::FieldCode,
    provider::ProviderState,
    route,
    view::{List, ProviderCheck, ProviderFinding, ProviderView},
};

use crate::{
    api::Api,
    args::{AccountFile, ProviderCommand},
    exit::Failure,
    output::Output,
};

/// The most bytes of a file of credentials that are read; the server takes fewer.
const MAX_BYTES: u64 = 1_024 * 1_024;

pub(crate) async fn run(command: ProviderCommand, output: &Output) -> Result<(), Failure> {
    match command {
        ProviderCommand::Add {
            server,
            service,
            file,
        } => {
            let account = account(service, &file)?;
            let path = route::with(route::PROVIDER, service.as_str());
            let put = Api::new(&server)?.put(&path, &account).await;
            let service = service.as_str();
            put.map_err(|failure| with_way_out(failure, service))?;
            output.note(&format!("{} {service}", style("set").green()));
            output.note(&format!("Try them: vestnik provider check {service}"));
            Ok(())
        }
        ProviderCommand::List { server } => {
            let listed: List<ProviderView> = Api::new(&server)?.get(route::PROVIDERS).await?;
            output.result(&listed, list_words);
            Ok(())
        }
        ProviderCommand::Check { server, service } => {
            let path = route::with(route::PROVIDER, service.as_str());
            let path = format!("{path}:check");
            let check: ProviderCheck = Api::new(&server)?.post(&path, &json!({})).await?;
            output.result(&check, check_words);
            if check.is_good {
                return Ok(());
            }
            let text = "the service does not take the credentials";
            Err(Failure::Outcome(text.to_owned()))
        }
        ProviderCommand::Rotate {
            server,
            service,
            file,
        } => {
            let account = account(service, &file)?;
            let path = route::with(route::PROVIDER, service.as_str());
            let path = format!("{path}:rotate");
            let rotated = Api::new(&server)?.post(&path, &account).await;
            let rotated = rotated.map_err(|failure| with_way_out(failure, service.as_str()));
            let check: ProviderCheck = rotated?;
            output.result(&check, check_words);
            output.note(&format!(
                "{} {}",
                style("rotated").green(),
                service.as_str()
            ));
            Ok(())
        }
        ProviderCommand::Remove { server, service } => {
            let path = route::with(route::PROVIDER, service.as_str());
            Api::new(&server)?.delete(&path).await?;
            output.note(&format!("{} {}", style("removed").red(), service.as_str()));
            Ok(())
        }
    }
}

/// Adds the command that makes room, if the credentials are refused because they are for the addresses of
/// another project or app.
fn with_way_out(failure: Failure, service: &str) -> Failure {
    let Failure::Rejected(problem) = failure else {
        return failure;
    };
    let is_elsewhere = |field: &FieldProblem| field.code.known() == Some(FieldCode::NotAllowed);
    if !problem.errors.iter().any(is_elsewhere) {
        return Failure::Rejected(problem);
    }
    let detail = format!("{} (vestnik provider remove {service})", problem.detail);
    Failure::Rejected(Problem { detail, ..problem })
}

/// The credentials of a file, at the place that stands beside it.
fn account(service: Channel, file: &AccountFile) -> Result<Value, Failure> {
    let is_elsewhere = file.base_url.is_some() || file.roots.is_some();
    if is_elsewhere && service.gateway().is_some() {
        let text = "the providers of a gateway have origin and root_certificates in the file";
        return Err(Failure::Usage(text.to_owned()));
    }
    let mut account = read_account(&file.account, file.roots.as_deref())?;
    if let (Some(url), Some(fields)) = (&file.base_url, account.as_object_mut()) {
        let url = url.as_str().trim_end_matches('/');
        match service {
            Channel::Rustore => fields.insert("base_urls".to_owned(), json!([url])),
            Channel::Hub
            | Channel::Fcm
            | Channel::Hms
            | Channel::Apns
            | Channel::Webpush
            | Channel::Email
            | Channel::Webhook
            | Channel::Gateway(_) => fields.insert("base_url".to_owned(), url.into()),
        };
    }
    Ok(account)
}

/// The credentials of a file, `-` for the standard input, with certificates to trust besides.
fn read_account(path: &Path, roots: Option<&Path>) -> Result<Value, Failure> {
    let text = read(path)?;
    let mut account: Value = serde_json::from_str(&text).map_err(|error| {
        // The text of a parse error can have a part of the file in it.
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::Usage(format!("{}: not JSON at {place}", path.display()))
    })?;
    let (Some(roots), Some(fields)) = (roots, account.as_object_mut()) else {
        return Ok(account);
    };
    fields.insert("root_certificates".to_owned(), read(roots)?.into());
    Ok(account)
}

fn read(path: &Path) -> Result<String, Failure> {
    let refuse = |error: std::io::Error| Failure::Usage(format!("{}: {error}", path.display()));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(MAX_BYTES).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).map_err(refuse)?;
        file.take(MAX_BYTES).read_to_string(&mut text)
    };
    read.map_err(refuse)?;
    Ok(text)
}

fn list_words(listed: &List<ProviderView>) -> String {
    if listed.data.is_empty() {
        return "No service: notifications reach connected devices only.".to_owned();
    }
    let lines = listed.data.iter().map(provider_words);
    lines.collect::<Vec<_>>().join("\n")
}

fn provider_words(provider: &ProviderView) -> String {
    let ProviderView {
        channel,
        set_at,
        state,
        since,
        reason,
        said,
    } = provider;
    let state = match state.known() {
        Some(ProviderState::Working) => style(state.as_str()).green(),
        Some(ProviderState::Refused | ProviderState::Unreadable) | None => {
            style(state.as_str()).red()
        }
    };
    let since = since.map(|since| format!("since {since:.0}"));
    let why = reason.as_ref().map(|reason| reason.as_str().to_owned());
    let details: Vec<_> = [since, why, said.clone()].into_iter().flatten().collect();
    let line = format!(
        "{:10} set {set_at:.0}  {state}  {}",
        style(channel.as_str()).bold(),
        details.join("  ")
    );
    line.trim_end().to_owned()
}

fn check_words(check: &ProviderCheck) -> String {
    let lines = check.findings.iter().map(finding_words);
    lines.collect::<Vec<_>>().join("\n")
}

fn finding_words(finding: &ProviderFinding) -> String {
    let ProviderFinding {
        place,
        is_good,
        reason,
        said,
    } = finding;
    let verdict = if *is_good {
        style("good".to_owned()).green()
    } else {
        let reason = reason.as_ref().map_or("refused", |reason| reason.as_str());
        style(reason.to_owned()).red()
    };
    let said = said.as_deref().unwrap_or_default();
    format!("{verdict}  {place}  {said}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_refuses_is_listed_with_what_it_said() {
        console::set_colors_enabled(false);
        let listed = json!({"data": [
            {"channel": "apns", "set_at": "2026-11-29T10:02:05Z", "state": "refused",
             "since": "2026-11-30T09:00:00Z", "reason": "config.provider_auth", "said": "403 InvalidProviderToken"},
            {"channel": "fcm", "set_at": "2026-11-29T10:02:05Z", "state": "working", "since": "2026-11-29T10:02:05Z"},
        ]});
        let listed = serde_json::from_value(listed).unwrap();
        assert_eq!(
            list_words(&listed),
            "apns       set 2026-11-29T10:02:05Z  refused  since 2026-11-30T09:00:00Z  config.provider_auth  \
             403 InvalidProviderToken\n\
             fcm        set 2026-11-29T10:02:05Z  working  since 2026-11-29T10:02:05Z"
        );
    }

    #[test]
    fn what_is_no_json_is_named_by_its_place_and_not_shown() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("account.json");
        std::fs::write(&path, "{\"private_key\": PLANTED}")?;
        let Err(refused) = read_account(&path, None) else {
            anyhow::bail!("it is no JSON");
        };
        assert!(refused.text().contains("line 1"), "{}", refused.text());
        assert!(!refused.text().contains("PLANTED"));
        Ok(())
    }

    #[test]
    fn credentials_of_another_project_are_refused_with_the_command_that_makes_room() {
        let refused = |code| {
            let field = FieldProblem::new("/project_id", code, "must be that of the present ones");
            let failure = Failure::Rejected(Problem::invalid(vec![field]));
            with_way_out(failure, "fcm").text()
        };
        let text = refused(FieldCode::NotAllowed);
        assert!(text.contains("/project_id must be"), "{text}");
        assert!(text.contains("vestnik provider remove fcm"), "{text}");
        assert!(!refused(FieldCode::Malformed).contains("remove"));
    }

    #[test]
    fn certificates_are_put_beside_the_credentials() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let (account, roots) = (folder.path().join("a.json"), folder.path().join("ca.pem"));
        std::fs::write(&account, "{\"team_id\": \"T\"}")?;
        std::fs::write(&roots, "-----BEGIN")?;
        let Ok(read) = read_account(&account, Some(&roots)) else {
            anyhow::bail!("it is JSON");
        };
        assert_eq!(
            read,
            json!({"team_id": "T", "root_certificates": "-----BEGIN"})
        );
        Ok(())
    }
}
