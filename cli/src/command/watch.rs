//! Following a notification until nothing more waits, over restarts of the server.

use std::time::Duration;

use console::style;
use futures_util::StreamExt as _;
use vestnik_core::Sender;
use vestnik_model::{
    NotificationId, NotificationStatus, Open, Warning,
    contract::{DeliveryChange, StatusChange},
};

use super::status::{counts_words, recalled_word};
use crate::{
    api,
    args::ServerArgs,
    exit::Failure,
    output::{Output, status_style},
};

/// How many changed deliveries a line names.
const NAMED: usize = 3;
/// How often a watch that was cut off is begun again before the server counts as gone.
const ATTEMPTS: u32 = 12;
/// The first and the longest pause between two attempts.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(10)];

/// When a server that cannot be reached is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// From the beginning: it has just accepted the notification.
    Always,
    /// Once it has sent an item.
    AfterAnItem,
}

/// Prints the state and then each change, until the notification is settled and every delivery it
/// handed over has been read or the watch ends. A watch that the server cuts off goes on behind the
/// last item once the server is back.
pub(crate) async fn run(
    server: &ServerArgs,
    id: NotificationId,
    waits: Waits,
    output: &Output,
) -> Result<(), Failure> {
    let mut following = Following {
        server,
        key: api::key(server)?,
        id,
        last: None,
    };
    let mut cut_off = 0;
    loop {
        let seen = following.version();
        match following.follow(output).await {
            Ok(Followed::ToTheEnd) => return verdict(following.last.as_ref()),
            Ok(Followed::CutOff) | Err(Failure::Unreachable(_))
                if waits == Waits::Always || following.last.is_some() => {}
            Ok(Followed::CutOff) => return verdict(None),
            Err(failure) => return Err(failure),
        }
        // An item is progress.
        cut_off = if following.version() > seen {
            1
        } else {
            cut_off + 1
        };
        if cut_off > ATTEMPTS {
            let text = "the server went away and did not come back";
            return Err(Failure::Unreachable(text.to_owned()));
        }
        if cut_off == 1 {
            output.note("the server is not there, waiting for it");
        }
        let [first, longest] = PAUSES;
        tokio::time::sleep((first * 2_u32.pow(cut_off - 1)).min(longest)).await;
    }
}

struct Following<'a> {
    server: &'a ServerArgs,
    key: String,
    id: NotificationId,
    last: Option<StatusChange>,
}

/// How one connection's watch ended.
enum Followed {
    /// Nothing can change any more.
    ToTheEnd,
    /// The server ended it, or the connection broke.
    CutOff,
}

impl Following<'_> {
    fn version(&self) -> Option<u64> {
        self.last.as_ref().map(|last| last.version)
    }

    async fn follow(&mut self, output: &Output) -> Result<Followed, Failure> {
        let sender = Sender::connect(self.server.server.clone(), self.key.clone()).await?;
        let followed = self.items(&sender, output).await;
        sender.close().await;
        followed
    }

    async fn items(&mut self, sender: &Sender, output: &Output) -> Result<Followed, Failure> {
        let mut changes = sender.watch(self.id, self.version()).await?;
        while let Some(change) = changes.next().await {
            let change = change?;
            output.result(&change, words);
            output.check()?;
            let is_over = is_over(&change);
            self.last = Some(change);
            if is_over {
                return Ok(Followed::ToTheEnd);
            }
        }
        // The server ends a stream when nothing can change, and when it stops.
        Ok(match &self.last {
            Some(last) if last.status.is_settled() => Followed::ToTheEnd,
            Some(_) | None => Followed::CutOff,
        })
    }
}

/// Nothing waits, and no delivery can still turn from sent to delivered.
fn is_over(change: &StatusChange) -> bool {
    change.status.is_settled() && change.counts.sent == 0
}

/// Refuses an audience in which nobody was.
pub(crate) fn somebody_is_addressed(warnings: &[Open<Warning>]) -> Result<(), Failure> {
    if warnings
        .iter()
        .any(|warning| *warning == Warning::AudienceEmpty)
    {
        let text = "it was accepted, and nobody is in its audience";
        return Err(Failure::Outcome(text.to_owned()));
    }
    Ok(())
}

fn verdict(last: Option<&StatusChange>) -> Result<(), Failure> {
    let Some(last) = last else {
        let text = "the watch ended without an item";
        return Err(Failure::Unreachable(text.to_owned()));
    };
    match last.status {
        NotificationStatus::Error => Err(Failure::Outcome("some deliveries were lost".to_owned())),
        NotificationStatus::Expired => Err(Failure::Outcome(
            "it expired before it could be delivered".to_owned(),
        )),
        NotificationStatus::Cancelled => {
            Err(Failure::Outcome("its sender cancelled it".to_owned()))
        }
        NotificationStatus::Accepted
        | NotificationStatus::Scheduled
        | NotificationStatus::Queued
        | NotificationStatus::Sending
        | NotificationStatus::Sent => somebody_is_addressed(&last.warnings),
    }
}

fn words(change: &StatusChange) -> String {
    let status = change.status.as_str();
    let time = style(format!("{:.3}", change.at)).dim();
    format!(
        "{time}  {:8}{} {}{}",
        status_style(status).apply_to(status),
        recalled_word(change.is_recalled),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_audience_is_no_success() {
        assert!(somebody_is_addressed(&[]).is_ok());
        let refused = somebody_is_addressed(&[Warning::AudienceEmpty.into()]).unwrap_err();
        assert!(matches!(refused, Failure::Outcome(_)));
    }
}
