//! One provider of an account: its connections, its breaker and its pace.

use std::time::Duration;

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use vestnik_clock::Clock;
use vestnik_gateway::{
    Answer, BuildError, Carrier, Health, Message, Provider, Scope, Verdict, answer::MAX_BODY_BYTES,
};
use vestnik_model::{Money, Open, ProviderName, Reason, view::ProviderFinding};
use vestnik_outbound::{Client, Limits, Protocol, Reach, SystemResolver, TrustError, Writing};
use vestnik_push::driver::Probe;
use vestnik_rules::attempt::Outcome;

use super::{
    super::{
        gate::Gate,
        outcome::{busy, reason, rest, unanswered},
    },
    deadline::Deadline,
    order::{Fate, answered, not_asked},
    pace::{MAX_WAIT, Pace, Turn},
    receipts::Whose,
    smpp::{self, Centre, Sessions},
};
use crate::refusal::chain;

/// How long a message waits for one of the places of its provider.
const PLACE: Duration = Duration::from_secs(2);
/// How long it may take to note that a try starts.
pub(super) const NOTING: Duration = Duration::from_secs(1);
/// How long a request waits for a connection: for name, TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a provider may take to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long the rest of an answer is waited for.
const BODY: Duration = Duration::from_secs(1);
/// The longest that one request takes once it may go.
const ONE_REQUEST: Duration =
    Duration::from_secs(NOTING.as_secs() + CONNECT.as_secs() + ANSWER.as_secs() + BODY.as_secs());
/// The longest that a message takes at a provider that is spoken to over HTTP.
pub(crate) const ONE_MESSAGE: Duration =
    Duration::from_secs(PLACE.as_secs() + MAX_WAIT.as_secs() + ONE_REQUEST.as_secs());

/// One provider of an account.
#[derive(Debug)]
pub(super) struct Lane {
    gate: Gate,
    way: Way,
}

/// How a provider is spoken to.
#[derive(Debug)]
enum Way {
    Http(Box<Http>),
    Smpp(Box<Centre>),
}

/// A provider that is spoken to over HTTP.
#[derive(Debug)]
struct Http {
    provider: Provider,
    client: Client,
    places: Semaphore,
    pace: Pace,
}

/// A message may go to the provider.
#[derive(Debug)]
pub(super) struct Admitted<'a> {
    pub(super) sent: Sent,
    pub(super) place: Place<'a>,
}

/// Whose message is sent, and with what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// The hash of the recipient's address.
    recipient: [u8; 32],
    /// Whether it is the one that tries whether the provider is back.
    probe: Option<Probe>,
    /// Until when its recipient gets no other message by the provider, if it takes this one.
    until: Option<Duration>,
}

/// What a message holds while it is sent.
#[derive(Debug)]
pub(super) enum Place<'a> {
    Http(Option<SemaphorePermit<'a>>),
    Smpp(smpp::Held),
}

/// What became of a try at a provider.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) fate: Fate,
    pub(super) said: Option<String>,
    /// The provider's id of the message, if it took it and said one.
    pub(super) message: Option<String>,
    /// What the provider said that it costs.
    pub(super) cost: Option<Money>,
}

impl Answered {
    pub(super) const fn without(fate: Fate) -> Self {
        Self {
            fate,
            said: None,
            message: None,
            cost: None,
        }
    }
}

impl Lane {
    pub(super) fn new(
        carrier: Carrier<'_>,
        reach: &Reach,
        (sessions, whose): (&Sessions, &Whose),
    ) -> Result<Self, TrustError> {
        let way = match carrier {
            Carrier::Http(provider) => Way::Http(Box::new(Http::new(provider.clone(), reach)?)),
            Carrier::Smpp(centre) => {
                let with = (sessions, whose.clone());
                Way::Smpp(Box::new(Centre::new(centre.clone(), with)?))
            }
        };
        Ok(Self {
            gate: Gate::default(),
            way,
        })
    }

    pub(super) const fn name(&self) -> ProviderName {
        match &self.way {
            Way::Http(http) => http.provider.name(),
            Way::Smpp(centre) => centre.provider().name(),
        }
    }

    /// What a message costs by the operator's price.
    pub(super) fn price(&self, message: &Message<'_>) -> Option<Money> {
        match &self.way {
            Way::Http(http) => http.provider.price(message),
            Way::Smpp(centre) => {
                let provider = centre.provider();
                provider.price(provider.parts(&provider.text(message)))
            }
        }
    }

    /// What it is by the account, if it is spoken to over HTTP.
    pub(super) const fn provider(&self) -> Option<&Provider> {
        match &self.way {
            Way::Http(http) => Some(&http.provider),
            Way::Smpp(_) => None,
        }
    }

    const fn centre(&self) -> Option<&Centre> {
        match &self.way {
            Way::Http(_) => None,
            Way::Smpp(centre) => Some(centre),
        }
    }

    /// Whether the provider takes a second request of an attempt as the first.
    pub(super) fn collapses(&self) -> bool {
        match &self.way {
            Way::Http(http) => http.provider.collapses(),
            Way::Smpp(_) => false,
        }
    }

    /// The longest that a message takes once it may go.
    pub(super) const fn takes(&self) -> Duration {
        match &self.way {
            Way::Http(_) => ONE_REQUEST,
            Way::Smpp(_) => smpp::ONE_SUBMISSION,
        }
    }

    /// Waits until a message to a recipient, by the hash of their address, may go to the provider, or says why it may
    /// not now.
    pub(super) async fn admit(
        &self,
        recipient: [u8; 32],
        clock: &dyn Clock,
    ) -> Result<Admitted<'_>, Fate> {
        match &self.way {
            Way::Http(http) => {
                let place = timeout(PLACE, http.places.acquire()).await;
                let place = place.map_err(|_| not_asked(busy()))?.ok();
                let probe = self.gate.admit(clock).map_err(not_asked)?;
                let limits = http.provider.limits();
                let turn = http.pace.turn(limits, recipient, clock.monotonic());
                let Turn { wait, until } = match turn {
                    Ok(turn) => turn,
                    Err(fate) => {
                        self.gate.give_back(probe);
                        return Err(fate);
                    }
                };
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                Ok(Admitted {
                    sent: Sent {
                        recipient,
                        probe,
                        until,
                    },
                    place: Place::Http(place),
                })
            }
            Way::Smpp(centre) => {
                let probe = self.gate.admit(clock).map_err(not_asked)?;
                match centre.place().await {
                    Ok(place) => Ok(Admitted {
                        sent: Sent {
                            recipient,
                            probe,
                            until: None,
                        },
                        place: Place::Smpp(place),
                    }),
                    Err(fate) => {
                        self.gate.give_back(probe);
                        Err(fate)
                    }
                }
            }
        }
    }

    /// Notes what became of a message to a recipient: what it tells of the provider, or of them alone.
    pub(super) fn on(&self, fate: &Fate, sent: Sent, clock: &dyn Clock) {
        let Sent {
            recipient,
            probe,
            until,
        } = sent;
        if let Way::Http(http) = &self.way
            && !may_be_taken(&fate.outcome)
        {
            http.pace.give_back(recipient, until);
        }
        match (&self.way, &fate.outcome) {
            // A session waits by itself when its message centre says that it was too much.
            (
                Way::Smpp(_),
                Outcome::Retry {
                    reason: Reason::ProviderThrottled,
                    ..
                },
            ) => self.gate.give_back(probe),
            (Way::Http(http), outcome) if fate.scope == Scope::Recipient => {
                self.gate.works(probe, clock);
                if let Some(rest) = rest(outcome) {
                    http.pace.rest(recipient, rest, clock.monotonic());
                }
            }
            (Way::Http(_) | Way::Smpp(_), outcome) => self.gate.on(outcome, probe, clock),
        }
    }

    /// Gives back what was to be sent a message with, and was not.
    pub(super) fn give_back(&self, sent: Sent) {
        if let Way::Http(http) = &self.way {
            http.pace.give_back(sent.recipient, sent.until);
        }
        self.gate.give_back(sent.probe);
    }

    /// Sends a message once.
    pub(super) async fn ask(
        &self,
        place: Place<'_>,
        message: &Message<'_>,
        (clock, writing): (&dyn Clock, &Writing),
        deadline: Deadline,
    ) -> Answered {
        writing.collapsing(self.collapses());
        match (&self.way, place) {
            (Way::Http(http), Place::Http(permit)) => {
                let answered = http.ask(message, (clock, writing), deadline).await;
                drop(permit);
                answered
            }
            (Way::Smpp(centre), Place::Smpp(place)) => centre.send(place, message, writing).await,
            // A lane gives places of its own kind only.
            (Way::Http(_), Place::Smpp(_)) | (Way::Smpp(_), Place::Http(_)) => {
                Answered::without(Fate::not_taken(busy()))
            }
        }
    }

    /// Ends what is kept open.
    pub(super) async fn stop(&self) {
        match &self.way {
            Way::Http(_) => {}
            Way::Smpp(centre) => centre.stop().await,
        }
    }
}

/// What a provider says of its account.
pub(super) async fn check(
    carrier: Carrier<'_>,
    reach: &Reach,
    (sessions, own): (&Sessions, &[&Lane]),
) -> Result<ProviderFinding, TrustError> {
    Ok(match carrier {
        Carrier::Http(provider) => Http::new(provider.clone(), reach)?.check().await,
        Carrier::Smpp(centre) => {
            let own: Vec<_> = own.iter().filter_map(|lane| lane.centre()).collect();
            smpp::check(centre, sessions, &own).await
        }
    })
}

impl Http {
    fn new(provider: Provider, reach: &Reach) -> Result<Self, TrustError> {
        let in_flight = usize::from(provider.limits().in_flight.get());
        let limits = Limits {
            origins: 4,
            connections: in_flight,
            streams: 100,
            answer_bytes: MAX_BODY_BYTES,
            connect: CONNECT,
            answer: ANSWER,
            body: BODY,
            idle: Duration::from_secs(60),
        };
        let resolver = SystemResolver::shared();
        let client = Client::with_resolver(reach.clone(), provider.trust(), limits, resolver)?;
        Ok(Self {
            client,
            places: Semaphore::new(in_flight),
            pace: Pace::default(),
            provider,
        })
    }

    /// Sends a message once. What the connection broke under before it was sent is sent over another one, if there is
    /// time for that.
    async fn ask(
        &self,
        message: &Message<'_>,
        (clock, writing): (&dyn Clock, &Writing),
        deadline: Deadline,
    ) -> Answered {
        let once = async || {
            let request = self.provider.request(message, clock.now());
            let request = request.map_err(Failure::Build)?;
            let sent = self.client.send_noted(request, Protocol::Any, writing);
            sent.await.map_err(Failure::Send)
        };
        let mut sent = once().await;
        let needs_connection =
            matches!(&sent, Err(Failure::Send(error)) if error.needs_connection());
        if needs_connection && deadline.has_time(ONE_REQUEST, clock) {
            writing.take_back();
            sent = once().await;
        }
        match sent {
            Ok(answer) => self.read(&answer, clock),
            Err(Failure::Build(error)) => unbuilt(&error),
            Err(Failure::Send(error)) => {
                // The error names no path and no part of the address.
                tracing::debug!(error = chain(&error), "a gateway did not answer");
                Answered::without(unsent(unanswered(&error)))
            }
        }
    }

    fn read(&self, answer: &vestnik_outbound::Answer, clock: &dyn Clock) -> Answered {
        let answer = Answer {
            status: answer.status,
            headers: &answer.headers,
            body: &answer.body,
        };
        let outcome = self.provider.outcome(&answer, clock.now());
        let message = match &outcome.verdict {
            Verdict::Accepted { id } => id.as_ref().map(|id| id.as_str().to_owned()),
            Verdict::Retry { .. }
            | Verdict::Throttled { .. }
            | Verdict::Dead { .. }
            | Verdict::Rejected { .. }
            | Verdict::Refused { .. }
            | Verdict::Unproven { .. } => None,
        };
        Answered {
            fate: answered(&outcome.verdict),
            said: Some(outcome.said.to_string()),
            message,
            cost: outcome.cost,
        }
    }

    /// What the provider says of its account.
    async fn check(&self) -> ProviderFinding {
        let place = format!(
            "{}: {}",
            self.provider.name(),
            self.provider.origin().as_str()
        );
        let finding = |reason: Option<Reason>, said| ProviderFinding {
            place: place.clone(),
            is_good: reason.is_none(),
            reason: reason.map(Open::Known),
            said,
        };
        let request = match self.provider.check() {
            // It can only be tried by a message.
            None => return finding(None, None),
            Some(Err(_)) => return finding(Some(Reason::ConfigNoRoute), None),
            Some(Ok(request)) => request,
        };
        match self.client.send(request, Protocol::Any).await {
            Ok(answer) => {
                let said = Some(answer.status.as_u16().to_string());
                let answer = Answer {
                    status: answer.status,
                    headers: &answer.headers,
                    body: &answer.body,
                };
                match self.provider.health(&answer) {
                    None | Some(Health::Good) => finding(None, said),
                    Some(Health::Refused(reason) | Health::Unknown(reason)) => {
                        finding(Some(reason), said)
                    }
                }
            }
            Err(error) => finding(reason(&unanswered(&error)), None),
        }
    }
}

/// Whether the recipient may have the message.
const fn may_be_taken(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Accepted | Outcome::Unproven => true,
        Outcome::Held { .. }
        | Outcome::Retry { .. }
        | Outcome::Dead { .. }
        | Outcome::Rejected { .. } => false,
    }
}

enum Failure {
    Build(BuildError),
    Send(vestnik_outbound::SendError),
}

/// A request that cannot be made is mended by no repetition, and by another provider only if it is of this one.
fn unbuilt(error: &BuildError) -> Answered {
    let outcome = Outcome::Rejected {
        reason: error.reason(),
    };
    Answered::without(if matches!(error, BuildError::Expired { .. }) {
        Fate::over(outcome)
    } else {
        Fate::not_taken(outcome)
    })
}

/// What it means for the try that there is no answer.
const fn unsent(outcome: Outcome) -> Fate {
    match outcome {
        Outcome::Unproven => Fate::over(outcome),
        Outcome::Accepted
        | Outcome::Held { .. }
        | Outcome::Retry { .. }
        | Outcome::Dead { .. }
        | Outcome::Rejected { .. } => Fate::not_taken(outcome),
    }
}
