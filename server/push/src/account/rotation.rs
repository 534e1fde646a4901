//! Credentials that take the place of others at the same service.
//!
//! Addresses belong to what they were made for: registrations of FCM to a project, those of
//! Huawei to an app or a project, those of `RuStore` to a project, device tokens of APNs
//! to an app, subscriptions of Web Push to a key (RFC 8292, 4.2). Credentials for another project or app
//! are none that the present addresses could be reached with, so they are refused. The key of Web Push is
//! what is rotated; so the former one is kept beside the new one, for the subscriptions made with it.

use serde_json::Value;

use super::{
    Account, Credentials, FORMER_KEYS, MAX_FORMER_KEYS, PRIVATE_KEY, Service, WebPushCredentials,
    vapid_key,
};
use crate::field::{AccountError, Fields};

/// Credentials are for another project or app: what is sent with them reaches none of the addresses that
/// the present ones are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} must be that of the present credentials: addresses belong to it")]
pub struct Elsewhere {
    /// The field that differs.
    pub field: &'static str,
}

/// Why an account cannot take the place of another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// It is no account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// It is for other addresses.
    #[error(transparent)]
    Elsewhere(#[from] Elsewhere),
}

/// Whether an account is for the addresses of a former one, which is given as JSON. A former account that
/// cannot be read, or that is of another service, binds nothing. Nor does the key of Web Push: a service
/// that wants another one refuses the credentials and keeps the subscription.
///
/// # Errors
/// [`Elsewhere`] if the addresses of the former one cannot be reached with it.
pub fn keeps_addresses(former: &str, account: &Account) -> Result<(), Elsewhere> {
    let Ok(known) = Account::parse(account.service(), former) else {
        return Ok(());
    };
    let (is_same, field) = match (&known.credentials, &account.credentials) {
        (Credentials::Fcm(known), Credentials::Fcm(fcm)) => {
            let is_same = known.account.project() == fcm.account.project();
            (is_same, "project_id")
        }
        (Credentials::Apns(known), Credentials::Apns(apns)) => (known.topic == apns.topic, "topic"),
        (Credentials::Hms(known), Credentials::Hms(hms)) => {
            let (field, owner) = hms.owner();
            (known.owner() == (field, owner), field)
        }
        (Credentials::Rustore(known), Credentials::Rustore(rustore)) => {
            (known.project() == rustore.project(), "project_id")
        }
        (
            Credentials::Fcm(_)
            | Credentials::Apns(_)
            | Credentials::WebPush(_)
            | Credentials::Hms(_)
            | Credentials::Rustore(_),
            _,
        ) => return Ok(()),
    };
    is_same.then_some(()).ok_or(Elsewhere { field })
}

/// The JSON of an account that takes the place of a former one. That of Web Push keeps the former keys
/// beside its own, the latest first; of more than four, the oldest is dropped. A former account that
/// cannot be read has none.
///
/// # Errors
/// [`RotationError`] if the new text is no account, or one for other addresses.
pub fn rotated(service: Service, former: &str, new: &str) -> Result<String, RotationError> {
    let account = Account::parse(service, new)?;
    keeps_addresses(former, &account)?;
    match &account.credentials {
        Credentials::WebPush(web_push) if Account::parse(service, former).is_ok() => {
            Ok(with_former_keys(former, new, web_push)?)
        }
        Credentials::Fcm(_)
        | Credentials::Apns(_)
        | Credentials::WebPush(_)
        | Credentials::Hms(_)
        | Credentials::Rustore(_) => Ok(new.to_owned()),
    }
}

/// The text of the new account with the keys that subscriptions may have been made for before.
fn with_former_keys(
    former: &str,
    new: &str,
    account: &WebPushCredentials,
) -> Result<String, AccountError> {
    let (known, fields) = (Fields::read(former)?, Fields::read(new)?);
    let mut keys = fields.texts(FORMER_KEYS, MAX_FORMER_KEYS)?;
    keys.push(known.text(PRIVATE_KEY)?);
    keys.extend(known.texts(FORMER_KEYS, MAX_FORMER_KEYS)?);
    let mut publics = vec![account.key.public()];
    keys.retain(|key| {
        let Ok(key) = vapid_key(key, account.key.contact().clone()) else {
            return false;
        };
        let is_new = !publics.contains(&key.public());
        publics.push(key.public());
        is_new
    });
    keys.truncate(MAX_FORMER_KEYS);
    if keys.is_empty() {
        return Ok(new.to_owned());
    }
    let keys = Value::from(keys);
    Ok(fields.json_with(FORMER_KEYS, keys))
}
