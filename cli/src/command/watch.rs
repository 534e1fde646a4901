//! Following a notification until nothing more waits.

use console::style;
use futures_util::StreamExt as _;
use vestnik_core::Sender;
use vestnik_model::{
    NotificationId, NotificationStatus,
    contract::{DeliveryChange, StatusChange},
};

use super::status::counts_words;
use crate::{
    args::ServerArgs,
    exit::Failure,
    output::{Output, status_style},
};

/// How many changed deliveries a line names.
const NAMED: usize = 3;

/// Prints the state and then each change, until the notification is settled and every delivery it
/// handed over has been read or the watch ends.
pub(crate) async fn run(
    server: &ServerArgs,
    id: NotificationId,
    output: &Output,
) -> Result<(), Failure> {
    let key = server
        .key
        .clone()
        .ok_or_else(|| Failure::Usage("--key is needed".to_owned()))?;
    let sender = Sender::connect(server.server.clone(), key).await?;
    let mut changes = sender.watch(id, None).await?;
    let mut last = None;
    while let Some(change) = changes.next().await {
        let change = change?;
        output.result(&change, words);
        let is_over = is_over(&change);
        last = Some(change);
        if is_over {
            break;
        }
    }
    sender.close().await;
    verdict(last.map(|change| change.status))
}

/// Nothing waits, and no delivery can still turn from sent to delivered.
fn is_over(change: &StatusChange) -> bool {
    change.status.is_settled() && change.counts.sent == 0
}

fn verdict(status: Option<NotificationStatus>) -> Result<(), Failure> {
    match status {
        Some(NotificationStatus::Error) => {
            Err(Failure::Outcome("some deliveries were lost".to_owned()))
        }
        Some(NotificationStatus::Expired) => Err(Failure::Outcome(
            "it expired before it could be delivered".to_owned(),
        )),
        Some(NotificationStatus::Cancelled) => {
            Err(Failure::Outcome("its sender cancelled it".to_owned()))
        }
        None => Err(Failure::Unreachable(
            "the watch ended without an item".to_owned(),
        )),
        Some(
            NotificationStatus::Accepted
            | NotificationStatus::Queued
            | NotificationStatus::Sending
            | NotificationStatus::Sent,
        ) => Ok(()),
    }
}

fn words(change: &StatusChange) -> String {
    let status = change.status.as_str();
    let time = style(format!("{:.3}", change.at)).dim();
    format!(
        "{time}  {:8} {}{}",
        status_style(status).apply_to(status),
        deliveries_words(&change.deliveries),
        counts_words(&change.counts)
    )
}

/// The first deliveries that changed, and how many more there are.
fn deliveries_words(deliveries: &[DeliveryChange]) -> String {
    let mut words: String = deliveries
        .iter()
        .take(NAMED)
        .map(|delivery| format!("{} {}  ", style(&delivery.user).bold(), delivery.status))
        .collect();
    if let Some(others) = deliveries
        .len()
        .checked_sub(NAMED)
        .filter(|others| *others > 0)
    {
        words.push_str(&format!("and {others} more  "));
    }
    words
}
