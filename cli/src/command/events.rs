//! `vestnik events`: what happened to the App's notifications.

use std::time::Duration;

use console::style;
use vestnik_model::{EventId, EventPage, EventView, Open, route};

use super::status::counts_words;
use crate::{api::Api, args::EventsArgs, exit::Failure, output::Output, termination};

/// For how many seconds the server is asked to wait for an event: less than the patience of [`Api`].
const WAIT: &str = "15";
/// The most events of a page.
const PAGE: &str = "500";
/// The pauses before a server that cannot be reached is asked again, in seconds; the last one stays.
const PAUSES: [u64; 5] = [1, 2, 5, 15, 30];

pub(crate) async fn run(args: EventsArgs, output: &Output) -> Result<(), Failure> {
    let ended = termination::listen()?;
    let reading = read(&args, output);
    tokio::select! {
        outcome = reading => outcome,
        () = ended => Ok(()),
    }
}

async fn read(args: &EventsArgs, output: &Output) -> Result<(), Failure> {
    let api = Api::new(&args.server)?;
    let (mut after, mut printed, mut failed) = (args.after, 0_u64, 0_usize);
    loop {
        let page = match page(&api, after, args.follow).await {
            Ok(page) => page,
            Err(Failure::Unreachable(text)) if args.follow => {
                let pause = PAUSES.get(failed).copied().unwrap_or(30);
                output.note(&format!("{text}; the next try is in {pause} s"));
                failed += 1;
                tokio::time::sleep(Duration::from_secs(pause)).await;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        failed = 0;
        for event in &page.data {
            if args.count.is_some_and(|count| printed >= count) {
                return Ok(());
            }
            output.result(event, words);
            printed += 1;
        }
        // A reader that is gone must not be read for on and on.
        output.check()?;
        let is_last = page.data.is_empty() && !args.follow;
        if is_last || args.count.is_some_and(|count| printed >= count) {
            return Ok(());
        }
        after = Some(page.next_cursor);
    }
}

async fn page(api: &Api, after: Option<EventId>, waits: bool) -> Result<EventPage, Failure> {
    let after = after.map(|after| after.to_string());
    let mut query = vec![("limit", PAGE)];
    query.extend(after.as_deref().map(|after| ("after", after)));
    if waits {
        query.push(("wait", WAIT));
    }
    api.get_by(route::EVENTS, &query).await
}

fn words(event: &EventView) -> String {
    let data = &event.data;
    let time = style(format!("{:.0}", event.timestamp)).dim();
    let mut line = format!("{time}  {}  {}", style(event.id).dim(), event.kind);
    if let Some(id) = data.notification_id {
        line.push_str(&format!("  {id}"));
    }
    if let Some(user) = &data.user {
        line.push_str(&format!("  {user}"));
    }
    if let Some(id) = data.installation_id {
        line.push_str(&format!("  {id}"));
    }
    if let Some(id) = data.webhook_id {
        line.push_str(&format!("  {id}"));
    }
    if let Some((from, to)) = data.from.as_ref().zip(data.to.as_ref()) {
        line.push_str(&format!(
            "  {} -> {}",
            plain(from.as_str()),
            plain(to.as_str())
        ));
    }
    let reason = data.reason.as_ref().map(Open::as_str);
    let channel = data.channel.as_ref().map(Open::as_str);
    let late = data.late.then_some("late");
    let twice = data.double_contact.then_some("reached twice");
    let state = data.state.as_ref().map(Open::as_str);
    let said = data.said.as_deref();
    let permission = data.permission.as_ref().map(Open::as_str);
    let address = data.address.as_ref().map(Open::as_str);
    let disabled = data.disabled_reason.as_ref().map(Open::as_str);
    let by = data.by.as_ref().map(Open::as_str);
    let words = [
        reason, channel, state, said, permission, address, by, disabled, late, twice,
    ];
    for word in words.into_iter().flatten() {
        line.push_str(&format!("  {}", plain(word)));
    }
    if let Some(response) = &data.response {
        let parts = [&response.action, &response.text].into_iter().flatten();
        parts.for_each(|part| line.push_str(&format!("  {}", plain(part))));
    }
    if let Some(outcome) = &data.outcome {
        line.push_str(&format!("  {}", outcome.as_str()));
    }
    if let Some(counts) = &data.counts {
        line.push_str(&format!("  {}", counts_words(counts)));
    }
    for (status, count) in &data.reached {
        line.push_str(&format!("  {count} {status}"));
    }
    line
}

/// A person's text, on one line and without what a terminal would obey.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_is_one_line() {
        console::set_colors_enabled(false);
        let event = json!({
            "id": "evt_7", "type": "delivery.sent", "timestamp": "2026-11-29T10:02:05.25Z",
            "data": {
                "notification_id": "ntf_00000000000000000000000000000001", "user": "anna",
                "reached": {"sent": 2},
            },
        });
        let event: EventView = serde_json::from_value(event).unwrap();
        assert_eq!(
            words(&event),
            "2026-11-29T10:02:05Z  evt_7  delivery.sent  ntf_00000000000000000000000000000001  anna  2 sent"
        );
    }

    #[test]
    fn a_provider_is_told_with_what_it_answered() {
        console::set_colors_enabled(false);
        let event = json!({
            "id": "evt_7", "type": "provider.auth_failed", "timestamp": "2026-11-29T10:02:05Z",
            "data": {
                "channel": "apns", "state": "refused", "reason": "config.provider_auth",
                "said": "403 InvalidProviderToken",
            },
        });
        let event: EventView = serde_json::from_value(event).unwrap();
        assert_eq!(
            words(&event),
            "2026-11-29T10:02:05Z  evt_7  provider.auth_failed  config.provider_auth  apns  refused  403 InvalidProviderToken"
        );
    }

    #[test]
    fn a_delivery_is_told_with_what_explains_it() {
        console::set_colors_enabled(false);
        let event = json!({
            "id": "evt_7", "type": "delivery.undelivered", "timestamp": "2026-11-29T10:02:05Z",
            "data": {"user": "anna", "reason": "token.dead", "channel": "fcm"},
        });
        let event: EventView = serde_json::from_value(event).unwrap();
        assert_eq!(
            words(&event),
            "2026-11-29T10:02:05Z  evt_7  delivery.undelivered  anna  token.dead  fcm"
        );
    }

    #[test]
    fn the_last_event_says_what_a_notification_came_to() {
        console::set_colors_enabled(false);
        let event = json!({
            "id": "evt_9", "type": "notification.settled", "timestamp": "2026-11-29T10:02:05Z",
            "data": {"outcome": "partial", "counts": {"read": 2, "expired": 1, "clicked": 1}},
        });
        let event: EventView = serde_json::from_value(event).unwrap();
        assert_eq!(
            words(&event),
            "2026-11-29T10:02:05Z  evt_9  notification.settled  partial  2 read  1 expired  1 clicked"
        );
    }

    #[test]
    fn an_answer_commands_no_terminal() {
        console::set_colors_enabled(false);
        let event = json!({
            "id": "evt_8", "type": "delivery.replied", "timestamp": "2026-11-29T10:02:05Z",
            "data": {"user": "anna", "response": {"action": "answer", "text": "Да\n\u{1b}[2J!"}},
        });
        let event: EventView = serde_json::from_value(event).unwrap();
        assert_eq!(
            words(&event),
            "2026-11-29T10:02:05Z  evt_8  delivery.replied  anna  answer  Да  [2J!"
        );
    }
}
