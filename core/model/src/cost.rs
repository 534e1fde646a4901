//! Money: what messages cost, what they would have cost, and the monthly report of both.
//!
//! Amounts are whole millionths of a currency's unit, because short messages cost fractions of a cent; in JSON they
//! are texts. Nothing is converted: amounts in several currencies are kept apart ([`Sums`]).
//!
//! ```
//! use vestnik_model::cost::{Currency, Money, Sums};
//!
//! let rub = Currency::parse("RUB").ok_or("a currency")?;
//! let price = Money::parse("3.20", rub).ok_or("an amount")?;
//! assert_eq!(price.micros, 3_200_000);
//! let mut sums = Sums::default();
//! sums.add(price);
//! sums.add(price);
//! assert_eq!(serde_json::to_string(&sums)?, r#"[{"amount":"6.40","currency":"RUB"}]"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod currency;
mod price;
mod report;
mod sums;

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeStruct as _,
};

pub use self::{
    currency::Currency,
    price::{Per, Price, Saved},
    report::{CostLine, CostReport, CostRow, CostTotal, Month, MonthError},
    sums::{MAX_SUM, Sums},
};

/// The most that a message may cost, in millionths: a million.
pub const MAX_AMOUNT: u64 = 1_000_000_000_000;
/// The most channels that settings may give prices of.
pub const MAX_PRICES: usize = 32;

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money {
    /// Millionths of the currency's unit.
    pub micros: u64,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// Reads an amount such as `3.20`, of at most [`MAX_AMOUNT`].
    #[must_use]
    pub fn parse(amount: &str, currency: Currency) -> Option<Self> {
        let micros = parse_amount(amount)?;
        Some(Self { micros, currency })
    }

    /// The amount without its currency: with two digits behind the point, or more if it has more.
    #[must_use]
    pub fn amount(&self) -> String {
        text(self.micros)
    }

    /// So many times the amount, at most [`MAX_SUM`].
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        let times = u64::try_from(times).unwrap_or(u64::MAX);
        Self {
            micros: self.micros.saturating_mul(times).min(MAX_SUM),
            ..self
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Money", 2)?;
        fields.serialize_field("amount", &self.amount())?;
        fields.serialize_field("currency", &self.currency)?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let MoneyView { amount, currency } = MoneyView::deserialize(deserializer)?;
        let micros = micros(&amount).ok_or_else(|| D::Error::custom("is no amount"))?;
        let micros = micros.min(MAX_SUM);
        Ok(Self { micros, currency })
    }
}

/// An amount of money as it is written in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoneyView {
    /// The amount, `3.20`: digits, with at most six behind the point.
    amount: String,
    /// The code of ISO 4217, `RUB`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    currency: Currency,
}

/// What one message over a channel costs, as an operator writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceRequest {
    /// The amount, `3.20`: digits, with at most six behind the point.
    pub amount: String,
    /// The code of ISO 4217, `RUB`.
    pub currency: String,
}

/// Reads an amount such as `3.20`, of at most [`MAX_AMOUNT`], in millionths.
#[must_use]
pub fn parse_amount(text: &str) -> Option<u64> {
    micros(text).filter(|micros| *micros <= MAX_AMOUNT)
}

/// Millionths of an amount that is written with digits and at most one point. Digits behind the sixth are refused
/// unless they are zero.
fn micros(amount: &str) -> Option<u64> {
    let (whole, rest) = amount.split_once('.').unwrap_or((amount, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(rest) {
        return None;
    }
    let (rest, beyond) = rest.split_at(rest.len().min(6));
    if beyond.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let rest: u64 = format!("{rest:0<6}").parse().ok()?;
    let whole: u64 = whole.parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(rest)
}

fn text(micros: u64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    let rest = format!("{rest:06}");
    let shown = rest.trim_end_matches('0');
    let shown = if shown.len() < 2 {
        rest.get(..2).unwrap_or(&rest)
    } else {
        shown
    };
    format!("{whole}.{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rub() -> Currency {
        Currency::parse("RUB").unwrap()
    }

    #[test]
    fn an_amount_is_read_exactly_or_not_at_all() {
        for (text, wanted) in [
            ("3.20", Some(3_200_000)),
            ("0.0075", Some(7_500)),
            ("2", Some(2_000_000)),
            ("0.0000010", Some(1)),
            ("0.0000001", None),
            ("1000000", Some(MAX_AMOUNT)),
            ("1000000.000001", None),
            ("99999999999999999999", None),
            ("-1", None),
            ("1e3", None),
            ("1,5", None),
            (".5", None),
            ("5.", None),
            ("", None),
        ] {
            let read = Money::parse(text, rub()).map(|money| money.micros);
            assert_eq!(read, wanted, "{text}");
        }
    }

    #[test]
    fn an_amount_is_shown_with_two_digits_or_more() {
        for (micros, wanted) in [
            (3_200_000, "3.20 RUB"),
            (7_500, "0.0075 RUB"),
            (0, "0.00 RUB"),
            (1_000_001, "1.000001 RUB"),
        ] {
            let money = Money {
                micros,
                currency: rub(),
            };
            assert_eq!(money.to_string(), wanted);
            let json = serde_json::to_string(&money).unwrap();
            assert_eq!(
                serde_json::from_str::<Money>(&json).unwrap(),
                money,
                "{json}"
            );
        }
    }

    #[test]
    fn many_times_an_amount_is_bounded() {
        let most = Money {
            micros: MAX_AMOUNT,
            currency: rub(),
        };
        assert_eq!(most.times(usize::MAX).micros, MAX_SUM);
        assert_eq!(most.times(3).micros, 3 * MAX_AMOUNT);
    }
}
