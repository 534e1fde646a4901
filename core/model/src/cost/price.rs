//! Prices: what one message costs before anybody asked the gateway.

use serde::{Deserialize, Serialize};

use super::{Money, Month};
use crate::{gateway::ProviderName, publish::StepChannel, sms};

/// What a price is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A message.
    #[default]
    Message,
    /// One part of a short message: a longer text is sent as several.
    SmsPart,
}

/// What a message over a channel costs by the word of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The amount.
    #[serde(flatten)]
    pub money: Money,
    /// What it is of.
    #[serde(default)]
    pub per: Per,
    /// The provider of a gateway that has the price; absent of a price in the settings of the App.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
}

impl Price {
    /// What a message with a text costs.
    #[must_use]
    pub fn of(&self, text: &str) -> Money {
        match self.per {
            Per::Message => self.money,
            Per::SmsPart => self.money.times(sms::parts(text)),
        }
    }
}

/// What a delivery saved: the price of the first step with one that did not have to begin. It is stored with the
/// delivery, so that it is taken back if that step begins after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The amount.
    #[serde(flatten)]
    pub money: Money,
    /// The channel of that step.
    pub channel: StepChannel,
    /// The provider of a gateway whose price it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderName>,
    /// The month that it counts for.
    pub month: Month,
}

#[cfg(test)]
mod tests {
    use super::{super::Currency, *};

    #[test]
    fn a_longer_short_message_costs_each_of_its_parts() {
        let currency = Currency::parse("RUB").unwrap();
        let money = Money::parse("3.20", currency).unwrap();
        let price = |per| Price {
            money,
            per,
            provider: None,
        };
        let text = "a".repeat(161);
        assert_eq!(price(Per::SmsPart).of(&text).to_string(), "6.40 RUB");
        assert_eq!(price(Per::Message).of(&text).to_string(), "3.20 RUB");
    }

    #[test]
    fn a_stored_price_is_read_back() {
        let currency = Currency::parse("EUR").unwrap();
        let price = Price {
            money: Money::parse("0.07", currency).unwrap(),
            per: Per::SmsPart,
            provider: ProviderName::parse("main").ok(),
        };
        let json = serde_json::to_string(&price).unwrap();
        let wanted = r#"{"amount":"0.07","currency":"EUR","per":"sms_part","provider":"main"}"#;
        assert_eq!(json, wanted);
        assert_eq!(serde_json::from_str::<Price>(&json).unwrap(), price);
    }
}
