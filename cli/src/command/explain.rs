//! `vestnik explain`: what became of a notification to a person, in words.

use console::style;
use vestnik_model::{
    Explanation, NotificationId, UserId, route,
    view::{DeliveryView, List},
};

use crate::{
    api::Api,
    args::{ExplainArgs, Explained},
    exit::Failure,
    output::{Output, status_style},
};

pub(crate) async fn run(args: ExplainArgs, output: &Output) -> Result<(), Failure> {
    let asking = Asking {
        api: Api::new(&args.server)?,
        lang: args.lang.as_str(),
    };
    match (args.id, &args.user) {
        (Explained::Delivery(_), Some(_)) => {
            let text = "a delivery is one user's already: leave out --user";
            Err(Failure::Usage(text.to_owned()))
        }
        (Explained::Delivery(id), None) => {
            let told = asking.delivery(&id.to_string()).await?;
            print(&told, args.rules, output);
            Ok(())
        }
        (Explained::Notification(id), Some(user)) => {
            let told = asking.user(id, user).await?;
            print(&told, args.rules, output);
            Ok(())
        }
        (Explained::Notification(id), None) => several(&asking, id, &args, output).await,
    }
}

/// What is asked of the server.
struct Asking {
    api: Api,
    lang: &'static str,
}

impl Asking {
    async fn delivery(&self, id: &str) -> Result<Explanation, Failure> {
        let path = route::with(route::EXPLAIN_DELIVERY, id);
        self.api.get_by(&path, &[("lang", self.lang)]).await
    }

    async fn user(&self, id: NotificationId, user: &UserId) -> Result<Explanation, Failure> {
        let path = route::with(route::EXPLAIN, &id.to_string());
        let query = [("user", user.as_str()), ("lang", self.lang)];
        self.api.get_by(&path, &query).await
    }
}

/// Explains the first deliveries of a notification.
async fn several(
    asking: &Asking,
    id: NotificationId,
    args: &ExplainArgs,
    output: &Output,
) -> Result<(), Failure> {
    let path = route::with(route::DELIVERIES, &id.to_string());
    let limit = args.limit.to_string();
    let query = [("limit", limit.as_str())];
    let page: List<DeliveryView> = asking.api.get_by(&path, &query).await?;
    if page.data.is_empty() {
        output.note("The notification has no deliveries (yet): ask for one person with --user.");
    }
    let bar = output.progress(page.data.len() as u64, "explaining");
    for delivery in &page.data {
        let told = asking.delivery(&delivery.id.to_string()).await?;
        bar.suspend(|| print(&told, args.rules, output));
        bar.inc(1);
    }
    bar.finish_and_clear();
    if page.next_cursor.is_some() {
        let text = format!("There are more than {limit} recipients: name one with --user.");
        output.note(&text);
    }
    Ok(())
}

fn print(told: &Explanation, has_rules: bool, output: &Output) {
    output.result(told, |told| words(told, has_rules));
}

fn words(told: &Explanation, has_rules: bool) -> String {
    let status = told.status.as_ref().map_or("-", |status| status.as_str());
    let head = format!(
        "{}  {}",
        style(&told.user).bold(),
        status_style(status).apply_to(status)
    );
    let mut lines = vec![head];
    for statement in &told.statements {
        lines.push(format!("  {}", statement.text));
        if has_rules {
            let rule = format!("    {}: {}", statement.rule, statement.rule_text);
            lines.push(style(rule).dim().to_string());
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_are_shown_to_who_asks_for_them() {
        console::set_colors_enabled(false);
        let told = json!({
            "notification_id": "ntf_00000000000000000000000000000001", "user": "anna",
            "status": "sent", "language": "en", "at": "2026-11-29T10:05:00Z",
            "statements": [{
                "code": "offline", "text": "The phone is offline.",
                "rule": "reachability", "rule_text": "A device is reached.",
            }],
        });
        let told: Explanation = serde_json::from_value(told).unwrap();
        assert_eq!(words(&told, false), "anna  sent\n  The phone is offline.");
        let with_rules = words(&told, true);
        assert!(with_rules.ends_with("\n    reachability: A device is reached."));
    }
}
