//! What messages cost.

use std::fmt;

use serde_json::Value;

use crate::{
    fault::Invalid,
    node::{Node, Object},
    pointer::Pointer,
};

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Millionths of the currency's unit: SMS cost fractions of a cent.
    pub micros: u64,
    /// The currency.
    pub currency: Currency,
}

/// A currency by its code of ISO 4217, such as `RUB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads three capital letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(code))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let currency = Self::parse(node.any_text()?);
        currency.ok_or_else(|| node.rule("must be a code of ISO 4217, such as RUB"))
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.micros / 1_000_000, self.micros % 1_000_000);
        let rest = format!("{rest:06}");
        let shown = rest.trim_end_matches('0');
        let shown = if shown.len() < 2 { &rest[..2] } else { shown };
        write!(f, "{whole}.{shown} {}", self.currency.as_str())
    }
}

/// Millionths of an amount that is written as a number or as a text, with a sign or without: a charge is
/// negative at some gateways. None if it is no amount, or more than a million.
pub(crate) fn micros(value: &Value) -> Option<u64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let text = text.trim_start_matches(['+', '-']);
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 7 || !is_number(whole) || !is_number(rest) {
        return None;
    }
    let rest = format!("{rest:0<6}");
    let whole: u64 = whole.parse().ok()?;
    let rest: u64 = rest.get(..6)?.parse().ok()?;
    let micros = whole * 1_000_000 + rest;
    (micros <= 1_000_000_000_000).then_some(micros)
}

/// Where an amount is in an answer or in a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CostAt {
    amount: Pointer,
    currency: CurrencyAt,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum CurrencyAt {
    Fixed(Currency),
    At(Pointer),
}

impl CostAt {
    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields = node.object(&["amount", "currency", "currency_at"])?;
        Ok(Self {
            amount: fields.need("amount")?.pointer()?,
            currency: match fields.map("currency_at", Node::pointer)? {
                Some(at) => CurrencyAt::At(at),
                None => CurrencyAt::Fixed(Currency::read(&fields.need("currency")?)?),
            },
        })
    }

    pub(crate) fn of(&self, root: &Value) -> Option<Cost> {
        let micros = micros(self.amount.first(root)?)?;
        let currency = match &self.currency {
            CurrencyAt::Fixed(currency) => *currency,
            CurrencyAt::At(at) => Currency::parse(at.first(root)?.as_str()?)?,
        };
        Some(Cost { micros, currency })
    }
}

/// A price that an operator gives: what one message costs, or one part of a longer SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) cost: Cost,
}

impl Price {
    pub(crate) fn read(node: &Node<'_>) -> Result<Self, Invalid> {
        let fields: Object<'_> = node.object(&["amount", "currency"])?;
        let amount = fields.need("amount")?;
        let micros = micros(amount.value)
            .ok_or_else(|| amount.rule("must be an amount such as \"3.20\", at most a million"))?;
        let currency = Currency::read(&fields.need("currency")?)?;
        Ok(Self {
            cost: Cost { micros, currency },
        })
    }

    pub(crate) fn times(self, parts: usize) -> Cost {
        let parts = u64::try_from(parts).unwrap_or(u64::MAX);
        Cost {
            micros: self.cost.micros.saturating_mul(parts),
            ..self.cost
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_amount_is_read_exactly() {
        for (value, wanted) in [
            (json!("3.20"), Some(3_200_000)),
            (json!(0.3), Some(300_000)),
            (json!(2), Some(2_000_000)),
            (json!("-0.00750"), Some(7_500)),
            (json!("0.0333000009"), Some(33_300)),
            (json!("1000000"), Some(1_000_000_000_000)),
            (json!("1000001"), None),
            (json!("12345678"), None),
            (json!("1e3"), None),
            (json!("1,5"), None),
            (json!("."), None),
            (json!(""), None),
            (json!(null), None),
            (json!(true), None),
        ] {
            assert_eq!(micros(&value), wanted, "{value}");
        }
    }

    #[test]
    fn a_cost_is_shown_with_two_digits_or_more() {
        for (micros, wanted) in [
            (3_200_000, "3.20 RUB"),
            (7_500, "0.0075 RUB"),
            (0, "0.00 RUB"),
            (1_000_001, "1.000001 RUB"),
        ] {
            let currency = Currency::parse("RUB").unwrap();
            assert_eq!(Cost { micros, currency }.to_string(), wanted);
        }
    }
}
