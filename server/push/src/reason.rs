//! Why a push went no further: the closed registry of `class.detail` codes, as far as adapters give them.
//!
//! Each code says whether the push is sent again ([`Reason::retry`]), when the cascade goes on without
//! it ([`Reason::escalation`]) and what becomes of the address ([`Reason::address`]).

use vestnik_model::open::Word;

/// Why a push went no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The service refused our credentials.
    ConfigProviderAuth,
    /// The credentials are good, but not for this app, project or topic.
    ConfigSenderNotAllowed,
    /// The address is no longer in use, or never was an address.
    TokenDead,
    /// The address belongs to another sender or another app.
    TokenMismatch,
    /// The address may belong to the service's other environment.
    TokenWrongEnv,
    /// Too many pushes in too short a time.
    ProviderThrottled,
    /// The service cannot take pushes at the moment.
    ProviderUnavailable,
    /// The service failed.
    ProviderInternal,
    /// The service gave up waiting.
    ProviderTimeout,
    /// The push is larger than the service takes.
    ProviderPayloadTooLarge,
    /// The service refused the push for what it contains.
    ProviderRejected,
    /// The time to live ran out before the push was handed over.
    ExpiredTtl,
    /// The service answered what its documentation does not describe.
    Unknown,
}

/// Whether a push is sent again after a failure with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// No: the answer would be the same.
    Never,
    /// As it is, after a wait, while its time to live lasts.
    Later,
    /// Once more, as it is.
    Once,
    /// After the credentials were renewed or mended.
    AfterRenewal,
    /// Once, to the service's other environment.
    OtherEnvironment,
    /// Once, without its content: the device fetches it.
    WithoutContent,
}

/// When a cascade goes on to its next step after a failure with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escalation {
    /// At once.
    AtOnce,
    /// When the retries are used up.
    Exhausted,
    /// As the App's policy says: the fault is the operator's and concerns every push.
    ByPolicy,
}

/// What becomes of an address after a failure with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressFate {
    /// It stays in use.
    Keep,
    /// It is dead, if the proof is newer than its last refresh.
    Kill,
    /// It stays, marked for the other environment if the push passes there, else it is dead.
    Move,
}

impl Reason {
    /// Whether the push is sent again.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Self::ConfigProviderAuth => Retry::AfterRenewal,
            Self::TokenWrongEnv => Retry::OtherEnvironment,
            Self::ProviderThrottled
            | Self::ProviderUnavailable
            | Self::ProviderInternal
            | Self::ProviderTimeout => Retry::Later,
            Self::ProviderPayloadTooLarge | Self::ProviderRejected => Retry::WithoutContent,
            Self::ConfigSenderNotAllowed
            | Self::TokenDead
            | Self::TokenMismatch
            | Self::ExpiredTtl => Retry::Never,
            Self::Unknown => Retry::Once,
        }
    }

    /// When the cascade goes on without the push.
    #[must_use]
    pub const fn escalation(self) -> Escalation {
        match self {
            Self::ConfigProviderAuth => Escalation::ByPolicy,
            Self::ProviderThrottled
            | Self::ProviderUnavailable
            | Self::ProviderInternal
            | Self::ProviderTimeout => Escalation::Exhausted,
            Self::ConfigSenderNotAllowed
            | Self::TokenDead
            | Self::TokenMismatch
            | Self::TokenWrongEnv
            | Self::ProviderPayloadTooLarge
            | Self::ProviderRejected
            | Self::ExpiredTtl
            | Self::Unknown => Escalation::AtOnce,
        }
    }

    /// What becomes of the address.
    #[must_use]
    pub const fn address(self) -> AddressFate {
        match self {
            Self::TokenDead | Self::TokenMismatch => AddressFate::Kill,
            Self::TokenWrongEnv => AddressFate::Move,
            Self::ConfigProviderAuth
            | Self::ConfigSenderNotAllowed
            | Self::ProviderThrottled
            | Self::ProviderUnavailable
            | Self::ProviderInternal
            | Self::ProviderTimeout
            | Self::ProviderPayloadTooLarge
            | Self::ProviderRejected
            | Self::ExpiredTtl
            | Self::Unknown => AddressFate::Keep,
        }
    }
}

impl Word for Reason {
    const WORDS: &'static [Self] = &[
        Self::ConfigProviderAuth,
        Self::ConfigSenderNotAllowed,
        Self::TokenDead,
        Self::TokenMismatch,
        Self::TokenWrongEnv,
        Self::ProviderThrottled,
        Self::ProviderUnavailable,
        Self::ProviderInternal,
        Self::ProviderTimeout,
        Self::ProviderPayloadTooLarge,
        Self::ProviderRejected,
        Self::ExpiredTtl,
        Self::Unknown,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::ConfigProviderAuth => "config.provider_auth",
            Self::ConfigSenderNotAllowed => "config.sender_not_allowed",
            Self::TokenDead => "token.dead",
            Self::TokenMismatch => "token.mismatch",
            Self::TokenWrongEnv => "token.wrong_env",
            Self::ProviderThrottled => "provider.throttled",
            Self::ProviderUnavailable => "provider.unavailable",
            Self::ProviderInternal => "provider.internal",
            Self::ProviderTimeout => "provider.timeout",
            Self::ProviderPayloadTooLarge => "provider.payload_too_large",
            Self::ProviderRejected => "provider.rejected",
            Self::ExpiredTtl => "expired.ttl",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The registry as its documentation has it: retry, cascade, address, codes.
    #[test]
    fn every_code_has_its_consequences() {
        use {AddressFate::*, Escalation::*, Retry::*};
        let services = [
            "provider.throttled",
            "provider.unavailable",
            "provider.internal",
            "provider.timeout",
        ];
        let contents = ["provider.payload_too_large", "provider.rejected"];
        let rows: [(_, _, _, &[&str]); 8] = [
            (AfterRenewal, ByPolicy, Keep, &["config.provider_auth"]),
            (Never, AtOnce, Keep, &["config.sender_not_allowed"]),
            (Never, AtOnce, Kill, &["token.dead", "token.mismatch"]),
            (OtherEnvironment, AtOnce, Move, &["token.wrong_env"]),
            (Later, Exhausted, Keep, &services),
            (WithoutContent, AtOnce, Keep, &contents),
            (Never, AtOnce, Keep, &["expired.ttl"]),
            (Once, AtOnce, Keep, &["unknown"]),
        ];
        let codes: usize = rows.iter().map(|(_, _, _, codes)| codes.len()).sum();
        assert_eq!(codes, Reason::WORDS.len());
        for (retry, escalation, address, codes) in rows {
            for code in codes {
                let reason = Reason::from_word(code).unwrap();
                assert_eq!(reason.retry(), retry, "{code}");
                assert_eq!(reason.escalation(), escalation, "{code}");
                assert_eq!(reason.address(), address, "{code}");
            }
        }
    }
}
