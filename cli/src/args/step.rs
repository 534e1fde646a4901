//! A step of a cascade on the command line.

use vestnik_model::publish::{Goal, StepChannel, StepRequest};

/// What a step must look like.
const FORM: &str = "must be CHANNEL, CHANNEL:SECONDS or CHANNEL:SECONDS:GOAL, with push, hub or email as CHANNEL \
     and handed, delivered or read as GOAL";

/// Reads `push:60:delivered`: the channel, for how long it is waited for, and what for.
pub(super) fn parse(text: &str) -> Result<StepRequest, &'static str> {
    let mut parts = text.split(':');
    let channel = parts.next().and_then(StepChannel::from_code).ok_or(FORM)?;
    let within_seconds = parts.next().map(str::parse).transpose();
    let goal = parts.next().map(|word| Goal::from_code(word).ok_or(FORM));
    if parts.next().is_some() {
        return Err(FORM);
    }
    Ok(StepRequest {
        channel,
        wait_for: goal.transpose()?.unwrap_or_default(),
        within_seconds: within_seconds.map_err(|_| FORM)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_channel_with_its_patience() {
        let step = |channel, within_seconds, wait_for| StepRequest {
            channel,
            wait_for,
            within_seconds,
        };
        for (text, expected) in [
            ("email", step(StepChannel::Email, None, Goal::Delivered)),
            (
                "push:60",
                step(StepChannel::Push, Some(60), Goal::Delivered),
            ),
            ("hub:5:read", step(StepChannel::Hub, Some(5), Goal::Read)),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "pigeon",
            "push:soon",
            "push:60:eaten",
            "push:60:read:x",
            "push:",
        ] {
            assert_eq!(parse(text), Err(FORM), "{text}");
        }
    }
}
