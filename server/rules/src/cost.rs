//! What messages cost, and what was saved because a step before them had reached its goal.
//!
//! # Cost
//! A try costs something only if a service took it: what the gateway said in its answer, else the price of the provider
//! that took it, else the price that the App's settings give for the channel ([`charged`]). If none is known, nothing is
//! booked: nobody guesses. A try of which nobody knows whether it was taken is not charged; its attempt says how many
//! there were, so sums are what is proven.
//!
//! # Saved
//! When a step reached its goal, what would have come next is saved: the price of the first step behind it that has
//! one, by which the person can be reached, and which has not been sent ([`saved`]). Nothing is saved if the step that
//! reached them has a price that is not lower. What the reached step cost itself is not subtracted: it is in `cost`.
//! It is stored with the delivery and booked once. If a further step begins all the same, because a letter came back,
//! it is taken back.
//!
//! # Sums
//! Sums by notification and by month are changed by differences ([`Booking`]), in the transaction that causes them.
//!
//! ```
//! use vestnik_model::{cost::{Currency, Money, PriceRequest}, publish::StepChannel};
//! use vestnik_rules::{attempt::Outcome, cost::{Prices, charged}};
//!
//! let price = PriceRequest { amount: "0.10".into(), currency: "RUB".into() };
//! let prices = Prices::parse(&[("email".to_owned(), price)].into()).map_err(|_| "a price")?;
//! let listed = prices.listed(StepChannel::Email);
//! let cost = charged(&Outcome::Accepted, None, (listed, "Order 8812"));
//! assert_eq!(cost.ok_or("it was taken")?.to_string(), "0.10 RUB");
//! assert_eq!(charged(&Outcome::Unproven, None, (listed, "Order 8812")), None);
//! # Ok::<(), &'static str>(())
//! ```

mod booking;

use std::collections::BTreeMap;

use vestnik_model::{
    FieldProblem, Notification,
    cost::{Currency, MAX_PRICES, Money, Month, Per, Price, PriceRequest, Saved, parse_amount},
    problem::FieldCode,
    publish::{Step, StepChannel},
};

pub use self::booking::{Booking, Change, Totals};
use crate::{
    attempt::{Outcome, State},
    cascade::{Address, Looked, View},
};

/// The prices of an App, by the channel of a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prices {
    /// Those of its settings.
    settings: BTreeMap<StepChannel, Price>,
    /// Those of its accounts with gateways, which count before the others.
    accounts: BTreeMap<StepChannel, Price>,
}

impl Prices {
    /// Reads the prices of an App's settings.
    ///
    /// # Errors
    /// Every problem found, with a pointer into the settings.
    pub fn parse(requests: &BTreeMap<String, PriceRequest>) -> Result<Self, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        if requests.len() > MAX_PRICES {
            let detail = format!("must have at most {MAX_PRICES} channels");
            problems.push(FieldProblem::new("/prices", FieldCode::TooLong, detail));
        }
        let mut settings = BTreeMap::new();
        for (channel, request) in requests.iter().take(MAX_PRICES) {
            match read(channel, request) {
                Ok((channel, price)) => drop(settings.insert(channel, price)),
                Err(of) => problems.extend(of),
            }
        }
        if problems.is_empty() {
            Ok(Self::of_settings(settings))
        } else {
            Err(problems)
        }
    }

    /// The prices that were stored of an App's settings.
    #[must_use]
    pub const fn of_settings(settings: BTreeMap<StepChannel, Price>) -> Self {
        Self {
            settings,
            accounts: BTreeMap::new(),
        }
    }

    /// The prices of the settings, as they are stored.
    #[must_use]
    pub const fn settings(&self) -> &BTreeMap<StepChannel, Price> {
        &self.settings
    }

    /// The prices of the settings, as an administrator reads them.
    #[must_use]
    pub fn shown(&self) -> BTreeMap<String, PriceRequest> {
        let prices = self.settings.iter();
        let shown = prices.map(|(channel, price)| {
            let Money { currency, .. } = price.money;
            let request = PriceRequest {
                amount: price.money.amount(),
                currency: currency.to_string(),
            };
            (channel.as_str().to_owned(), request)
        });
        shown.collect()
    }

    /// Adds the price of an account with a gateway.
    pub fn add_account(&mut self, channel: StepChannel, price: Price) {
        self.accounts.insert(channel, price);
    }

    /// Whether no channel has a price.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty() && self.accounts.is_empty()
    }

    /// The price of the settings of a channel: what a try costs of which neither the gateway nor its account says.
    #[must_use]
    pub fn listed(&self, channel: StepChannel) -> Option<Price> {
        self.settings.get(&channel).copied()
    }

    /// What a message over a channel is expected to cost.
    #[must_use]
    pub fn expected(&self, channel: StepChannel) -> Option<Price> {
        let account = self.accounts.get(&channel).copied();
        account.or_else(|| self.listed(channel))
    }
}

fn read(channel: &str, request: &PriceRequest) -> Result<(StepChannel, Price), Vec<FieldProblem>> {
    let pointer = format!("/prices/{}", channel.replace('~', "~0").replace('/', "~1"));
    let of = |field: &str, code, detail: &str| {
        FieldProblem::new(format!("{pointer}{field}"), code, detail)
    };
    let known = StepChannel::from_code(channel).filter(|known| *known != StepChannel::Hub);
    let currency = Currency::parse(&request.currency);
    let micros = parse_amount(&request.amount);
    let mut problems = Vec::new();
    if known.is_none() {
        let detail = "must be push, email, webhook or the name of a gateway";
        problems.push(of("", FieldCode::Unknown, detail));
    }
    if micros.is_none() {
        let detail = "must be an amount such as 3.20, at most a million, with at most six digits behind the point";
        problems.push(of("/amount", FieldCode::Malformed, detail));
    }
    if currency.is_none() {
        let detail = "must be a code of ISO 4217, such as RUB";
        problems.push(of("/currency", FieldCode::Malformed, detail));
    }
    let (Some(channel), Some(micros), Some(currency)) = (known, micros, currency) else {
        return Err(problems);
    };
    let price = Price {
        money: Money { micros, currency },
        per: Per::Message,
        provider: None,
    };
    Ok((channel, price))
}

/// What a try cost: what its gateway or the price of its provider `said`, else the price that is listed for a text.
#[must_use]
pub fn charged(
    outcome: &Outcome,
    said: Option<Money>,
    (listed, text): (Option<Price>, &str),
) -> Option<Money> {
    match outcome {
        Outcome::Accepted => said.or_else(|| Some(listed?.of(text))),
        Outcome::Unproven
        | Outcome::Held { .. }
        | Outcome::Retry { .. }
        | Outcome::Dead { .. }
        | Outcome::Rejected { .. } => None,
    }
}

/// Whether an answer that comes too late to settle its try is charged: the try was given up or begun anew, and the
/// answer is the first that proves a message of the attempt. A provider that takes a repetition as the same message
/// charges it once, with the try that is settled in its place.
#[must_use]
pub const fn is_charged_late(state: State, is_first_proof: bool, collapses: bool) -> bool {
    let has_another = match state {
        State::Failed => false,
        State::Begun | State::Sending | State::Retrying | State::Sent => true,
    };
    is_first_proof && !(has_another && collapses)
}

/// The text of a notification as its price is counted: gateways send the title and the body, each in a line.
#[must_use]
pub fn text(notification: &Notification) -> String {
    let parts = [notification.title.as_str(), notification.body.as_str()];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

/// What a delivery saved, if a look found that its step had reached its goal.
#[must_use]
pub fn saved(view: &View<'_>, looked: &Looked, (prices, text): (&Prices, &str)) -> Option<Saved> {
    if !looked.is_reached {
        return None;
    }
    let cost = |step: &Step| Some(prices.expected(step.channel)?.of(text));
    let present = usize::from(looked.course.step);
    let own = view.steps.get(looked.course.step).and_then(cost);
    let later = view.steps.as_slice().iter().skip(present + 1);
    let mut priced = later.filter_map(|step| {
        let price = prices.expected(step.channel)?;
        let money = price.of(text);
        let is_next = money.micros > 0 && can_be_sent(view, step.channel);
        is_next.then_some((step.channel, price, money))
    });
    let (channel, price, money) = priced.next()?;
    let is_cheaper =
        own.is_none_or(|own| own.currency != money.currency || own.micros < money.micros);
    is_cheaper.then(|| Saved {
        money,
        channel,
        provider: price.provider,
        month: Month::of(view.now),
    })
}

/// Whether a step would have had something to send, and has not sent it.
fn can_be_sent(view: &View<'_>, channel: StepChannel) -> bool {
    let address = match channel {
        // It is priced by the push, and nobody knows how many there would have been.
        StepChannel::Push | StepChannel::Hub => None,
        StepChannel::Email => view.mailbox,
        StepChannel::Webhook => view.backend,
        StepChannel::Gateway(name) => {
            let mut gateways = view.gateways.iter();
            gateways
                .find(|(known, _)| *known == name)
                .map(|(_, address)| address)
        }
    };
    let is_sent = |address: &Address| {
        let attempt = address.attempt.as_ref();
        attempt.is_some_and(|attempt| attempt.may_be_taken())
    };
    address.is_some_and(|address| address.has_provider && !address.is_dead && !is_sent(address))
}

#[cfg(test)]
mod tests;
