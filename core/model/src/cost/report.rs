//! What the messages of a month cost and saved.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Currency, text};
use crate::{channel::Channel, open::Open};

/// A month of the calendar, in UTC: `2026-11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month of a time.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let date = at.to_zoned(TimeZone::UTC).date();
        Self {
            year: date.year(),
            month: date.month(),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// Why a text is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a month, such as 2026-11")]
pub struct MonthError;

impl FromStr for Month {
    type Err = MonthError;

    fn from_str(text: &str) -> Result<Self, MonthError> {
        let is_of_form = text.len() == 7 && text.is_ascii();
        let (year, month) = text
            .split_once('-')
            .filter(|_| is_of_form)
            .ok_or(MonthError)?;
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || !is_number(year) || !is_number(month) {
            return Err(MonthError);
        }
        let year = year.parse().map_err(|_| MonthError)?;
        let month = month.parse().map_err(|_| MonthError)?;
        let date = Date::new(year, month, 1).map_err(|_| MonthError)?;
        Ok(Self {
            year: date.year(),
            month: date.month(),
        })
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// What the messages of a month cost and saved, by channel, provider and currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostReport {
    /// The month, in UTC: `2026-11`.
    pub month: String,
    /// By channel, provider and currency.
    pub data: Vec<CostRow>,
    /// By currency.
    pub totals: Vec<CostTotal>,
}

/// What the messages of one channel, provider and currency cost and saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostRow {
    /// The channel that took the messages, or would have.
    #[cfg_attr(feature = "openapi", schema(value_type = Channel))]
    pub channel: Open<Channel>,
    /// The provider, of a gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The code of ISO 4217.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub currency: Currency,
    /// How many messages were taken whose cost is known.
    pub messages: u64,
    /// What they cost.
    pub cost: String,
    /// How many messages were not sent because a step before them had reached its goal.
    pub spared: u64,
    /// What these would have cost.
    pub saved: String,
}

/// What all messages of one currency cost and saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostTotal {
    /// The code of ISO 4217.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub currency: Currency,
    /// How many messages were taken whose cost is known.
    pub messages: u64,
    /// What they cost.
    pub cost: String,
    /// How many messages were not sent.
    pub spared: u64,
    /// What these would have cost.
    pub saved: String,
}

impl CostReport {
    /// The report of a month of these lines.
    #[must_use]
    pub fn of(month: Month, lines: &[CostLine]) -> Self {
        let mut currencies: Vec<_> = lines.iter().map(|line| line.currency).collect();
        currencies.sort_unstable();
        currencies.dedup();
        let totals = currencies
            .into_iter()
            .map(|currency| total(currency, lines));
        Self {
            month: month.to_string(),
            data: lines.iter().map(row).collect(),
            totals: totals.collect(),
        }
    }
}

/// A line of the report of a month, as it is stored: amounts in millionths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostLine {
    /// The channel.
    pub channel: Open<Channel>,
    /// The provider, of a gateway.
    pub provider: Option<String>,
    /// The currency of both amounts.
    pub currency: Currency,
    /// How many messages were taken.
    pub messages: u64,
    /// What they cost.
    pub cost: u64,
    /// How many messages were not sent.
    pub spared: u64,
    /// What these would have cost.
    pub saved: u64,
}

fn row(line: &CostLine) -> CostRow {
    let CostLine {
        channel,
        provider,
        currency,
        messages,
        cost,
        spared,
        saved,
    } = line;
    CostRow {
        channel: channel.clone(),
        provider: provider.clone(),
        currency: *currency,
        messages: *messages,
        cost: text(*cost),
        spared: *spared,
        saved: text(*saved),
    }
}

fn total(currency: Currency, lines: &[CostLine]) -> CostTotal {
    let its = || lines.iter().filter(move |line| line.currency == currency);
    let sum = |of: fn(&CostLine) -> u64| its().map(of).fold(0, u64::saturating_add);
    CostTotal {
        currency,
        messages: sum(|line| line.messages),
        cost: text(sum(|line| line.cost)),
        spared: sum(|line| line.spared),
        saved: text(sum(|line| line.saved)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(channel: &str, currency: &str, cost: u64, saved: u64) -> CostLine {
        CostLine {
            channel: Open::read(channel),
            provider: None,
            currency: Currency::parse(currency).unwrap(),
            messages: 2,
            cost,
            spared: 1,
            saved,
        }
    }

    #[test]
    fn a_month_is_read_as_it_is_written() {
        let november: Month = "2026-11".parse().unwrap();
        assert_eq!(november.to_string(), "2026-11");
        assert_eq!(Month::of("2026-11-30T23:59:59Z".parse().unwrap()), november);
        assert_ne!(Month::of("2026-12-01T00:00:00Z".parse().unwrap()), november);
        for text in [
            "2026-13",
            "2026-00",
            "2026-1",
            "26-11",
            "2026-11-01",
            "+026-11",
            "2026/11",
            "",
            "ноябрь",
        ] {
            assert_eq!(text.parse::<Month>(), Err(MonthError), "{text}");
        }
    }

    #[test]
    fn totals_are_by_currency() {
        let lines = [
            line("sms", "RUB", 3_200_000, 0),
            line("viber", "RUB", 1_000_000, 3_200_000),
            line("sms", "EUR", 50_000, 0),
        ];
        let report = CostReport::of("2026-11".parse().unwrap(), &lines);
        assert_eq!(report.data.len(), 3);
        let totals = report.totals.iter().map(|total| {
            let currency = total.currency.as_str();
            (
                currency,
                total.messages,
                total.cost.as_str(),
                total.saved.as_str(),
            )
        });
        let totals: Vec<_> = totals.collect();
        assert_eq!(
            totals,
            [("EUR", 2, "0.05", "0.00"), ("RUB", 4, "4.20", "3.20")]
        );
    }
}
