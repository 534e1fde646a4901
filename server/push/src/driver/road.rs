//! Which adapter a push goes by.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::Arc,
};

use http::Request;
use jiff::Timestamp;
use vestnik_clock::Clock as _;
use vestnik_model::Reason;
use vestnik_outbound::{Protocol, SendError};

use super::{
    account::Inner, exchange::Granted, station::Station, throttle::AddressKey, token::Edition,
};
use crate::{
    account::{Account, ApnsCredentials, Credentials, FcmCredentials, WebPushCredentials},
    address::{
        Address, ApnsAddress, Environment, FcmAddress, HmsAddress, RustoreAddress, Subscription,
    },
    answer::Answer,
    apns,
    build_error::BuildError,
    fcm, hms,
    origin::Origin,
    outcome::{Outcome, Remedy, Scope, Verdict},
    push::Push,
    rustore,
    web_push::{self, Entropy, Padding},
};

/// How often random bytes that are no key are drawn again.
const DRAWS: usize = 4;

/// An account with an address of its service.
#[derive(Clone, Copy)]
pub(super) enum Road<'a> {
    Fcm(&'a FcmCredentials, &'a FcmAddress),
    Apns(&'a ApnsCredentials, &'a ApnsAddress),
    WebPush(&'a WebPushCredentials, &'a Subscription),
    Hms(&'a hms::Credentials, &'a HmsAddress),
    Rustore(&'a rustore::Credentials, &'a RustoreAddress),
}

/// What goes into one request.
#[derive(Clone, Copy)]
pub(super) struct Load<'a> {
    pub(super) account: &'a Arc<Account>,
    pub(super) station: &'a Arc<Station>,
    pub(super) push: &'a Push,
    /// In which environment of APNs.
    pub(super) environment: Environment,
    /// The number of the key of Web Push.
    pub(super) key: usize,
    /// The number of the service's host.
    pub(super) host: usize,
    /// The provider token that the service refused.
    pub(super) refused: Option<Edition>,
    /// Asks FCM or Huawei to check and not to deliver.
    pub(super) validate_only: bool,
}

/// A request, and which provider token it has.
pub(super) struct Made {
    pub(super) request: Request<Vec<u8>>,
    pub(super) edition: Edition,
}

impl<'a> Road<'a> {
    /// The road of an address; none if it is one of another service than the account's.
    pub(super) fn of(account: &'a Account, address: &'a Address) -> Option<Self> {
        match (&account.credentials, address) {
            (Credentials::Fcm(fcm), Address::Fcm(address)) => Some(Self::Fcm(fcm, address)),
            (Credentials::Apns(apns), Address::Apns(address)) => Some(Self::Apns(apns, address)),
            (Credentials::WebPush(web_push), Address::WebPush(address)) => {
                Some(Self::WebPush(web_push, address))
            }
            (Credentials::Hms(hms), Address::Hms(address)) => Some(Self::Hms(hms, address)),
            (Credentials::Rustore(rustore), Address::Rustore(address)) => {
                Some(Self::Rustore(rustore, address))
            }
            (
                Credentials::Fcm(_)
                | Credentials::Apns(_)
                | Credentials::WebPush(_)
                | Credentials::Hms(_)
                | Credentials::Rustore(_),
                _,
            ) => None,
        }
    }

    /// What the address says of its environment.
    pub(super) const fn environment(self) -> Option<Environment> {
        match self {
            Self::Apns(_, address) => address.environment(),
            Self::Fcm(..) | Self::WebPush(..) | Self::Hms(..) | Self::Rustore(..) => None,
        }
    }

    /// How many keys there are that the subscription may have been made for before.
    pub(super) const fn former_keys(self) -> usize {
        match self {
            Self::WebPush(web_push, _) => web_push.former.len(),
            Self::Fcm(..) | Self::Apns(..) | Self::Hms(..) | Self::Rustore(..) => 0,
        }
    }

    /// How many hosts the service has besides the first.
    pub(super) fn reserves(self) -> usize {
        match self {
            Self::Rustore(rustore, _) => rustore.reserves(),
            Self::Fcm(..) | Self::Apns(..) | Self::WebPush(..) | Self::Hms(..) => 0,
        }
    }

    /// Where requests go: by the environment of APNs, or the number of the service's host.
    pub(super) fn origin(self, environment: Environment, host: usize) -> &'a Origin {
        match self {
            Self::Fcm(fcm, _) => &fcm.origin,
            Self::Apns(apns, _) => apns.hosts.of(environment),
            Self::WebPush(_, subscription) => subscription.origin(),
            Self::Hms(hms, _) => &hms.origin,
            Self::Rustore(rustore, _) => rustore.host(host),
        }
    }

    pub(super) const fn protocol(self) -> Protocol {
        match self {
            Self::Fcm(..) | Self::Apns(..) => Protocol::Http2,
            Self::WebPush(..) | Self::Hms(..) | Self::Rustore(..) => Protocol::Any,
        }
    }

    pub(super) fn address_key(self) -> AddressKey {
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Fcm(_, FcmAddress::Token(text) | FcmAddress::Installation(text)) => {
                text.as_str().hash(&mut hasher);
            }
            Self::Apns(_, address) => address.token().hash(&mut hasher),
            Self::WebPush(_, subscription) => subscription.endpoint().hash(&mut hasher),
            Self::Hms(_, address) => address.as_str().hash(&mut hasher),
            Self::Rustore(_, address) => address.as_str().hash(&mut hasher),
        }
        hasher.finish()
    }

    pub(super) fn outcome(self, answer: &Answer<'_>, now: Timestamp) -> Outcome {
        match self {
            Self::Fcm(..) => fcm::outcome(answer, now),
            Self::Apns(..) => apns::outcome(answer, now),
            Self::WebPush(..) => web_push::outcome(answer, now),
            Self::Hms(hms, _) => hms::outcome(&hms.interface, answer, now),
            Self::Rustore(..) => rustore::outcome(answer, now),
        }
    }

    /// What an address means that must not be connected to. That of Web Push is the user's, the others
    /// are the operator's.
    pub(super) const fn forbidden(self) -> Verdict {
        let reason = Reason::ConfigNoRoute;
        match self {
            Self::WebPush(..) => Verdict::Rejected { reason },
            Self::Fcm(..) | Self::Apns(..) | Self::Hms(..) | Self::Rustore(..) => {
                Verdict::Refused {
                    reason,
                    scope: Scope::Sender,
                    remedy: Remedy::Operator,
                }
            }
        }
    }
}

impl Inner {
    /// Makes the request of a push.
    pub(super) async fn request(
        self: &Arc<Self>,
        road: Road<'_>,
        load: Load<'_>,
    ) -> Result<Made, Verdict> {
        match road {
            Road::Fcm(credentials, address) => self.fcm(credentials, address, load).await,
            Road::Apns(credentials, address) => self.apns(credentials, address, load),
            Road::WebPush(credentials, subscription) => {
                self.web_push(credentials, subscription, load)
            }
            Road::Hms(credentials, address) => self.hms(credentials, address, load).await,
            Road::Rustore(credentials, address) => {
                let by = (credentials, load.host);
                made(
                    rustore::request(load.push, address, by, self.clock.now()),
                    0,
                )
            }
        }
    }

    async fn fcm(
        self: &Arc<Self>,
        credentials: &FcmCredentials,
        address: &FcmAddress,
        load: Load<'_>,
    ) -> Result<Made, Verdict> {
        let granted = self.access_token(load.station, load.account, load.refused);
        let Granted { token, edition } = granted.await?;
        let sender = fcm::Sender {
            origin: &credentials.origin,
            project: credentials.account.project(),
            token: &token,
            validate_only: load.validate_only,
        };
        let request = fcm::request(load.push, address, sender, self.clock.now());
        made(request, edition)
    }

    async fn hms(
        self: &Arc<Self>,
        credentials: &hms::Credentials,
        address: &HmsAddress,
        load: Load<'_>,
    ) -> Result<Made, Verdict> {
        let granted = match &credentials.interface {
            hms::Interface::Application(_) => {
                let granted = self.access_token(load.station, load.account, load.refused);
                granted.await?
            }
            hms::Interface::Project(project) => {
                self.signed_token(load.station, project, load.refused)?
            }
        };
        let sender = hms::Sender {
            credentials,
            token: &granted.token,
            validate_only: load.validate_only,
        };
        let request = hms::request(load.push, address, sender, self.clock.now());
        made(request, granted.edition)
    }

    fn apns(
        &self,
        credentials: &ApnsCredentials,
        address: &ApnsAddress,
        load: Load<'_>,
    ) -> Result<Made, Verdict> {
        let granted = self.provider_token(load.station, credentials, load.refused);
        let Granted { token, edition } = granted?;
        let sender = apns::Sender {
            hosts: &credentials.hosts,
            environment: load.environment,
            topic: &credentials.topic,
            token: &token,
        };
        let request = apns::request(load.push, address, sender, self.clock.now());
        made(request, edition)
    }

    fn web_push(
        &self,
        credentials: &WebPushCredentials,
        subscription: &Subscription,
        load: Load<'_>,
    ) -> Result<Made, Verdict> {
        let granted = self.vapid_token(credentials, subscription.origin(), load);
        let Granted { token, edition } = granted?;
        let mut last = Err(BuildError::Entropy);
        for _ in 0..DRAWS {
            let sender = web_push::Sender {
                token: &token,
                form: &credentials.form,
                padding: Padding::Block,
                entropy: &self.entropy(),
            };
            last = web_push::request(load.push, subscription, sender, self.clock.now());
            if !matches!(last, Err(BuildError::Entropy)) {
                break;
            }
        }
        made(last, edition)
    }

    fn entropy(&self) -> Entropy {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.clock.random()[..16]);
        Entropy {
            private: self.clock.random(),
            salt,
        }
    }
}

fn made(request: Result<Request<Vec<u8>>, BuildError>, edition: Edition) -> Result<Made, Verdict> {
    match request {
        Ok(request) => Ok(Made { request, edition }),
        Err(error) => Err(unmade(&error)),
    }
}

/// What a push means that no request can be made of.
fn unmade(error: &BuildError) -> Verdict {
    match error.reason() {
        Some(Reason::TokenDead) => Verdict::dead(Reason::TokenDead),
        Some(reason) => Verdict::Rejected { reason },
        // A token that ended between two lines, or random bytes that are no key four times.
        None => Verdict::retry(Reason::ProviderInternal, None),
    }
}

/// What a request without an answer means for its push.
pub(super) fn unanswered(error: &SendError, road: Road<'_>) -> Verdict {
    use crate::outcome::Connection;
    match error {
        SendError::Lost(_) | SendError::Unanswered => Verdict::Unproven,
        SendError::Place(_) | SendError::Forbidden(_) => road.forbidden(),
        SendError::Unprocessed(_) => Verdict::Retry {
            reason: Reason::ProviderUnavailable,
            after: None,
            over: Connection::New,
        },
        SendError::Unwritten => Verdict::retry(Reason::ProviderTimeout, None),
        SendError::Busy(_) | SendError::Connect(_) => {
            Verdict::retry(Reason::ProviderUnavailable, None)
        }
    }
}

/// The verdict on an account that is given addresses of another service.
pub(super) const fn no_road() -> Verdict {
    Verdict::Refused {
        reason: Reason::ConfigNoRoute,
        scope: Scope::Sender,
        remedy: Remedy::Operator,
    }
}
