//! What messages cost and saved.

use jiff::Timestamp;
use vestnik_model::{
    AppId, Channel, Currency, ProviderName,
    cost::{CostLine, Month, Saved},
    publish::StepChannel,
};
use vestnik_rules::{
    cascade::{Looked, View},
    cost::{self, Booking, Prices, charged},
};

use super::{MemoryStore, dispatch::Key, row::NotificationKey, world::World};
use crate::{Answer, Costs, dispatch::Tried};

/// The place of a sum in the months of Apps.
pub(super) type MonthKey = (AppId, Month, Channel, Option<ProviderName>, Currency);

impl Costs for MemoryStore {
    fn put_prices(&self, app: AppId, prices: Prices, now: Timestamp) -> Answer<'_, ()> {
        self.write(now, move |txn| {
            if txn.world.apps.contains_key(&app) {
                txn.world.prices.insert(app, prices);
            }
            Ok(())
        })
    }

    fn prices(&self, app: AppId) -> Answer<'_, Prices> {
        self.read(move |world| world.prices.get(&app).cloned().unwrap_or_default())
    }

    fn costs(&self, app: AppId, month: Month) -> Answer<'_, Vec<CostLine>> {
        self.read(move |world| lines(world, &app, month))
    }
}

fn lines(world: &World, app: &AppId, month: Month) -> Vec<CostLine> {
    let all = world.month_costs.iter();
    let its = all.filter(|((of, at, ..), _)| (of, *at) == (app, month));
    let lines = its.map(|((_, _, channel, provider, currency), totals)| {
        let provider = provider.map(|name| name.to_string());
        totals.line(((*channel).into(), provider), *currency)
    });
    let mut lines: Vec<_> = lines.collect();
    let place = |line: &CostLine| {
        let provider = line.provider.clone().unwrap_or_default();
        (line.channel.to_string(), provider, line.currency)
    };
    lines.sort_by_key(place);
    lines
}

/// What messages of an App cost, by its settings and its accounts with gateways.
fn prices_of(world: &World, app: &AppId) -> Prices {
    let mut prices = world.prices.get(app).cloned().unwrap_or_default();
    for ((of, channel), row) in world.providers.iter() {
        let price = row.provider.gateway.and_then(|traits| traits.price);
        if let Some((name, price)) = channel.gateway().zip(price)
            && of == app
        {
            prices.add_account(StepChannel::Gateway(name), price);
        }
    }
    prices
}

/// The prices and the text that a notification's messages are counted by.
fn counted_by(world: &World, notification: NotificationKey) -> Option<(Prices, String)> {
    let row = world.notifications.get(&notification)?;
    Some((prices_of(world, &row.app), cost::text(&row.notification)))
}

/// Books what a try cost that was settled just now.
pub(super) fn charge(world: &mut World, key: Key, tried: &Tried, now: Timestamp) {
    let Some((prices, text)) = counted_by(world, key.0) else {
        return;
    };
    let listed = prices.listed(tried.target.step());
    let Some(money) = charged(&tried.outcome, tried.cost, (listed, &text)) else {
        return;
    };
    let Some(row) = world.attempts.get_mut(&(key.0, key.1, tried.target)) else {
        return;
    };
    row.cost.add(money);
    let by = (tried.target.channel(), row.provider);
    book(world, key.0, &Booking::of_cost(by, money, now));
}

/// What a delivery saved by a look at it.
pub(super) fn saved_of(
    world: &World,
    notification: NotificationKey,
    (view, looked): (&View<'_>, &Looked),
) -> Option<Saved> {
    let (prices, text) = counted_by(world, notification)?;
    cost::saved(view, looked, (&prices, &text))
}

/// Books what a delivery saved, once; takes it back when a further step begins all the same.
pub(super) fn book_saved(world: &mut World, key: Key, looked: &Looked, saved: Option<Saved>) {
    let Some(row) = world.deliveries.get_mut(&key) else {
        return;
    };
    if !looked.switches.is_empty()
        && let Some(saved) = row.saved.take()
    {
        book(world, key.0, &Booking::taken_back(&saved));
    }
    let Some(row) = world.deliveries.get_mut(&key) else {
        return;
    };
    if let (Some(saved), None) = (saved, row.saved) {
        row.saved = Some(saved);
        book(world, key.0, &Booking::of_saved(&saved));
    }
}

fn book(world: &mut World, notification: NotificationKey, booking: &Booking) {
    let Booking {
        month,
        channel,
        provider,
        currency,
        change,
    } = *booking;
    let Some(row) = world.notifications.get_mut(&notification) else {
        return;
    };
    row.totals.entry(currency).or_default().add(change);
    let place = (row.app.clone(), month, channel, provider, currency);
    world.month_costs.entry(place).or_default().add(change);
}
