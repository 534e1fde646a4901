//! Sends events to receivers of webhooks.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use vestnik_clock::Clock;
use vestnik_model::{
    EventView, Open,
    webhook::{WebhookAnswer, WebhookTrouble},
};
use vestnik_outbound::{
    Answer, Client, ConnectError, Limits, Protocol, Reach, SendError, SystemResolver, Trust,
    TrustError,
};
use vestnik_rules::webhook::{Target, Verdict};

use super::signed::{Unwritable, check_address, request};
use crate::{metrics::Metrics, refusal::chain};

/// How long a request may take in all, its repetition over another connection included.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// The most requests at a time. Each may have a connection of its own, so that a receiver that holds its
/// own keeps no other at the same host waiting.
pub(crate) const REQUESTS: usize = 256;

const LIMITS: Limits = Limits {
    origins: REQUESTS,
    connections: REQUESTS,
    streams: 100,
    // What a receiver says besides its status is not looked at.
    answer_bytes: 4 * 1_024,
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(10),
    body: Duration::from_secs(1),
    idle: Duration::from_secs(60),
};

/// Sends events. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct WebhookSender {
    client: Client,
    reach: Arc<Reach>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

/// What an event that was sent came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) verdict: Verdict,
    pub(crate) answer: WebhookAnswer,
}

impl WebhookSender {
    pub(crate) fn new(
        reach: Reach,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, TrustError> {
        Ok(Self {
            client: Client::with_resolver(
                reach.clone(),
                &Trust::system(),
                LIMITS,
                SystemResolver::shared(),
            )?,
            reach: Arc::new(reach),
            clock,
            metrics,
        })
    }

    /// Checks an address as far as it can be without resolving its host.
    ///
    /// # Errors
    /// Why nothing can be sent to it, for the administrator who wrote it.
    pub(crate) fn check(&self, url: &str) -> Result<(), String> {
        check_address(&self.reach, url)
    }

    /// Sends an event once. What the connection broke under before it was sent is sent over another one.
    pub(crate) async fn send(&self, target: &Target, event: &EventView) -> Sent {
        let answered = tokio::time::timeout(PATIENCE, self.try_to_send(target, event)).await;
        let now = self.clock.now();
        let sent = match answered {
            Ok(Ok(answer)) => answered_by(&answer, now),
            Ok(Err(Failure::Unwritable(error))) => {
                tracing::error!(%error, "an event cannot be sent");
                unanswered(WebhookTrouble::AddressForbidden, now)
            }
            Ok(Err(Failure::Send(error))) => {
                // The error names no path and no part of the address.
                tracing::debug!(error = chain(&error), "an event was not taken");
                unanswered(trouble(&error), now)
            }
            Err(_) => unanswered(WebhookTrouble::Timeout, now),
        };
        self.metrics.sent_webhook(sent.verdict == Verdict::Taken);
        sent
    }

    async fn try_to_send(&self, target: &Target, event: &EventView) -> Result<Answer, Failure> {
        match self.try_once(target, event).await {
            Err(Failure::Send(error)) if error.needs_connection() => {
                self.try_once(target, event).await
            }
            tried => tried,
        }
    }

    async fn try_once(&self, target: &Target, event: &EventView) -> Result<Answer, Failure> {
        let body = serde_json::to_vec(event).map_err(|_| Failure::Unwritable(Unwritable))?;
        let request = request(target, (event.id.to_string(), body), self.clock.now());
        let request = request.map_err(Failure::Unwritable)?;
        let sent = self.client.send(request, Protocol::Any).await;
        sent.map_err(Failure::Send)
    }
}

enum Failure {
    Unwritable(Unwritable),
    Send(SendError),
}

fn answered_by(answer: &Answer, now: Timestamp) -> Sent {
    let retry_after = vestnik_push::Answer {
        status: answer.status,
        headers: &answer.headers,
        body: &[],
    }
    .retry_after(now);
    let status = answer.status.as_u16();
    Sent {
        verdict: Verdict::of(status, retry_after),
        answer: WebhookAnswer {
            at: now,
            status: Some(status),
            trouble: None,
        },
    }
}

fn unanswered(trouble: WebhookTrouble, now: Timestamp) -> Sent {
    Sent {
        verdict: Verdict::unanswered(),
        answer: WebhookAnswer {
            at: now,
            status: None,
            trouble: Some(Open::Known(trouble)),
        },
    }
}

fn trouble(error: &SendError) -> WebhookTrouble {
    match error {
        SendError::Place(_) | SendError::Forbidden(_) => WebhookTrouble::AddressForbidden,
        SendError::Busy(_) => WebhookTrouble::Busy,
        SendError::Connect(
            ConnectError::Resolve(_)
            | ConnectError::NoAddress
            | ConnectError::Tcp(_)
            | ConnectError::Http2
            | ConnectError::Http(_)
            | ConnectError::Time,
        ) => WebhookTrouble::Unreachable,
        SendError::Connect(ConnectError::Name | ConnectError::Tls(_)) => WebhookTrouble::Tls,
        SendError::Unprocessed(_) | SendError::Lost(_) => WebhookTrouble::Lost,
        SendError::Unwritten | SendError::Unanswered => WebhookTrouble::Timeout,
    }
}
