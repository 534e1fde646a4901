//! `vestnik status`: what became of a notification.

use console::style;
use vestnik_model::{Counts, route, view::NotificationView};

use super::watch::{self, Waits};
use crate::{
    api::Api,
    args::StatusArgs,
    exit::Failure,
    output::{Output, status_style},
};

pub(crate) async fn run(args: StatusArgs, output: &Output) -> Result<(), Failure> {
    if args.watch {
        return watch::run(&args.server, args.id, Waits::AfterAnItem, output).await;
    }
    let path = route::with(route::NOTIFICATION, &args.id.to_string());
    let view: NotificationView = Api::new(&args.server)?.get(&path).await?;
    output.result(&view, words);
    Ok(())
}

/// A notification with its status and its counts.
pub(super) fn words(view: &NotificationView) -> String {
    let status = view.status.as_str();
    let mut words = format!(
        "{}  {}{}{}\n{}\n{}",
        style(view.id).bold(),
        status_style(status).apply_to(status),
        recalled_word(view.is_recalled),
        outcome_words(view),
        view.notification.title,
        counts_words(&view.counts),
    );
    // Of one channel the counts say all.
    for (channel, counts) in view
        .counts_by_channel
        .iter()
        .filter(|_| view.counts_by_channel.len() > 1)
    {
        words += &format!("\n  {}  {}", channel.as_str(), counts_words(counts));
    }
    for (what, sums) in [("cost", &view.cost), ("saved", &view.saved)] {
        let amounts: Vec<_> = sums.iter().map(|money| money.to_string()).collect();
        if !amounts.is_empty() {
            words += &format!("\n{what}  {}", amounts.join(", "));
        }
    }
    words
}

/// What stands behind the status of a notification that some was handed over of: how much reached its goal,
/// and whether that can still change.
fn outcome_words(view: &NotificationView) -> String {
    let settled = if view.settled_at.is_some() {
        ", settled"
    } else {
        ""
    };
    match &view.outcome {
        Some(outcome) if view.status.is_settled() => format!("  {}{settled}", outcome.as_str()),
        Some(_) | None => String::new(),
    }
}

/// What stands behind the status of a notification that was recalled.
pub(crate) fn recalled_word(is_recalled: bool) -> &'static str {
    if is_recalled { "  recalled" } else { "" }
}

/// The counts that are not zero, each in its status' colour.
pub(crate) fn counts_words(counts: &Counts) -> String {
    let Counts {
        scheduled,
        pending,
        sent,
        delivered,
        read,
        suppressed,
        failed,
        undelivered,
        unconfirmed,
        expired,
        cancelled,
        double_contact,
        late,
        clicked,
    } = *counts;
    let named = [
        ("scheduled", scheduled),
        ("pending", pending),
        ("sent", sent),
        ("delivered", delivered),
        ("read", read),
        ("suppressed", suppressed),
        ("failed", failed),
        ("undelivered", undelivered),
        ("unconfirmed", unconfirmed),
        ("expired", expired),
        ("cancelled", cancelled),
        ("clicked", clicked),
        ("reached twice", double_contact),
        ("late", late),
    ];
    let shown = named.iter().filter(|(_, count)| *count > 0);
    let words = shown.map(|(name, count)| {
        status_style(name)
            .apply_to(format!("{count} {name}"))
            .to_string()
    });
    words.collect::<Vec<_>>().join("  ")
}
