//! What the messages of an App cost and saved in a month.

use vestnik_model::{
    AppId,
    cost::{CostReport, Month},
};
use vestnik_store::Store;

use crate::refusal::Refusal;

/// The report of a month.
pub(crate) async fn costs(
    store: &dyn Store,
    app: AppId,
    month: Month,
) -> Result<CostReport, Refusal> {
    let lines = store.costs(app, month).await?;
    Ok(CostReport::of(month, &lines))
}
