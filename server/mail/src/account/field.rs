//! What the fields of an account must be.

use vestnik_outbound::FieldFault;

/// Why a text is no account.
pub type AccountError = vestnik_outbound::AccountError<Fault>;
/// The fields of an account, all of them known.
pub(super) type Fields = vestnik_outbound::Fields<Fault>;

/// What a field must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A text.
    #[error("must be a text that is not empty")]
    Text,
    /// A host.
    #[error("must be a domain name or an IP address")]
    Host,
    /// A port.
    #[error("must be a number from 1 to 65535")]
    Port,
    /// How the connection is protected.
    #[error("must be tls, starttls or none")]
    Security,
    /// A name and a password.
    #[error("must have 1 to 255 characters like the user, and no null character")]
    Login,
    /// An e-mail address.
    #[error("must be an e-mail address")]
    Email,
    /// A name beside an e-mail address.
    #[error("must have 1 to 100 characters and no control characters")]
    Name,
    /// Where bounces go.
    #[error("must be an e-mail address with at most 15 characters and no + before @")]
    Bounces,
    /// What a host calls itself.
    #[error("must be a domain name, or an IP address in brackets")]
    Helo,
    /// A number of connections.
    #[error("must be a number from 1 to 50")]
    Connections,
    /// Certificates.
    #[error("must be certificates in PEM that begin with -----BEGIN CERTIFICATE-----")]
    Certificates,
}

impl FieldFault for Fault {
    const REQUIRED: &[&str] = &["host", "from"];
    const OPTIONAL: &[&str] = &[
        "port",
        "security",
        "user",
        "password",
        "from_name",
        "reply_to",
        "bounces",
        "helo",
        "connections",
        "root_certificates",
    ];
    const TEXT: Self = Self::Text;
}
