//! What tries cost, and what deliveries save.

use std::collections::BTreeMap;

use rusqlite::Connection;
use vestnik_model::{AppId, Channel, publish::StepChannel};
use vestnik_rules::{
    cascade::Looked,
    cost::{self, Booking, Prices, charged},
    schedule::Hours,
};
use vestnik_store::dispatch::Tried;

use super::{
    super::{
        app, attempt,
        cost::{book, put_saved, take_saved},
        delivery::Key,
        provider,
    },
    Desk, Sending,
    case::Case,
};

/// What messages of an App cost, by its settings and its accounts with gateways.
pub(super) fn prices(
    db: &Connection,
    of: &AppId,
    providers: &BTreeMap<Channel, provider::Known>,
) -> Result<Prices, rusqlite::Error> {
    let mut prices = app::prices(db, of)?;
    for (channel, known) in providers {
        let price = known.gateway.and_then(|traits| traits.price);
        if let Some((name, price)) = channel.gateway().zip(price) {
            prices.add_account(StepChannel::Gateway(name), price);
        }
    }
    Ok(prices)
}

impl Sending {
    /// The text that a price is counted by; none of a notification that cannot be read.
    fn text(&self) -> String {
        self.content.as_deref().map(cost::text).unwrap_or_default()
    }
}

impl Desk<'_> {
    /// Books what a try cost that was settled just now.
    pub(super) fn charge(
        &self,
        key: Key,
        found: &attempt::Found,
        tried: &Tried,
    ) -> Result<(), rusqlite::Error> {
        let listed = self.sending.prices.listed(tried.target.step());
        let text = self.sending.text();
        let Some(money) = charged(&tried.outcome, tried.cost, (listed, &text)) else {
            return Ok(());
        };
        let mut cost = found.cost.clone();
        cost.add(money);
        attempt::set_cost(self.db, key, tried.target, &cost)?;
        let by = (tried.target.channel(), found.provider);
        let booking = Booking::of_cost(by, money, self.now);
        book(self.db, &self.sending.found.subject, &booking)
    }

    /// Books what a delivery saved, once; takes it back when a further step begins all the same.
    pub(super) fn book_saved(&self, case: &Case, looked: &Looked) -> Result<(), rusqlite::Error> {
        let subject = &self.sending.found.subject;
        if !looked.switches.is_empty()
            && let Some(saved) = take_saved(self.db, case.key)?
        {
            book(self.db, subject, &Booking::taken_back(&saved))?;
        }
        if !looked.is_reached || self.sending.prices.is_empty() {
            return Ok(());
        }
        let text = self.sending.text();
        let with = (&self.sending.prices, text.as_str());
        let saved = self.with_view(case, &Hours::Open, |view| cost::saved(view, looked, with));
        match saved {
            Some(saved) if put_saved(self.db, case.key, &saved)? => {
                book(self.db, subject, &Booking::of_saved(&saved))
            }
            Some(_) | None => Ok(()),
        }
    }
}
