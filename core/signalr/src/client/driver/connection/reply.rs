//! What the server is told when it calls this side and wants a result.

use crate::{client::machine::NO_RESULT, message::CompletionOutcome, payload::Payload};

/// The official text for a call that more than one gives a result to.
const MANY_RESULTS: &str = "Client provided multiple results.";
/// The official text for arguments of other types or of another number.
const UNREADABLE: &str = "Client failed to parse argument(s).";

/// What one handler made of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// It has a result.
    Result(Payload),
    /// It failed, with a text for the server.
    Failed(String),
    /// It could not read the arguments.
    Unreadable,
}

/// Makes one answer of what all handlers of a target replied. A result beats a failure, as in the
/// official clients.
pub(super) fn conclude(replies: Vec<Reply>) -> CompletionOutcome {
    let (mut result, mut failure) = (None, None);
    for reply in replies {
        match reply {
            Reply::Result(_) if result.is_some() => {
                return CompletionOutcome::Error(MANY_RESULTS.to_owned());
            }
            Reply::Result(payload) => result = Some(payload),
            Reply::Failed(text) => failure = failure.or(Some(text)),
            Reply::Unreadable => failure = failure.or_else(|| Some(UNREADABLE.to_owned())),
        }
    }
    match (result, failure) {
        (Some(payload), _) => CompletionOutcome::Result(payload),
        (None, Some(text)) => CompletionOutcome::Error(text),
        (None, None) => CompletionOutcome::Error(NO_RESULT.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Protocol;

    fn result(value: u32) -> Reply {
        Reply::Result(Payload::write(Protocol::Json, &value).unwrap())
    }

    fn failed(text: &str) -> Reply {
        Reply::Failed(text.to_owned())
    }

    #[test]
    fn many_handlers_give_one_answer() {
        for (replies, expected) in [
            (vec![], Err("Client didn't provide a result.")),
            (vec![result(1)], Ok(1)),
            (
                vec![result(1), result(1)],
                Err("Client provided multiple results."),
            ),
            (
                vec![failed("a"), result(1), result(2)],
                Err("Client provided multiple results."),
            ),
            (vec![failed("a"), failed("b")], Err("a")),
            (vec![failed("a"), result(2)], Ok(2)),
            (vec![result(3), failed("a")], Ok(3)),
            (
                vec![Reply::Unreadable, failed("a")],
                Err("Client failed to parse argument(s)."),
            ),
        ] {
            let shown = format!("{replies:?}");
            let outcome = match conclude(replies) {
                CompletionOutcome::Result(payload) => Ok(payload.bind::<u32>().unwrap()),
                CompletionOutcome::Error(text) => Err(text),
                CompletionOutcome::Void => panic!("nobody answers with nothing"),
            };
            assert_eq!(outcome, expected.map_err(str::to_owned), "{shown}");
        }
    }
}
