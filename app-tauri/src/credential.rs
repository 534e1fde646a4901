//! A sign-in code: the identity token by which the App's backend vouches for a user.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use tauri::Url;
use vestnik_core::Secret;
use vestnik_model::UserId;

/// The most characters of a code. Identity tokens have some hundreds.
const MAX_CHARS: usize = 16 * 1_024;

/// The scheme of links to this app, as `tauri.conf.json` registers it.
const SCHEME: &str = "vestnik";

/// The link that carries a code: `vestnik://sign-in?token=…`.
const LINK_HOST: &str = "sign-in";

/// A user, and the token by which the App's backend vouches for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    /// The user.
    pub(crate) user: UserId,
    /// The token.
    pub(crate) token: Secret,
}

/// The text is not a sign-in code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a sign-in code")]
pub(crate) struct CodeUnreadable;

/// The claims of a JWT that matter here. Whether they are true is for the server to say.
#[derive(Deserialize)]
struct Claims {
    sub: String,
}

impl Credential {
    /// Reads what a person pasted: a JWT (RFC 7519), perhaps wrapped over lines, or a link that
    /// carries one. The user is its subject.
    pub(crate) fn parse(text: &str) -> Result<Self, CodeUnreadable> {
        let text = text.trim();
        let token = match code_of_link(text) {
            Some(code) => code,
            None => text.to_owned(),
        };
        let token: String = token.split_whitespace().collect();
        // RFC 7515, section 2: base64url and dots.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.=".contains(&byte);
        if token.len() > MAX_CHARS || !token.bytes().all(is_plain) {
            return Err(CodeUnreadable);
        }
        let mut parts = token.split('.');
        let (Some(_), Some(claims), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(CodeUnreadable);
        };
        let claims = BASE64_URL_SAFE_NO_PAD
            .decode(claims.trim_end_matches('='))
            .map_err(|_| CodeUnreadable)?;
        let claims: Claims = serde_json::from_slice(&claims).map_err(|_| CodeUnreadable)?;
        Ok(Self {
            user: UserId::parse(claims.sub).map_err(|_| CodeUnreadable)?,
            token: Secret::new(token),
        })
    }
}

/// The code that a link to this app carries, if the text is such a link.
pub(crate) fn code_of_link(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_ours = url.scheme() == SCHEME && url.host_str() == Some(LINK_HOST);
    if !is_ours || text.len() > MAX_CHARS {
        return None;
    }
    let (_, token) = url.query_pairs().find(|(name, _)| name == "token")?;
    Some(token.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token whose claims are these, with a signature that nobody checks here.
    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_user_of_a_code_is_its_subject() {
        let code = token(r#"{"sub":"anna","exp":1}"#);
        let (before, after) = code.split_at(9);
        for pasted in [
            code.clone(),
            format!("  {code}\n"),
            format!("{before}\r\n  {after}"),
            format!("vestnik://sign-in?token={code}"),
            format!("vestnik://sign-in/?from=mail&token={code}"),
        ] {
            let credential = Credential::parse(&pasted).unwrap();
            assert_eq!(credential.user.as_str(), "anna", "{pasted}");
            assert_eq!(credential.token.expose(), code, "{pasted}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in [
            "",
            "anna",
            "a.b",
            "a.b.c",
            "vestnik://open?token=a.b.c",
            "https://sign-in/?token=e30.eyJzdWIiOiJhbm5hIn0.c2ln",
            &token("{}"),
            &token(r#"{"sub":7}"#),
            &token(r#"{"sub":""}"#),
            &format!("{}.x", token(r#"{"sub":"anna"}"#)),
            &"x".repeat(MAX_CHARS + 1),
        ] {
            assert_eq!(Credential::parse(text), Err(CodeUnreadable), "{text}");
        }
    }

    #[test]
    fn a_code_is_not_shown() {
        let code = token(r#"{"sub":"anna"}"#);
        let credential = Credential::parse(&code).unwrap();
        assert!(!format!("{credential:?}").contains(&code));
    }

    #[test]
    fn only_the_sign_in_link_carries_a_code() {
        let code = |text| code_of_link(text);
        assert_eq!(
            code("vestnik://sign-in?token=a.b.c").as_deref(),
            Some("a.b.c")
        );
        assert_eq!(code("vestnik://sign-in?other=a.b.c"), None);
        assert_eq!(code("vestnik://inbox?token=a.b.c"), None);
        assert_eq!(code("--background"), None);
    }
}
