//! The SMTP server that takes our letters, and how it is spoken to.

use std::{fmt, num::NonZeroU16, time::Duration};

use rustls::pki_types::CertificateDer;
use secrecy::SecretString;
use vestnik_model::email::EmailAddress;
use vestnik_outbound::Place;

/// A server that takes our letters and delivers them: a relay or a submission server.
#[derive(Debug, Clone)]
pub struct Relay {
    /// Its host and port; 465, 587 and 25 are usual.
    pub place: Place,
    /// How the connection is protected.
    pub security: Security,
    /// How we identify ourselves, if the server asks for it.
    pub login: Option<Login>,
    /// What this host calls itself in `EHLO`; servers may compare it with the address.
    pub helo: HeloName,
    /// Certificates of authorities that are trusted beside the system's.
    pub roots: Vec<CertificateDer<'static>>,
    /// The most connections at a time. Too many are taken for a flood by some servers; with too few a
    /// mailing takes longer.
    pub connections: NonZeroU16,
    /// How long each part may take.
    pub patience: Patience,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314, 3.3).
    Tls,
    /// TLS by `STARTTLS`; a server without it gets nothing.
    StartTls,
    /// None: only to a server on this host.
    Loopback,
}

/// How long a server may take before the connection is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the wait for a connection, while others use all that there may be. A server that takes nothing for
    /// so long is left alone.
    pub place: Duration,
    /// For everything about one letter up to its end, the wait for a connection included: until then the
    /// server cannot have it.
    pub written: Duration,
    /// For the connection and TLS, each.
    pub connect: Duration,
    /// For the greeting and for the answers to `EHLO` and `AUTH`. Nothing is lost with a connection that was
    /// not opened, and another one is opened later.
    pub opening: Duration,
    /// For the answers to `MAIL`, `RCPT` and `DATA`, and for the writing of a letter (RFC 5321, 4.5.3.2: up to
    /// five minutes).
    pub answer: Duration,
    /// For the answer to a whole letter. Filters look at it before they answer: too short a time makes
    /// hand-overs unproven, and readers get a letter twice (RFC 5321, 4.5.3.2.6: ten minutes).
    pub verdict: Duration,
    /// For how long an idle connection is kept. Servers close theirs after some minutes at the latest.
    pub idle: Duration,
}

impl Patience {
    /// [`Self::written`] of the default.
    pub const WRITTEN: Duration = Duration::from_secs(12 * 60);
    /// [`Self::verdict`] of the default.
    pub const VERDICT: Duration = Duration::from_secs(10 * 60);
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            place: Duration::from_secs(60),
            written: Self::WRITTEN,
            connect: Duration::from_secs(5),
            opening: Duration::from_secs(30),
            answer: Duration::from_secs(5 * 60),
            verdict: Self::VERDICT,
            idle: Duration::from_secs(20),
        }
    }
}

/// A name and a password.
#[derive(Clone)]
pub struct Login {
    user: String,
    password: SecretString,
}

/// A name or a password that `AUTH PLAIN` cannot carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to 255 characters and no null character")]
pub struct LoginError;

impl Login {
    /// A name and a password of 1 to 255 bytes each (RFC 4616).
    ///
    /// # Errors
    /// [`LoginError`] if one of them is empty, too long or has a null character.
    pub fn new(user: &str, password: SecretString) -> Result<Self, LoginError> {
        use secrecy::ExposeSecret as _;
        let fits = |text: &str| (1..=255).contains(&text.len()) && !text.contains('\0');
        if !fits(user) || !fits(password.expose_secret()) {
            return Err(LoginError);
        }
        let user = user.to_owned();
        Ok(Self { user, password })
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) const fn password(&self) -> &SecretString {
        &self.password
    }
}

/// Shows neither.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").finish_non_exhaustive()
    }
}

/// What a host calls itself: a domain name or an address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeloName(String);

/// A text is no name of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a domain name, or an IP address in brackets")]
pub struct HeloNameError;

impl HeloName {
    /// Reads a name such as `push.shop.example` or `[192.0.2.1]`.
    ///
    /// # Errors
    /// [`HeloNameError`] if it is something else.
    pub fn parse(text: &str) -> Result<Self, HeloNameError> {
        let literal = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(address) = literal {
            let address = address.strip_prefix("IPv6:").unwrap_or(address);
            let is_address = address.parse::<std::net::IpAddr>().is_ok();
            return is_address
                .then(|| Self(text.to_owned()))
                .ok_or(HeloNameError);
        }
        let name = idna::domain_to_ascii_strict(text).map_err(|_| HeloNameError)?;
        (!name.is_empty())
            .then_some(Self(name))
            .ok_or(HeloNameError)
    }

    /// The domain of an address.
    #[must_use]
    pub fn of_domain(address: &EmailAddress) -> Self {
        Self(address.domain().to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
