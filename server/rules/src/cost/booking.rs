//! Sums of what was booked.

use jiff::Timestamp;
use vestnik_model::{
    Channel, Currency, Money, Open, ProviderName, Sums,
    cost::{CostLine, MAX_SUM, Month, Saved},
    publish::StepChannel,
};

/// What was booked in one currency, at one place: each amount at most [`MAX_SUM`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many messages were taken whose cost is known.
    pub messages: u64,
    /// What they cost.
    pub cost: u64,
    /// How many messages were not sent because a step before them had reached its goal.
    pub spared: u64,
    /// What these would have cost.
    pub saved: u64,
}

impl Totals {
    /// Adds a change. A sum is never negative, and what is more than it can hold is not counted.
    pub fn add(&mut self, change: Change) {
        let [messages, cost, spared, saved] = change.differences();
        let count = |sum: u64, by: i64| sum.saturating_add_signed(by);
        let amount = |sum: u64, by: i64| sum.saturating_add_signed(by).min(MAX_SUM);
        *self = Self {
            messages: count(self.messages, messages),
            cost: amount(self.cost, cost),
            spared: count(self.spared, spared),
            saved: amount(self.saved, saved),
        };
    }

    /// What is shown of the totals of a notification: what was paid and what was saved, each in the currencies in which
    /// anything was booked.
    #[must_use]
    pub fn shown(totals: impl IntoIterator<Item = (Currency, Self)>) -> (Sums, Sums) {
        let (mut cost, mut saved) = (Sums::default(), Sums::default());
        for (currency, of) in totals {
            let money = |micros| Money { micros, currency };
            if of.messages > 0 {
                cost.add(money(of.cost));
            }
            if of.spared > 0 {
                saved.add(money(of.saved));
            }
        }
        (cost, saved)
    }

    /// The line of a monthly report.
    #[must_use]
    pub fn line(
        self,
        (channel, provider): (Open<Channel>, Option<String>),
        currency: Currency,
    ) -> CostLine {
        let Self {
            messages,
            cost,
            spared,
            saved,
        } = self;
        CostLine {
            channel,
            provider,
            currency,
            messages,
            cost,
            spared,
            saved,
        }
    }
}

/// A change of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A message was taken that cost so much.
    Cost(u64),
    /// A message was not sent that would have cost so much.
    Saved(u64),
    /// It was sent after all.
    TakenBack(u64),
}

impl Change {
    /// The differences of `messages`, `cost`, `spared` and `saved`.
    #[must_use]
    pub fn differences(self) -> [i64; 4] {
        let signed = |micros: u64| i64::try_from(micros.min(MAX_SUM)).unwrap_or(i64::MAX);
        match self {
            Self::Cost(micros) => [1, signed(micros), 0, 0],
            Self::Saved(micros) => [0, 0, 1, signed(micros)],
            Self::TakenBack(micros) => [0, 0, -1, -signed(micros)],
        }
    }
}

/// An amount, and where it is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booking {
    /// The month.
    pub month: Month,
    /// The channel that took the message, or would have.
    pub channel: Channel,
    /// The provider, of a gateway.
    pub provider: Option<ProviderName>,
    /// The currency.
    pub currency: Currency,
    /// What changes.
    pub change: Change,
}

impl Booking {
    /// That a channel took a message, by a provider if it is a gateway.
    #[must_use]
    pub fn of_cost(
        (channel, provider): (Channel, Option<ProviderName>),
        money: Money,
        now: Timestamp,
    ) -> Self {
        Self {
            month: Month::of(now),
            channel,
            provider,
            currency: money.currency,
            change: Change::Cost(money.micros),
        }
    }

    /// That a delivery saved something.
    #[must_use]
    pub const fn of_saved(saved: &Saved) -> Self {
        Self::of(saved, Change::Saved(saved.money.micros))
    }

    /// That a delivery saved nothing after all: it counts for the month in which it was booked.
    #[must_use]
    pub const fn taken_back(saved: &Saved) -> Self {
        Self::of(saved, Change::TakenBack(saved.money.micros))
    }

    const fn of(saved: &Saved, change: Change) -> Self {
        Self {
            month: saved.month,
            channel: channel(saved.channel),
            provider: saved.provider,
            currency: saved.money.currency,
            change,
        }
    }
}

/// The channel of a step that can be saved; devices are reached by several, and their steps never are.
const fn channel(step: StepChannel) -> Channel {
    match step {
        StepChannel::Push | StepChannel::Hub => Channel::Hub,
        StepChannel::Email => Channel::Email,
        StepChannel::Webhook => Channel::Webhook,
        StepChannel::Gateway(name) => Channel::Gateway(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_leaves_nothing() {
        let mut totals = Totals::default();
        totals.add(Change::Cost(3));
        totals.add(Change::Saved(5));
        let expected = Totals {
            messages: 1,
            cost: 3,
            spared: 1,
            saved: 5,
        };
        assert_eq!(totals, expected);
        totals.add(Change::TakenBack(5));
        totals.add(Change::TakenBack(5));
        let expected = Totals {
            messages: 1,
            cost: 3,
            ..Totals::default()
        };
        assert_eq!(totals, expected);
    }

    #[test]
    fn sums_are_bounded() {
        let mut totals = Totals::default();
        for _ in 0..3 {
            totals.add(Change::Cost(u64::MAX));
        }
        assert_eq!((totals.messages, totals.cost), (3, MAX_SUM));
    }

    #[test]
    fn a_message_that_costs_nothing_is_known_to() {
        let currency = Currency::parse("RUB").unwrap();
        let mut totals = Totals::default();
        assert!(Totals::shown([(currency, totals)]).0.is_empty());
        totals.add(Change::Cost(0));
        let (cost, saved) = Totals::shown([(currency, totals)]);
        let zero = Money {
            micros: 0,
            currency,
        };
        assert_eq!(cost.iter().collect::<Vec<_>>(), [zero]);
        assert!(saved.is_empty());
    }
}
