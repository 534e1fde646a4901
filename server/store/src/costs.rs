//! What messages cost and saved.
//!
//! Amounts are booked by the operations that cause them: [`Dispatch::settle`](crate::Dispatch::settle) books what a try
//! cost that was taken, and a look of a dispatch what a delivery saved, each in its own transaction and once.
//! [`vestnik_rules::cost`] says how much.

use jiff::Timestamp;
use vestnik_model::{
    AppId,
    cost::{CostLine, Month},
};
use vestnik_rules::cost::Prices;

use crate::Answer;

/// What messages of Apps cost and saved.
pub trait Costs {
    /// Sets what messages cost by the settings of an App, whole. An App that is not there has no prices. What was booked
    /// stays as it is.
    fn put_prices(&self, app: AppId, prices: Prices, now: Timestamp) -> Answer<'_, ()>;
    /// What messages cost by the settings of an App; the prices of its accounts with gateways are not among them.
    fn prices(&self, app: AppId) -> Answer<'_, Prices>;
    /// What the messages of an App cost and saved in a month, by the words of the channel, the provider and the
    /// currency. They are kept when notifications and users go.
    fn costs(&self, app: AppId, month: Month) -> Answer<'_, Vec<CostLine>>;
}
