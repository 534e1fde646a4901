//! A step of a cascade on the command line.

use vestnik_model::publish::{Goal, OnUnproven, StepChannel, StepRequest};

/// What a step must look like.
const FORM: &str = "must be CHANNEL, CHANNEL:SECONDS or CHANNEL:SECONDS:GOAL, with push, hub, email, webhook or \
     the name of a gateway as CHANNEL and handed, delivered or read as GOAL, and may end with :give_up or :repeat";

/// Reads `push:60:delivered:give_up`: the channel, for how long it is waited for, what for, and what comes of a
/// try of which nobody knows whether it was taken.
pub(super) fn parse(text: &str) -> Result<StepRequest, &'static str> {
    let end = text.rsplit_once(':');
    let end = end.and_then(|(rest, word)| Some((rest, OnUnproven::from_code(word)?)));
    let (text, on_unproven) = match end {
        Some((rest, on_unproven)) => (rest, Some(on_unproven)),
        None => (text, None),
    };
    let mut parts = text.split(':');
    let channel = parts.next().and_then(StepChannel::from_code).ok_or(FORM)?;
    let within_seconds = parts.next().map(str::parse).transpose();
    let goal = parts.next().map(|word| Goal::from_code(word).ok_or(FORM));
    if parts.next().is_some() {
        return Err(FORM);
    }
    Ok(StepRequest {
        channel,
        wait_for: goal.transpose()?,
        within_seconds: within_seconds.map_err(|_| FORM)?,
        on_unproven,
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
            on_unproven: None,
        };
        let giving_up = |step| StepRequest {
            on_unproven: Some(OnUnproven::GiveUp),
            ..step
        };
        for (text, expected) in [
            ("email", step(StepChannel::Email, None, None)),
            ("push:60", step(StepChannel::Push, Some(60), None)),
            (
                "sms",
                step(StepChannel::Gateway("sms".parse().unwrap()), None, None),
            ),
            (
                "webhook:30:handed",
                step(StepChannel::Webhook, Some(30), Some(Goal::Handed)),
            ),
            (
                "hub:5:read",
                step(StepChannel::Hub, Some(5), Some(Goal::Read)),
            ),
            (
                "email:give_up",
                giving_up(step(StepChannel::Email, None, None)),
            ),
            (
                "push:60:give_up",
                giving_up(step(StepChannel::Push, Some(60), None)),
            ),
            (
                "push:60:read:give_up",
                giving_up(step(StepChannel::Push, Some(60), Some(Goal::Read))),
            ),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "Pigeon",
            "push:soon",
            "push:60:eaten",
            "push:60:read:x",
            "push:",
            "hms",
            "push:give_up:60",
            "push:give_up:give_up",
        ] {
            assert_eq!(parse(text), Err(FORM), "{text}");
        }
    }
}
