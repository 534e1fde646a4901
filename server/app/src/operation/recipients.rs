//! What an App's backend says of its users: their clocks, telephone numbers and wishes.

use jiff::Timestamp;
use vestnik_model::{
    AppId, CategoryName, Problem, UserId,
    attributes::{AppSettings, UserAttributes, UserView},
    preference::Preferences,
};
use vestnik_rules::schedule::{Said, parse_settings};
use vestnik_store::{Store, recipients::Whose};

use crate::refusal::Refusal;

/// Sets what is known of a user, whole. A user who is not known is made.
pub(crate) async fn put_attributes(
    store: &dyn Store,
    app: AppId,
    user: UserId,
    request: UserAttributes,
    now: Timestamp,
) -> Result<(), Refusal> {
    let said = Said::parse(&request).map_err(Problem::invalid)?;
    store.put_attributes(app, user, said, now).await?;
    Ok(())
}

/// What is known of a user.
pub(crate) async fn attributes(
    store: &dyn Store,
    app: AppId,
    user: UserId,
) -> Result<UserView, Refusal> {
    let said = store.attributes(app, user).await?;
    let said = said.ok_or_else(|| Refusal::not_found("user"))?;
    Ok(said.view())
}

/// Sets what a user does not want, whole.
pub(crate) async fn put_preferences(
    store: &dyn Store,
    whose: Whose,
    request: Preferences,
    now: Timestamp,
) -> Result<(), Refusal> {
    let problems = request.problems();
    if !problems.is_empty() {
        return Err(Problem::invalid(problems).into());
    }
    if !store.put_opt_outs(whose, request.opt_out, now).await? {
        return Err(Refusal::session_ended());
    }
    Ok(())
}

/// What a user does not want; an unknown user wants everything.
pub(crate) async fn preferences(
    store: &dyn Store,
    app: AppId,
    user: UserId,
) -> Result<Preferences, Refusal> {
    let opt_out = store.opt_outs(app, user).await?.unwrap_or_default();
    Ok(Preferences { opt_out })
}

/// The reader of a letter does not want its category any more, or anything if it had none. A user who is gone
/// wants nothing to be changed.
pub(crate) async fn unsubscribe_by_letter(
    store: &dyn Store,
    (app, user): (AppId, UserId),
    category: Option<CategoryName>,
    now: Timestamp,
) -> Result<(), Refusal> {
    store.opt_out(app, user, category, now).await?;
    Ok(())
}

/// Sets what holds for every user of an App, whole.
pub(crate) async fn put_settings(
    store: &dyn Store,
    app: AppId,
    request: AppSettings,
    now: Timestamp,
) -> Result<(), Refusal> {
    let zone = parse_settings(&request).map_err(Problem::invalid)?;
    store.put_default_zone(app, zone, now).await?;
    Ok(())
}

/// What holds for every user of an App.
pub(crate) async fn settings(store: &dyn Store, app: AppId) -> Result<AppSettings, Refusal> {
    let zone = store.default_zone(app).await?;
    Ok(AppSettings {
        time_zone: zone.map(|zone| zone.as_str().to_owned()),
    })
}
