//! The account of a sender at an SMTP server, as an operator gives it: one JSON object.
//!
//! ```text
//! host               of the SMTP server
//! port               optional: 465 for tls, 587 for starttls, 25 for none
//! security           optional: tls (from the first byte, if absent) or starttls; none is for a server
//!                    on this host
//! user, password     optional: both or neither
//! from               the address that letters are from; its domain is that of Message-ID
//! from_name          optional: the name beside it
//! reply_to           optional: where answers of readers go, if not to from
//! bounces            optional: where bounces go; +mark is added to its name for each letter. If
//!                    absent, they go to from
//! helo               optional: what this host calls itself, if not by the domain of from
//! connections        optional: the most at a time, 1 to 50; 4 if absent
//! root_certificates  optional: certificates in PEM to trust besides the system's
//! ```
//! A host that is not public must be listed by the operator, too ([`Reach`](vestnik_outbound::Reach)).

mod field;

use std::{fmt, num::NonZeroU16};

use vestnik_model::email::EmailAddress;
use vestnik_outbound::{Place, Trust};

use self::field::Fields;
pub use self::field::{AccountError, Fault};
use crate::{
    letter::{From, Sender},
    relay::{HeloName, Login, Patience, Relay, Security},
    tag::{ReturnPath, TagKey, TaggedPath},
};

/// The most connections to one server.
const MAX_CONNECTIONS: u16 = 50;
/// How many connections there are if the account does not say.
const CONNECTIONS: NonZeroU16 = NonZeroU16::new(4).expect("it is not 0");

/// The account of a sender at an SMTP server.
#[derive(Clone)]
pub struct Account {
    relay: Relay,
    from: From,
    reply_to: Option<EmailAddress>,
    return_path: ReturnPath,
}

impl Account {
    /// Reads the JSON of an account; the module's page has its fields.
    ///
    /// # Errors
    /// [`AccountError`] that names the field at fault, without what is in it.
    pub fn parse(json: &str) -> Result<Self, AccountError> {
        let fields = Fields::read(json)?;
        let address = fields.required("from", email)?;
        let relay = relay(&fields, &address)?;
        let return_path = match fields.optional("bounces", bounces)? {
            Some(path) => ReturnPath::Tagged(path),
            None => ReturnPath::Fixed(address.clone()),
        };
        let name = fields.optional("from_name", |text| Ok(text.to_owned()))?;
        let from = From::new(name.as_deref(), address).map_err(|_| AccountError::Value {
            field: "from_name",
            fault: Fault::Name,
        })?;
        Ok(Self {
            relay,
            from,
            reply_to: fields.optional("reply_to", email)?,
            return_path,
        })
    }

    /// The server.
    #[must_use]
    pub const fn relay(&self) -> &Relay {
        &self.relay
    }

    /// Who letters are from, with the key of their marks.
    #[must_use]
    pub fn sender(&self, key: TagKey) -> Sender {
        Sender {
            from: self.from.clone(),
            reply_to: self.reply_to.clone(),
            return_path: self.return_path.clone(),
            key,
        }
    }
}

/// Shows the server.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("relay", &self.relay)
            .finish_non_exhaustive()
    }
}

fn relay(fields: &Fields, from: &EmailAddress) -> Result<Relay, AccountError> {
    let security = fields.optional("security", security)?;
    let security = security.unwrap_or(Security::Tls);
    let port = fields.number("port", Fault::Port, 1..=u16::MAX)?;
    let port = port.unwrap_or_else(|| usual_port(security));
    let place = fields.required("host", |host| {
        Place::at(host, port, security != Security::Loopback).map_err(|_| Fault::Host)
    })?;
    let helo = fields.optional("helo", |name| {
        HeloName::parse(name).map_err(|_| Fault::Helo)
    })?;
    let connections = fields.number("connections", Fault::Connections, 1..=MAX_CONNECTIONS)?;
    let roots = fields.optional("root_certificates", |pem| {
        let trust = Trust::system().and(pem);
        trust.map_err(|_| Fault::Certificates)
    })?;
    Ok(Relay {
        place,
        security,
        login: login(fields)?,
        helo: helo.unwrap_or_else(|| HeloName::of_domain(from)),
        roots: roots.map_or_else(Vec::new, Trust::into_certificates),
        connections: connections.and_then(NonZeroU16::new).unwrap_or(CONNECTIONS),
        patience: Patience::default(),
    })
}

fn login(fields: &Fields) -> Result<Option<Login>, AccountError> {
    let user = fields.optional("user", |text| Ok(text.to_owned()))?;
    let Some(user) = user else {
        // A password without a name is a mistake and not an account without a login.
        return match fields.optional("password", |_| Ok(()))? {
            Some(()) => Err(AccountError::Missing { field: "user" }),
            None => Ok(None),
        };
    };
    let login = fields.required("password", |password| {
        Login::new(&user, password.to_owned().into()).map_err(|_| Fault::Login)
    })?;
    Ok(Some(login))
}

const fn usual_port(security: Security) -> u16 {
    match security {
        Security::Tls => 465,
        Security::StartTls => 587,
        Security::Loopback => 25,
    }
}

fn security(text: &str) -> Result<Security, Fault> {
    match text {
        "tls" => Ok(Security::Tls),
        "starttls" => Ok(Security::StartTls),
        "none" => Ok(Security::Loopback),
        _ => Err(Fault::Security),
    }
}

fn email(text: &str) -> Result<EmailAddress, Fault> {
    EmailAddress::parse(text).map_err(|_| Fault::Email)
}

fn bounces(text: &str) -> Result<TaggedPath, Fault> {
    TaggedPath::new(email(text)?).map_err(|_| Fault::Bounces)
}

#[cfg(test)]
mod tests;
