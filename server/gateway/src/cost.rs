//! What messages cost.

use serde_json::Value;
use vestnik_model::cost::{Currency, MAX_AMOUNT, Money};

use crate::{
    fault::Invalid,
    node::{Node, Object},
    pointer::Pointer,
};

fn currency(node: &Node<'_>) -> Result<Currency, Invalid> {
    let currency = Currency::parse(node.any_text()?);
    currency.ok_or_else(|| node.rule("must be a code of ISO 4217, such as RUB"))
}

/// Millionths of an amount that is written as a number or as a text, with a sign or without: a charge is
/// negative at some gateways. Parts of a millionth are rounded, half of one up. None if it is no amount, or more than
/// a million.
pub(crate) fn micros(value: &Value) -> Option<u64> {
    let (micros, rest) = digits(value)?;
    let is_half = rest.as_bytes().first().is_some_and(|digit| *digit >= b'5');
    let rounded = micros + u64::from(is_half);
    (rounded <= MAX_AMOUNT).then_some(rounded)
}

/// The same, if the amount has no parts of a millionth.
fn exact_micros(value: &Value) -> Option<u64> {
    let (micros, rest) = digits(value)?;
    let is_exact = rest.bytes().all(|digit| digit == b'0');
    (is_exact && micros <= MAX_AMOUNT).then_some(micros)
}

/// Whole millionths, and the digits behind them.
fn digits(value: &Value) -> Option<(u64, String)> {
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
    let (rest, behind) = rest.split_at_checked(6)?;
    let rest: u64 = rest.parse().ok()?;
    Some((whole * 1_000_000 + rest, behind.to_owned()))
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
                None => CurrencyAt::Fixed(currency(&fields.need("currency")?)?),
            },
        })
    }

    pub(crate) fn of(&self, root: &Value) -> Option<Money> {
        let micros = micros(self.amount.first(root)?)?;
        let currency = match &self.currency {
            CurrencyAt::Fixed(currency) => *currency,
            CurrencyAt::At(at) => Currency::parse(at.first(root)?.as_str()?)?,
        };
        Some(Money { micros, currency })
    }
}

/// Reads the price that an operator gives: what one message costs, or one part of a longer SMS.
pub(crate) fn price(node: &Node<'_>) -> Result<Money, Invalid> {
    let fields: Object<'_> = node.object(&["amount", "currency"])?;
    let amount = fields.need("amount")?;
    let micros = exact_micros(amount.value).ok_or_else(|| {
        amount
            .rule("must be an amount such as \"3.20\" with at most six decimals, at most a million")
    })?;
    let currency = currency(&fields.need("currency")?)?;
    Ok(Money { micros, currency })
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
            (json!("0.0333005"), Some(33_301)),
            (json!("0.03330049"), Some(33_300)),
            (json!("0.9999999"), Some(1_000_000)),
            (json!("1000000.0000005"), None),
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
    fn a_price_that_would_be_rounded_is_refused() {
        assert_eq!(exact_micros(&json!("0.0333000")), Some(33_300));
        assert_eq!(exact_micros(&json!("0.033301")), Some(33_301));
        for value in [json!("0.0333005"), json!("0.00000001"), json!("1000001")] {
            assert_eq!(exact_micros(&value), None, "{value}");
        }
    }
}
