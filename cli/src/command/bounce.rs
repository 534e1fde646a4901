//! `vestnik bounce`: brings a message that came to where bounces go.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use vestnik_model::{
    bounce::{BounceOutcome, BounceView},
    limits::BOUNCE_BYTES,
    route,
};

use crate::{api::Api, args::BounceArgs, exit::Failure, output::Output};

pub(crate) async fn run(args: BounceArgs, output: &Output) -> Result<(), Failure> {
    let BounceArgs {
        server,
        file,
        recipient,
    } = args;
    let api = Api::new(&server)?;
    let read = tokio::task::spawn_blocking(move || message(&file, recipient.as_deref()));
    let message = read.await.map_err(|error| Failure::Other(error.into()))?;
    let message = message.map_err(|error| {
        Failure::Other(anyhow::Error::new(error).context("the message cannot be read"))
    })?;
    let posted = api.post_message(route::BOUNCES, message).await;
    let view: BounceView = posted.map_err(kept)?;
    output.result(&view, words);
    Ok(())
}

/// A mail server keeps what the server could not take: a bounce that is lost is never sent again.
fn kept(failure: Failure) -> Failure {
    match failure {
        Failure::Unreachable(text) => Failure::Later(text),
        Failure::Unauthorized(problem) => Failure::Later(problem.to_string()),
        Failure::Usage(_)
        | Failure::Rejected(_)
        | Failure::Outcome(_)
        | Failure::Later(_)
        | Failure::Other(_) => failure,
    }
}

/// As much of a message as is looked at: the report stands before the copy of the letter. The rest is read
/// and left, so that who writes into a pipe is not cut off.
fn message(file: &Path, recipient: Option<&str>) -> io::Result<Vec<u8>> {
    if file == Path::new("-") {
        return cut(io::stdin().lock(), recipient);
    }
    cut(File::open(file)?, recipient)
}

fn cut(mut from: impl io::Read, recipient: Option<&str>) -> io::Result<Vec<u8>> {
    let header = recipient.map(|recipient| format!("X-Original-To: {recipient}\r\n"));
    let mut message = header.unwrap_or_default().into_bytes();
    let left = BOUNCE_BYTES.saturating_sub(message.len());
    from.by_ref().take(left as u64).read_to_end(&mut message)?;
    io::copy(&mut from, &mut io::sink())?;
    Ok(message)
}

fn words(view: &BounceView) -> String {
    let user = view.user.as_ref().map(ToString::to_string);
    let user = user.unwrap_or_default();
    let reason = view.reason.as_ref().map(ToString::to_string);
    let reason = reason.unwrap_or_default();
    match view.outcome.known() {
        Some(BounceOutcome::Lost) => {
            let before = if view.is_news { "" } else { ", as was known" };
            let dead = if view.mailbox_died {
                "; the mailbox gets no letters any more"
            } else {
                ""
            };
            format!("the letter to {user} came back ({reason}){before}{dead}")
        }
        Some(BounceOutcome::Delayed) => format!("the letter to {user} is delayed"),
        Some(BounceOutcome::Arrived) => format!("the letter to {user} arrived"),
        Some(BounceOutcome::NoReport) => "the message is no delivery report".to_owned(),
        Some(BounceOutcome::NoLetter) => "the message is about no letter of this App".to_owned(),
        Some(BounceOutcome::NoFate) => {
            "the message does not say what became of the letter".to_owned()
        }
        None => view.outcome.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use vestnik_model::{Problem, ProblemCode, Reason, open::Word as _};

    use super::*;

    #[test]
    fn a_message_is_cut_and_begins_with_whom_it_came_to() {
        let long = vec![b'x'; 3 * BOUNCE_BYTES];
        let message = cut(&long[..], Some("bounce+1@shop.example")).unwrap();
        assert_eq!(message.len(), BOUNCE_BYTES);
        assert!(message.starts_with(b"X-Original-To: bounce+1@shop.example\r\nx"));
        assert_eq!(cut(&b"To: x\n"[..], None).unwrap(), b"To: x\n");
    }

    #[test]
    fn a_mail_server_keeps_what_was_not_taken() {
        let refused = |code| kept(Problem::new(code, "x").into()).code().to_owned();
        assert_eq!(refused(ProblemCode::AuthInvalid), "later");
        assert_eq!(refused(ProblemCode::Unavailable), "later");
        assert_eq!(refused(ProblemCode::RequestTooLarge), "request.too_large");
    }

    #[test]
    fn what_became_of_the_letter_is_said() {
        let lost = BounceView {
            user: "anna".parse().ok(),
            reason: Some(Reason::EmailBounced.into()),
            is_news: true,
            mailbox_died: true,
            ..BounceView::of(BounceOutcome::Lost)
        };
        assert_eq!(
            words(&lost),
            "the letter to anna came back (email.bounced); the mailbox gets no letters any more"
        );
        let again = BounceView {
            is_news: false,
            mailbox_died: false,
            ..lost
        };
        assert_eq!(
            words(&again),
            "the letter to anna came back (email.bounced), as was known"
        );
        for outcome in BounceOutcome::WORDS {
            assert!(!words(&BounceView::of(*outcome)).is_empty());
        }
    }
}
