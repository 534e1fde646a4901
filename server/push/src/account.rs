//! The credentials of a sender at a push service, as an operator gives them: one JSON object each.
//!
//! ```text
//! fcm      the file of a service account as Google's console gives it (project_id, client_email,
//!          private_key_id, private_key, token_uri), and optionally
//!            base_url            where FCM is, if not at https://fcm.googleapis.com
//! apns     team_id               of the developer account, 10 letters and digits
//!          key_id                of the key, 10 letters and digits
//!          private_key           what is in the .p8 file
//!          topic                 the bundle id of the app
//!          production_url        optional: where APNs is, if not at Apple's
//!          sandbox_url           optional: likewise
//! webpush  private_key           of VAPID: 32 bytes in base64url, or PKCS#8 in PEM
//!          contact               mailto: or https:, for the operators of push services
//!          former_keys           optional: a list of at most 4 keys in the same forms, which
//!                                subscriptions made before the present one take pushes of
//!          navigate              optional: what a tap opens; makes pushes declarative
//! hms      version 1, for Android and HarmonyOS up to 4:
//!            app_id              of the app, which is the client id of its OAuth client
//!            client_secret       of that client
//!          version 3, for HarmonyOS from 5: the file of a service account as Huawei's console gives it
//!          (project_id, key_id, private_key, sub_account)
//!          both, optionally:
//!            token_uri           where tokens come from, if not from Huawei's own service
//!            base_url            where Push Kit is, if not at https://push-api.cloud.huawei.com
//!            urgent              true if Huawei gave the app the right to urgent data messages
//!            categories          an object of Huawei's kinds of message (EXPRESS, MARKETING, ...) by the
//!                                name of a category or the word of a traffic type
//!            receipt_user,       the user name and the secret of receipts, as entered in Huawei's console: both,
//!            receipt_secret      or Huawei sends none
//! rustore  project_id            of the project
//!          service_token         of the project
//!          base_urls             optional: a list of at most 4 hosts, which are tried in turn; only
//!                                https://vkpns.rustore.ru if absent
//! all      root_certificates     optional: certificates in PEM to trust besides the system's
//! ```
//! A URL here has no path. Hosts that are not public must be listed by the operator, too
//! ([`Reach`](vestnik_outbound::Reach)).

mod rotation;

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use vestnik_model::{open::Word, url::HttpsUrl};
use vestnik_outbound::Trust;

use crate::{
    apns::{ApnsKey, Hosts, Topic},
    fcm::{self, ServiceAccount},
    field::{AccountError, Fault, Fields, ROOTS},
    hms,
    key::{KeyError, P256Key},
    origin::Origin,
    rustore,
    web_push::{Contact, Form, VapidKey},
};

pub use self::rotation::{Elsewhere, RotationError, keeps_addresses, rotated};

/// A push service that there is an adapter for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Firebase Cloud Messaging.
    Fcm,
    /// The Apple Push Notification service.
    Apns,
    /// Any Web Push service.
    WebPush,
    /// Huawei Push Kit.
    Hms,
    /// `RuStore`.
    Rustore,
}

impl Service {
    /// The word as it is written in JSON and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fcm => "fcm",
            Self::Apns => "apns",
            Self::WebPush => "webpush",
            Self::Hms => "hms",
            Self::Rustore => "rustore",
        }
    }
}

impl Word for Service {
    const WORDS: &'static [Self] = &[
        Self::Fcm,
        Self::Apns,
        Self::WebPush,
        Self::Hms,
        Self::Rustore,
    ];

    fn as_str(&self) -> &str {
        Self::as_str(*self)
    }
}

/// The credentials of a sender at a push service.
///
/// Accounts of the same text are one account, whoever parsed it and when: they share connections,
/// provider tokens and breakers of a driver.
pub struct Account {
    pub(crate) credentials: Credentials,
    pub(crate) trust: Trust,
    pub(crate) fingerprint: Fingerprint,
}

/// A hash of an account's text.
pub(crate) type Fingerprint = [u8; 32];

pub(crate) enum Credentials {
    Fcm(Box<FcmCredentials>),
    Apns(ApnsCredentials),
    WebPush(WebPushCredentials),
    Hms(Box<hms::Credentials>),
    Rustore(rustore::Credentials),
}

pub(crate) struct FcmCredentials {
    pub(crate) account: ServiceAccount,
    pub(crate) origin: Origin,
}

pub(crate) struct ApnsCredentials {
    pub(crate) key: ApnsKey,
    pub(crate) topic: Topic,
    pub(crate) hosts: Hosts,
}

pub(crate) struct WebPushCredentials {
    /// The key that browsers subscribe with now.
    pub(crate) key: VapidKey,
    /// Those that they subscribed with before, the latest first.
    pub(crate) former: Vec<VapidKey>,
    pub(crate) form: Form,
}

impl WebPushCredentials {
    /// The key of a number: 0 is the present one, the former ones follow.
    pub(crate) fn key(&self, number: usize) -> Option<&VapidKey> {
        match number.checked_sub(1) {
            None => Some(&self.key),
            Some(former) => self.former.get(former),
        }
    }
}

/// The most keys of VAPID that subscriptions were made for before.
pub(crate) const MAX_FORMER_KEYS: usize = 4;

const FORMER_KEYS: &str = "former_keys";
const PRIVATE_KEY: &str = "private_key";

impl Account {
    /// Reads the JSON of an account; the module's page has its fields.
    ///
    /// # Errors
    /// [`AccountError`] that names the field at fault, without what is in it.
    pub fn parse(service: Service, json: &str) -> Result<Self, AccountError> {
        let fields = Fields::read(json)?;
        let trust = fields.read_optional(ROOTS, |pem| Trust::system().and(pem))?;
        let credentials = match service {
            Service::Fcm => Credentials::Fcm(Box::new(fcm(&fields)?)),
            Service::Apns => Credentials::Apns(apns(fields)?),
            Service::WebPush => Credentials::WebPush(web_push(fields)?),
            Service::Hms => Credentials::Hms(Box::new(hms::Credentials::of(&fields)?)),
            Service::Rustore => Credentials::Rustore(rustore::Credentials::of(fields)?),
        };
        Ok(Self {
            credentials,
            trust: trust.unwrap_or_default(),
            fingerprint: fingerprint(service, json),
        })
    }

    /// The account's service.
    #[must_use]
    pub const fn service(&self) -> Service {
        match self.credentials {
            Credentials::Fcm(_) => Service::Fcm,
            Credentials::Apns(_) => Service::Apns,
            Credentials::WebPush(_) => Service::WebPush,
            Credentials::Hms(_) => Service::Hms,
            Credentials::Rustore(_) => Service::Rustore,
        }
    }

    /// What the service signs its receipts with, if it sends any; for Huawei only.
    #[must_use]
    pub fn receipt_key(&self) -> Option<&hms::ReceiptKey> {
        match &self.credentials {
            Credentials::Hms(credentials) => credentials.receipts.as_ref(),
            Credentials::Fcm(_)
            | Credentials::Apns(_)
            | Credentials::WebPush(_)
            | Credentials::Rustore(_) => None,
        }
    }

    /// What browsers subscribe with (`applicationServerKey`), in base64url; for Web Push only.
    #[must_use]
    pub fn subscription_key(&self) -> Option<String> {
        match &self.credentials {
            Credentials::WebPush(credentials) => Some(credentials.key.public()),
            Credentials::Fcm(_)
            | Credentials::Apns(_)
            | Credentials::Hms(_)
            | Credentials::Rustore(_) => None,
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Account");
        match &self.credentials {
            Credentials::Fcm(fcm) => shown.field("fcm", &fcm.account),
            Credentials::Apns(apns) => shown.field("apns", &apns.key).field("topic", &apns.topic),
            Credentials::WebPush(web_push) => shown.field("webpush", &web_push.key),
            Credentials::Hms(hms) => shown.field("hms", hms),
            Credentials::Rustore(rustore) => shown.field("rustore", rustore),
        };
        shown.finish_non_exhaustive()
    }
}

fn fingerprint(service: Service, json: &str) -> Fingerprint {
    let text = format!("{}\n{json}", service.as_str());
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    fingerprint
}

/// Google's file may have any further fields.
fn fcm(fields: &Fields) -> Result<FcmCredentials, AccountError> {
    let origin = fields.read_optional("base_url", Origin::parse)?;
    Ok(FcmCredentials {
        account: ServiceAccount::of(fields)?,
        origin: origin.unwrap_or_else(fcm::production),
    })
}

fn apns(fields: Fields) -> Result<ApnsCredentials, AccountError> {
    const KNOWN: &[&str] = &[
        "team_id",
        "key_id",
        "private_key",
        "topic",
        "production_url",
        "sandbox_url",
        ROOTS,
    ];
    let fields = fields.only(KNOWN)?;
    let team = fields.read_as("team_id", apple_id)?;
    let id = fields.read_as("key_id", apple_id)?;
    let key = fields.read_as("private_key", P256Key::from_pem)?;
    let own = Hosts::default();
    let production = fields.read_optional("production_url", Origin::parse)?;
    let sandbox = fields.read_optional("sandbox_url", Origin::parse)?;
    Ok(ApnsCredentials {
        key: ApnsKey::of(team, id, key),
        topic: fields.read_as("topic", Topic::parse)?,
        hosts: Hosts {
            production: production.unwrap_or(own.production),
            sandbox: sandbox.unwrap_or(own.sandbox),
        },
    })
}

fn apple_id(text: &str) -> Result<String, Fault> {
    if ApnsKey::is_id(text) {
        Ok(text.to_owned())
    } else {
        Err(Fault::AppleId)
    }
}

fn web_push(fields: Fields) -> Result<WebPushCredentials, AccountError> {
    let fields = fields.only(&[PRIVATE_KEY, "contact", "navigate", FORMER_KEYS, ROOTS])?;
    let contact = fields.read_as("contact", Contact::parse)?;
    let read = |text: &str| vapid_key(text, contact.clone());
    let key = fields.read_as(PRIVATE_KEY, read)?;
    let former = fields.read_all(FORMER_KEYS, MAX_FORMER_KEYS, read)?;
    let navigate = fields.read_optional("navigate", |text| {
        HttpsUrl::parse(text).map_err(|_| Fault::Https)
    })?;
    let form = navigate.map_or(Form::Worker, |navigate| Form::Declarative { navigate });
    Ok(WebPushCredentials { key, former, form })
}

fn vapid_key(text: &str, contact: Contact) -> Result<VapidKey, KeyError> {
    if text.contains("-----BEGIN") {
        VapidKey::from_pem(text, contact)
    } else {
        VapidKey::from_scalar(text, contact)
    }
}

#[cfg(test)]
mod tests;
