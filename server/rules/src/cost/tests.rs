use serde_json::{Value, json};
use vestnik_model::{GatewayName, Reason};

use super::*;

fn parse(prices: Value) -> Result<Prices, Vec<String>> {
    let requests = serde_json::from_value(prices).unwrap_or_default();
    let pointer = |problem: FieldProblem| problem.pointer;
    Prices::parse(&requests).map_err(|problems| problems.into_iter().map(pointer).collect())
}

fn rub(amount: &str) -> Money {
    Money::parse(amount, Currency::parse("RUB").unwrap()).unwrap()
}

#[test]
fn prices_are_shown_as_they_were_read() {
    let prices = parse(json!({
        "push": {"amount": "0", "currency": "RUB"},
        "sms": {"amount": "3.2", "currency": "EUR"},
    }));
    let prices = prices.unwrap();
    let shown = json!({
        "push": {"amount": "0.00", "currency": "RUB"},
        "sms": {"amount": "3.20", "currency": "EUR"},
    });
    assert_eq!(serde_json::to_value(prices.shown()).unwrap(), shown);
    assert_eq!(Prices::of_settings(prices.settings().clone()), prices);
}

#[test]
fn every_wrong_price_is_named() {
    let problems = parse(json!({
        "hub": {"amount": "1", "currency": "RUB"},
        "SMS": {"amount": "1,5", "currency": "rub"},
        "a/b": {"amount": "1", "currency": "RUB"},
        "email": {"amount": "-1", "currency": "RUB"},
    }));
    let expected = [
        "/prices/SMS",
        "/prices/SMS/amount",
        "/prices/SMS/currency",
        "/prices/a~1b",
        "/prices/email/amount",
        "/prices/hub",
    ];
    assert_eq!(problems.unwrap_err(), expected);
    let many: BTreeMap<_, _> = (0..=MAX_PRICES)
        .map(|number| {
            let price = PriceRequest {
                amount: "1".to_owned(),
                currency: "RUB".to_owned(),
            };
            (format!("sms{number}"), price)
        })
        .collect();
    let problems = Prices::parse(&many).unwrap_err();
    assert_eq!(problems[0].pointer, "/prices");
}

#[test]
fn a_try_costs_what_is_said_before_what_is_listed_and_only_if_it_was_taken() {
    let listed = Some(Price {
        money: rub("3.20"),
        per: Per::SmsPart,
        provider: None,
    });
    let long = "a".repeat(161);
    let taken = |said, listed| charged(&Outcome::Accepted, said, (listed, &long));
    assert_eq!(taken(Some(rub("1.10")), listed), Some(rub("1.10")));
    assert_eq!(taken(None, listed), Some(rub("6.40")));
    assert_eq!(taken(None, None), None);
    let reason = Reason::ProviderUnavailable;
    for outcome in [
        Outcome::Unproven,
        Outcome::Held {
            reason,
            after: None,
        },
        Outcome::Retry {
            reason,
            after: None,
        },
        Outcome::Dead {
            reason,
            since: None,
        },
        Outcome::Rejected { reason },
    ] {
        let cost = charged(&outcome, Some(rub("1.10")), (listed, &long));
        assert_eq!(cost, None, "{outcome:?}");
    }
}

#[test]
fn the_price_of_an_account_counts_before_that_of_the_settings() {
    let mut prices = parse(json!({"sms": {"amount": "5", "currency": "RUB"}})).unwrap();
    let sms = StepChannel::Gateway(GatewayName::parse("sms").unwrap());
    assert_eq!(
        prices.expected(sms).map(|price| price.money),
        Some(rub("5"))
    );
    let account = Price {
        money: rub("3.20"),
        per: Per::Message,
        provider: None,
    };
    prices.add_account(sms, account);
    assert_eq!(prices.expected(sms), Some(account));
    // The provider that took a message may be another one than the price is of.
    assert_eq!(prices.listed(sms).map(|price| price.money), Some(rub("5")));
}

#[test]
fn an_answer_that_comes_too_late_is_charged_once() {
    use crate::attempt::State::{Begun, Failed, Retrying, Sending, Sent};
    for state in [Failed, Begun, Sending, Retrying, Sent] {
        assert!(is_charged_late(state, true, false), "{state:?}");
        assert!(!is_charged_late(state, false, false), "{state:?}");
        let expected = state == Failed;
        assert_eq!(is_charged_late(state, true, true), expected, "{state:?}");
    }
}
