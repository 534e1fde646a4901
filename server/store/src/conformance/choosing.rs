//! By which doors people and Apps say what is not wanted, and that none of them undoes what another said.

use serde_json::{Value, json};
use vestnik_model::{
    AppId, CategoryName,
    event::ChangedBy,
    preference::{MAX_OPT_OUTS, OptOutChange, OptOuts},
};
use vestnik_rules::{attempt::Outcome, session::Session, work::WorkKind};

use super::{
    Fixture,
    events::told_since,
    letters,
    name::{accepted_at, at, bank, new, shop, user, users},
    pushing::{dispatch, settle, tried},
    world::World,
};
use crate::{
    dispatch::{Begun, Recipient},
    effect::Told,
    recipients::{OptOutOutcome, Reader, Whose},
};

fn said(value: Value) -> OptOuts {
    serde_json::from_value(value).unwrap()
}

fn category(name: &str) -> CategoryName {
    CategoryName::parse(name).unwrap()
}

impl World {
    async fn changes(&self, whose: Whose, value: Value) -> OptOutOutcome {
        let change: OptOutChange = serde_json::from_value(value).unwrap();
        let changed = self.store.change_opt_outs(whose, change, at(20));
        changed.await.unwrap()
    }

    async fn opt_outs_of(&self, app: AppId, who: &str) -> Option<OptOuts> {
        self.store.opt_outs(app, user(who)).await.unwrap()
    }

    async fn unsubscribes(&self, reader: &Reader, name: Option<&str>) -> bool {
        let left = self
            .store
            .unsubscribe_by_letter(reader.clone(), name.map(category), at(21));
        left.await.unwrap()
    }

    /// The reader of a letter that is sent at a second.
    async fn reader(&self, number: u32, second: i64) -> Reader {
        let mut new = new(&shop(), number, users(&["anna"]));
        new.publication.steps = letters::cascade();
        self.store.publish(accepted_at(new, second)).await.unwrap();
        let begun = dispatch(self, second).await;
        settle(
            self,
            second + 1,
            tried(&begun[0], second, Outcome::Accepted),
        )
        .await;
        let [
            Begun {
                user,
                recipient: Recipient::Mailbox { number, .. },
                ..
            },
        ] = begun.as_slice()
        else {
            panic!("one letter: {begun:?}");
        };
        Reader {
            app: shop(),
            user: user.clone(),
            number: *number,
        }
    }
}

fn anna() -> Whose {
    Whose::User(shop(), user("anna"))
}

pub async fn opt_outs_are_changed_one_by_one_and_are_each_apps_own(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    assert_eq!(world.opt_outs_of(shop(), "anna").await, None);
    let some = json!({"all": true, "categories": {"promotions": true}, "topics": {"news": true}});
    let whole = said(json!({"all": true, "categories": ["promotions"], "topics": ["news"]}));
    for _ in 0..2 {
        let changed = world.changes(anna(), some.clone()).await;
        assert_eq!(changed, OptOutOutcome::Now(whole.clone()));
    }
    assert_eq!(world.opt_outs_of(bank(), "anna").await, None);
    // What the App says of the user is another thing.
    world
        .attributes("anna", json!({"time_zone": "Asia/Tokyo"}), 2)
        .await;
    let nothing = world.changes(anna(), json!({})).await;
    assert_eq!(nothing, OptOutOutcome::Now(whole));
    let again = json!({"all": false, "categories": {"promotions": false, "games": false}});
    let left = said(json!({"topics": ["news"]}));
    let changed = world.changes(anna(), again).await;
    assert_eq!(changed, OptOutOutcome::Now(left.clone()));
    assert_eq!(world.opt_outs_of(shop(), "anna").await, Some(left));
    world.is_sound().await;
}

pub async fn a_device_says_it_for_its_user_while_its_session_lasts(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let phone = world.login("anna", 1).await;
    let of = |session: &Session| Whose::Session(session.clone());
    let changed = world.changes(of(&phone), json!({"all": true})).await;
    let all = said(json!({"all": true}));
    assert_eq!(changed, OptOutOutcome::Now(all.clone()));
    world.login("bert", 1).await;
    let former = world.changes(of(&phone), json!({"all": false})).await;
    assert_eq!(former, OptOutOutcome::SessionEnded, "bert has the device");
    assert_eq!(world.opt_outs_of(shop(), "anna").await, Some(all));
    let of_bert = world.opt_outs_of(shop(), "bert").await.unwrap_or_default();
    assert_eq!(of_bert, OptOuts::default());
    world.is_sound().await;
}

/// Each says what it has on its screen, which is as old as its last answer.
pub async fn nobody_undoes_what_another_said(fixture: &impl Fixture) {
    let world = letters::begin(fixture).await;
    let phone = Whose::Session(world.login("anna", 1).await);
    let laptop = Whose::Session(world.login("anna", 2).await);
    let reader = world.reader(1, 100).await;
    world
        .changes(phone.clone(), json!({"categories": {"games": true}}))
        .await;
    assert!(world.unsubscribes(&reader, Some("promotions")).await);
    world
        .changes(laptop, json!({"topics": {"gossip": true}}))
        .await;
    world
        .changes(anna(), json!({"categories": {"news": true}}))
        .await;
    let last = world
        .changes(
            phone,
            json!({"categories": {"games": false, "orders": true}}),
        )
        .await;
    let every = said(json!({
        "categories": ["promotions", "news", "orders"], "topics": ["gossip"],
    }));
    assert_eq!(last, OptOutOutcome::Now(every.clone()));
    assert_eq!(world.opt_outs_of(shop(), "anna").await, Some(every));
    world.is_sound().await;
}

pub async fn what_is_too_long_changes_nothing(fixture: &impl Fixture) {
    let world = World::begin(fixture).await;
    let names: Value = (0..MAX_OPT_OUTS)
        .map(|number| (format!("n{number}"), true))
        .collect();
    world.changes(anna(), json!({"categories": names})).await;
    let before = world.opt_outs_of(shop(), "anna").await;
    let more = json!({"all": true, "categories": {"more": true}});
    let refused = world.changes(anna(), more.clone()).await;
    let OptOutOutcome::TooLong(problems) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(problems[0].pointer, "/opt_out/categories");
    assert_eq!(world.opt_outs_of(shop(), "anna").await, before);
    // Nobody is made by what is refused.
    let names: Value = (0..=MAX_OPT_OUTS)
        .map(|number| (format!("n{number}"), true))
        .collect();
    let bert = Whose::User(shop(), user("bert"));
    let refused = world.changes(bert, json!({"topics": names})).await;
    assert!(matches!(refused, OptOutOutcome::TooLong(_)), "{refused:?}");
    assert_eq!(world.opt_outs_of(shop(), "bert").await, None);
    world.is_sound().await;
}

pub async fn the_reader_of_a_letter_unsubscribes(fixture: &impl Fixture) {
    let world = letters::begin(fixture).await;
    world
        .opts_out("anna", json!({"categories": ["news"]}), 3)
        .await;
    let reader = world.reader(1, 100).await;
    assert!(world.unsubscribes(&reader, Some("promotions")).await);
    assert!(!world.unsubscribes(&reader, Some("promotions")).await);
    let both = said(json!({"categories": ["news", "promotions"]}));
    assert_eq!(world.opt_outs_of(shop(), "anna").await, Some(both));
    assert!(world.unsubscribes(&reader, None).await);
    let now = world.opt_outs_of(shop(), "anna").await.unwrap();
    assert!(now.all && now.categories.len() == 2);
    world.is_sound().await;
}

/// Whoever has the name of a user who was erased is another person.
pub async fn a_letter_to_who_was_erased_unsubscribes_nobody(fixture: &impl Fixture) {
    let world = letters::begin(fixture).await;
    let former = world.reader(1, 100).await;
    assert!(world.erase("anna").await);
    assert!(!world.unsubscribes(&former, None).await);
    assert_eq!(
        world.opt_outs_of(shop(), "anna").await,
        None,
        "nobody is made"
    );
    world.email("anna", "anna@b.example", 101).await;
    assert!(!world.unsubscribes(&former, None).await);
    // Nor when nothing of the former is left.
    world.work(WorkKind::EraseUser, 10, 200).await;
    assert!(!world.unsubscribes(&former, Some("promotions")).await);
    let now = world.opt_outs_of(shop(), "anna").await;
    assert_eq!(now, Some(OptOuts::default()));
    let present = world.reader(2, 300).await;
    assert_ne!(present.number, former.number);
    assert!(world.unsubscribes(&present, None).await);
    assert!(world.opt_outs_of(shop(), "anna").await.unwrap().all);
    world.is_sound().await;
}

pub async fn a_preference_is_told_when_it_changes(fixture: &impl Fixture) {
    let world = letters::begin(fixture).await;
    let reader = world.reader(1, 100).await;
    let phone = world.login("anna", 1).await;
    let before = world.store.last_event().await.unwrap();
    let backend = || Whose::User(shop(), user("anna"));
    world.changes(backend(), json!({"all": false})).await;
    world.changes(backend(), json!({"all": true})).await;
    let device = || Whose::Session(phone.clone());
    world.changes(device(), json!({"all": true})).await;
    world.changes(device(), json!({"all": false})).await;
    assert!(world.unsubscribes(&reader, None).await);
    assert!(!world.unsubscribes(&reader, None).await);
    let quiet = |from: &str| json!({"quiet_hours": {"from": from, "to": "07:00"}});
    world.attributes("anna", quiet("22:00"), 31).await;
    world.attributes("anna", quiet("22:00"), 32).await;
    world
        .attributes("anna", json!({"time_zone": "Asia/Tokyo"}), 33)
        .await;
    let by = [
        ChangedBy::Backend,
        ChangedBy::Device,
        ChangedBy::Link,
        ChangedBy::Backend,
        ChangedBy::Backend,
    ];
    let expected = by.map(|by| Told::Preference {
        user: user("anna"),
        by,
    });
    assert_eq!(told_since(&world, before).await, expected);
    world.is_sound().await;
}
