//! Sessions and tokens, as `Tokens` of the domain says.

use vestnik_model::{
    InstallationId, InstallationSecret, ProblemCode, TokenRequest, TokenResponse, UserId,
    token::TokenType,
};

use super::{
    answer::{Effect, Refusal, Server},
    state::{Family, Installation},
};
use crate::time::{At, MINUTE};

/// How long an access token holds.
const ACCESS: u32 = 900;

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) installation: InstallationId,
    pub(crate) user: UserId,
    generation: u64,
    life: u32,
    expires_at: At,
    family: u64,
    number: u64,
}

/// A token by which the App's backend vouches for a user.
pub(crate) fn identity_token(user: &UserId, number: u64, is_once: bool) -> String {
    format!("identity/{user}/{number}/{is_once}")
}

/// Whose session an access token names.
pub(crate) fn user_of(token: &str) -> Option<UserId> {
    read_access(token).map(|access| access.user)
}

fn refused(code: ProblemCode) -> Refusal {
    Refusal {
        code,
        retry_after: None,
    }
}

impl Server {
    pub(super) fn token(
        &mut self,
        now: At,
        request: &TokenRequest,
    ) -> Result<TokenResponse, Refusal> {
        match request {
            TokenRequest::IdentityToken {
                installation_id,
                installation_secret,
                identity_token,
                ..
            } => self.log_in(now, *installation_id, installation_secret, identity_token),
            TokenRequest::RefreshToken {
                refresh_token,
                installation_secret,
            } => self.refresh(now, refresh_token, installation_secret.as_ref()),
        }
    }

    fn log_in(
        &mut self,
        now: At,
        id: InstallationId,
        secret: &InstallationSecret,
        identity: &str,
    ) -> Result<TokenResponse, Refusal> {
        let invalid = || refused(ProblemCode::AuthInvalid);
        let parts: Vec<_> = identity.split('/').collect();
        let ["identity", user, _, is_once] = parts[..] else {
            return Err(invalid());
        };
        let user = UserId::parse(user).map_err(|_| invalid())?;
        let known = self.state.installations.get(&id);
        if known.is_some_and(|known| known.secret != *secret) {
            return Err(invalid());
        }
        if is_once == "true" && !self.state.used.insert(identity.to_owned()) {
            return Err(invalid());
        }
        let generation = known.map_or(1, |known| known.generation + 1);
        let key = known.and_then(|known| known.key.clone());
        let address = known.and_then(|known| known.address.clone());
        self.families += 1;
        let family = Family {
            id: self.families,
            newest: 1,
            is_used: false,
            given_at: None,
        };
        let installation = Installation {
            secret: secret.clone(),
            generation,
            user: Some(user),
            family: Some(family),
            key,
            address,
            opened_at: None,
            puts: 0,
        };
        self.state.installations.insert(id, installation);
        self.end_links(id, Some(generation));
        self.granted(now, id).ok_or_else(invalid)
    }

    fn refresh(
        &mut self,
        now: At,
        token: &str,
        secret: Option<&InstallationSecret>,
    ) -> Result<TokenResponse, Refusal> {
        let invalid = || refused(ProblemCode::AuthInvalid);
        let (id, family, number) = read_refresh(token).ok_or_else(invalid)?;
        let installation = self.state.installations.get_mut(&id).ok_or_else(invalid)?;
        if secret.is_some_and(|secret| *secret != installation.secret) {
            return Err(invalid());
        }
        let own = installation.family.as_mut().filter(|own| own.id == family);
        let own = own.ok_or_else(invalid)?;
        let is_fresh = own.given_at.is_some_and(|at| now < at + MINUTE);
        if number > own.newest && secret.is_none() {
            return Err(invalid());
        }
        if number > own.newest || (number == own.newest && !is_fresh) {
            own.newest = number + 1;
            own.is_used = false;
            own.given_at = Some(now);
        } else if number == own.newest {
            own.is_used = true;
        } else if number + 1 == own.newest && (!own.is_used || is_fresh) {
            if !own.is_used {
                own.given_at = Some(now);
            }
        } else {
            self.end_session(id);
            return Err(refused(ProblemCode::AuthRevoked));
        }
        self.granted(now, id).ok_or_else(invalid)
    }

    /// The newest tokens of an installation's session.
    fn granted(&self, now: At, id: InstallationId) -> Option<TokenResponse> {
        let installation = self.state.installations.get(&id)?;
        let (user, family) = (installation.user.clone()?, installation.family.as_ref()?);
        let expires_at = now + u64::from(ACCESS) * 1_000;
        let access = format!(
            "access/{id}/{user}/{}/{}/{expires_at}/{}/{}",
            installation.generation, self.state.life, family.id, family.newest
        );
        Some(TokenResponse {
            access_token: access,
            token_type: TokenType::Bearer,
            expires_in: ACCESS,
            refresh_token: format!("refresh/{id}/{}/{}", family.id, family.newest),
            user,
            installation_id: Some(id),
        })
    }

    /// Whose present session an access token names. It is seen with that.
    pub(super) fn authenticate(&mut self, now: At, token: &str) -> Result<Access, Refusal> {
        let access = read_access(token).ok_or_else(|| refused(ProblemCode::AuthInvalid))?;
        if access.life != self.state.life || access.expires_at <= now {
            return Err(refused(ProblemCode::AuthInvalid));
        }
        if !self.is_present(&access) {
            return Err(refused(ProblemCode::AuthRevoked));
        }
        let installation = self.state.installations.get_mut(&access.installation);
        if let Some(family) = installation.and_then(|one| one.family.as_mut())
            && family.id == access.family
            && family.newest == access.number
        {
            family.is_used = true;
        }
        Ok(access)
    }

    pub(super) fn is_present(&self, access: &Access) -> bool {
        let installation = self.state.installations.get(&access.installation);
        installation.is_some_and(|one| {
            one.generation == access.generation && one.user.as_ref() == Some(&access.user)
        })
    }

    pub(super) fn delete(
        &mut self,
        now: At,
        token: &str,
        id: InstallationId,
    ) -> Result<(), Refusal> {
        let access = self.authenticate(now, token)?;
        if access.installation != id {
            return Err(refused(ProblemCode::AuthForbidden));
        }
        self.end_session(id);
        Ok(())
    }

    /// The App's backend ends a session, or a reuse was found.
    pub(crate) fn end_session(&mut self, id: InstallationId) {
        if let Some(installation) = self.state.installations.get_mut(&id) {
            installation.generation += 1;
            installation.user = None;
            installation.family = None;
            self.end_links(id, None);
        }
    }

    /// Access tokens are void from now on, as after a change of the server's key.
    pub(crate) fn void_access(&mut self) {
        self.lives += 1;
        self.state.life = self.lives;
    }

    /// Ends the live connections of an installation, except those of a generation.
    fn end_links(&mut self, id: InstallationId, keep: Option<u64>) {
        let of = |access: &Access| access.installation == id && Some(access.generation) != keep;
        let ended: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| of(&link.access))
            .map(|(link, _)| *link)
            .collect();
        for link in ended {
            self.links.remove(&link);
            self.effects.push(Effect::End(link));
        }
    }
}

fn read_refresh(token: &str) -> Option<(InstallationId, u64, u64)> {
    let parts: Vec<_> = token.split('/').collect();
    let ["refresh", id, family, number] = parts[..] else {
        return None;
    };
    Some((id.parse().ok()?, family.parse().ok()?, number.parse().ok()?))
}

fn read_access(token: &str) -> Option<Access> {
    let parts: Vec<_> = token.split('/').collect();
    let [
        "access",
        id,
        user,
        generation,
        life,
        expires_at,
        family,
        number,
    ] = parts[..]
    else {
        return None;
    };
    Some(Access {
        installation: id.parse().ok()?,
        user: UserId::parse(user).ok()?,
        generation: generation.parse().ok()?,
        life: life.parse().ok()?,
        expires_at: expires_at.parse().ok()?,
        family: family.parse().ok()?,
        number: number.parse().ok()?,
    })
}
