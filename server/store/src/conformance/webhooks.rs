//! Webhooks: cursors, turns, changes, gaps.

use vestnik_model::{
    AppId, EventId, EventKind, WebhookId,
    webhook::{WebhookAnswer, WebhookDisabledReason},
};
use vestnik_rules::{
    webhook::{Change, IDLE, Keys, Note, SecretText, State, Target, Tried, Verdict},
    work::{Claim, EVENTS_KEPT, WorkKind},
};

use super::{
    Fixture,
    events::told_since,
    name::{at, bank, shop, users},
    world::{World, due},
};
use crate::{
    effect::Told,
    events::Asked,
    webhooks::{Changing, Known, NewWebhook, Noting, WebhookChanged, WebhookCreated},
};

fn id(number: u128) -> WebhookId {
    WebhookId::from_uuid(uuid::Uuid::from_u128(number))
}

fn new(app: &AppId, number: u128) -> NewWebhook {
    NewWebhook {
        app: app.clone(),
        id: id(number),
        target: Target {
            url: format!("https://{app}.example/{number}"),
            keys: Keys::new(format!("whsec_{number}")),
        },
        events: None,
        max: 3,
        now: at(5),
    }
}

async fn create(world: &World, app: &AppId, number: u128) -> Known {
    let created = world.store.create_webhook(new(app, number)).await.unwrap();
    let WebhookCreated::Made(known) = created else {
        panic!("not made: {created:?}");
    };
    known
}

async fn known(world: &World, app: &AppId, number: u128) -> Option<Known> {
    let known = world.store.webhook(app.clone(), id(number));
    known.await.unwrap()
}

async fn state(world: &World, number: u128) -> State {
    let known = known(world, &shop(), number).await.unwrap();
    known.webhook.state.clone()
}

async fn change(world: &World, number: u128, change: Change, second: i64) -> WebhookChanged {
    let changing = Changing {
        app: shop(),
        id: id(number),
        change,
        now: at(second),
    };
    world.store.change_webhook(changing).await.unwrap()
}

/// Claims the rows of webhooks that are due, with their webhooks.
async fn turns(world: &World, second: i64) -> Vec<(Claim, WebhookId)> {
    let mut turns = Vec::new();
    loop {
        let claims = world.claim(WorkKind::Webhook, second).await;
        if claims.is_empty() {
            return turns;
        }
        for claim in claims {
            let known = world.store.webhook_turn(claim.clone()).await.unwrap();
            turns.extend(known.map(|known| (claim, known.webhook.id)));
        }
    }
}

/// The turn of the one webhook that is due.
async fn turn(world: &World, second: i64) -> Claim {
    let mut turns = turns(world, second).await;
    assert_eq!(turns.len(), 1, "{turns:?}");
    turns.remove(0).0
}

fn tried(event: u64, verdict: Verdict, second: i64) -> Note {
    let status = match verdict {
        Verdict::Taken => 200,
        Verdict::Failed { .. } => 500,
        Verdict::Gone => 410,
    };
    let answer = WebhookAnswer {
        at: at(second),
        status: Some(status),
        trouble: None,
    };
    let event = EventId::of(event);
    Note {
        passed: None,
        tried: Some(Tried {
            event,
            verdict,
            answer,
        }),
        random: 100,
    }
}

const FAILED: Verdict = Verdict::Failed { slow: None };

async fn note(
    world: &World,
    claim: &Claim,
    note: Note,
    goes_on: bool,
    second: i64,
) -> Option<State> {
    let noting = Noting {
        claim: claim.clone(),
        note,
        goes_on,
        now: at(second),
    };
    world.store.note_webhook(noting).await.unwrap()
}

pub(super) async fn last(world: &World) -> u64 {
    world.store.last_event().await.unwrap()
}

/// A webhook of the shop before a notification of it.
async fn begin(fixture: &impl Fixture) -> World {
    let world = World::begin(fixture).await;
    create(&world, &shop(), 1).await;
    world.publish(1, users(&["anna"])).await;
    world
}

pub async fn a_webhook_is_kept_as_it_was_made(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    world.publish(1, users(&["anna"])).await;
    let kinds = [EventKind::DeliveryRead, EventKind::NotificationError];
    let some = NewWebhook {
        events: Some(kinds.into()),
        ..new(&shop(), 1)
    };
    world.store.create_webhook(some.clone()).await.unwrap();
    let kept = known(&world, &shop(), 1).await.unwrap();
    assert_eq!(kept.webhook.target, some.target);
    assert_eq!(kept.webhook.events, some.events);
    assert_eq!(kept.webhook.created_at, at(5));
    assert_eq!(kept.missed, None);
    let cursor = kept.webhook.state.cursor;
    assert_eq!(
        cursor,
        EventId::of(last(&world).await),
        "what is from now on"
    );
    assert_eq!(turns(&world, 20).await, []);
    world.is_sound().await;
}

pub async fn an_app_has_so_many_webhooks_of_its_own(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    for number in 1..=3 {
        create(&world, &shop(), number).await;
    }
    let more = world.store.create_webhook(new(&shop(), 4)).await;
    assert_eq!(more, Ok(WebhookCreated::Full));
    create(&world, &bank(), 1).await;
    let of_shop = world.store.webhooks(shop()).await.unwrap();
    let ids: Vec<_> = of_shop.iter().map(|known| known.webhook.id).collect();
    assert_eq!(ids, [id(1), id(2), id(3)]);
    let url = |known: Known| known.webhook.target.url.clone();
    let of_bank = known(&world, &bank(), 1).await.map(url);
    assert_eq!(of_bank.as_deref(), Some("https://bank.example/1"));
    let deleted = world.store.delete_webhook(shop(), id(1)).await;
    assert_eq!(deleted, Ok(true));
    assert_eq!(world.store.delete_webhook(shop(), id(1)).await, Ok(false));
    assert_eq!(known(&world, &shop(), 1).await, None);
    assert!(known(&world, &bank(), 1).await.is_some());
    create(&world, &shop(), 4).await;
    let nobody = AppId::parse("nobody").unwrap();
    assert!(world.store.create_webhook(new(&nobody, 9)).await.is_err());
    world.is_sound().await;
}

pub async fn an_event_makes_its_apps_webhooks_due(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    create(&world, &shop(), 1).await;
    create(&world, &shop(), 2).await;
    create(&world, &bank(), 3).await;
    let next = world.store.next_due(WorkKind::Webhook).await.unwrap();
    assert_eq!(next, Some(IDLE));
    world.taken();
    world.publish(1, users(&["anna"])).await;
    let effects = due(&world.taken());
    assert!(effects.contains(&(WorkKind::Webhook, 10)), "{effects:?}");
    let mut due: Vec<_> = turns(&world, 20).await;
    due.sort_by_key(|(_, id)| *id);
    let ids: Vec<_> = due.iter().map(|(_, id)| *id).collect();
    assert_eq!(ids, [id(1), id(2)], "the bank's has nothing to send");
    world.is_sound().await;
}

pub async fn the_cursor_moves_when_an_event_was_taken(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    world.publish(2, users(&["anna"])).await;
    let first = state(&world, 1).await.cursor.next_number();
    let claim = turn(&world, 20).await;
    let noted = note(&world, &claim, tried(first, Verdict::Taken, 20), true, 20).await;
    assert_eq!(noted.unwrap().cursor, EventId::of(first));
    assert_eq!(turns(&world, 21).await, [], "the turn goes on");
    let rest = Note {
        passed: Some(EventId::of(last(&world).await)),
        tried: None,
        random: 0,
    };
    note(&world, &claim, rest.clone(), false, 21).await.unwrap();
    assert_eq!(turns(&world, 1_000).await, [], "there is nothing to send");
    let gone = note(&world, &claim, rest, false, 22).await;
    assert_eq!(gone, None, "the turn is over");
    let kept = state(&world, 1).await;
    assert_eq!(kept.cursor, EventId::of(last(&world).await));
    assert_eq!(kept.last.map(|last| last.at), Some(at(20)));
    world.publish(3, users(&["anna"])).await;
    turn(&world, 30).await;
    world.is_sound().await;
}

pub async fn an_event_during_a_turn_is_not_forgotten(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let claim = turn(&world, 20).await;
    let seen = last(&world).await;
    world.publish(2, users(&["anna"])).await;
    note(&world, &claim, tried(seen, Verdict::Taken, 21), false, 21).await;
    turn(&world, 21).await;
    world.is_sound().await;
}

pub async fn a_turn_that_nobody_ended_begins_anew(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let before = state(&world, 1).await;
    let lost = turn(&world, 20).await;
    assert_eq!(turns(&world, 49).await, []);
    let claim = turn(&world, 51).await;
    assert_eq!(state(&world, 1).await, before, "nothing was noted");
    let number = before.cursor.next_number();
    let late = note(&world, &lost, tried(number, Verdict::Taken, 52), true, 52).await;
    assert_eq!(late, None, "the row is another's");
    assert_eq!(state(&world, 1).await, before);
    let noted = note(&world, &claim, tried(number, Verdict::Taken, 53), false, 53).await;
    assert!(noted.is_some());
    world.is_sound().await;
}

pub async fn a_receiver_that_fails_waits_alone(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    create(&world, &shop(), 1).await;
    create(&world, &shop(), 2).await;
    world.publish(1, users(&["anna"])).await;
    let number = state(&world, 1).await.cursor.next_number();
    for (claim, of) in turns(&world, 20).await {
        let verdict = if of == id(1) { FAILED } else { Verdict::Taken };
        note(&world, &claim, tried(number, verdict, 20), false, 20).await;
    }
    world.publish(2, users(&["anna"])).await;
    let due = turns(&world, 24).await;
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].1, id(2), "an event ends no pause");
    note(
        &world,
        &due[0].0,
        tried(number + 1, Verdict::Taken, 24),
        false,
        24,
    )
    .await;
    let failing = state(&world, 1).await;
    assert_eq!((failing.failures, failing.failing_since), (1, Some(at(20))));
    assert_eq!(failing.retry_at, Some(at(25)));
    let claim = turn(&world, 25).await;
    note(&world, &claim, tried(number, Verdict::Taken, 25), false, 25).await;
    let well = state(&world, 1).await;
    assert_eq!((well.failures, well.retry_at), (0, None));
    world.is_sound().await;
}

pub async fn a_receiver_that_is_gone_is_sent_nothing(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let number = state(&world, 1).await.cursor.next_number();
    let claim = turn(&world, 20).await;
    note(&world, &claim, tried(number, Verdict::Gone, 20), false, 20).await;
    world.publish(2, users(&["anna"])).await;
    assert_eq!(turns(&world, 100_000).await, []);
    let gone = state(&world, 1).await;
    let reason = WebhookDisabledReason::Gone;
    assert_eq!(gone.disabled, Some((reason, at(20))));
    assert_eq!(gone.last.and_then(|last| last.status), Some(410));
    let mut told = told_since(&world, 0).await;
    told.retain(|told| matches!(told, Told::WebhookDisabled { .. }));
    let webhook = id(1);
    assert_eq!(told, [Told::WebhookDisabled { webhook, reason }]);
    world.is_sound().await;
    world.taken();
    change(&world, 1, Change::Enable, 30).await;
    assert_eq!(due(&world.taken()), [(WorkKind::Webhook, 30)]);
    turn(&world, 30).await;
    let cursor = state(&world, 1).await.cursor;
    assert_eq!(cursor.next_number(), number, "from where it was");
    world.is_sound().await;
}

pub async fn a_webhook_is_changed_in_parts(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let kinds = Some([EventKind::DeliveryRead].into());
    let edit = Change::Edit {
        url: Some("https://shop.example/other".to_owned()),
        events: Some(kinds.clone()),
    };
    change(&world, 1, edit, 20).await;
    let rotate = Change::Rotate {
        key: SecretText("whsec_new".to_owned()),
        until: at(100),
    };
    change(&world, 1, rotate, 21).await;
    let kept = known(&world, &shop(), 1).await.unwrap();
    assert_eq!(kept.webhook.target.url, "https://shop.example/other");
    assert_eq!(kept.webhook.events, kinds);
    let keys = &kept.webhook.target.keys;
    assert_eq!(keys.signing(at(99)), ["whsec_new", "whsec_1"]);
    assert_eq!(keys.signing(at(100)), ["whsec_new"]);
    let unknown = change(&world, 2, Change::Enable, 30).await;
    assert_eq!(unknown, WebhookChanged::Unknown);
    world.is_sound().await;
}

pub async fn a_disabled_webhook_loses_its_turn(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let number = state(&world, 1).await.cursor.next_number();
    let claim = turn(&world, 20).await;
    change(&world, 1, Change::Disable, 21).await;
    let late = note(&world, &claim, tried(number, Verdict::Taken, 22), false, 22).await;
    assert_eq!(late, None);
    assert_eq!(turns(&world, 100_000).await, []);
    let reason = WebhookDisabledReason::Operator;
    assert_eq!(state(&world, 1).await.disabled, Some((reason, at(21))));
    world.is_sound().await;
}

pub async fn a_turn_ends_when_kinds_or_keys_change(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let number = state(&world, 1).await.cursor.next_number();
    let claim = turn(&world, 20).await;
    note(&world, &claim, tried(number, FAILED, 20), false, 20).await;
    let failing = state(&world, 1).await;
    let edit = Change::Edit {
        url: None,
        events: Some(Some([EventKind::DeliveryRead].into())),
    };
    let rotate = Change::Rotate {
        key: SecretText("whsec_new".to_owned()),
        until: at(26),
    };
    let mut second = 25;
    for asked in [edit, rotate] {
        let claim = turn(&world, second).await;
        change(&world, 1, asked, second + 1).await;
        // What the turn passed over or sent was chosen and signed as it was before.
        let last = last(&world).await;
        let late = note(
            &world,
            &claim,
            tried(last, Verdict::Taken, second),
            false,
            second,
        )
        .await;
        assert_eq!(late, None);
        assert_eq!(state(&world, 1).await, failing, "the pause stays");
        second += 1;
    }
    let claim = turn(&world, second).await;
    let same = Change::Edit {
        url: None,
        events: Some(Some([EventKind::DeliveryRead].into())),
    };
    change(&world, 1, same, second).await;
    let noted = tried(number, Verdict::Taken, second);
    let noted = note(&world, &claim, noted, false, second).await;
    assert!(noted.is_some(), "nothing changed");
    world.is_sound().await;
}

pub async fn a_deleted_webhook_loses_its_turn(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let claim = turn(&world, 20).await;
    world.store.delete_webhook(shop(), id(1)).await.unwrap();
    let late = note(&world, &claim, tried(1, Verdict::Taken, 22), false, 22).await;
    assert_eq!(late, None);
    assert_eq!(turns(&world, 100_000).await, []);
    world.is_sound().await;
}

pub async fn a_replay_goes_on_behind_a_place(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let first = state(&world, 1).await.cursor;
    let end = last(&world).await;
    let claim = turn(&world, 20).await;
    note(&world, &claim, tried(end, Verdict::Taken, 20), false, 20).await;
    assert_eq!(turns(&world, 21).await, []);
    let replayed = change(&world, 1, Change::Replay(first), 30).await;
    assert!(
        matches!(replayed, WebhookChanged::Changed(_)),
        "{replayed:?}"
    );
    let claim = turn(&world, 30).await;
    assert_eq!(state(&world, 1).await.cursor, first);
    change(&world, 1, Change::Replay(EventId::of(end)), 31).await;
    let late = note(&world, &claim, tried(end, Verdict::Taken, 32), false, 32).await;
    assert_eq!(late, None, "a replay ends the turn");
    assert_eq!(turns(&world, 100).await, [], "and may go forward");
    let beyond = change(&world, 1, Change::Replay(EventId::of(end + 1)), 40).await;
    assert_eq!(beyond, WebhookChanged::Beyond);
    world.is_sound().await;
}

pub async fn what_is_kept_no_longer_is_known(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let behind = create(&world, &shop(), 2).await.webhook.state.cursor;
    world.publish_to(&bank(), 2, users(&["bert"])).await;
    create(&world, &bank(), 3).await;
    let later = 200 + EVENTS_KEPT.as_secs();
    let sweep = world.claim_one(WorkKind::Sweep, later).await;
    world.perform(&sweep, 100, later).await;
    let late = known(&world, &shop(), 1).await.unwrap();
    assert_eq!(late.missed, Some(behind), "up to the shop's last event");
    let well = known(&world, &shop(), 2).await.unwrap();
    assert_eq!(well.missed, None, "it was made behind them");
    let other = known(&world, &bank(), 3).await.unwrap();
    assert_eq!(other.missed, None);
    // A page says so too: events may be deleted between two pages of a turn.
    for (app, swept) in [(shop(), behind.number), (bank(), 0)] {
        let asked = Asked {
            app,
            from: 1,
            rows: 10,
            deliveries: 10,
        };
        assert_eq!(world.store.happened(asked).await.unwrap().swept, swept);
    }
    // The gap is told like an event, and the cursor stands behind it.
    let mut turns = turns(&world, later).await;
    turns.retain(|(_, of)| *of == id(1));
    let told = tried(behind.number, Verdict::Taken, later);
    note(&world, &turns[0].0, told, false, later).await;
    let told = known(&world, &shop(), 1).await.unwrap();
    assert_eq!(told.missed, None);
    assert_eq!(world.store.check_integrity().await, Ok(vec![]));
}

pub async fn a_cursor_outlives_its_store(fixture: &impl Fixture) {
    let world = begin(fixture).await;
    let number = state(&world, 1).await.cursor.next_number();
    let claim = turn(&world, 20).await;
    let world = world.reopened(fixture, 20);
    assert_eq!(state(&world, 1).await.cursor.next_number(), number);
    let late = note(&world, &claim, tried(number, Verdict::Taken, 21), false, 21).await;
    assert_eq!(late, None, "its claim is void");
    let claim = turn(&world, 22).await;
    note(&world, &claim, tried(number, FAILED, 22), false, 22).await;
    let failing = state(&world, 1).await;
    let world = world.reopened(fixture, 22);
    assert_eq!(state(&world, 1).await, failing);
    assert_eq!(turns(&world, 26).await, [], "the pause goes on");
    turn(&world, 27).await;
    world.is_sound().await;
}
