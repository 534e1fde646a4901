//! Messages by gateways: to numbers and to chats, by one provider after another.

use jiff::SignedDuration;
use vestnik_model::{
    AttemptStatus, Channel, GatewayName, ProviderName, Reason,
    chat::ChatId,
    phone::PhoneNumber,
    publish::{Goal, OnUnproven, StepChannel, StepRequest, Steps},
};
use vestnik_rules::{
    attempt::Outcome,
    gateway::{Choice, PassedOver, Reaches, Recipient, Traits},
    schedule::{Attributes, Said},
};

use super::{
    Fixture,
    letters::{self, publish_by, standing},
    name::{at, new, notification, shop, user, users},
    pushing::{attempts, dispatch, settle, tried},
    world::World,
};
use crate::{
    audiences::ReachOutcome,
    contacts::ChatOf,
    dispatch::{Begun, Recipient as To, Tried, TryStart},
    ledger::FindingsQuery,
    tenants::Provider,
};

const NUMBER: &str = "+4930123456";

pub(super) fn gateway(name: &str) -> GatewayName {
    GatewayName::parse(name).unwrap()
}

fn provider(name: &str) -> ProviderName {
    ProviderName::parse(name).unwrap()
}

pub(super) fn chat(id: &str) -> ChatId {
    ChatId::parse(id).unwrap()
}

fn number(text: &str) -> Recipient {
    Recipient::Phone(PhoneNumber::parse(text).unwrap())
}

pub(super) fn of(who: &str) -> ChatOf {
    ChatOf {
        app: shop(),
        user: user(who),
        gateway: gateway("telegram"),
    }
}

/// A gateway for a minute, then a letter.
pub(super) fn cascade(name: &str, on_unproven: Option<OnUnproven>) -> Steps {
    let step = |channel, within_seconds, on_unproven| StepRequest {
        channel,
        wait_for: Some(Goal::Handed),
        within_seconds,
        on_unproven,
    };
    Steps::from_stored(vec![
        step(StepChannel::Gateway(gateway(name)), Some(60), on_unproven),
        step(StepChannel::Email, None, None),
    ])
}

/// A shop with an account for short messages and one for a messenger; Anna has an address and a number.
pub(super) async fn begin(fixture: &impl Fixture) -> World {
    let world = letters::begin(fixture).await;
    for (name, reaches) in [("sms", Reaches::Phone), ("telegram", Reaches::Chat)] {
        let provider = Provider {
            channel: Channel::Gateway(gateway(name)),
            account: "{}".to_owned(),
            set_at: at(1),
            gateway: Some(Traits {
                reaches,
                proves: Goal::Delivered,
                price: None,
            }),
        };
        world.store.put_provider(shop(), provider).await.unwrap();
    }
    set_number(&world, Some(NUMBER), 2).await;
    world
}

async fn set_number(world: &World, number: Option<&str>, second: i64) {
    let said = Said {
        attributes: Attributes::default(),
        phone: number.map(|text| PhoneNumber::parse(text).unwrap()),
    };
    let put = world
        .store
        .put_attributes(shop(), user("anna"), said, at(second));
    put.await.unwrap();
}

/// The one message that begins, and where it goes.
#[track_caller]
pub(super) fn message(begun: Vec<Begun>) -> (Begun, Recipient) {
    let [one] = <[Begun; 1]>::try_from(begun).unwrap();
    let To::Gateway { to, .. } = one.recipient.clone() else {
        panic!("it goes by a gateway: {one:?}");
    };
    (one, to)
}

/// Whether a message is started with a provider, in the place of another one.
async fn starts(
    world: &World,
    begun: &Begun,
    (by, instead_of): (&str, Option<&str>),
    second: i64,
) -> bool {
    let (notification, unanswered) = tried(begun, second, Outcome::Unproven);
    let start = TryStart::of((&shop(), notification), &unanswered, at(second));
    let start = start.by(Choice {
        provider: provider(by),
        instead_of: instead_of.map(provider),
    });
    world.store.start_try(start).await.unwrap()
}

async fn provider_of(world: &World, number: u32) -> Option<String> {
    attempts(world, number, "anna").await[0].provider.clone()
}

pub async fn whom_no_device_reaches_gets_a_message(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade("sms", None)).await;
    let (begun, to) = message(dispatch(&world, 20).await);
    assert_eq!((to, begun.provider), (number(NUMBER), None));
    assert!(starts(&world, &begun, ("main", None), 20).await);
    settle(&world, 21, tried(&begun, 20, Outcome::Accepted)).await;
    let views = attempts(&world, 1, "anna").await;
    let by = Channel::Gateway(gateway("sms"));
    assert_eq!(standing(&views), [(by, AttemptStatus::Sent, None)]);
    assert_eq!(provider_of(&world, 1).await.as_deref(), Some("main"));
    let counts = world.view(1).await.counts_by_channel;
    assert_eq!(
        counts
            .keys()
            .filter_map(|by| by.known())
            .collect::<Vec<_>>(),
        [by]
    );
    world.is_sound().await;
}

pub async fn a_gateway_of_chats_writes_to_no_number(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade("telegram", None)).await;
    assert!(matches!(
        dispatch(&world, 20).await[0].recipient,
        To::Mailbox { .. }
    ));
    world
        .store
        .put_chat(of("anna"), chat("42"), at(30))
        .await
        .unwrap();
    publish_by(&world, 2, cascade("telegram", None)).await;
    let (_, to) = message(dispatch(&world, 31).await);
    assert_eq!(to, Recipient::Chat(chat("42")));
    world.is_sound().await;
}

pub async fn what_a_provider_did_not_take_goes_by_the_next(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade("sms", None)).await;
    let (begun, _) = message(dispatch(&world, 20).await);
    assert!(starts(&world, &begun, ("main", None), 20).await);
    // A second start is none; another provider is used for what the first did not take only.
    assert!(!starts(&world, &begun, ("main", None), 20).await);
    assert!(!starts(&world, &begun, ("backup", None), 20).await);
    assert!(!starts(&world, &begun, ("backup", Some("third")), 20).await);
    assert!(starts(&world, &begun, ("backup", Some("main")), 21).await);
    let passed_over = vec![PassedOver {
        provider: provider("main"),
        reason: Reason::ProviderUnavailable,
        is_asked: true,
    }];
    let (id, taken) = tried(&begun, 21, Outcome::Accepted);
    let taken = Tried {
        passed_over: passed_over.clone(),
        ..taken
    };
    settle(&world, 22, (id, taken)).await;
    assert_eq!(provider_of(&world, 1).await.as_deref(), Some("backup"));
    let shown = attempts(&world, 1, "anna").await[0].passed_over.clone();
    assert_eq!(shown, [passed_over[0].view()]);
    let asked = FindingsQuery {
        app: shop(),
        notification: notification(1),
        user: user("anna"),
        now: at(23),
    };
    let findings = world.store.findings(asked).await.unwrap().unwrap();
    let told: Vec<_> = findings.tries.iter().map(|tried| tried.provider).collect();
    assert_eq!(told, [Some(provider("backup"))]);
    assert_eq!(findings.tries[0].passed_over, passed_over);
    world.is_sound().await;
}

pub async fn what_may_have_been_taken_is_repeated_by_the_same_provider_or_by_none(
    fixture: &impl Fixture,
) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade("sms", Some(OnUnproven::Repeat))).await;
    let (begun, _) = message(dispatch(&world, 20).await);
    assert!(starts(&world, &begun, ("main", None), 20).await);
    // The process ends before there is an answer: the lease of seconds runs out.
    let (again, _) = message(dispatch(&world, 51).await);
    assert_eq!(
        (again.attempt, again.provider),
        (begun.attempt, Some(provider("main")))
    );
    assert!(!starts(&world, &again, ("backup", None), 51).await);
    assert!(starts(&world, &again, ("main", None), 51).await);
    // That this one was not taken says nothing of the one before.
    assert!(!starts(&world, &again, ("backup", Some("main")), 52).await);
    let later = Outcome::Retry {
        reason: Reason::ProviderUnavailable,
        after: Some(SignedDuration::from_secs(1)),
    };
    settle(&world, 52, tried(&again, 51, later)).await;
    let (third, _) = message(dispatch(&world, 54).await);
    assert_eq!(third.provider, Some(provider("main")));
    world.is_sound().await;
}

pub async fn what_a_provider_leaves_without_an_answer_is_repeated_as_often_as_that_is_safe(
    fixture: &impl Fixture,
) {
    let away = Outcome::Held {
        reason: Reason::ProviderUnavailable,
        after: None,
    };
    let (world, by) = (begin(fixture).await, Channel::Gateway(gateway("sms")));
    for (number, collapses, expected) in [
        (1, false, AttemptStatus::Sent),
        (2, true, AttemptStatus::Retrying),
    ] {
        let step = StepRequest {
            channel: StepChannel::Gateway(gateway("sms")),
            wait_for: None,
            within_seconds: None,
            on_unproven: Some(OnUnproven::Repeat),
        };
        let mut new = new(&shop(), number, users(&["anna"]));
        new.publication.steps = Steps::from_stored(vec![step]);
        new.publication.ttl = SignedDuration::from_hours(1);
        new.notification = new.publication.clone().accept(notification(number), at(10));
        world.store.publish(new).await.unwrap();
        // Between two of its tries it cannot be asked at all.
        for (second, outcome) in [
            (20, Outcome::Unproven),
            (700, away.clone()),
            (720, Outcome::Unproven),
            (1_400, away.clone()),
            (1_420, Outcome::Unproven),
        ] {
            let second = i64::from(number - 1) * 2_000 + second;
            let (begun, _) = message(dispatch(&world, second).await);
            assert!(starts(&world, &begun, ("main", None), second).await);
            let (notification, tried) = tried(&begun, second, outcome);
            let tried = Tried { collapses, ..tried };
            settle(&world, second, (notification, tried)).await;
        }
        let views = attempts(&world, number, "anna").await;
        let reason = Some(Reason::ProviderUnproven);
        assert_eq!(standing(&views), [(by, expected, reason)]);
    }
    world.is_sound().await;
}

pub async fn a_message_without_an_answer_is_given_up_if_its_sender_does_not_say_otherwise(
    fixture: &impl Fixture,
) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade("sms", None)).await;
    let (begun, _) = message(dispatch(&world, 20).await);
    assert!(starts(&world, &begun, ("main", None), 20).await);
    // Nothing follows until its step is over, then comes a letter.
    assert_eq!(dispatch(&world, 51).await, []);
    assert!(matches!(
        dispatch(&world, 80).await[0].recipient,
        To::Mailbox { .. }
    ));
    let views = attempts(&world, 1, "anna").await;
    let by = Channel::Gateway(gateway("sms"));
    let given_up = (by, AttemptStatus::Failed, Some(Reason::ProviderUnproven));
    assert!(standing(&views).contains(&given_up), "{views:?}");
    world.is_sound().await;
}

pub async fn a_message_that_was_not_started_is_begun_again(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade("sms", None)).await;
    let (begun, _) = message(dispatch(&world, 20).await);
    let (again, _) = message(dispatch(&world, 51).await);
    assert_eq!((again.attempt, again.provider), (begun.attempt, None));
    assert!(
        !starts(&world, &begun, ("main", None), 51).await,
        "its lease is over"
    );
    assert!(starts(&world, &again, ("main", None), 51).await);
    world.is_sound().await;
}

pub async fn a_number_that_was_changed_before_its_turn_gets_nothing(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    publish_by(&world, 1, cascade("sms", None)).await;
    let (begun, _) = message(dispatch(&world, 20).await);
    set_number(&world, Some("+4930999999"), 21).await;
    assert!(!starts(&world, &begun, ("main", None), 22).await);
    let (_, to) = message(dispatch(&world, 22).await);
    assert_eq!(to, number("+4930999999"));
    world.is_sound().await;
}

/// What one gateway says of a number.
pub(super) async fn is_dead(world: &World, number: u32, second: i64, reason: Reason) {
    publish_by(world, number, cascade("sms", None)).await;
    let (begun, _) = message(dispatch(world, second).await);
    assert!(starts(world, &begun, ("main", None), second).await);
    let dead = Outcome::Dead {
        reason,
        since: None,
    };
    settle(world, second, tried(&begun, second, dead)).await;
    assert!(matches!(
        dispatch(world, second).await[0].recipient,
        To::Mailbox { .. }
    ));
}

/// Where a message by short messages goes; `None` if nowhere.
async fn goes_to(world: &World, number: u32, second: i64) -> Option<Recipient> {
    publish_by(world, number, cascade("sms", None)).await;
    match dispatch(world, second).await.remove(0).recipient {
        To::Gateway { to, .. } => Some(to),
        To::Mailbox { .. } | To::Backend | To::Device { .. } => None,
    }
}

pub async fn a_dead_number_is_dead_until_another_one_is_set(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    is_dead(&world, 1, 20, Reason::TokenDead).await;
    assert_eq!(goes_to(&world, 2, 30).await, None);
    // The backend says the same again, with something else.
    set_number(&world, Some(NUMBER), 40).await;
    assert_eq!(goes_to(&world, 3, 41).await, None);
    set_number(&world, Some("+4930999999"), 50).await;
    assert_eq!(goes_to(&world, 4, 51).await, Some(number("+4930999999")));
    // It was another number that was dead.
    set_number(&world, Some(NUMBER), 60).await;
    assert_eq!(goes_to(&world, 5, 61).await, Some(number(NUMBER)));
    world.is_sound().await;
}

pub async fn a_preview_counts_whom_gateways_reach(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    world
        .store
        .put_chat(of("bert"), chat("42"), at(10))
        .await
        .unwrap();
    let to = users(&["anna", "bert"]);
    let ReachOutcome::Reach { reach, .. } = super::reach::reach(&world, to, 10).await else {
        panic!("both are known");
    };
    let by = |name| {
        reach
            .by_channel
            .get(&Channel::Gateway(gateway(name)))
            .copied()
    };
    assert_eq!((by("sms"), by("telegram")), (Some(1), Some(1)));
}
