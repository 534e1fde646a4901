//! What the fields of an account must be.

use vestnik_outbound::FieldFault;

/// The fields that an account must have.
pub const REQUIRED: &[&str] = &["host", "system_id", "password", "source"];
/// The fields that it may have.
pub const OPTIONAL: &[&str] = &[
    "port",
    "security",
    "system_type",
    "version",
    "source_ton",
    "source_npi",
    "service_type",
    "coding",
    "joining",
    "max_parts",
    "receipts",
    "receipt_ids",
    "window",
    "per_second",
    "root_certificates",
];

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
    #[error("must be tls or none")]
    Security,
    /// Who binds.
    #[error("must have 1 to 15 ASCII characters")]
    SystemId,
    /// What proves it.
    #[error("must have at most 8 ASCII characters")]
    Password,
    /// What kind of system binds.
    #[error("must have at most 12 ASCII characters")]
    SystemType,
    /// A version of the protocol.
    #[error("must be 3.4 or 5.0")]
    Version,
    /// Who messages are from.
    #[error("must be a name of 1 to 11 ASCII characters, a number with +, or a short code")]
    Source,
    /// A field of one octet.
    #[error("must be a number from 0 to 255")]
    Octet,
    /// A service.
    #[error("must have at most 5 ASCII characters")]
    ServiceType,
    /// An alphabet.
    #[error("must be gsm7, latin1, latin1_default or ucs2")]
    Coding,
    /// How parts are joined.
    #[error("must be udh8, udh16, sar or payload")]
    Joining,
    /// A number of parts.
    #[error("must be a number from 1 to 50")]
    MaxParts,
    /// More parts than go out while a message is waited for.
    #[error("must be at most what per_second lets through in 5 seconds, and one")]
    TooSlow,
    /// Of which parts receipts are asked for.
    #[error("must be all, last or none")]
    Receipts,
    /// How ids differ.
    #[error("must be same, decimal or hexadecimal")]
    ReceiptIds,
    /// A number of submissions.
    #[error("must be a number from 1 to 200")]
    Window,
    /// A pace.
    #[error("must be a number from 1 to 10000")]
    PerSecond,
    /// Certificates.
    #[error("must be certificates in PEM that begin with -----BEGIN CERTIFICATE-----")]
    Certificates,
}

impl FieldFault for Fault {
    const REQUIRED: &[&str] = REQUIRED;
    const OPTIONAL: &[&str] = OPTIONAL;
    const TEXT: Self = Self::Text;
}
