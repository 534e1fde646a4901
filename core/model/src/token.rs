//! How an installation logs in: its App's backend vouches for the user, the server issues tokens.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::id::{AppId, InstallationId, UserId};

/// Asks for tokens; the form follows OAuth 2.0 (RFC 6749) with its `grant_type`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "grant_type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TokenRequest {
    /// A JWT by which the App's backend vouches for its user (`sub`) makes the installation theirs.
    IdentityToken {
        /// The tenant.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        app: AppId,
        /// The installation that logs in.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        installation_id: InstallationId,
        /// What the installation proves itself by: made at its first run and the same at every
        /// login. The server stores its SHA-256.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        installation_secret: InstallationSecret,
        /// The JWT: `sub` the user, `aud` the App, `exp` at most a day ahead.
        identity_token: String,
    },
    /// A refresh token gives the next pair.
    RefreshToken {
        /// The token of the last answer.
        refresh_token: String,
        /// The installation's secret: needed when the server was restored from a backup and knows
        /// only an earlier token of the family.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
        installation_secret: Option<InstallationSecret>,
    },
}

/// Names the grant only: tokens stay out of logs.
impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdentityToken {
                app,
                installation_id,
                ..
            } => f
                .debug_struct("IdentityToken")
                .field("app", app)
                .field("installation_id", installation_id)
                .finish_non_exhaustive(),
            Self::RefreshToken { .. } => f.debug_struct("RefreshToken").finish_non_exhaustive(),
        }
    }
}

/// What an installation proves itself by: 32 random bytes, written as 43 characters of base64url
/// without padding (RFC 4648, section 5).
#[derive(Clone, PartialEq, Eq)]
pub struct InstallationSecret([u8; 32]);

/// The text is no installation secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 32 bytes as 43 characters of base64url without padding")]
pub struct ParseSecretError;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl InstallationSecret {
    /// The characters of the text form.
    pub const CHARS: usize = 43;

    /// Takes random bytes as a secret.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`ParseSecretError`] when it is not the one text form of 32 bytes.
    pub fn parse(text: &str) -> Result<Self, ParseSecretError> {
        if text.len() != Self::CHARS {
            return Err(ParseSecretError);
        }
        let mut bytes = [0; 32];
        let (mut bits, mut count, mut filled) = (0_u32, 0, 0);
        for character in text.bytes() {
            bits = (bits << 6) | sextet(character).ok_or(ParseSecretError)?;
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes[filled] = (bits >> count).to_be_bytes()[3];
                filled += 1;
            }
        }
        let spare = bits & ((1 << count) - 1);
        if spare == 0 {
            Ok(Self(bytes))
        } else {
            Err(ParseSecretError)
        }
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The text form, to be sent or stored. Keep it out of logs.
    #[must_use]
    pub fn expose(&self) -> String {
        let character = |sextet: usize| char::from(ALPHABET[sextet & 63]);
        let mut text = String::with_capacity(Self::CHARS);
        for group in self.0.chunks(3) {
            let bits = (0..3).fold(0_usize, |bits, index| {
                (bits << 8) | usize::from(group.get(index).copied().unwrap_or_default())
            });
            text.extend((0..=group.len()).map(|index| character(bits >> (18 - 6 * index))));
        }
        text
    }
}

fn sextet(character: u8) -> Option<u32> {
    let index = ALPHABET.iter().position(|known| *known == character)?;
    u32::try_from(index).ok()
}

/// Shows nothing of the secret.
impl fmt::Debug for InstallationSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstallationSecret(…)")
    }
}

impl Serialize for InstallationSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.expose())
    }
}

impl<'de> Deserialize<'de> for InstallationSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A pair of tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenResponse {
    /// What to send as `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: TokenType,
    /// For how many seconds from now the access token holds.
    pub expires_in: u32,
    /// What to get the next pair with, once.
    pub refresh_token: String,
    /// Whose the installation is now.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user: UserId,
    /// Whose session it is: not always the one that asks, which may have replaced another. Absent from servers before this
    /// field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub installation_id: Option<InstallationId>,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("expires_in", &self.expires_in)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// How an access token is presented (RFC 6750).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TokenType {
    /// In the `Authorization` header, or in a hub's `access_token` query.
    Bearer,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn a_secret_has_one_text_form(bytes: [u8; 32]) {
            let secret = InstallationSecret::from_bytes(bytes);
            let text = secret.expose();
            prop_assert_eq!(text.len(), InstallationSecret::CHARS);
            prop_assert_eq!(InstallationSecret::parse(&text), Ok(secret));
        }
    }

    #[test]
    fn other_texts_are_no_secrets() {
        let good = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
        assert_eq!(InstallationSecret::parse(good).unwrap().bytes(), &[1; 32]);
        // The last character has two spare bits, which must be zero.
        for bad in [
            &good[1..],
            &format!("{good}="),
            &good.replace('A', "+"),
            &format!("{}F", &good[..42]),
        ] {
            assert_eq!(
                InstallationSecret::parse(bad),
                Err(ParseSecretError),
                "{bad}"
            );
        }
    }

    #[test]
    fn requests_on_the_wire() {
        let secret = InstallationSecret::from_bytes([7; 32]);
        let requests = [
            TokenRequest::IdentityToken {
                app: AppId::parse("shop").unwrap(),
                installation_id: "ins_00000000000000000000000000000009".parse().unwrap(),
                installation_secret: secret.clone(),
                identity_token: "e30.e30.sig".to_owned(),
            },
            TokenRequest::RefreshToken {
                refresh_token: "vr_1".to_owned(),
                installation_secret: Some(secret),
            },
            TokenRequest::RefreshToken {
                refresh_token: "vr_1".to_owned(),
                installation_secret: None,
            },
        ];
        insta::assert_json_snapshot!(requests);
        for request in requests {
            let json = serde_json::to_value(&request).unwrap();
            assert_eq!(
                serde_json::from_value::<TokenRequest>(json).unwrap(),
                request
            );
            let shown = format!("{request:?}");
            assert!(!shown.contains("vr_1") && !shown.contains("BwcH") && !shown.contains("e30"));
        }
    }

    #[test]
    fn a_login_needs_the_secret() {
        let request = json!({"grant_type": "identity_token", "app": "shop",
            "installation_id": "ins_00000000000000000000000000000009", "identity_token": "x"});
        assert!(serde_json::from_value::<TokenRequest>(request).is_err());
    }

    #[test]
    fn the_answer_on_the_wire() {
        insta::assert_json_snapshot!(TokenResponse {
            access_token: "a".to_owned(),
            token_type: TokenType::Bearer,
            expires_in: 900,
            refresh_token: "r".to_owned(),
            user: UserId::parse("anna").unwrap(),
            installation_id: Some("ins_00000000000000000000000000000009".parse().unwrap()),
        });
    }
}
