//! Tokens and who they belong to, as the good server keeps them.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vestnik_model::UserId;

/// For how many seconds an access token holds, as the server says.
const LIFE_SECONDS: u32 = 3_600;

/// Tokens and who they belong to. Refresh tokens may be used more than once.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    grants: Vec<Grant>,
    /// The generation of each installation's present session.
    present: BTreeMap<String, usize>,
    generations: usize,
}

#[derive(Debug)]
struct Grant {
    user: UserId,
    installation: String,
    generation: usize,
    access: String,
    refresh: String,
    is_access_good: bool,
    is_refresh_good: bool,
}

/// The code of the problem by which credentials are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused(pub(super) &'static str);

/// A token by which a backend vouches for a user. The server does not check its signature.
pub(super) fn identity(user: &UserId) -> String {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.",
        part(json!({"alg": "none"})),
        part(json!({"sub": user}))
    )
}

fn vouched(identity: &str) -> Option<UserId> {
    let payload = identity.split('.').nth(1)?;
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    UserId::parse(claims["sub"].as_str()?).ok()
}

impl Sessions {
    /// Answers a request for tokens.
    pub(super) fn grant(&mut self, request: &Value) -> Result<Value, Refused> {
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        match text("grant_type") {
            "identity_token" => {
                let user = vouched(text("identity_token")).ok_or(Refused("auth.invalid"))?;
                self.generations += 1;
                let generation = self.generations;
                let installation = text("installation_id").to_owned();
                self.present.insert(installation.clone(), generation);
                Ok(self.issue(&user, installation, generation))
            }
            "refresh_token" => {
                let token = text("refresh_token");
                let grant = self.grants.iter().find(|grant| grant.refresh == token);
                let grant = grant.ok_or(Refused("auth.invalid"))?;
                if !grant.is_refresh_good {
                    return Err(Refused("auth.revoked"));
                }
                let (user, installation) = (grant.user.clone(), grant.installation.clone());
                let generation = grant.generation;
                Ok(self.issue(&user, installation, generation))
            }
            _ => Err(Refused("request.invalid")),
        }
    }

    fn issue(&mut self, user: &UserId, installation: String, generation: usize) -> Value {
        let number = self.grants.len() + 1;
        let (access, refresh) = (format!("va_{number}"), format!("vr_{number}"));
        self.grants.push(Grant {
            user: user.clone(),
            installation,
            generation,
            access: access.clone(),
            refresh: refresh.clone(),
            is_access_good: true,
            is_refresh_good: true,
        });
        json!({
            "access_token": access, "token_type": "Bearer", "expires_in": LIFE_SECONDS,
            "refresh_token": refresh, "user": user,
        })
    }

    /// Whose an access token is, good or not.
    pub(super) fn owner(&self, access: &str) -> Option<&UserId> {
        self.by_access(access).map(|grant| &grant.user)
    }

    /// Whose an access token is, if it is good.
    pub(super) fn user(&self, access: Option<&str>) -> Result<UserId, Refused> {
        let grant = access.ok_or(Refused("auth.missing"))?;
        let grant = self.by_access(grant).ok_or(Refused("auth.invalid"))?;
        let is_present = self.present.get(&grant.installation) == Some(&grant.generation);
        if grant.is_access_good && is_present {
            Ok(grant.user.clone())
        } else {
            Err(Refused("auth.invalid"))
        }
    }

    /// Ends the session that an access token belongs to. One of an earlier generation is over already,
    /// and the present one stays.
    pub(super) fn forget(&mut self, access: Option<&str>) -> Result<(), Refused> {
        let access = access.ok_or(Refused("auth.missing"))?;
        let grant = self.by_access(access).ok_or(Refused("auth.invalid"))?;
        let (installation, generation) = (grant.installation.clone(), grant.generation);
        if self.present.get(&installation) == Some(&generation) {
            self.present.remove(&installation);
        }
        self.revoke(|grant| grant.generation == generation);
        Ok(())
    }

    /// Refuses every access token so far; refresh tokens stay good.
    pub(super) fn refuse_access(&mut self) {
        for grant in &mut self.grants {
            grant.is_access_good = false;
        }
    }

    /// Ends all sessions of a user.
    pub(super) fn log_out(&mut self, user: &UserId) {
        self.revoke(|grant| grant.user == *user);
    }

    fn revoke(&mut self, which: impl Fn(&Grant) -> bool) {
        for grant in self.grants.iter_mut().filter(|grant| which(grant)) {
            grant.is_access_good = false;
            grant.is_refresh_good = false;
        }
    }

    fn by_access(&self, access: &str) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.access == access)
    }
}
