//! Rows of another version, or damaged ones: each is one absent entry.

use jiff::SignedDuration;
use vestnik_model::{
    Audience, AudienceRequest, Channel, DeliveryStatus, Open, Reason, email::EmailAddress,
    publish::Schedule,
};
use vestnik_rules::work::WorkKind;
use vestnik_store::{
    Audiences as _, Contacts as _, Effect, Ledger as _, Operations as _, PageQuery,
    audiences::{ReachOutcome, ReachQuery},
    effect::{ChangedDelivery, Summary},
};

use super::world::{World, start, to_topic, to_users, user};

fn damage(world: &World, statement: &str) {
    world.connection().execute_batch(statement).unwrap();
}

#[tokio::test]
async fn an_unreadable_content_is_one_absent_entry() {
    let world = World::new().await;
    world.login("anna").await;
    for _ in 0..3 {
        world.publish(to_users(&["anna"])).await;
    }
    damage(
        &world,
        "UPDATE notification SET content = '{\"title\": 7}' WHERE row = 2",
    );
    let stretch = world.log("anna", None).await;
    let given: Vec<_> = stretch
        .entries
        .iter()
        .map(|entry| entry.entry.is_some())
        .collect();
    assert_eq!(given, [true, false, true]);
    assert_eq!(stretch.entries[2].candidate.place, stretch.head);
    assert_eq!(world.store.unreadable_rows(), 1);
    let page = PageQuery {
        after: None,
        limit: 10,
    };
    let list = world
        .store
        .notifications(world.app.clone(), page)
        .await
        .unwrap();
    assert_eq!(list.data.len(), 2);
}

#[tokio::test]
async fn an_entry_of_a_later_version_is_kept_as_it_is() {
    let world = World::new().await;
    world.login("anna").await;
    world.publish(to_users(&["anna"])).await;
    let later = r#"{"kind": "liveCard", "id": "ntf_00000000000000000000000000000001", "card": 7}"#;
    damage(&world, &format!("UPDATE log SET body = '{later}'"));
    let stretch = world.log("anna", None).await;
    let entry = stretch.entries[0].entry.as_ref().unwrap();
    assert_eq!(entry.kind(), "liveCard");
}

#[tokio::test]
async fn a_delivery_of_a_later_version_harms_no_other() {
    let world = World::new().await;
    for name in ["anna", "boris", "clara"] {
        world.login(name).await;
    }
    let id = world.publish(to_users(&["anna", "boris", "clara"])).await;
    damage(
        &world,
        "UPDATE delivery SET status = 'volcanic' WHERE user = 2",
    );
    let page = PageQuery {
        after: None,
        limit: 10,
    };
    let list = world
        .store
        .deliveries(world.app.clone(), id, page)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(list.data.len(), 2);
    assert_eq!(world.store.unreadable_rows(), 1);
}

#[tokio::test]
async fn a_page_of_deliveries_of_a_later_version_ends_no_list() {
    let world = World::new().await;
    let id = world.publish(to_users(&["anna", "boris", "clara"])).await;
    damage(
        &world,
        "UPDATE delivery SET status = 'volcanic' WHERE user <= 2",
    );
    let mut page = PageQuery {
        after: None,
        limit: 2,
    };
    let app = || world.app.clone();
    let list = world.store.deliveries(app(), id, page.clone()).await;
    let list = list.unwrap().unwrap();
    assert_eq!(list.data, []);
    page.after = list.next_cursor.map(|cursor| cursor.parse().unwrap());
    assert!(page.after.is_some(), "more follows");
    let list = world.store.deliveries(app(), id, page).await;
    let list = list.unwrap().unwrap();
    assert_eq!((list.data.len(), list.next_cursor), (1, None));
}

#[tokio::test]
async fn a_user_of_a_later_version_stops_no_mailing() {
    let world = World::new().await;
    world.topic("news", &["anna", "boris", "clara"]).await;
    damage(&world, "UPDATE user SET id = '' WHERE row = 2");
    let id = world.publish(to_topic("news")).await;
    world.work(WorkKind::Expand, 1, start()).await;
    let view = world
        .store
        .notification(world.app.clone(), id)
        .await
        .unwrap();
    assert_eq!(view.unwrap().counts.total(), 2);
    assert_eq!(world.store.unreadable_rows(), 1);
}

/// More people share the address than one part walks.
#[tokio::test]
async fn a_user_of_a_later_version_ends_no_audience_by_address() {
    let world = World::new().await;
    let address = EmailAddress::parse("family@example.com").unwrap();
    let names: Vec<_> = (1..=120).map(|number| format!("u{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    world.topic("news", &names).await;
    let put = world
        .store
        .put_email(world.app.clone(), user("u1"), address.clone(), start());
    put.await.unwrap();
    damage(
        &world,
        "INSERT INTO email_address SELECT u.row, e.value, e.hash, e.set_at, NULL
             FROM user u CROSS JOIN email_address e WHERE u.row > 1;
         UPDATE user SET id = hex(zeroblob(500)) || row WHERE row IN (2, 3)",
    );
    let to = Audience::parse(AudienceRequest {
        emails: vec![address],
        ..AudienceRequest::default()
    });
    let to = to.unwrap();
    let asked = ReachQuery {
        app: world.app.clone(),
        audience: to.clone(),
        schedule: Schedule::default(),
        ttl: SignedDuration::from_hours(1),
        is_critical: false,
        category: None,
        limit: 1,
        now: start(),
    };
    let reach = world.store.reach(asked).await.unwrap();
    let ReachOutcome::Reach { is_exact, .. } = reach else {
        panic!("not looked at: {reach:?}");
    };
    assert!(!is_exact, "others follow");
    let id = world.publish(to).await;
    world.work(WorkKind::Expand, 10, start()).await;
    let view = world.store.notification(world.app.clone(), id).await;
    assert_eq!(view.unwrap().unwrap().counts.total(), 118);
}

/// The deliveries that the events after a number name.
async fn named(world: &World, after: u64) -> Vec<ChangedDelivery> {
    let events = world.store.events(after, 100).await.unwrap();
    let named = events.into_iter().filter_map(|event| match event.effect {
        Effect::NotificationChanged { deliveries, .. } => Some(deliveries),
        Effect::LogGrew { .. }
        | Effect::Responded { .. }
        | Effect::Told(_)
        | Effect::Stopped { .. }
        | Effect::Revoked(_)
        | Effect::WorkDue { .. } => None,
    });
    named.flatten().collect()
}

#[tokio::test]
async fn events_of_other_versions_say_what_they_know() {
    let world = World::new().await;
    for name in ["anna", "boris"] {
        world.login(name).await;
    }
    world.publish(to_users(&["anna", "boris"])).await;
    let before = world.store.last_event().await.unwrap();
    damage(
        &world,
        r#"INSERT INTO event (app, at, kind, notification, user, status, body)
            SELECT app, at, 'deliveries', notification, NULL, NULL, '{"sent": [1, 2], "volcanic": [1]}'
                FROM event WHERE notification IS NOT NULL
            UNION ALL SELECT app, at, 'delivery', notification, 1, 'read', NULL FROM event WHERE notification IS NOT NULL
            UNION ALL SELECT app, at, 'delivery', notification, 1, 'failed',
                '{"reason": "lava.cold", "channel": "Pigeon", "mood": 7}' FROM event WHERE notification IS NOT NULL
            UNION ALL SELECT app, at, 'deliveries', notification, NULL, NULL,
                '[{"status": "failed", "reason": "token.dead", "channel": "fcm", "mood": 7, "users": [2]}]'
                FROM event WHERE notification IS NOT NULL"#,
    );
    let plain = |status| Summary {
        status,
        reason: None,
        channel: None,
        late: false,
        double_contact: false,
    };
    let unknown = Summary {
        reason: Some(Open::Unknown("lava.cold".to_owned())),
        ..plain(DeliveryStatus::Failed)
    };
    let known = Summary {
        reason: Some(Reason::TokenDead.into()),
        channel: Some(Channel::Fcm),
        ..plain(DeliveryStatus::Failed)
    };
    let named = named(&world, before).await.into_iter();
    let told: Vec<_> = named
        .map(|one| (one.user.as_str().to_owned(), one.summary))
        .collect();
    let of = |who: &str, summary| (who.to_owned(), summary);
    assert_eq!(
        told,
        [
            of("anna", plain(DeliveryStatus::Sent)),
            of("boris", plain(DeliveryStatus::Sent)),
            of("anna", plain(DeliveryStatus::Read)),
            of("anna", unknown),
            of("boris", known),
        ]
    );
    assert_eq!(world.store.unreadable_rows(), 0);
}
