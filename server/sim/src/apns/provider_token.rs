//! The provider token: a JWT with ES256 in `authorization`.
//!
//! <https://developer.apple.com/documentation/usernotifications/establishing-a-token-based-connection-to-apns>

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};

use super::reason::Reason;
use crate::{jwt::Jwt, service::Environment};

/// The oldest that a token may be.
const OLDEST: SignedDuration = SignedDuration::from_hours(1);
/// How seldom a token may be replaced by a new one.
const SELDOM: SignedDuration = SignedDuration::from_mins(20);
/// By how many seconds the sender's clock may be ahead.
const SKEW: i64 = 300;
/// For how many connections the last token is remembered.
const MOST: usize = 10_000;

/// A signing key of the team, as Apple keeps it.
#[derive(Debug, Clone)]
pub(crate) struct ProviderKey {
    pub(crate) id: String,
    /// The public key, an uncompressed point.
    pub(crate) public: Vec<u8>,
    /// The one environment that it is for, if it is not for both.
    pub(crate) environment: Option<Environment>,
}

/// The tokens in use, by connection.
#[derive(Debug, Default)]
pub(crate) struct ProviderTokens {
    seen: BTreeMap<u64, Seen>,
}

#[derive(Debug)]
struct Seen {
    token: Vec<u8>,
    key: String,
    since: Timestamp,
}

impl ProviderTokens {
    /// Checks the token of a request.
    pub(super) fn check(
        &mut self,
        (team, keys): (&str, &[ProviderKey]),
        token: Option<&str>,
        (connection, environment): (u64, Environment),
        now: Timestamp,
    ) -> Result<(), Reason> {
        let token = token.ok_or(Reason::MissingProviderToken)?;
        let jwt = Jwt::parse(token).ok_or(Reason::InvalidProviderToken)?;
        let key = keys.iter().find(|key| jwt.header("kid") == Some(&key.id));
        let key = key
            .filter(|key| jwt.text("iss") == Some(team) && jwt.is_es256_of(&key.public))
            .ok_or(Reason::InvalidProviderToken)?;
        let issued = jwt.seconds("iat").ok_or(Reason::InvalidProviderToken)?;
        let age = now.as_second().saturating_sub(issued);
        if age < -SKEW {
            return Err(Reason::InvalidProviderToken);
        }
        if age > OLDEST.as_secs() {
            return Err(Reason::ExpiredProviderToken);
        }
        if key.environment.is_some_and(|only| only != environment) {
            return Err(Reason::BadEnvironmentKeyIdInToken);
        }
        self.remember(connection, &key.id, token, now)
    }

    /// A connection keeps to one key, and does not change its token too often.
    fn remember(
        &mut self,
        connection: u64,
        key: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<(), Reason> {
        let hash = digest(&SHA256, token.as_bytes()).as_ref().to_vec();
        if let Some(seen) = self.seen.get(&connection) {
            if seen.key != key {
                return Err(Reason::UnrelatedKeyIdInToken);
            }
            if seen.token == hash {
                return Ok(());
            }
            if now.duration_since(seen.since) < SELDOM {
                return Err(Reason::TooManyProviderTokenUpdates);
            }
        }
        while self.seen.len() >= MOST {
            // The smallest number is the oldest connection.
            self.seen.pop_first();
        }
        let key = key.to_owned();
        let since = now;
        let token = hash;
        self.seen.insert(connection, Seen { token, key, since });
        Ok(())
    }

    /// Forgets a connection that is closed.
    pub(crate) fn closed(&mut self, connection: u64) {
        self.seen.remove(&connection);
    }
}
