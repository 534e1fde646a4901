//! The cascade of a notification: by which channels a person is reached, one after another.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::check::{MAX_TTL_SECONDS, Problems};
use crate::{
    gateway::GatewayName,
    open::{words, words_or_gateways},
    problem::FieldCode,
};

/// The most steps of a cascade.
pub const MAX_STEPS: usize = 5;

/// A step of a cascade, as a sender writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StepRequest {
    /// The route.
    pub channel: StepChannel,
    /// What ends the cascade at this step; absent: `handed` at a step `webhook`, which can wait for nothing
    /// else, and `delivered` at every other one.
    #[serde(default, alias = "waitFor", skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<Goal>,
    /// For how many seconds that is waited for before the next step begins. Every step but the last
    /// has one.
    #[serde(
        default,
        alias = "withinSeconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub within_seconds: Option<u32>,
    /// What comes of a try of which nobody knows whether its service took it. Absent: what is usual on the
    /// channel; pushes, letters and requests to the backend are repeated, messages of gateways are not. A step
    /// `hub` tries nothing and says nothing here.
    #[serde(default, alias = "onUnproven", skip_serializing_if = "Option::is_none")]
    pub on_unproven: Option<OnUnproven>,
}

/// A route that a step takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepChannel {
    /// The user's devices: the live connection, and a push service behind it.
    Push,
    /// The user's devices, by the live connection only.
    Hub,
    /// The user's mailbox.
    Email,
    /// The App's own backend, which delivers it as it can. None of its answers is more than `handed`.
    Webhook,
    /// A gateway of the App, by its name.
    Gateway(GatewayName),
}

words_or_gateways!(StepChannel {
    Push = "push",
    Hub = "hub",
    Email = "email",
    Webhook = "webhook",
});

impl StepChannel {
    /// What a step waits for if its sender does not say.
    #[must_use]
    pub const fn goal(self) -> Goal {
        match self {
            Self::Push | Self::Hub | Self::Email => Goal::Delivered,
            Self::Webhook | Self::Gateway(_) => Goal::Handed,
        }
    }

    /// What comes of a try of which nobody knows whether its service took it, if the sender does not say: a
    /// push takes the place of the one before, another letter costs nothing, and a backend tells a repetition by
    /// its id. Another message of a gateway may be paid for and read twice.
    #[must_use]
    pub const fn on_unproven(self) -> OnUnproven {
        match self {
            Self::Push | Self::Hub | Self::Email | Self::Webhook => OnUnproven::Repeat,
            Self::Gateway(_) => OnUnproven::GiveUp,
        }
    }
}

/// What comes of a try of which nobody knows whether its service took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnUnproven {
    /// It is repeated under the same id.
    Repeat,
    /// Nothing more is tried by that channel at that device, mailbox or backend.
    GiveUp,
}

words!(OnUnproven {
    Repeat = "repeat",
    GiveUp = "give_up",
});

/// What a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Goal {
    /// It was handed over.
    Handed,
    /// A device has it in its history.
    #[default]
    Delivered,
    /// The person saw it.
    Read,
}

words!(Goal {
    Handed = "handed",
    Delivered = "delivered",
    Read = "read",
});

/// A step, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The route.
    pub channel: StepChannel,
    /// What it waits for.
    pub goal: Goal,
    /// For how long, before the next step begins. The last step has none.
    pub within: Option<SignedDuration>,
    /// What comes of a try of which nobody knows whether its service took it.
    pub on_unproven: OnUnproven,
}

/// The steps of a cascade, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps(Vec<Step>);

impl Default for Steps {
    /// The user's devices.
    fn default() -> Self {
        Self(vec![Step {
            channel: StepChannel::Push,
            goal: Goal::default(),
            within: None,
            on_unproven: StepChannel::Push.on_unproven(),
        }])
    }
}

impl Steps {
    /// The step of this number, from 0.
    #[must_use]
    pub fn get(&self, number: u8) -> Option<&Step> {
        self.0.get(usize::from(number))
    }

    /// What comes of an unproven try of the step with a channel.
    #[must_use]
    pub fn on_unproven(&self, channel: StepChannel) -> OnUnproven {
        let mut steps = self.0.iter();
        let step = steps.find(|step| step.channel == channel);
        step.map_or_else(|| channel.on_unproven(), |step| step.on_unproven)
    }

    /// What the notification is for: the goal of the last step.
    #[must_use]
    pub fn goal(&self) -> Goal {
        self.0.last().map(|step| step.goal).unwrap_or_default()
    }

    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[Step] {
        &self.0
    }

    /// The steps of stored JSON, as [`Steps::stored`] wrote them. What cannot be read is the default:
    /// a row of another version must not stop a delivery.
    #[must_use]
    pub fn from_stored(steps: Vec<StepRequest>) -> Self {
        let mut problems = Problems::default();
        Self::parse(Some(steps), &mut problems).unwrap_or_default()
    }

    /// The form in which steps are stored; the default is stored as no steps.
    #[must_use]
    pub fn stored(&self) -> Option<Vec<StepRequest>> {
        let request = |step: &Step| StepRequest {
            channel: step.channel,
            wait_for: Some(step.goal).filter(|goal| *goal != step.channel.goal()),
            within_seconds: step
                .within
                .map(|within| u32::try_from(within.as_secs()).unwrap_or(u32::MAX)),
            on_unproven: Some(step.on_unproven)
                .filter(|on_unproven| *on_unproven != step.channel.on_unproven()),
        };
        (*self != Self::default()).then(|| self.0.iter().map(request).collect())
    }

    pub(super) fn parse(asked: Option<Vec<StepRequest>>, problems: &mut Problems) -> Option<Self> {
        let Some(asked) = asked else {
            return Some(Self::default());
        };
        if asked.is_empty() || asked.len() > MAX_STEPS {
            let detail = format!("must have 1 to {MAX_STEPS} steps");
            return problems.check("/steps", Err((FieldCode::OutOfRange, detail)));
        }
        let last = asked.len() - 1;
        let mut steps: Vec<Step> = Vec::new();
        for (number, step) in asked.into_iter().enumerate() {
            let is_repeated = steps.iter().any(|known| known.channel == step.channel);
            if is_repeated {
                let detail = "an earlier step has this channel".to_owned();
                let pointer = format!("/steps/{number}/channel");
                problems.check::<()>(&pointer, Err((FieldCode::NotAllowed, detail)));
            }
            let pointer = format!("/steps/{number}/wait_for");
            let goal = problems.check(&pointer, goal(&step));
            let pointer = format!("/steps/{number}/within_seconds");
            let within = problems.check(&pointer, within(&step, number == last));
            let pointer = format!("/steps/{number}/on_unproven");
            let on_unproven = problems.check(&pointer, on_unproven(&step));
            let checked = goal.zip(within).zip(on_unproven);
            steps.extend(checked.map(|((goal, within), on_unproven)| Step {
                channel: step.channel,
                goal,
                within,
                on_unproven,
            }));
        }
        (steps.len() == last + 1 && problems.is_empty()).then_some(Self(steps))
    }
}

fn goal(step: &StepRequest) -> Result<Goal, super::check::Wrong> {
    match (step.channel, step.wait_for) {
        (StepChannel::Webhook, Some(Goal::Delivered | Goal::Read)) => Err((
            FieldCode::NotAllowed,
            "the App's backend says no more than that it took it: must be handed".to_owned(),
        )),
        (channel, asked) => Ok(asked.unwrap_or_else(|| channel.goal())),
    }
}

fn on_unproven(step: &StepRequest) -> Result<OnUnproven, super::check::Wrong> {
    match (step.channel, step.on_unproven) {
        (StepChannel::Hub, Some(_)) => Err((
            FieldCode::NotAllowed,
            "nothing is tried by a connection".to_owned(),
        )),
        (channel, asked) => Ok(asked.unwrap_or_else(|| channel.on_unproven())),
    }
}

fn within(
    step: &StepRequest,
    is_last: bool,
) -> Result<Option<SignedDuration>, super::check::Wrong> {
    match (step.within_seconds, is_last) {
        (None, true) => Ok(None),
        (None, false) => Err((
            FieldCode::Missing,
            "every step but the last says how long it waits".to_owned(),
        )),
        (Some(_), true) => Err((
            FieldCode::NotAllowed,
            "no step follows that could begin then".to_owned(),
        )),
        (Some(seconds), false) if (1..=MAX_TTL_SECONDS).contains(&seconds) => {
            Ok(Some(SignedDuration::from_secs(i64::from(seconds))))
        }
        (Some(_), false) => Err((
            FieldCode::OutOfRange,
            format!("must be 1 to {MAX_TTL_SECONDS}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn asked(steps: Value) -> Vec<StepRequest> {
        serde_json::from_value(steps).unwrap()
    }

    fn parse(steps: Value) -> Result<Steps, Vec<(String, Option<FieldCode>)>> {
        let mut problems = Problems::default();
        let asked = asked(steps);
        let parsed = Steps::parse(Some(asked), &mut problems);
        let found = |problem: &crate::FieldProblem| (problem.pointer.clone(), problem.code.known());
        parsed.ok_or_else(|| problems.0.iter().map(found).collect())
    }

    #[test]
    fn without_steps_the_devices_are_reached() {
        let steps = Steps::parse(None, &mut Problems::default()).unwrap();
        assert_eq!(steps, Steps::default());
        assert_eq!(steps.get(0).unwrap().channel, StepChannel::Push);
        assert_eq!(steps.get(1), None);
        assert_eq!(steps.stored(), None);
    }

    #[test]
    fn stored_steps_are_read_back() {
        let steps = parse(json!([
            {"channel": "push", "wait_for": "read", "within_seconds": 60},
            {"channel": "email", "wait_for": "handed", "on_unproven": "give_up"},
        ]))
        .unwrap();
        assert_eq!(Steps::from_stored(steps.stored().unwrap()), steps);
        assert_eq!(Steps::from_stored(Vec::new()), Steps::default());
    }

    #[test]
    fn a_backend_can_be_waited_for_no_longer_than_until_it_took_it() {
        let webhook = |wait_for| json!([{"channel": "webhook", "wait_for": wait_for}]);
        for asked in [json!(null), json!("handed")] {
            let steps = parse(webhook(asked)).unwrap();
            assert_eq!(steps.goal(), Goal::Handed);
            assert_eq!(Steps::from_stored(steps.stored().unwrap()), steps);
        }
        for asked in ["delivered", "read"] {
            let refused = parse(webhook(json!(asked))).unwrap_err();
            let pointer = "/steps/0/wait_for".to_owned();
            assert_eq!(refused, [(pointer, Some(FieldCode::NotAllowed))]);
        }
        let usual = parse(json!([{"channel": "email", "wait_for": null}])).unwrap();
        assert_eq!(usual.goal(), Goal::Delivered);
    }

    #[test]
    fn what_is_unproven_is_repeated_unless_the_step_says_otherwise() {
        use {OnUnproven::*, StepChannel::*};
        let push = json!({"channel": "push", "within_seconds": 60, "on_unproven": "give_up"});
        let email = json!({"channel": "email"});
        let steps = parse(json!([push, email])).unwrap();
        let each = [Push, Email, Hub].map(|channel| steps.on_unproven(channel));
        assert_eq!(each, [GiveUp, Repeat, Repeat]);
        // One step that says so is no default, and is stored.
        let alone = parse(json!([{"channel": "push", "onUnproven": "give_up"}])).unwrap();
        assert_eq!(Steps::from_stored(alone.stored().unwrap()), alone);
        let usual = parse(json!([{"channel": "push", "on_unproven": "repeat"}])).unwrap();
        assert_eq!(usual.stored(), None);
        let hub = json!([{"channel": "hub", "on_unproven": "repeat"}]);
        let wrong = (
            "/steps/0/on_unproven".to_owned(),
            Some(FieldCode::NotAllowed),
        );
        assert_eq!(parse(hub), Err(vec![wrong]));
    }

    #[test]
    fn what_is_wrong_is_named() {
        use FieldCode::{Missing, NotAllowed, OutOfRange};
        #[track_caller]
        fn check(steps: Value, pointer: &str, code: FieldCode) {
            assert_eq!(parse(steps), Err(vec![(pointer.to_owned(), Some(code))]));
        }
        check(json!([]), "/steps", OutOfRange);
        let email = json!({"channel": "email"});
        check(
            json!([{"channel": "push"}, email]),
            "/steps/0/within_seconds",
            Missing,
        );
        check(
            json!([{"channel": "push", "within_seconds": 0}, email]),
            "/steps/0/within_seconds",
            OutOfRange,
        );
        check(
            json!([{"channel": "push", "within_seconds": 9}]),
            "/steps/0/within_seconds",
            NotAllowed,
        );
        check(
            json!([{"channel": "email", "within_seconds": 9}, email]),
            "/steps/1/channel",
            NotAllowed,
        );
    }
}
