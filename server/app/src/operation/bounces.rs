//! Letters that come back: a message that came to where bounces go is read, and what it says is noted.

use jiff::Timestamp;
use vestnik_mail::{
    Bounce, Fate as Told, NoBounce, Said,
    bounce::{self, MAX_BYTES},
};
use vestnik_model::{
    AppId, Reason,
    bounce::{BounceOutcome, BounceView},
};
use vestnik_rules::bounce::Fate;
use vestnik_store::{Store, dispatch::LetterReport};

use crate::{channel::MailSender, refusal::Refusal};

// A message is read as far as a body of a request may be long.
const _: () = assert!(vestnik_model::limits::BOUNCE_BYTES <= MAX_BYTES);

/// What reading bounces needs.
#[derive(Clone, Copy)]
pub(crate) struct Bouncing<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) letters: &'a MailSender,
}

/// Reads a message, and notes what it says of a letter of the App. Only a message with a mark that was made
/// for the App's letter is about one.
pub(crate) async fn take_bounce(
    with: Bouncing<'_>,
    app: AppId,
    message: &[u8],
    now: Timestamp,
) -> Result<BounceView, Refusal> {
    let Bounce {
        delivery,
        fate,
        mailbox,
    } = match bounce::read(message, None, &with.letters.marks(&app)) {
        Ok(bounce) => bounce,
        Err(error) => return Ok(BounceView::of(nothing(error))),
    };
    let (fate, said) = understood(&fate);
    let report = LetterReport {
        app,
        delivery,
        fate,
        mailbox,
        said: said
            .filter(|said| said.status.is_some())
            .map(|said| said.to_string()),
        now,
    };
    let Some(noted) = with.store.note_letter(report).await? else {
        return Ok(BounceView::of(BounceOutcome::NoLetter));
    };
    if noted.is_lost {
        tracing::info!(%delivery, is_dead = noted.is_dead, "a letter came back");
    }
    let (outcome, reason) = match fate {
        Fate::Lost { reason } => (BounceOutcome::Lost, Some(reason.into())),
        Fate::Delayed => (BounceOutcome::Delayed, None),
        Fate::Arrived => (BounceOutcome::Arrived, None),
    };
    Ok(BounceView {
        notification_id: Some(noted.notification),
        delivery_id: Some(delivery),
        user: Some(noted.user),
        reason,
        is_news: noted.is_lost,
        mailbox_died: noted.is_dead,
        ..BounceView::of(outcome)
    })
}

const fn nothing(error: NoBounce) -> BounceOutcome {
    match error {
        NoBounce::NoReport => BounceOutcome::NoReport,
        NoBounce::NoLetter => BounceOutcome::NoLetter,
        NoBounce::NoFate => BounceOutcome::NoFate,
    }
}

/// What a report means for the letter, and what the mail server said.
fn understood(fate: &Told) -> (Fate, Option<Said>) {
    match fate {
        Told::Failed(outcome) => {
            let reason = outcome.verdict.reason().unwrap_or(Reason::Unknown);
            (Fate::Lost { reason }, outcome.said)
        }
        Told::Delayed { until: _, said } => (Fate::Delayed, Some(*said)),
        Told::Delivered | Told::Relayed => (Fate::Arrived, None),
    }
}
