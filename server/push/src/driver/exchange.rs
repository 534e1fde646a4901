//! Provider tokens: where they come from.

use std::{sync::Arc, time::Duration};

use http::Request;
use vestnik_clock::{Clock as _, Now};
use vestnik_model::Reason;
use vestnik_outbound::Protocol;

use super::{
    account::Inner,
    road::Load,
    station::{Station, Unsigned, lock},
    token::{Ask, Edition, Kept, Slot, Token},
};
use crate::{
    account::{Account, ApnsCredentials, Credentials, WebPushCredentials},
    answer::Answer,
    apns::ProviderToken,
    fcm, hms,
    jws::TokenError,
    oauth::{self, AccessToken, TokenRefusal},
    origin::Origin,
    outcome::{Remedy, Scope, Verdict},
    web_push::VapidToken,
};

/// A provider token, and which of its account's it is.
pub(super) struct Granted<T> {
    pub(super) token: T,
    pub(super) edition: Edition,
}

impl Inner {
    /// The access token of an account: kept, or exchanged for an assertion or a secret.
    pub(super) async fn access_token(
        self: &Arc<Self>,
        station: &Arc<Station>,
        account: &Arc<Account>,
        refused: Option<Edition>,
    ) -> Result<Granted<AccessToken>, Verdict> {
        loop {
            let changed = station.access_changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            let now = Now::read(&*self.clock);
            let ask = lock(&station.access).ask(refused, &now);
            match ask {
                Ask::Take {
                    token,
                    edition,
                    renews,
                } => {
                    if renews {
                        self.start_exchange(station, account);
                    }
                    return Ok(Granted { token, edition });
                }
                Ask::Make => {
                    self.start_exchange(station, account);
                    changed.await;
                }
                Ask::Wait => changed.await,
                Ask::None { error, after } => return Err(without_access(&error, after)),
                Ask::TooYoung => return Err(refused_for_good()),
            }
        }
    }

    /// Exchanges in a task of its own, so that whoever gives up waiting stops nobody else's.
    fn start_exchange(self: &Arc<Self>, station: &Arc<Station>, account: &Arc<Account>) {
        let (inner, station) = (Arc::clone(self), Arc::clone(station));
        let account = Arc::clone(account);
        tokio::spawn(async move {
            let mut renewal = Renewal {
                inner: &inner,
                station: &station,
                made: Err(TokenRefusal::Unreachable),
            };
            renewal.made = inner.exchange(&station, &account).await;
        });
    }

    async fn exchange(
        &self,
        station: &Station,
        account: &Account,
    ) -> Result<Kept<AccessToken>, TokenRefusal> {
        let asked_at = Now::read(&*self.clock);
        let request = exchange(account, &asked_at).ok_or(TokenRefusal::Unsigned)?;
        let answer = station.client.send(request, Protocol::Any).await;
        let answer = answer.map_err(|error| {
            tracing::warn!(%error, "the token service cannot be reached");
            TokenRefusal::Unreachable
        })?;
        let answer = Answer {
            status: answer.status,
            headers: &answer.headers,
            body: &answer.body,
        };
        let token = oauth::answer(&answer, asked_at.wall)?;
        Ok(Kept { token, asked_at })
    }

    /// The token of a service account of Huawei's: kept, or signed.
    pub(super) fn signed_token(
        &self,
        station: &Station,
        project: &hms::Project,
        refused: Option<Edition>,
    ) -> Result<Granted<AccessToken>, Verdict> {
        let now = Now::read(&*self.clock);
        let sign = || hms::sign(project, now.wall);
        signed(&mut lock(&station.signed), refused, &now, sign)
    }

    /// The provider token of an APNs key: kept, or signed.
    pub(super) fn provider_token(
        &self,
        station: &Station,
        credentials: &ApnsCredentials,
        refused: Option<Edition>,
    ) -> Result<Granted<ProviderToken>, Verdict> {
        let now = Now::read(&*self.clock);
        let sign = || credentials.key.token(now.wall);
        signed(&mut lock(&station.provider), refused, &now, sign)
    }

    /// The token of the VAPID key of a load for an origin: kept, or signed.
    pub(super) fn vapid_token(
        &self,
        credentials: &WebPushCredentials,
        origin: &Origin,
        load: Load<'_>,
    ) -> Result<Granted<VapidToken>, Verdict> {
        let now = Now::read(&*self.clock);
        let Some(key) = credentials.key(load.key) else {
            return Err(refused_for_good());
        };
        load.station.at(origin, |at| {
            let slot = at.vapid.entry(load.key).or_default();
            signed(slot, load.refused, &now, || key.token(origin, now.wall))
        })
    }
}

/// The request by which an account gets an access token; none if it has none or cannot sign.
fn exchange(account: &Account, now: &Now) -> Option<Request<Vec<u8>>> {
    match &account.credentials {
        Credentials::Fcm(fcm) => fcm::oauth::request(&fcm.account, now.wall).ok(),
        Credentials::Hms(hms) => match &hms.interface {
            hms::Interface::Application(application) => hms::exchange(application).ok(),
            hms::Interface::Project(_) => None,
        },
        Credentials::Apns(_) | Credentials::WebPush(_) | Credentials::Rustore(_) => None,
    }
}

/// An exchange under way. Dropping it tells those who wait what it came to, also if it panicked.
struct Renewal<'a> {
    inner: &'a Inner,
    station: &'a Station,
    made: Result<Kept<AccessToken>, TokenRefusal>,
}

impl Drop for Renewal<'_> {
    fn drop(&mut self) {
        let made = std::mem::replace(&mut self.made, Err(TokenRefusal::Unreachable));
        let after = made.as_ref().err().and_then(TokenRefusal::after);
        if let Err(error) = &made {
            tracing::warn!(%error, "there is no new access token");
        }
        let now = self.inner.clock.monotonic();
        lock(&self.station.access).made(made, after, now);
        self.station.access_changed.notify_waiters();
    }
}

/// A token that is signed on the spot, so nobody ever waits for one.
fn signed<T: Token>(
    slot: &mut Slot<T, Unsigned>,
    refused: Option<Edition>,
    now: &Now,
    sign: impl FnOnce() -> Result<T, TokenError>,
) -> Result<Granted<T>, Verdict> {
    let mut ask = slot.ask(refused, now);
    if matches!(ask, Ask::Make | Ask::Take { renews: true, .. }) {
        let asked_at = *now;
        let made = sign().map(|token| Kept { token, asked_at });
        let made = made.map_err(Unsigned::from);
        slot.made(made, None, now.monotonic);
        ask = slot.ask(refused, now);
    }
    match ask {
        Ask::Take { token, edition, .. } => Ok(Granted { token, edition }),
        Ask::None {
            error: Unsigned, ..
        }
        | Ask::TooYoung
        | Ask::Make
        | Ask::Wait => Err(refused_for_good()),
    }
}

fn without_access(error: &TokenRefusal, after: Duration) -> Verdict {
    if error.reason() == Reason::ConfigProviderAuth {
        refused_for_good()
    } else {
        Verdict::retry(error.reason(), Some(after))
    }
}

const fn refused_for_good() -> Verdict {
    Verdict::Refused {
        reason: Reason::ConfigProviderAuth,
        scope: Scope::Sender,
        remedy: Remedy::Operator,
    }
}
