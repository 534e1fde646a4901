//! Plays a row: a server, the simulator and a clock of their own, so that no row leaves anything behind.

use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use vestnik_clock::{Clock as _, ManualClock};
use vestnik_model::{
    AttemptStatus, DeliveryStatus, NotificationId, Reason, UserId,
    view::{AttemptView, DeliveryView},
};
use vestnik_sim::{
    Credentials, Death, DeviceView, Ending, Environment, Fault, Match, Options, Registration, Rule,
    Service,
};
use vestnik_testkit::{
    PushStage, backend::to_user, clock, name::user, push_stage::address, wait::asked,
};

use crate::row::{Before, Does, Fate, Outcome, Retry, Row, Step};

/// A key that RFC 9180, A.2.1, prints: pushes to it are sealed, and nobody opens them here.
pub(crate) const ENVELOPE_KEY: &str = "QxDul9iMwfCIpVdsd6sM9cOseX89lROcbIS1QpxZZio";
/// For how many seconds the cascade waits for the push.
const WITHIN: u64 = 600;
/// How long ago a provider token of APNs must have been made to be made anew.
const RIPE: Duration = Duration::from_mins(21);
/// How long after the first push the second one begins.
const APART: Duration = Duration::from_hours(2);
/// After how many tries a service that has recovered must have taken a push.
const TRIES: u32 = 10;

/// Plays a row, and says what became of the push, in the words of the row.
///
/// # Errors
/// When the server or the simulator does not start, or nothing becomes of the push.
pub(crate) async fn play(row: &Row, credentials: &Credentials) -> anyhow::Result<Outcome> {
    let mut scene = Scene::new(row, credentials).await?;
    let alone = scene.alone(row).await?;
    // Until nothing that the first push left behind holds any more: tokens, pauses, breakers.
    scene.stage.clock.advance(APART);
    scene.begin(row, "bert").await?;
    let step = scene.step(row).await?;
    scene.stage.stop().await?;
    Ok(Outcome { step, ..alone })
}

/// The time of day in whole milliseconds, as the server's clock gives it.
///
/// # Errors
/// Never before the year 9999.
pub(crate) fn now() -> anyhow::Result<Timestamp> {
    Ok(Timestamp::from_millisecond(
        clock::timestamp().as_millisecond(),
    )?)
}

/// A push to one phone, and what is done to it.
struct Scene {
    stage: PushStage<ManualClock>,
    phone: DeviceView,
    person: UserId,
}

/// What is known of a push.
struct Seen {
    attempt: Option<AttemptView>,
    delivery: DeliveryView,
}

impl Scene {
    async fn new(row: &Row, credentials: &Credentials) -> anyhow::Result<Self> {
        let options = Options {
            credentials: Some(credentials.clone()),
            ..Options::default()
        };
        let clock = ManualClock::new(now()?, 1);
        let stage = PushStage::start(clock, options).await?;
        let phone = stage.simulator.register(Registration::new(row.to))?;
        let person = user("anna");
        let mut scene = Self {
            stage,
            phone,
            person,
        };
        scene.begin(row, "anna").await?;
        Ok(scene)
    }

    /// Puts a new phone of another person on the scene.
    async fn begin(&mut self, row: &Row, name: &str) -> anyhow::Result<()> {
        let mut registration = Registration::new(row.to);
        if row.before == Before::Sandbox {
            registration.environment = Environment::Sandbox;
        }
        let (stage, person) = (&self.stage, user(name));
        let phone = stage.simulator.register(registration)?;
        if matches!(row.does, Does::DiedBefore) {
            let death = Death {
                at: stage.clock.now() - SignedDuration::from_hours(1),
                ending: Ending::Unregistered,
            };
            stage.simulator.kill(&phone.id, death)?;
        }
        let addresses = json!([address(&phone)?]);
        let said = json!({"push_addresses": addresses, "envelope_key": ENVELOPE_KEY});
        stage.reports(&person, &said).await?;
        (self.phone, self.person) = (phone, person);
        if row.before == Before::RipeToken {
            let id = self.publish(false).await?;
            self.stage.becomes(id, DeliveryStatus::Sent).await?;
            self.stage.clock.advance(RIPE);
        }
        // A proof must be newer than the report of the address.
        self.stage.clock.advance(Duration::from_secs(1));
        Ok(())
    }

    fn requests(&self) -> usize {
        self.stage.requests_for(&self.phone).len()
    }

    fn afflict(&self, row: &Row) -> anyhow::Result<()> {
        let Some(fault) = fault(&row.does) else {
            return Ok(());
        };
        let is_token = matches!(row.does, Does::RefusesToken { .. });
        let rule = Rule {
            matching: Match {
                service: is_token.then_some(Service::FcmToken),
                device: (!is_token).then(|| self.phone.id.clone()),
                times: row.times,
                ..Match::default()
            },
            fault,
        };
        Ok(self.stage.simulator.set_faults(vec![rule])?)
    }

    fn recover(&self) -> anyhow::Result<()> {
        Ok(self.stage.simulator.set_faults(Vec::new())?)
    }

    async fn publish(&self, with_next_step: bool) -> anyhow::Result<NotificationId> {
        let mut request = to_user(&self.person, "an answer");
        if with_next_step {
            request.steps = serde_json::from_value(json!([
                {"channel": "push", "wait_for": "handed", "within_seconds": WITHIN},
                {"channel": "email"},
            ]))?;
        }
        Ok(self.stage.server.backend.publish(&request).await?.id)
    }

    /// Waits until a push is settled otherwise than it was before, or its delivery has ended. What was held
    /// back counts as no try, and has a new time all the same.
    async fn settled(
        &self,
        id: NotificationId,
        before: Option<&AttemptView>,
    ) -> anyhow::Result<Seen> {
        let before = before.map(|attempt| (attempt.tries, attempt.until));
        asked("what becomes of the push", async || {
            let delivery = self.stage.delivery(id).await?;
            let mut attempts = self.stage.attempts(delivery.id).await?;
            let attempt = attempts.pop();
            let is_settled = match &attempt {
                Some(attempt) => {
                    let now = (attempt.tries, attempt.until);
                    attempt.status != AttemptStatus::Sending && before != Some(now)
                }
                None => false,
            };
            if !is_settled && delivery.status == DeliveryStatus::Pending {
                return Ok(None);
            }
            // Once more, because the attempts may be newer.
            let delivery = self.stage.delivery(id).await?;
            Ok(Some(Seen { attempt, delivery }))
        })
        .await
    }

    /// Lets time pass until the next try, again and again; says whether the push is taken at last.
    async fn is_taken(&self, id: NotificationId, seen: Seen) -> anyhow::Result<bool> {
        let mut attempt = seen.attempt;
        for _ in 0..TRIES {
            let Some(waiting) = attempt.filter(|waiting| waiting.until.is_some()) else {
                break;
            };
            self.leap_to(waiting.until)?;
            attempt = self.settled(id, Some(&waiting)).await?.attempt;
        }
        let delivery = self.stage.delivery(id).await?;
        Ok(delivery.status == DeliveryStatus::Sent)
    }

    fn leap_to(&self, time: Option<Timestamp>) -> anyhow::Result<()> {
        let now = self.stage.clock.now();
        let left = time.context("it has a time")?.duration_since(now);
        let left = left.max(SignedDuration::ZERO) + SignedDuration::from_millis(1);
        self.stage.clock.advance(left.unsigned_abs());
        Ok(())
    }

    /// Whether the next notification is pushed to the address.
    async fn fate(&self) -> anyhow::Result<Fate> {
        let before = self.requests();
        let id = self.publish(false).await?;
        self.settled(id, None).await?;
        Ok(if self.requests() > before {
            Fate::Kept
        } else {
            Fate::Dead
        })
    }
}

impl Scene {
    /// The push, alone.
    async fn alone(&self, row: &Row) -> anyhow::Result<Outcome> {
        let before = self.requests();
        self.afflict(row)?;
        let id = self.publish(false).await?;
        let seen = self.settled(id, None).await?;
        let requests = self.requests() - before;
        self.recover()?;
        let delivery = seen.delivery.status;
        let attempt = seen.attempt.clone().context("there was an attempt")?;
        let retry = self.retry(row, id, seen).await?;
        Ok(Outcome {
            attempt: attempt.status.known().context("its status is known")?,
            reason: attempt.reason.and_then(|reason| reason.known()),
            requests,
            retry,
            address: self.fate().await?,
            step: row.expected.step,
            delivery,
        })
    }

    /// Whether the push is tried again, when, and what comes of it after the service has recovered.
    async fn retry(&self, row: &Row, id: NotificationId, seen: Seen) -> anyhow::Result<Retry> {
        let until = seen.attempt.as_ref().and_then(|attempt| attempt.until);
        let Some(until) = until else {
            return Ok(Retry::No);
        };
        let pause = until.duration_since(self.stage.clock.now());
        let wanted = match row.expected.retry {
            Retry::After(seconds) => seconds,
            Retry::No | Retry::TooEarly(_) | Retry::InVain => 0,
        };
        if !self.is_taken(id, seen).await? {
            return Ok(Retry::InVain);
        }
        let paused = pause.as_secs().unsigned_abs();
        Ok(if paused < wanted {
            Retry::TooEarly(paused)
        } else {
            Retry::After(wanted)
        })
    }

    /// The push as the first step of a cascade, whose next step reaches nobody and says so.
    async fn step(&self, row: &Row) -> anyhow::Result<Step> {
        self.afflict(row)?;
        let id = self.publish(true).await?;
        let seen = self.settled(id, None).await?;
        let step = if seen.delivery.status == DeliveryStatus::Pending {
            self.stage.clock.advance(Duration::from_secs(WITHIN));
            let ended = self.ended(id).await?;
            went_on(&ended).then_some(Step::WhenExhausted)
        } else {
            went_on(&seen.delivery).then_some(Step::GoesOn)
        };
        Ok(step.unwrap_or(Step::Stays))
    }

    async fn ended(&self, id: NotificationId) -> anyhow::Result<DeliveryView> {
        asked("the end of the delivery", async || {
            let delivery = self.stage.delivery(id).await?;
            Ok((delivery.status != DeliveryStatus::Pending).then_some(delivery))
        })
        .await
    }
}

/// The user has no mailbox, so that the step `email` ends what came to it.
fn went_on(delivery: &DeliveryView) -> bool {
    delivery.reason == Some(Reason::RecipientNoAddress.into())
}

fn fault(does: &Does) -> Option<Fault> {
    Some(match does {
        Does::Accepts | Does::DiedBefore => return None,
        Does::Says {
            status,
            word,
            field,
            retry_after,
        } => Fault::Status {
            code: *status,
            reason: word.map(str::to_owned),
            field: field.map(str::to_owned),
            retry_after: *retry_after,
        },
        Does::RefusesToken {
            status,
            retry_after,
        } => Fault::Status {
            code: *status,
            reason: None,
            field: None,
            retry_after: *retry_after,
        },
        Does::Resets(when) => Fault::Reset { when: *when },
        Does::GoesAway => Fault::Goaway,
        Does::IsSlow => Fault::Slow { ms: LATE },
    })
}

/// How late an answer comes, in milliseconds.
const LATE: u64 = 300;
