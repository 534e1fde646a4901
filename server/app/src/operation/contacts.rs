//! Where users are reached beside their installations, set by their App's backend.

use jiff::Timestamp;
use vestnik_model::{
    AppId, FieldProblem, Problem, UserId,
    contact::{EmailRequest, EmailView},
    email::EmailAddress,
    problem::FieldCode,
};
use vestnik_store::{Store, contacts::Email};

use crate::refusal::Refusal;

/// Sets the e-mail address of a user. A user who is not known is made.
pub(crate) async fn put_email(
    store: &dyn Store,
    app: AppId,
    user: UserId,
    request: EmailRequest,
    now: Timestamp,
) -> Result<(), Refusal> {
    let EmailRequest { address } = request;
    let address = EmailAddress::parse(&address).map_err(|error| {
        let problem = FieldProblem::new("/address", FieldCode::Malformed, error.to_string());
        Problem::invalid(vec![problem])
    })?;
    store.put_email(app, user, address, now).await?;
    Ok(())
}

/// The e-mail address of a user. A user who is not known has none.
pub(crate) async fn email(
    store: &dyn Store,
    app: AppId,
    user: UserId,
) -> Result<EmailView, Refusal> {
    let email = store.email(app, user).await?;
    let Email {
        address,
        set_at,
        died_at,
    } = email.ok_or_else(|| Refusal::not_found("e-mail address"))?;
    Ok(EmailView {
        address: address.to_string(),
        set_at,
        died_at,
    })
}

/// Deletes the e-mail address of a user. One who has none is answered alike.
pub(crate) async fn delete_email(
    store: &dyn Store,
    app: AppId,
    user: UserId,
) -> Result<(), Refusal> {
    store.delete_email(app, user).await?;
    Ok(())
}
