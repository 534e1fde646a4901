//! `vestnik preview`: what a notification would come to.

use console::style;
use vestnik_model::{
    preview::{AudiencePreview, PayloadPreview, Preview, StepPreview},
    route,
};

use super::send;
use crate::{api::Api, args::PreviewArgs, clock, exit::Failure, output::Output};

pub(crate) async fn run(mut args: PreviewArgs, output: &Output) -> Result<(), Failure> {
    let api = Api::new(&args.send.server)?;
    send::upload(&api, &mut args.send, output).await?;
    let request = send::request(args.send, clock::now())?;
    let preview: Preview = api.post(route::PREVIEW, &request).await?;
    output.result(&preview, words);
    if preview.audience.users == 0 {
        let text = "nobody would be notified: the audience is empty";
        return Err(Failure::Outcome(text.to_owned()));
    }
    Ok(())
}

fn words(preview: &Preview) -> String {
    let audience = &preview.audience;
    let least = if audience.is_exact { "" } else { "more than " };
    let too_old = match audience.too_old {
        0 => String::new(),
        count => format!("{count} with only old apps, "),
    };
    let mut lines = vec![format!(
        "{}  {} without a device, {too_old}{} whose devices show nothing",
        style(format!("{least}{} recipients", audience.users)).bold(),
        audience.without_device,
        audience.blocked,
    )];
    let reached = audience.by_channel.iter();
    let reached: Vec<_> = reached
        .map(|(channel, count)| format!("{count} by {channel}"))
        .collect();
    if !reached.is_empty() {
        lines.push(format!("reachable now: {}", reached.join(", ")));
    }
    let steps: Vec<_> = preview.steps.iter().map(step).collect();
    lines.push(format!("steps: {}", steps.join(" → ")));
    lines.push(format!(
        "from {:.0} until {:.0}",
        preview.opens_at, preview.expires_at
    ));
    lines.extend(unwanted(audience));
    lines.extend(own_times(audience));
    lines.push(format!(
        "{} bytes in a device's history",
        preview.entry_bytes
    ));
    lines.extend(preview.payloads.iter().map(payload));
    lines.join("\n")
}

/// Who does not want it.
fn unwanted(audience: &AudiencePreview) -> Option<String> {
    let count = audience.opted_out;
    (count > 0).then(|| format!("{count} opted out of it"))
}

/// What of the recipients' own times a sender should know.
fn own_times(audience: &AudiencePreview) -> Option<String> {
    let (waiting, left_out) = (audience.waiting, audience.left_out);
    if (waiting, left_out) == (0, 0) {
        return None;
    }
    let last = audience.last_at;
    let last = last.map(|at| format!(", the last at {at:.0}"));
    let last = last.unwrap_or_default();
    Some(format!(
        "{waiting} would wait for their own time{last}; {left_out} would be left out"
    ))
}

fn step(step: &StepPreview) -> String {
    let within = step.within_seconds;
    let within = within.map(|seconds| format!("until {}, at most {seconds} s", step.wait_for));
    let on_unproven = step.on_unproven.as_ref();
    let on_unproven = on_unproven.map(|word| format!("unproven: {word}"));
    let more: Vec<_> = within.into_iter().chain(on_unproven).collect();
    if more.is_empty() {
        return step.channel.to_string();
    }
    format!("{} ({})", step.channel, more.join(", "))
}

fn payload(payload: &PayloadPreview) -> String {
    let credentials = if payload.has_credentials {
        ""
    } else {
        ", no credentials"
    };
    format!(
        "{:8} {} of {} bytes, {}{credentials}",
        payload.channel.as_str(),
        payload.bytes,
        payload.max_bytes,
        payload.form,
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_preview_is_a_few_lines() {
        console::set_colors_enabled(false);
        let preview = json!({
            "audience": {
                "users": 3, "is_exact": true, "without_device": 1, "blocked": 0,
                "by_channel": {"fcm": 2},
            },
            "opens_at": "2026-11-29T10:00:00Z", "expires_at": "2026-12-06T10:00:00Z",
            "steps": [
                {"channel": "push", "wait_for": "delivered", "within_seconds": 60},
                {"channel": "email", "wait_for": "delivered", "on_unproven": "give_up"},
            ],
            "entry_bytes": 512,
            "payloads": [{
                "channel": "fcm", "has_credentials": false, "form": "sealed", "bytes": 900,
                "max_bytes": 4096, "payload": {},
            }],
        });
        let preview: Preview = serde_json::from_value(preview).unwrap();
        assert_eq!(
            words(&preview).lines().collect::<Vec<_>>(),
            [
                "3 recipients  1 without a device, 0 whose devices show nothing",
                "reachable now: 2 by fcm",
                "steps: push (until delivered, at most 60 s) → email (unproven: give_up)",
                "from 2026-11-29T10:00:00Z until 2026-12-06T10:00:00Z",
                "512 bytes in a device's history",
                "fcm      900 of 4096 bytes, sealed, no credentials",
            ]
        );
    }
}
