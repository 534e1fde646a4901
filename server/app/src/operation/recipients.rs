//! What an App's backend says of its users: their clocks, telephone numbers and wishes.

use jiff::Timestamp;
use vestnik_model::{
    AppId, CategoryName, Problem, UserId,
    attributes::{AppSettings, UserAttributes, UserView},
    preference::{Preferences, PreferencesPatch},
};
use vestnik_rules::{
    cost::Prices,
    schedule::{Said, parse_settings},
};
use vestnik_store::{
    Store,
    recipients::{OptOutOutcome, Reader, Whose},
};

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

/// Changes what a user does not want, and gives all of it.
pub(crate) async fn change_preferences(
    store: &dyn Store,
    whose: Whose,
    patch: PreferencesPatch,
    now: Timestamp,
) -> Result<Preferences, Refusal> {
    let PreferencesPatch { opt_out } = patch;
    let problems = opt_out.problems();
    if !problems.is_empty() {
        return Err(Problem::invalid(problems).into());
    }
    match store.change_opt_outs(whose, opt_out, now).await? {
        OptOutOutcome::Now(opt_out) => Ok(Preferences { opt_out }),
        OptOutOutcome::SessionEnded => Err(Refusal::session_ended()),
        OptOutOutcome::TooLong(problems) => Err(Problem::invalid(problems).into()),
    }
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

/// The reader of a letter does not want its category any more, or anything if it had none. Nothing is changed if
/// they are gone, and whoever asks is not told.
pub(crate) async fn unsubscribe_by_letter(
    store: &dyn Store,
    reader: Reader,
    category: Option<CategoryName>,
    now: Timestamp,
) -> Result<(), Refusal> {
    store.unsubscribe_by_letter(reader, category, now).await?;
    Ok(())
}

/// Sets what holds for every user of an App, whole.
pub(crate) async fn put_settings(
    store: &dyn Store,
    app: AppId,
    request: AppSettings,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (zone, prices) = match (parse_settings(&request), Prices::parse(&request.prices)) {
        (Ok(zone), Ok(prices)) => (zone, prices),
        (zone, prices) => {
            let wrong = [zone.err(), prices.err()].into_iter().flatten().flatten();
            return Err(Problem::invalid(wrong.collect()).into());
        }
    };
    store.put_prices(app.clone(), prices, now).await?;
    store.put_default_zone(app, zone, now).await?;
    Ok(())
}

/// What holds for every user of an App.
pub(crate) async fn settings(store: &dyn Store, app: AppId) -> Result<AppSettings, Refusal> {
    let zone = store.default_zone(app.clone()).await?;
    let prices = store.prices(app).await?;
    Ok(AppSettings {
        time_zone: zone.map(|zone| zone.as_str().to_owned()),
        prices: prices.shown(),
    })
}
