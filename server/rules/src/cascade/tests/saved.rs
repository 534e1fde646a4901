//! What deliveries save: `crate::cost::saved`, over looks.

use vestnik_model::cost::{Currency, Money, Month, Per, Price, Saved};

use super::*;
use crate::cost::{Prices, saved};

fn sms() -> StepChannel {
    StepChannel::Gateway(GatewayName::parse("sms").unwrap())
}

fn price(amount: &str, currency: &str) -> Price {
    let currency = Currency::parse(currency).unwrap();
    Price {
        money: Money::parse(amount, currency).unwrap(),
        per: Per::Message,
        provider: None,
    }
}

/// Push, then a short message, then a letter; push is reached by `goal`.
fn case(goal: Goal, state: State) -> Case {
    let step = |channel, wait_for, within_seconds| StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    };
    let number = address(Channel::Gateway(GatewayName::parse("sms").unwrap()), None);
    let pushed = attempt(state, None, None);
    let phone = phone(1, Some(pushed.clone()));
    Case {
        attempts: vec![(push(1, Channel::Fcm), pushed)],
        steps: Steps::from_stored(vec![
            step(StepChannel::Push, goal, Some(60)),
            step(sms(), Goal::Handed, Some(60)),
            step(StepChannel::Email, Goal::Handed, None),
        ]),
        gateways: vec![(GatewayName::parse("sms").unwrap(), number)],
        ..Case::new(vec![phone])
    }
}

fn prices(all: &[(StepChannel, &str, &str)]) -> Prices {
    let all = all.iter();
    let all = all.map(|(channel, amount, currency)| (*channel, price(amount, currency)));
    Prices::of_settings(all.collect())
}

fn usual() -> Prices {
    prices(&[(sms(), "3.20", "RUB"), (StepChannel::Email, "0.10", "RUB")])
}

fn saves(case: &Case, prices: &Prices) -> Option<Saved> {
    case.with_view(|view| saved(view, &look(view), (prices, "Order 8812")))
}

#[track_caller]
fn check(case: &Case, prices: &Prices, expected: Option<&str>) {
    let amount = saves(case, prices).map(|saved| saved.money.to_string());
    assert_eq!(amount.as_deref(), expected);
}

#[test]
fn who_is_reached_by_push_saves_the_first_priced_step_behind_it() {
    let case = case(Goal::Handed, State::Sent).proven(Evidence::Sent);
    let expected = Saved {
        money: price("3.20", "RUB").money,
        channel: sms(),
        provider: None,
        month: Month::of(at(100)),
    };
    assert_eq!(saves(&case, &usual()), Some(expected));
    let only_letters = prices(&[(StepChannel::Email, "0.10", "EUR")]);
    check(&case, &only_letters, Some("0.10 EUR"));
    check(&case, &Prices::default(), None);
    let free = prices(&[(sms(), "0", "RUB"), (StepChannel::Email, "0.10", "RUB")]);
    check(&case, &free, Some("0.10 RUB"));
}

#[test]
fn nothing_is_saved_before_the_goal_is_reached() {
    let waits = case(Goal::Delivered, State::Sent).proven(Evidence::Sent);
    check(&waits, &usual(), None);
    check(&waits.at(161), &usual(), None);
    let failed = case(Goal::Handed, State::Failed);
    check(&failed, &usual(), None);
    let delivered =
        case(Goal::Delivered, State::Sent).proven(Evidence::Receipt(ReceiptKind::Delivered));
    check(&delivered, &usual(), Some("3.20 RUB"));
    let read = case(Goal::Read, State::Sent).proven(Evidence::Receipt(ReceiptKind::Read));
    check(&read, &usual(), Some("3.20 RUB"));
    let only_delivered =
        case(Goal::Read, State::Sent).proven(Evidence::Receipt(ReceiptKind::Delivered));
    check(&only_delivered, &usual(), None);
}

#[test]
fn what_reached_nobody_else_saves_nothing() {
    // The person has no number: a letter would have come next.
    let mut unreachable = case(Goal::Handed, State::Sent).proven(Evidence::Sent);
    unreachable.gateways.clear();
    check(&unreachable, &usual(), Some("0.10 RUB"));
    unreachable.mailbox = None;
    check(&unreachable, &usual(), None);
    let mut dead = case(Goal::Handed, State::Sent).proven(Evidence::Sent);
    dead.gateways[0].1.is_dead = true;
    check(&dead, &usual(), Some("0.10 RUB"));
    // What may have been taken was not saved.
    let mut sent = case(Goal::Handed, State::Sent).proven(Evidence::Sent);
    sent.gateways[0].1.attempt = Some(attempt(State::Sent, None, None));
    check(&sent, &usual(), Some("0.10 RUB"));
}

#[test]
fn a_step_that_costs_as_much_saves_nothing() {
    let case = case(Goal::Handed, State::Sent).proven(Evidence::Sent);
    let pushes = |amount, currency| {
        prices(&[
            (StepChannel::Push, amount, currency),
            (sms(), "3.20", "RUB"),
        ])
    };
    check(&case, &pushes("0", "RUB"), Some("3.20 RUB"));
    check(&case, &pushes("3.19", "RUB"), Some("3.20 RUB"));
    check(&case, &pushes("3.20", "RUB"), None);
    // Currencies are not compared.
    check(&case, &pushes("5", "EUR"), Some("3.20 RUB"));
}

#[test]
fn what_was_stopped_or_expired_first_saves_nothing() {
    let read = || case(Goal::Delivered, State::Sent).proven(Evidence::Receipt(ReceiptKind::Read));
    let stopped = Case {
        is_stopped: true,
        ..read()
    };
    check(&stopped, &usual(), None);
    let expired = case(Goal::Delivered, State::Sent)
        .proven(Evidence::Ended(Reason::ExpiredTtl))
        .at(10_000);
    check(&expired, &usual(), None);
    // A device's proof from before counts when it is looked at later, one from afterwards does not.
    check(&read().at(10_000), &usual(), Some("3.20 RUB"));
    let late = case(Goal::Delivered, State::Sent).at(10_000);
    check(
        &late.proven(Evidence::Receipt(ReceiptKind::Read)),
        &usual(),
        None,
    );
}

#[test]
fn the_last_step_saves_nothing() {
    let mut last = case(Goal::Handed, State::Sent).proven(Evidence::Sent);
    last.course.step = 2;
    check(&last, &usual(), None);
}
