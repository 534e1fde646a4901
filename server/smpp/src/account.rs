//! The account of a sender at a message centre, as an operator gives it: one JSON object.
//!
//! ```text
//! host               of the message centre
//! port               optional: 3550 for tls, 2775 for none
//! security           optional: tls (if absent) or none, for a host that the server's operator lists
//! system_id          who binds, 1 to 15 characters
//! password           at most 8 characters
//! system_type        optional: mostly empty
//! version            optional: 3.4 (if absent) or 5.0
//! source             who messages are from: a name of at most 11 characters, a number with +, a short code
//! source_ton         optional: the type of number, if not that of the source's form
//! source_npi         optional: the numbering plan, likewise
//! service_type       optional: at most 5 characters
//! coding             optional: gsm7 (if absent), latin1, latin1_default or ucs2; what does not fit is UCS-2
//! joining            optional: udh8 (if absent), udh16, sar or payload
//! max_parts          optional: the most parts of a message, 1 to 50; 10 if absent. No more than per_second lets
//!                    through in 5 seconds, and one
//! receipts           optional: all (if absent), last or none
//! receipt_ids        optional: those of receipts beside those of answers: same (if absent), caseless (but for
//!                    upper and lower case), unpadded (but for zeros before them), decimal or hexadecimal
//!                    (the same number, which is written in the other base in answers)
//! window             optional: the most submissions without an answer, 1 to 200; 10 if absent
//! per_second         optional: the most submissions in a second, 1 to 10000
//! root_certificates  optional: certificates in PEM to trust besides the system's
//! ```
//! A host that is not public must be listed by the operator, and so must one that is spoken to in plain text
//! ([`Reach`](vestnik_outbound::Reach)).

mod field;

use std::{fmt, num::NonZeroU16};

use secrecy::ExposeSecret as _;
use vestnik_outbound::{Place, Trust};

use self::field::Fields;
pub use self::field::{AccountError, Fault, OPTIONAL, REQUIRED};
use crate::{
    arrival::ReceiptIds,
    login::{Login, LoginError, Role, Version},
    message::{Form, Receipts},
    session::{Config, Patience},
    source::Source,
    text::{Coding, Joining},
};

/// The most parts of a message, and how many if the account does not say.
const PARTS: (usize, usize) = (50, 10);
/// The most submissions without an answer, and how many if the account does not say.
const WINDOW: (u16, NonZeroU16) = (200, NonZeroU16::new(10).expect("it is not 0"));
/// The most submissions in a second.
const MAX_PER_SECOND: u32 = 10_000;

/// The account of a sender at a message centre.
#[derive(Clone)]
pub struct Account {
    place: Place,
    trust: Trust,
    config: Config,
    form: Form,
}

impl Account {
    /// Reads the JSON of an account; the module's page has its fields.
    ///
    /// # Errors
    /// [`AccountError`] that names the field at fault, without what is in it.
    pub fn parse(json: &str) -> Result<Self, AccountError> {
        let fields = Fields::read(json)?;
        let trust = fields.optional("root_certificates", |pem| {
            Trust::system().and(pem).map_err(|_| Fault::Certificates)
        })?;
        Ok(Self {
            place: place(&fields)?,
            trust: trust.unwrap_or_else(Trust::system),
            config: config(&fields)?,
            form: form(&fields)?,
        })
    }

    /// Where the message centre is.
    #[must_use]
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Whose certificates are trusted.
    #[must_use]
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What sessions are configured with.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// How messages are sent.
    #[must_use]
    pub const fn form(&self) -> &Form {
        &self.form
    }

    /// Whether sessions of both are of one account of a message centre, whatever their passwords are.
    #[must_use]
    pub fn binds_as(&self, other: &Self) -> bool {
        let (own, others) = (&self.config.login, &other.config.login);
        self.place == other.place
            && own.system_id() == others.system_id()
            && own.system_type() == others.system_type()
    }

    /// Whether sessions of both log in alike.
    #[must_use]
    pub fn has_login_of(&self, other: &Self) -> bool {
        let (own, others) = (&self.config.login, &other.config.login);
        self.binds_as(other) && own.password().expose_secret() == others.password().expose_secret()
    }

    /// The same for sessions of another kind.
    #[must_use]
    pub const fn with_role(mut self, role: Role) -> Self {
        self.config.login.role = role;
        self
    }

    /// The same with other times.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.config.patience = patience;
        self
    }
}

/// Shows where the message centre is.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

fn place(fields: &Fields) -> Result<Place, AccountError> {
    let is_secure = fields.optional("security", |text| match text {
        "tls" => Ok(true),
        "none" => Ok(false),
        _ => Err(Fault::Security),
    })?;
    let is_secure = is_secure.unwrap_or(true);
    let port = fields.number("port", Fault::Port, 1..=u16::MAX)?;
    let port = port.unwrap_or(if is_secure { 3550 } else { 2775 });
    fields.required("host", |host| {
        Place::at(host, port, is_secure).map_err(|_| Fault::Host)
    })
}

fn config(fields: &Fields) -> Result<Config, AccountError> {
    let (most, usual) = WINDOW;
    let window = fields.number("window", Fault::Window, 1..=most)?;
    let per_second = fields.number("per_second", Fault::PerSecond, 1..=MAX_PER_SECOND)?;
    let receipt_ids = fields.optional("receipt_ids", |text| match text {
        "same" => Ok(ReceiptIds::Same),
        "caseless" => Ok(ReceiptIds::Caseless),
        "unpadded" => Ok(ReceiptIds::Unpadded),
        "decimal" => Ok(ReceiptIds::Decimal),
        "hexadecimal" => Ok(ReceiptIds::Hexadecimal),
        _ => Err(Fault::ReceiptIds),
    })?;
    Ok(Config {
        login: login(fields)?,
        window: window.and_then(NonZeroU16::new).unwrap_or(usual),
        per_second: per_second.and_then(std::num::NonZeroU32::new),
        coding: coding(fields)?,
        receipt_ids: receipt_ids.unwrap_or_default(),
        patience: Patience::default(),
    })
}

fn login(fields: &Fields) -> Result<Login, AccountError> {
    let owned = |text: &str| Ok(text.to_owned());
    let system_id = fields.required("system_id", owned)?;
    let password = fields.required("password", owned)?;
    let system_type = fields.optional("system_type", owned)?;
    let version = fields.optional("version", |text| match text {
        "3.4" => Ok(Version::V3_4),
        "5.0" => Ok(Version::V5_0),
        _ => Err(Fault::Version),
    })?;
    let login = Login::new(
        &system_id,
        password.into(),
        system_type.as_deref().unwrap_or_default(),
        version.unwrap_or_default(),
    );
    login.map_err(|error| {
        let (field, fault) = match error {
            LoginError::SystemId => ("system_id", Fault::SystemId),
            LoginError::Password => ("password", Fault::Password),
            LoginError::SystemType => ("system_type", Fault::SystemType),
        };
        AccountError::Value { field, fault }
    })
}

fn coding(fields: &Fields) -> Result<Coding, AccountError> {
    let coding = fields.optional("coding", |text| match text {
        "gsm7" => Ok(Coding::Gsm7),
        "latin1" => Ok(Coding::Latin1),
        "latin1_default" => Ok(Coding::Latin1Default),
        "ucs2" => Ok(Coding::Ucs2),
        _ => Err(Fault::Coding),
    })?;
    Ok(coding.unwrap_or_default())
}

/// For how long the parts of a message may have to wait for each other: a try does not last for ever.
const LONGEST_MESSAGE_SECONDS: usize = 5;

fn form(fields: &Fields) -> Result<Form, AccountError> {
    let source = fields.required("source", |text| {
        Source::parse(text).map_err(|_| Fault::Source)
    })?;
    let ton = fields.number("source_ton", Fault::Octet, 0..=u8::MAX)?;
    let npi = fields.number("source_npi", Fault::Octet, 0..=u8::MAX)?;
    let joining = fields.optional("joining", |text| match text {
        "udh8" => Ok(Joining::Udh8),
        "udh16" => Ok(Joining::Udh16),
        "sar" => Ok(Joining::Sar),
        "payload" => Ok(Joining::Payload),
        _ => Err(Fault::Joining),
    })?;
    let receipts = fields.optional("receipts", |text| match text {
        "all" => Ok(Receipts::All),
        "last" => Ok(Receipts::Last),
        "none" => Ok(Receipts::None),
        _ => Err(Fault::Receipts),
    })?;
    let service_type = fields.optional("service_type", |text| {
        let fits = text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| text.to_owned()).ok_or(Fault::ServiceType)
    })?;
    let (most, usual) = PARTS;
    let max_parts = fields.number("max_parts", Fault::MaxParts, 1..=most)?;
    let per_second = fields.number("per_second", Fault::PerSecond, 1..=MAX_PER_SECOND)?;
    let in_time = per_second.map_or(most, |count| {
        usize::try_from(count)
            .unwrap_or(most)
            .saturating_mul(LONGEST_MESSAGE_SECONDS)
            .saturating_add(1)
    });
    if max_parts.is_some_and(|parts| parts > in_time) {
        return Err(AccountError::Value {
            field: "max_parts",
            fault: Fault::TooSlow,
        });
    }
    Ok(Form {
        source: source.with(ton, npi),
        coding: coding(fields)?,
        joining: joining.unwrap_or_default(),
        max_parts: max_parts.unwrap_or(usual).min(in_time),
        receipts: receipts.unwrap_or_default(),
        service_type: service_type.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests;
