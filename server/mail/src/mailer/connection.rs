//! One connection to a relay.

use std::{future::pending, net::SocketAddr, pin::Pin, time::Duration};

use tokio::{
    net::TcpStream,
    time::{Sleep, timeout},
};
use vestnik_model::Reason;
use vestnik_outbound::{Forbidden, Reach, Resolve as _, SystemResolver, Writing};

use super::{
    line::{Lost, Wired},
    tls::Tls,
};
use crate::{
    outcome::{Outcome, Verdict},
    relay::{Patience, Relay, Security},
    smtp::{Envelope, Features, Opening, OpeningStep, Transfer, TransferStep},
};

/// How long a server has to forget a letter that it refused.
const FORGET: Duration = Duration::from_secs(10);
/// The most letters over one connection: servers close it after some hundreds, often without a word.
const MAX_LETTERS: u32 = 100;

/// A connection over which letters can be sent.
pub(super) struct Connection {
    wired: Wired,
    features: Features,
    patience: Patience,
    letters: u32,
}

/// How a letter went.
pub(super) struct Sent {
    pub(super) outcome: Outcome,
    /// Whether another letter can follow.
    pub(super) is_usable: bool,
    /// Whether the server had closed the connection before the letter came: nothing was handed over.
    pub(super) is_stale: bool,
}

impl Connection {
    /// Connects, encrypts and logs in.
    pub(super) async fn open(relay: &Relay, network: &Network, tls: &Tls) -> Result<Self, Outcome> {
        let socket = network.connect(relay).await.map_err(unsaid)?;
        let connect = relay.patience.connect;
        let mut wired = match relay.security {
            Security::Tls => {
                let stream = tls.encrypt(socket, connect).await.map_err(unsaid)?;
                Wired::encrypted(stream)
            }
            Security::StartTls | Security::Loopback => Wired::plain(socket),
        };
        let login = relay.login.as_ref();
        let mut opening = Opening::new(relay.helo.as_str(), relay.security, login);
        loop {
            let reply = wired.reply(relay.patience.opening).await.map_err(lost)?;
            let mut step = opening.on_reply(&reply);
            if let OpeningStep::Encrypt = step {
                let socket = wired.into_socket().ok_or_else(|| lost(Lost))?;
                let stream = tls.encrypt(socket, connect).await.map_err(unsaid)?;
                wired = Wired::encrypted(stream);
                step = opening.on_encrypted();
            }
            match step {
                OpeningStep::Write(line) => {
                    let written = wired.write(line.as_bytes(), relay.patience.opening).await;
                    written.map_err(lost)?;
                }
                OpeningStep::Ready(features) => {
                    return Ok(Self {
                        wired,
                        features,
                        patience: relay.patience,
                        letters: 0,
                    });
                }
                OpeningStep::Stop(outcome) => return Err(outcome),
                OpeningStep::Encrypt => return Err(lost(Lost)),
            }
        }
    }

    pub(super) const fn features(&self) -> Features {
        self.features
    }

    /// Whether it can take one more letter.
    pub(super) const fn is_fresh(&self) -> bool {
        self.letters < MAX_LETTERS
    }

    /// Hands a letter over; gives up if it has not ended at `end`. `writing` says whether it may have been taken, should nobody
    /// wait any longer.
    pub(super) async fn send(
        &mut self,
        (envelope, writing): (&Envelope, &Writing),
        mut end: Pin<&mut Sleep>,
    ) -> Sent {
        let is_reused = self.letters > 0;
        writing.take_back();
        self.letters += 1;
        let (mut transfer, step) = Transfer::begin(envelope, self.features);
        let transferred = tokio::select! {
            biased;
            transferred = self.transfer((&mut transfer, writing), step) => transferred,
            () = unless_written(end.as_mut(), writing) => Err(Lost),
        };
        match transferred {
            Ok((outcome, is_usable)) => {
                if !outcome.verdict.may_be_taken() {
                    writing.take_back();
                }
                // A server that lost patience with an idle connection says so before it closes it.
                let is_closing = outcome.said.is_some_and(|said| said.code == Some(421));
                Sent {
                    outcome,
                    is_usable: is_usable && self.reset(outcome.verdict).await,
                    is_stale: is_reused && is_closing && transfer.is_unanswered(),
                }
            }
            Err(Lost) => Sent {
                outcome: transfer.on_lost(),
                is_usable: false,
                is_stale: is_reused && transfer.is_unanswered(),
            },
        }
    }

    async fn transfer(
        &mut self,
        (transfer, writing): (&mut Transfer<'_>, &Writing),
        mut step: TransferStep,
    ) -> Result<(Outcome, bool), Lost> {
        let Patience {
            answer, verdict, ..
        } = self.patience;
        loop {
            // A reply before its command would be taken for the answer to the next one.
            if self.wired.has_unread() {
                return Err(Lost);
            }
            let patience = match step {
                TransferStep::Write(line) => {
                    self.wired.write(line.as_bytes(), answer).await?;
                    answer
                }
                TransferStep::Data(data) => {
                    self.letter((&mut *transfer, writing), &data).await?;
                    verdict
                }
                TransferStep::Done { outcome, is_usable } => return Ok((outcome, is_usable)),
            };
            let reply = self.wired.reply(patience).await?;
            step = transfer.on_reply(&reply);
        }
    }

    /// Writes the letter and what ends it. A server that refuses it in the middle closes the connection:
    /// its reply, which may still be there, is read next.
    async fn letter(
        &mut self,
        (transfer, writing): (&mut Transfer<'_>, &Writing),
        data: &[u8],
    ) -> Result<(), Lost> {
        let answer = self.patience.answer;
        if self.wired.write(data, answer).await.is_ok() {
            let end = transfer.on_data_written();
            writing.begin().set();
            self.wired.write(end.as_bytes(), answer).await?;
        }
        Ok(())
    }

    /// Forgets a letter that was refused half-way, so that the next one can begin.
    async fn reset(&mut self, verdict: Verdict) -> bool {
        if verdict == Verdict::Accepted {
            return true;
        }
        let written = self.wired.write(b"RSET\r\n", FORGET).await;
        written.is_ok()
            && matches!(self.wired.reply(FORGET).await, Ok(reply) if reply.is_positive())
    }

    /// Takes leave. A server that does not hear it loses nothing.
    pub(super) async fn quit(mut self) {
        let _: Result<(), Lost> = self.wired.write(b"QUIT\r\n", self.patience.connect).await;
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("letters", &self.letters)
            .finish_non_exhaustive()
    }
}

/// Ends when `end` does, unless the server may have the letter by then: it has its time to answer.
async fn unless_written(end: Pin<&mut Sleep>, writing: &Writing) {
    end.await;
    if writing.may_be_taken() {
        pending::<()>().await;
    }
}

/// Where a mailer may connect to, and who tells it the addresses.
#[derive(Debug)]
pub(super) struct Network {
    reach: Reach,
    resolver: SystemResolver,
}

impl Network {
    pub(super) fn new(reach: Reach) -> Self {
        let resolver = SystemResolver::default();
        Self { reach, resolver }
    }

    async fn connect(&self, relay: &Relay) -> Result<TcpStream, Verdict> {
        let unavailable = Verdict::Retry {
            reason: Reason::ProviderUnavailable,
            after: None,
        };
        let place = &relay.place;
        self.reach.check(place).map_err(forbidden)?;
        let found = self.resolver.resolve(place.host(), place.port());
        let found = timeout(relay.patience.connect, found).await;
        let addresses = found.ok().and_then(Result::ok).ok_or(unavailable)?;
        let addresses = self.reach.permitted(place, addresses);
        let mut last = unavailable;
        for address in addresses.map_err(forbidden)? {
            if relay.security == Security::Loopback && !is_loopback(address) {
                last = Verdict::Refused {
                    reason: Reason::ConfigProviderAuth,
                };
                continue;
            }
            match timeout(relay.patience.connect, TcpStream::connect(address)).await {
                Ok(Ok(socket)) => return Ok(socket),
                Ok(Err(_)) | Err(_) => last = unavailable,
            }
        }
        Err(last)
    }
}

/// The operator of the server does not let it connect there.
fn forbidden(_: Forbidden) -> Verdict {
    Verdict::Refused {
        reason: Reason::ConfigNoRoute,
    }
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// A server that hangs up, falls silent or talks nonsense before a letter was begun.
fn lost(_: Lost) -> Outcome {
    unsaid(Verdict::Retry {
        reason: Reason::ProviderUnavailable,
        after: None,
    })
}

const fn unsaid(verdict: Verdict) -> Outcome {
    Outcome {
        verdict,
        said: None,
    }
}
