//! What messages cost and saved: booked once, and kept.

use vestnik_model::{
    Channel, Currency, GatewayName, Money, NotificationId, ProviderName, Reason, ReceiptKind,
    cost::{CostLine, Month, Per, Price},
    phone::PhoneNumber,
    publish::{Goal, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{
    attempt::Outcome,
    bounce::Fate,
    cost::Prices,
    gateway::{Choice, Reaches, Traits, message_hash},
    schedule::{Attributes, Said},
    session::Session,
    work::WorkKind,
};

use super::{
    Fixture,
    fact::receipt,
    letters::{self, publish_by},
    name::{ACCEPTED, at, bank, notification, shop, user},
    pushing::{self, attempts, dispatch, has_address, settle, tried},
    world::World,
};
use crate::{
    dispatch::{Begun, LetterReport, Tried, TryStart},
    publishing::Retry,
    tenants::Provider,
};

fn sms() -> GatewayName {
    GatewayName::parse("sms").unwrap()
}

fn main_provider() -> ProviderName {
    ProviderName::parse("main").unwrap()
}

fn rub(amount: &str) -> Money {
    Money::parse(amount, Currency::parse("RUB").unwrap()).unwrap()
}

fn step(channel: StepChannel, wait_for: Goal, within_seconds: Option<u32>) -> StepRequest {
    StepRequest {
        channel,
        wait_for: Some(wait_for),
        within_seconds,
        on_unproven: None,
    }
}

/// Push for a minute, then a short message.
fn push_then_sms(goal: Goal) -> Steps {
    Steps::from_stored(vec![
        step(StepChannel::Push, goal, Some(60)),
        step(StepChannel::Gateway(sms()), Goal::Handed, None),
    ])
}

/// A shop with accounts for pushes, letters, and short messages for 3.20 a part; Anna has a phone, a number and an
/// address.
async fn begin(fixture: &impl Fixture) -> (World, Session) {
    let world = letters::begin(fixture).await;
    pushing::provide(&world, &shop()).await;
    let anna = world.login("anna", 1).await;
    has_address(&world, &anna, "token-1", 2).await;
    let account = Provider {
        channel: Channel::Gateway(sms()),
        account: "{}".to_owned(),
        set_at: at(1),
        gateway: Some(Traits {
            reaches: Reaches::Phone,
            proves: Goal::Handed,
            price: Some(Price {
                money: rub("3.20"),
                per: Per::SmsPart,
                provider: Some(main_provider()),
            }),
        }),
    };
    world.store.put_provider(shop(), account).await.unwrap();
    let said = Said {
        attributes: Attributes::default(),
        phone: Some(PhoneNumber::parse("+4930123456").unwrap()),
    };
    let put = world
        .store
        .put_attributes(shop(), user("anna"), said, at(2));
    put.await.unwrap();
    (world, anna)
}

/// What a try came to, with what it cost if it was taken.
fn costing(begun: &Begun, second: i64, outcome: Outcome) -> (NotificationId, Tried) {
    let (id, tried) = tried(begun, second, outcome);
    let cost = Some(rub("3.20"));
    (id, Tried { cost, ..tried })
}

/// Starts a message with the provider.
async fn starts(world: &World, begun: &Begun, second: i64) {
    let (notification, unanswered) = tried(begun, second, Outcome::Unproven);
    let start = TryStart::of((&shop(), notification), &unanswered, at(second));
    let start = start.by(Choice {
        provider: main_provider(),
        instead_of: None,
    });
    assert!(world.store.start_try(start).await.unwrap());
}

/// What a notification cost and saved.
async fn sums(world: &World, number: u32) -> [Vec<String>; 2] {
    let view = world.view(number).await;
    [view.cost, view.saved].map(|sums| sums.iter().map(|money| money.to_string()).collect())
}

#[track_caller]
fn check(sums: &[Vec<String>; 2], cost: &[&str], saved: &[&str]) {
    let sums = sums
        .each_ref()
        .map(|all| all.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(sums, [cost, saved].map(<[&str]>::to_vec));
}

async fn month(world: &World) -> Vec<CostLine> {
    let month = Month::of(at(ACCEPTED));
    world.store.costs(shop(), month).await.unwrap()
}

/// A line of short messages by the provider.
fn line(messages: u64, cost: u64, spared: u64, saved: u64) -> CostLine {
    CostLine {
        channel: Channel::Gateway(sms()).into(),
        provider: Some("main".to_owned()),
        currency: Currency::parse("RUB").unwrap(),
        messages,
        cost,
        spared,
        saved,
    }
}

/// The one try that begins.
async fn one(world: &World, second: i64) -> Begun {
    let [begun] = <[Begun; 1]>::try_from(dispatch(world, second).await).unwrap();
    begun
}

fn rejected() -> Outcome {
    Outcome::Rejected {
        reason: Reason::ProviderContentRejected,
    }
}

pub async fn who_is_reached_by_push_saves_a_message_once(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    publish_by(&world, 1, push_then_sms(Goal::Handed)).await;
    let push = one(&world, 20).await;
    check(&sums(&world, 1).await, &[], &[]);
    let answer = tried(&push, 20, Outcome::Accepted);
    assert_eq!(settle(&world, 21, answer.clone()).await, 1);
    check(&sums(&world, 1).await, &[], &["3.20 RUB"]);
    assert_eq!(settle(&world, 22, answer).await, 0);
    assert_eq!(world.claim(WorkKind::Dispatch, 90).await, []);
    check(&sums(&world, 1).await, &[], &["3.20 RUB"]);
    assert_eq!(month(&world).await, [line(0, 0, 1, 3_200_000)]);
    world.is_sound().await;
    let world = world.reopened(fixture, 100);
    assert_eq!(month(&world).await, [line(0, 0, 1, 3_200_000)]);
    let others = world.store.costs(bank(), Month::of(at(ACCEPTED))).await;
    assert_eq!(others, Ok(Vec::new()));
    let earlier = world.store.costs(shop(), "1969-12".parse().unwrap()).await;
    assert_eq!(earlier, Ok(Vec::new()));
}

pub async fn what_a_device_confirms_in_time_saves_a_message(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    publish_by(&world, 1, push_then_sms(Goal::Delivered)).await;
    let push = one(&world, 20).await;
    settle(&world, 21, tried(&push, 20, Outcome::Accepted)).await;
    let fact = receipt(1, ReceiptKind::Delivered, 30);
    world.report(&anna, vec![fact]).await;
    assert_eq!(dispatch(&world, 90).await, []);
    check(&sums(&world, 1).await, &[], &["3.20 RUB"]);
    world.is_sound().await;
}

pub async fn a_message_that_is_sent_costs_and_saves_nothing(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    publish_by(&world, 1, push_then_sms(Goal::Handed)).await;
    let push = one(&world, 20).await;
    settle(&world, 21, tried(&push, 20, rejected())).await;
    let message = one(&world, 22).await;
    starts(&world, &message, 22).await;
    check(&sums(&world, 1).await, &[], &[]);
    let answer = costing(&message, 22, Outcome::Accepted);
    assert_eq!(settle(&world, 23, answer.clone()).await, 1);
    assert_eq!(settle(&world, 24, answer).await, 0);
    check(&sums(&world, 1).await, &["3.20 RUB"], &[]);
    let views = attempts(&world, 1, "anna").await;
    let costs = views
        .iter()
        .map(|view| view.cost.iter().collect::<Vec<_>>());
    assert_eq!(costs.collect::<Vec<_>>(), [vec![], vec![rub("3.20")]]);
    assert_eq!(month(&world).await, [line(1, 3_200_000, 0, 0)]);
    world.is_sound().await;
}

pub async fn a_message_of_which_nobody_knows_is_not_charged(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    publish_by(&world, 1, push_then_sms(Goal::Handed)).await;
    let push = one(&world, 20).await;
    settle(&world, 21, tried(&push, 20, rejected())).await;
    let message = one(&world, 22).await;
    starts(&world, &message, 22).await;
    settle(&world, 23, costing(&message, 22, Outcome::Unproven)).await;
    check(&sums(&world, 1).await, &[], &[]);
    assert_eq!(month(&world).await, []);
    world.is_sound().await;
}

pub async fn what_was_recalled_before_it_was_known_saves_nothing(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    publish_by(&world, 1, push_then_sms(Goal::Delivered)).await;
    let push = one(&world, 20).await;
    settle(&world, 21, tried(&push, 20, Outcome::Accepted)).await;
    let recalled = world.store.recall(shop(), notification(1), at(25));
    assert!(recalled.await.unwrap());
    world.work(WorkKind::Recall, 10, 26).await;
    world
        .report(&anna, vec![receipt(1, ReceiptKind::Delivered, 30)])
        .await;
    for claim in world.claim(WorkKind::Dispatch, 90).await {
        pushing::dispatch_of(&world, &claim, 90).await;
    }
    check(&sums(&world, 1).await, &[], &[]);
    assert_eq!(month(&world).await, []);
    world.is_sound().await;
}

pub async fn what_nobody_confirmed_costs_what_came_next(fixture: &impl Fixture) {
    let (world, anna) = begin(fixture).await;
    publish_by(&world, 1, push_then_sms(Goal::Delivered)).await;
    let push = one(&world, 20).await;
    settle(&world, 21, tried(&push, 20, Outcome::Accepted)).await;
    let message = one(&world, 90).await;
    starts(&world, &message, 90).await;
    settle(&world, 91, costing(&message, 90, Outcome::Accepted)).await;
    // The device's word comes too late to save anything.
    world
        .report(&anna, vec![receipt(1, ReceiptKind::Read, 95)])
        .await;
    check(&sums(&world, 1).await, &["3.20 RUB"], &[]);
    world.is_sound().await;
}

pub async fn a_letter_that_came_back_saved_nothing(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    put_price_of_letters(&world).await;
    let steps = vec![
        step(StepChannel::Email, Goal::Handed, Some(3_600)),
        step(StepChannel::Gateway(sms()), Goal::Handed, None),
    ];
    publish_by(&world, 1, Steps::from_stored(steps)).await;
    let letter = one(&world, 20).await;
    pushing::start(&world, &letter, 20).await;
    settle(&world, 21, tried(&letter, 20, Outcome::Accepted)).await;
    check(&sums(&world, 1).await, &["0.10 RUB"], &["3.20 RUB"]);
    let report = LetterReport {
        app: shop(),
        delivery: world.delivery(1, "anna").await.id,
        fate: Fate::Lost {
            reason: Reason::EmailBounced,
        },
        mailbox: None,
        said: None,
        now: at(30),
    };
    world.store.note_letter(report).await.unwrap();
    let message = one(&world, 31).await;
    check(&sums(&world, 1).await, &["0.10 RUB"], &[]);
    starts(&world, &message, 31).await;
    settle(&world, 32, costing(&message, 31, Outcome::Accepted)).await;
    check(&sums(&world, 1).await, &["3.30 RUB"], &[]);
    let lines = month(&world).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[1], line(1, 3_200_000, 0, 0));
    world.is_sound().await;
}

async fn put_price_of_letters(world: &World) {
    let price = Price {
        money: rub("0.10"),
        per: Per::Message,
        provider: None,
    };
    let prices = Prices::of_settings([(StepChannel::Email, price)].into());
    let put = world.store.put_prices(shop(), prices, at(3));
    put.await.unwrap();
}

pub async fn what_was_tried_anew_is_saved_once(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    publish_by(&world, 1, push_then_sms(Goal::Handed)).await;
    let push = one(&world, 20).await;
    settle(&world, 21, tried(&push, 20, rejected())).await;
    let message = one(&world, 22).await;
    starts(&world, &message, 22).await;
    settle(&world, 23, costing(&message, 22, rejected())).await;
    let retry = Retry {
        app: shop(),
        id: notification(1),
        now: at(30),
    };
    world.store.retry(retry).await.unwrap();
    let again = one(&world, 30).await;
    settle(&world, 31, tried(&again, 30, Outcome::Accepted)).await;
    let [cost, saved] = sums(&world, 1).await;
    assert!(cost.is_empty() && saved.len() <= 1, "{cost:?} {saved:?}");
    let spared: u64 = month(&world).await.iter().map(|line| line.spared).sum();
    assert_eq!(spared, saved.len() as u64);
    world.is_sound().await;
}

pub async fn sums_outlive_users(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    publish_by(&world, 1, push_then_sms(Goal::Handed)).await;
    let push = one(&world, 20).await;
    settle(&world, 21, tried(&push, 20, Outcome::Accepted)).await;
    assert!(world.erase("anna").await);
    world.work(WorkKind::EraseUser, 10, 100).await;
    check(&sums(&world, 1).await, &[], &["3.20 RUB"]);
    assert_eq!(month(&world).await, [line(0, 0, 1, 3_200_000)]);
    world.is_sound().await;
}

pub async fn prices_are_set_whole_and_are_each_apps_own(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    assert_eq!(world.store.prices(shop()).await, Ok(Prices::default()));
    put_price_of_letters(&world).await;
    let prices = world.store.prices(shop()).await.unwrap();
    assert_eq!(
        prices.listed(StepChannel::Email).map(|price| price.money),
        Some(rub("0.10"))
    );
    assert_eq!(world.store.prices(bank()).await, Ok(Prices::default()));
    let put = world.store.put_prices(shop(), Prices::default(), at(4));
    put.await.unwrap();
    assert_eq!(world.store.prices(shop()).await, Ok(Prices::default()));
    world.is_sound().await;
}

pub async fn an_answer_that_proves_a_message_too_late_is_charged_once(fixture: &impl Fixture) {
    let (world, _) = begin(fixture).await;
    let only = step(StepChannel::Gateway(sms()), Goal::Handed, None);
    publish_by(&world, 1, Steps::from_stored(vec![only])).await;
    let message = one(&world, 20).await;
    starts(&world, &message, 20).await;
    // Its lease is over: it is given up, as nobody knows whether it was taken.
    assert_eq!(dispatch(&world, 90).await, []);
    check(&sums(&world, 1).await, &[], &[]);
    let (id, taken) = costing(&message, 20, Outcome::Accepted);
    let message = Some(message_hash(&shop(), sms(), main_provider(), "7"));
    let taken = Tried { message, ..taken };
    assert_eq!(settle(&world, 91, (id, taken.clone())).await, 0);
    check(&sums(&world, 1).await, &["3.20 RUB"], &[]);
    assert_eq!(settle(&world, 92, (id, taken)).await, 0);
    check(&sums(&world, 1).await, &["3.20 RUB"], &[]);
    assert_eq!(month(&world).await, [line(1, 3_200_000, 0, 0)]);
    world.is_sound().await;
}
