//! What messages cost and saved.

use jiff::Timestamp;
use vestnik_model::{
    AppId,
    cost::{CostLine, Month},
};
use vestnik_rules::cost::Prices;
use vestnik_sqlite::Priority;
use vestnik_store::{Answer, Costs};

use crate::{
    SqliteStore,
    store::Class,
    table::{app, cost},
};

impl Costs for SqliteStore {
    fn put_prices(&self, app: AppId, prices: Prices, _now: Timestamp) -> Answer<'_, ()> {
        self.write(Priority::Normal, move |txn| {
            app::set_prices(txn, &app, &prices)
        })
    }

    fn prices(&self, app: AppId) -> Answer<'_, Prices> {
        self.read(Class::List, move |db| app::prices(db, &app))
    }

    fn costs(&self, app: AppId, month: Month) -> Answer<'_, Vec<CostLine>> {
        let unreadable = self.unreadable();
        self.read(Class::List, move |db| {
            cost::of_month(db, &app, month, &unreadable)
        })
    }
}
