//! Sends a push: the gate, the request, the answer, what is learned of it.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use jiff::Timestamp;
use vestnik_clock::{Clock as _, Now};
use vestnik_model::Reason;
use vestnik_outbound::{self as outbound, Ending, SendError, Writing};

use super::{
    account::{Driver, Inner},
    breaker::{Admission, Probe, Sign, Why},
    road::{Load, Road, no_road, unanswered},
    sent::{Hold, Sent},
    station::{AtOrigin, Pass, Station},
    throttle::AddressKey,
    token::Edition,
    tries::{Change, Step, Tries},
};
use crate::{
    account::Account,
    address::{Address, Environment},
    answer::Answer,
    origin::Origin,
    outcome::{Connection, Outcome, Remedy, Said, Scope, Verdict},
    push::Push,
};

impl Driver {
    /// Sends a push to an address, and again at once where something is different the second time: with a
    /// new provider token, over a new connection, in the other environment of APNs, each once, with each
    /// key that subscriptions of Web Push were made for before, and at each host of a service that cannot be
    /// reached.
    ///
    /// Pauses are the caller's: [`Verdict::Retry`] and [`Verdict::Throttled`] say how long. While a
    /// breaker is open or a service wants to be left alone, nothing is sent: that is no try
    /// ([`Sent::was_tried`]). A push that
    /// is given up by dropping the future may have been handed over; [`send_noted`](Self::send_noted)
    /// tells.
    pub async fn send(&self, account: &Arc<Account>, address: &Address, push: &Push) -> Sent {
        self.send_noted((account, address), push, &Writing::default())
            .await
    }

    /// Does the same as [`send`](Self::send) for somebody who may drop the future: `writing` says then
    /// whether the push may have been handed over.
    pub async fn send_noted(
        &self,
        (account, address): (&Arc<Account>, &Address),
        push: &Push,
        writing: &Writing,
    ) -> Sent {
        let Some(road) = Road::of(account, address) else {
            return Sent::without_request(no_road());
        };
        let inner = &self.inner;
        let station = match inner.station(account) {
            Ok(station) => station,
            Err(error) => {
                tracing::error!(%error, "an account's certificates cannot be used");
                return Sent::without_request(road.forbidden());
            }
        };
        let mut job = Job {
            inner,
            road,
            station: &station,
            account,
            push,
            writing,
            tries: Tries::new(road.environment(), road.former_keys(), road.reserves()),
            refused: None,
            pass: None,
            sent: Sent::without_request(Verdict::Unproven),
        };
        job.run().await;
        job.sent
    }
}

/// One push on its way.
struct Job<'a> {
    inner: &'a Arc<Inner>,
    road: Road<'a>,
    station: &'a Arc<Station>,
    account: &'a Arc<Account>,
    push: &'a Push,
    /// Whether the service may have the push, for somebody who gives it up.
    writing: &'a Writing,
    tries: Tries,
    /// The provider token that the service refused.
    refused: Option<Edition>,
    /// Leave to send where it goes now.
    pass: Option<Pass>,
    sent: Sent,
}

/// What one try came to.
struct Tried {
    verdict: Verdict,
    said: Option<Said>,
    /// What it says of the service; nothing if the fault is ours.
    sign: Option<Sign>,
    /// Whether nothing of the push was written, because the host cannot be reached.
    is_unreached: bool,
}

impl Job<'_> {
    async fn run(&mut self) {
        let verdict = loop {
            let environment = self.tries.environment();
            let origin = self.road.origin(environment, self.tries.host());
            if let Some(verdict) = self.held(origin) {
                let is_failing = matches!(
                    self.sent.held,
                    Some(Hold::Breaker {
                        why: Why::Failing,
                        ..
                    })
                );
                if is_failing && self.tries.next_host() {
                    self.sent.held = None;
                    continue;
                }
                break verdict;
            }
            let tried = match self.attempt(environment).await {
                Ok(tried) => tried,
                Err(verdict) => {
                    self.learn_unmade(origin, &verdict);
                    self.sent.held = unmade(&verdict);
                    break verdict;
                }
            };
            let step = if tried.is_unreached && self.tries.next_host() {
                Step::Again(Change::Host)
            } else {
                self.tries.after(tried.verdict.clone())
            };
            self.learn(origin, &tried, &step);
            self.sent.said = tried.said;
            match step {
                Step::Give(verdict) => break verdict,
                // The token of that key was refused, and no other one's.
                Step::Again(Change::Key) => self.refused = None,
                Step::Again(
                    Change::Token | Change::Connection | Change::Environment | Change::Host,
                ) => {}
            }
        };
        self.give(verdict);
    }

    fn give(&mut self, verdict: Verdict) {
        let environment = Some(self.tries.environment());
        let is_apns = matches!(self.road, Road::Apns(..));
        if is_apns && matches!(verdict, Verdict::Accepted { .. }) {
            self.sent.moved = environment.filter(|_| environment != self.road.environment());
        }
        let left = self.push.expires_at;
        self.sent.verdict = within(verdict, left, self.inner.clock.now());
    }

    /// What the push comes to if it must not go now.
    fn held(&mut self, origin: &Origin) -> Option<Verdict> {
        let now = Now::read(&*self.inner.clock);
        let address = self.road.address_key();
        let own = self.probe(origin);
        let gate = match self.station.at(origin, |at| gate(at, address, own, &now)) {
            Ok(probe) if own.is_some() && probe == own => return None,
            Ok(probe) => {
                self.pass = Some(Pass::new(self.station, origin, probe));
                return None;
            }
            Err(hold) => hold,
        };
        self.sent.held = Some(gate);
        // What an earlier try said is not what holds this one.
        self.sent.said = None;
        Some(self.without(gate))
    }

    /// What a push comes to that something holds back.
    const fn without(&self, hold: Hold) -> Verdict {
        match hold {
            Hold::Breaker {
                why: Why::Failing,
                after,
            } => Verdict::retry(Reason::ProviderUnavailable, Some(after)),
            // The environment that was tried first has said what there is to say.
            Hold::Breaker {
                why: Why::Refusing, ..
            } if self.tries.has_moved() => Verdict::WrongEnvironment,
            Hold::Breaker {
                why: Why::Refusing, ..
            } => Verdict::Refused {
                reason: Reason::ConfigProviderAuth,
                scope: Scope::Sender,
                remedy: Remedy::Operator,
            },
            Hold::Throttle { after } => Verdict::Throttled {
                scope: Scope::Unsaid,
                after: Some(after),
                over: Connection::Any,
            },
            Hold::Token { .. } | Hold::Connections => {
                Verdict::retry(Reason::ProviderUnavailable, hold.after())
            }
        }
    }

    fn probe(&self, origin: &Origin) -> Option<Probe> {
        self.pass.as_ref().and_then(|pass| pass.probe_at(origin))
    }

    /// One request; the verdict alone if none was made.
    async fn attempt(&mut self, environment: Environment) -> Result<Tried, Verdict> {
        let load = Load {
            account: self.account,
            station: self.station,
            push: self.push,
            environment,
            key: self.tries.key(),
            host: self.tries.host(),
            refused: self.refused,
            validate_only: false,
        };
        let made = self.inner.request(self.road, load).await?;
        let client = &self.station.client;
        let sending = client.send_noted(made.request, self.road.protocol(), self.writing);
        let answer = sending.await;
        self.sent.tries += u32::from(!answer.as_ref().is_err_and(is_ours));
        let tried = match answer {
            Ok(answer) => self.answered(&answer),
            Err(error) => {
                if matches!(error, SendError::Busy(_)) {
                    self.sent.held = Some(Hold::Connections);
                }
                self.unanswered(&error)
            }
        };
        if !may_be_taken(&tried.verdict) {
            self.writing.take_back();
        }
        let is_token_refused = matches!(
            tried.verdict,
            Verdict::Refused {
                remedy: Remedy::NewToken,
                ..
            }
        );
        if is_token_refused {
            self.refused = Some(made.edition);
        }
        Ok(tried)
    }

    fn answered(&self, answer: &outbound::Answer) -> Tried {
        let outcome = read(self.road, answer, self.inner.clock.now());
        if over(&outcome.verdict) == Connection::New {
            self.station.client.retire(answer);
        }
        Tried {
            sign: Some(sign(&outcome.verdict)),
            verdict: outcome.verdict,
            said: Some(outcome.said),
            is_unreached: false,
        }
    }

    fn unanswered(&self, error: &SendError) -> Tried {
        let verdict = unanswered(error, self.road);
        tracing::debug!(%error, reason = ?verdict.reason(), "a push has no answer");
        Tried {
            sign: (!is_ours(error)).then(|| sign(&verdict)),
            verdict,
            said: None,
            is_unreached: matches!(error, SendError::Connect(_) | SendError::Unwritten),
        }
    }

    /// A token that was refused and cannot be renewed is the service's refusal of the credentials.
    fn learn_unmade(&self, origin: &Origin, verdict: &Verdict) {
        if self.refused.is_some() && matches!(verdict, Verdict::Refused { .. }) {
            let now = Now::read(&*self.inner.clock);
            let sign = Sign::Bad(Why::Refusing);
            let probe = self.probe(origin);
            self.station
                .at(origin, |at| at.breaker.on(sign, probe, &now));
        }
    }

    /// Remembers what a try says of the service. A connection, a token or a key that is changed at once
    /// says nothing yet.
    fn learn(&self, origin: &Origin, tried: &Tried, step: &Step) {
        let is_open = matches!(
            step,
            Step::Again(Change::Token | Change::Connection | Change::Key)
        );
        let now = Now::read(&*self.inner.clock);
        let (address, probe) = (self.road.address_key(), self.probe(origin));
        self.station.at(origin, |at| {
            if let Some(sign) = tried.sign.filter(|_| !is_open) {
                at.breaker.on(sign, probe, &now);
            }
            match &tried.verdict {
                Verdict::Accepted { .. } => at.throttle.on_accepted(),
                Verdict::Throttled { scope, after, .. } => {
                    at.throttle
                        .on_throttled(*scope, address, *after, now.monotonic);
                }
                Verdict::Retry {
                    after: Some(after), ..
                } => at.throttle.hold_all(*after, now.monotonic),
                Verdict::Retry { after: None, .. }
                | Verdict::Dead { .. }
                | Verdict::WrongEnvironment
                | Verdict::Suspect { .. }
                | Verdict::Rejected { .. }
                | Verdict::Unproven
                | Verdict::Refused { .. } => {}
            }
        });
    }
}

/// Whether the service took a push, or nobody knows.
const fn may_be_taken(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Accepted { .. } | Verdict::Unproven => true,
        Verdict::Retry { .. }
        | Verdict::Throttled { .. }
        | Verdict::Dead { .. }
        | Verdict::WrongEnvironment
        | Verdict::Suspect { .. }
        | Verdict::Rejected { .. }
        | Verdict::Refused { .. } => false,
    }
}

/// Leave for a push to go now, with its probe, or what holds it. A pause is asked before the breaker,
/// which lets a probe through.
fn gate(
    at: &mut AtOrigin,
    address: AddressKey,
    own: Option<Probe>,
    now: &Now,
) -> Result<Option<Probe>, Hold> {
    if let Some(after) = at.throttle.held(address, now.monotonic) {
        return Err(Hold::Throttle { after });
    }
    match at.breaker.admit(own, now) {
        Admission::Go(probe) => Ok(probe),
        Admission::Hold { why, after } => Err(Hold::Breaker { why, after }),
    }
}

/// What held a push back of which no request was made; nothing if none can be made of it at all.
const fn unmade(verdict: &Verdict) -> Option<Hold> {
    match verdict {
        Verdict::Retry { after, .. } => Some(Hold::Token { after: *after }),
        Verdict::Refused { .. } => Some(Hold::Token { after: None }),
        Verdict::Accepted { .. }
        | Verdict::Throttled { .. }
        | Verdict::Dead { .. }
        | Verdict::WrongEnvironment
        | Verdict::Suspect { .. }
        | Verdict::Rejected { .. }
        | Verdict::Unproven => None,
    }
}

/// Whether a request failed by a rule of ours, before the service had any part in it.
const fn is_ours(error: &SendError) -> bool {
    match error {
        SendError::Busy(_) | SendError::Forbidden(_) | SendError::Place(_) => true,
        SendError::Connect(_)
        | SendError::Unprocessed(_)
        | SendError::Unwritten
        | SendError::Lost(_)
        | SendError::Unanswered => false,
    }
}

/// Reads an answer. One that broke off is worth its status only, and no more than whether the push was
/// taken.
pub(super) fn read(road: Road<'_>, answer: &outbound::Answer, now: Timestamp) -> Outcome {
    if answer.ending == Ending::Broken && !answer.status.is_success() {
        return broken(answer.status);
    }
    let answer = Answer {
        status: answer.status,
        headers: &answer.headers,
        body: &answer.body,
    };
    road.outcome(&answer, now)
}

fn broken(status: StatusCode) -> Outcome {
    Outcome {
        verdict: Verdict::retry(Reason::ProviderUnavailable, None),
        said: Said::new(status, None),
    }
}

/// What a verdict says of the service.
const fn sign(verdict: &Verdict) -> Sign {
    match verdict {
        Verdict::Retry { .. } | Verdict::Unproven => Sign::Bad(Why::Failing),
        Verdict::Refused {
            scope: Scope::Sender,
            remedy: Remedy::NewToken | Remedy::NewConnection | Remedy::Operator,
            ..
        } => Sign::Bad(Why::Refusing),
        // What is refused to some may be taken from others.
        Verdict::Refused {
            scope: Scope::Address | Scope::Unsaid,
            ..
        }
        // The key may be good, and is asked about elsewhere.
        | Verdict::Refused {
            remedy: Remedy::OtherEnvironment,
            ..
        }
        | Verdict::Accepted { .. }
        | Verdict::Throttled { .. }
        | Verdict::Dead { .. }
        | Verdict::WrongEnvironment
        | Verdict::Suspect { .. }
        | Verdict::Rejected { .. } => Sign::Alive,
    }
}

/// What comes after an answer goes over.
pub(super) const fn over(verdict: &Verdict) -> Connection {
    match verdict {
        Verdict::Retry { over, .. } | Verdict::Throttled { over, .. } => *over,
        Verdict::Refused {
            remedy: Remedy::NewConnection,
            ..
        } => Connection::New,
        Verdict::Accepted { .. }
        | Verdict::Dead { .. }
        | Verdict::WrongEnvironment
        | Verdict::Suspect { .. }
        | Verdict::Rejected { .. }
        | Verdict::Unproven
        | Verdict::Refused { .. } => Connection::Any,
    }
}

/// Shortens a wait to the life of the push.
fn within(mut verdict: Verdict, expires_at: Timestamp, now: Timestamp) -> Verdict {
    let left = Duration::try_from(expires_at.duration_since(now)).unwrap_or_default();
    if let Verdict::Retry { after, .. } | Verdict::Throttled { after, .. } = &mut verdict {
        *after = after.map(|after| after.min(left));
    }
    verdict
}
