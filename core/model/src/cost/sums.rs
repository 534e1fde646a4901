//! Amounts in several currencies.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Currency, Money};

/// The most of a sum, in millionths: two of them added are still a number of 63 bits, which databases have.
pub const MAX_SUM: u64 = 4_000_000_000_000_000_000;

/// Amounts by currency, each at most [`MAX_SUM`]: what is more is not counted. In JSON, a list of amounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums(BTreeMap<Currency, u64>);

impl Sums {
    /// Whether nothing is known: not even an amount of zero.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an amount.
    pub fn add(&mut self, money: Money) {
        let sum = self.0.entry(money.currency).or_default();
        *sum = sum.saturating_add(money.micros).min(MAX_SUM);
    }

    /// Takes an amount back. What comes to nothing is left out.
    pub fn take(&mut self, money: Money) {
        if let Some(sum) = self.0.get_mut(&money.currency) {
            *sum = sum.saturating_sub(money.micros);
            if *sum == 0 {
                self.0.remove(&money.currency);
            }
        }
    }

    /// The amounts, by the code of their currency.
    pub fn iter(&self) -> impl Iterator<Item = Money> + '_ {
        let sums = self.0.iter();
        sums.map(|(currency, micros)| Money {
            micros: *micros,
            currency: *currency,
        })
    }
}

impl FromIterator<Money> for Sums {
    fn from_iter<T: IntoIterator<Item = Money>>(amounts: T) -> Self {
        let mut sums = Self::default();
        for money in amounts {
            sums.add(money);
        }
        sums
    }
}

impl Serialize for Sums {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Sums {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Money>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(micros: u64, currency: &str) -> Money {
        let currency = Currency::parse(currency).unwrap();
        Money { micros, currency }
    }

    #[test]
    fn currencies_are_kept_apart() {
        let sums: Sums = [money(1, "RUB"), money(2, "EUR"), money(4, "RUB")]
            .into_iter()
            .collect();
        let all: Vec<_> = sums.iter().collect();
        assert_eq!(all, [money(2, "EUR"), money(5, "RUB")]);
        let json = serde_json::to_string(&sums).unwrap();
        assert_eq!(serde_json::from_str::<Sums>(&json).unwrap(), sums);
    }

    #[test]
    fn a_sum_is_bounded_and_never_negative() {
        let mut sums: Sums = [money(MAX_SUM, "RUB"), money(MAX_SUM, "RUB")]
            .into_iter()
            .collect();
        assert_eq!(sums.iter().collect::<Vec<_>>(), [money(MAX_SUM, "RUB")]);
        sums.take(money(1, "EUR"));
        sums.take(money(MAX_SUM, "RUB"));
        assert!(sums.is_empty());
    }
}
