//! A login: an identity token for a pair of tokens.

use vestnik_model::{AppId, InstallationId, InstallationSecret, ProblemCode, TokenResponse};
use vestnik_rules::session::{FamilyId, MAX_INSTALLATIONS};
use vestnik_store::sessions::{Login, LoginOutcome};

use super::Issuing;
use crate::{
    credential::{
        Grant,
        identity::{self, Vouched},
        secret,
    },
    refusal::Refusal,
};

/// Who wants to log in where, and what for proof.
pub(crate) struct LoginRequest {
    pub(crate) app: AppId,
    pub(crate) installation: InstallationId,
    pub(crate) secret: InstallationSecret,
    pub(crate) identity_token: String,
}

/// Makes an installation that of the user for whom the request's identity token vouches. The session
/// before it ends.
pub(crate) async fn log_in(
    with: Issuing<'_>,
    request: LoginRequest,
    vouched: Vouched,
) -> Result<TokenResponse, Refusal> {
    let now = with.clock.now();
    let LoginRequest {
        app,
        installation,
        secret,
        identity_token: _,
    } = request;
    let family = new_family(with.clock.random());
    let login = Login {
        app,
        user: vouched.user,
        installation,
        secret_hash: secret::sha256(secret.bytes()),
        token_use: vouched.token_use,
        family,
        refresh_expires: with.refresh_expires(now),
        max_installations: MAX_INSTALLATIONS,
        now,
    };
    match with.store.login(login).await? {
        LoginOutcome::LoggedIn(session) => {
            tracing::info!(%installation, generation = session.generation, "logged in");
            let grant = Grant {
                session,
                family,
                counter: 1,
            };
            with.response(grant, now)
        }
        LoginOutcome::WrongSecret => Err(Refusal::new(
            ProblemCode::AuthSecretMismatch,
            "the installation exists and has another secret",
        )),
        LoginOutcome::TokenUsed => {
            let detail = "the identity token was used before (`jti`)";
            Err(Refusal::new(ProblemCode::AuthInvalid, detail))
        }
        LoginOutcome::UnknownApp => Err(unknown_key()),
    }
}

/// Finds out for whom the identity token of a request vouches.
///
/// # Errors
/// `auth.invalid`, `auth.expired`.
pub(crate) async fn vouched(with: Issuing<'_>, request: &LoginRequest) -> Result<Vouched, Refusal> {
    let now = with.clock.now();
    let kid = identity::key_id(&request.identity_token)?;
    let key = with.store.identity_key(request.app.clone(), kid).await?;
    let key = key.ok_or_else(unknown_key)?;
    identity::verify(&request.identity_token, &request.app, &key, now)
}

fn new_family(random: [u8; 32]) -> FamilyId {
    let mut id = [0; 16];
    id.copy_from_slice(&random[..16]);
    FamilyId(id)
}

fn unknown_key() -> Refusal {
    let detail = "the App has no identity key of this `kid`";
    Refusal::new(ProblemCode::AuthInvalid, detail)
}
