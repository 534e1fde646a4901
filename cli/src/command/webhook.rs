//! `vestnik webhook`: where an App's events are sent.

use console::style;
use serde::Serialize;
use serde_json::json;
use vestnik_model::{
    WebhookId, route,
    view::List,
    webhook::{
        WebhookAnswer, WebhookCheck, WebhookKey, WebhookReplay, WebhookRequest, WebhookRotation,
        WebhookStatus, WebhookView,
    },
};

use crate::{
    api::Api,
    args::{WebhookArgs, WebhookCommand},
    exit::Failure,
    output::Output,
};

pub(crate) async fn run(command: WebhookCommand, output: &Output) -> Result<(), Failure> {
    match command {
        WebhookCommand::Add {
            server,
            url,
            events,
            signature,
        } => {
            let request = WebhookRequest {
                url,
                events: (!events.is_empty()).then_some(events),
                signature: signature.into(),
            };
            let key: WebhookKey = Api::new(&server)?.post(route::WEBHOOKS, &request).await?;
            output.result(&key, key_words);
            output.note(&format!("Try it: vestnik webhook test {}", key.id));
            Ok(())
        }
        WebhookCommand::List { server } => {
            let listed: List<WebhookView> = Api::new(&server)?.get(route::WEBHOOKS).await?;
            output.result(&listed, list_words);
            Ok(())
        }
        WebhookCommand::Test(webhook) => test(&webhook, output).await,
        WebhookCommand::Replay { webhook, from } => {
            let replay = WebhookReplay {
                after: from.after,
                since: from.since,
            };
            act(&webhook, "replay", &replay, output).await
        }
        WebhookCommand::Rotate {
            webhook,
            overlap_hours,
        } => {
            let (api, path) = (Api::new(&webhook.server)?, verb(webhook.id, "rotate"));
            let rotation = WebhookRotation { overlap_hours };
            let key: WebhookKey = api.post(&path, &rotation).await?;
            output.result(&key, key_words);
            Ok(())
        }
        WebhookCommand::Enable(webhook) => act(&webhook, "enable", &json!({}), output).await,
        WebhookCommand::Disable(webhook) => act(&webhook, "disable", &json!({}), output).await,
        WebhookCommand::Remove(webhook) => {
            let path = route::with(route::WEBHOOK, &webhook.id.to_string());
            Api::new(&webhook.server)?.delete(&path).await?;
            output.note(&format!("{} {}", style("removed").red(), webhook.id));
            Ok(())
        }
    }
}

fn verb(id: WebhookId, verb: &str) -> String {
    format!("{}:{verb}", route::with(route::WEBHOOK, &id.to_string()))
}

/// Does what is answered by the webhook as it is then.
async fn act(
    webhook: &WebhookArgs,
    name: &str,
    body: &(impl Serialize + Sync),
    output: &Output,
) -> Result<(), Failure> {
    let (api, path) = (Api::new(&webhook.server)?, verb(webhook.id, name));
    let view: WebhookView = api.post(&path, body).await?;
    output.result(&view, view_words);
    Ok(())
}

async fn test(webhook: &WebhookArgs, output: &Output) -> Result<(), Failure> {
    let (api, path) = (Api::new(&webhook.server)?, verb(webhook.id, "test"));
    let check: WebhookCheck = api.post(&path, &json!({})).await?;
    output.result(&check, |check| {
        let verdict = if check.is_taken {
            style("taken").green()
        } else {
            style("not taken").red()
        };
        format!("{verdict}  {}", answer_words(&check.answer))
    });
    if check.is_taken {
        return Ok(());
    }
    let text = "the receiver did not take the test event";
    Err(Failure::Outcome(text.to_owned()))
}

fn key_words(key: &WebhookKey) -> String {
    let until = key
        .former_until
        .map(|until| format!("\nThe former key signs too until {until:.0}."));
    format!(
        "{}\n{}\nThe receiver verifies with this key. It is not shown again.{}",
        style(key.id).bold(),
        key.verifier,
        until.unwrap_or_default()
    )
}

fn list_words(listed: &List<WebhookView>) -> String {
    if listed.data.is_empty() {
        return "No webhook: read events by GET /v1/events.".to_owned();
    }
    let lines: Vec<_> = listed.data.iter().map(view_words).collect();
    lines.join("\n")
}

fn view_words(view: &WebhookView) -> String {
    let mut lines = vec![format!(
        "{} {}  {}",
        style(view.id).bold(),
        status_words(view),
        view.url
    )];
    lines.push(format!("  behind {}", view.cursor));
    if let Some(missed) = view.missed_up_to {
        let text = format!("events up to {missed} are kept no longer and were not sent");
        lines.push(format!("  {}", style(text).red()));
    }
    if let Some(answer) = &view.last_answer {
        lines.push(format!("  {} at {:.0}", answer_words(answer), answer.at));
    }
    if let Some(next) = view.next_try_at {
        let failures = view.failures;
        lines.push(format!(
            "  failed {failures} times, tried again at {next:.0}"
        ));
    }
    lines.join("\n")
}

fn status_words(view: &WebhookView) -> String {
    if view.status == WebhookStatus::Enabled {
        return style("enabled").green().to_string();
    }
    let reason = view.disabled_reason.as_ref();
    let reason = reason.map_or_else(String::new, |reason| format!(" ({})", reason.as_str()));
    style(format!("disabled{reason}")).red().to_string()
}

fn answer_words(answer: &WebhookAnswer) -> String {
    match (answer.status, &answer.trouble) {
        (Some(status), _) => format!("answered {status}"),
        (None, Some(trouble)) => format!("no answer: {}", trouble.as_str()),
        (None, None) => "no answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_webhook_says_since_when_and_what_follows() {
        let view: WebhookView = serde_json::from_value(json!({
            "id": "whk_0192f0c1000070008000000000000001", "url": "https://shop.example/hook",
            "signature": "hmac", "status": "enabled", "cursor": "evt_4", "missed_up_to": "evt_9",
            "last_answer": {"at": "2026-11-28T09:00:00Z", "status": 503}, "failures": 2,
            "next_try_at": "2026-11-28T09:05:00Z", "created_at": "2026-11-28T08:00:00Z",
        }))
        .unwrap();
        let words = view_words(&view);
        for part in [
            "enabled",
            "evt_4",
            "evt_9",
            "answered 503",
            "failed 2 times",
            "09:05",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let gone = WebhookView {
            status: WebhookStatus::Disabled.into(),
            disabled_reason: Some(vestnik_model::webhook::WebhookDisabledReason::Gone.into()),
            ..view
        };
        assert!(view_words(&gone).contains("disabled (gone)"));
    }
}
