//! The real server and the real core over loopback: what a sender and a person see.

use std::sync::Arc;

use futures_util::future::try_join_all;
use reqwest::{Method, StatusCode};
use vestnik_core::{
    HistoryQuery, MemorySecrets, Secret, Snapshot, Standing, Vestnik, inbox::Start,
};
use vestnik_model::{
    AttemptStatus, DeliveryStatus, Engagement, NotificationId, NotificationStatus, Problem,
    ProblemCode, PublishRequest, UserId,
    counts::Counts,
    route,
    view::{AttemptView, DeliveryView, List},
};
use vestnik_testkit::{
    CoreDevice, CuttableProxy, TestServer,
    backend::{to_topic, to_user},
    core_device::Setup,
    name::user,
    proxy::Script,
    wait::{approached, asked},
};

async fn device(server: &TestServer, user: &UserId, name: &str) -> anyhow::Result<CoreDevice> {
    CoreDevice::of(&server.backend, user, server.folder(), name).await
}

async fn publish(server: &TestServer, to: &UserId, title: &str) -> anyhow::Result<NotificationId> {
    Ok(server.backend.publish(&to_user(to, title)).await?.id)
}

async fn publish_many(
    server: &TestServer,
    to: &UserId,
    count: usize,
) -> anyhow::Result<Vec<NotificationId>> {
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(publish(server, to, &format!("number {n}")).await?);
    }
    Ok(ids)
}

async fn only_delivery(server: &TestServer, id: NotificationId) -> anyhow::Result<DeliveryView> {
    let mut deliveries = server.backend.deliveries(id).await?;
    assert_eq!(deliveries.len(), 1, "one user is one delivery");
    Ok(deliveries.remove(0))
}

#[tokio::test]
async fn a_notification_goes_all_the_way_and_its_sender_can_see_it() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    phone.online().await?;

    let accepted = server.backend.publish(&to_user(&anna, "hello")).await?;
    assert!(!accepted.replayed);
    phone.has_shown(&[accepted.id]).await?;
    phone.flush().await?;
    let view = server.backend.notification(accepted.id).await?;
    assert_eq!(view.status, NotificationStatus::Sent);
    let delivered = Counts {
        delivered: 1,
        ..Counts::default()
    };
    assert_eq!(view.counts, delivered);
    assert_eq!(phone.client.snapshot().borrow().unread, 1);

    phone.client.clicked(accepted.id).await?;
    phone.flush().await?;
    let view = server.backend.notification(accepted.id).await?;
    assert_eq!(
        view.counts,
        Counts {
            read: 1,
            clicked: 1,
            ..Counts::default()
        }
    );
    assert_eq!(phone.client.snapshot().borrow().unread, 0);

    let delivery = only_delivery(&server, accepted.id).await?;
    assert_eq!(
        (&delivery.user, delivery.status),
        (&anna, DeliveryStatus::Read)
    );
    assert_eq!(
        delivery.engagement,
        [Engagement::Displayed, Engagement::Clicked]
    );
    assert!(delivery.delivered_at <= delivery.read_at);
    // That it was handed over is written behind the delivery path, in batches.
    asked("the time of the hand-over", async || {
        Ok(only_delivery(&server, accepted.id).await?.sent_at)
    })
    .await?;
    let path = route::with(route::ATTEMPTS, &delivery.id.to_string());
    let attempts: List<AttemptView> = server.backend.get(&path).await?;
    assert_eq!(attempts.data.len(), 1);
    assert_eq!(attempts.data[0].status, AttemptStatus::Read);

    phone.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn what_is_read_on_one_device_is_withdrawn_on_the_other() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    let laptop = device(&server, &anna, "laptop").await?;
    phone.online().await?;
    laptop.online().await?;

    let ids = publish_many(&server, &anna, 2).await?;
    phone.has_shown(&ids).await?;
    laptop.has_shown(&ids).await?;
    phone.client.mark_read(vec![ids[0]]).await?;
    laptop
        .has("one withdrawn", |screen| screen.withdrawn == ids[..1])
        .await?;
    assert_eq!(laptop.client.unread_count().await?, 1);
    assert!(
        phone.seen().withdrawn.is_empty(),
        "nothing is withdrawn where it was read"
    );

    phone.stop().await?;
    laptop.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn a_device_that_was_away_catches_up_in_order() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    phone.online().await?;
    let before = publish_many(&server, &anna, 3).await?;
    phone.has_shown(&before).await?;
    phone.stop().await?;

    let missed = publish_many(&server, &anna, 130).await?;
    let phone = device(&server, &anna, "phone").await?;
    phone.has_shown(&missed).await?;
    let seen = phone.stop().await?;
    assert_eq!(
        seen.order, missed,
        "in the order of publishing, and nothing from before again"
    );
    server.stop().await
}

#[tokio::test]
async fn a_device_online_through_a_server_restart_misses_nothing() -> anyhow::Result<()> {
    let mut server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    phone.online().await?;
    let first = publish(&server, &anna, "before").await?;
    phone.has_shown(&[first]).await?;

    server.restart().await?;
    let second = publish(&server, &anna, "after").await?;
    phone.client.network_changed();
    phone.has_shown(&[first, second]).await?;

    phone.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn a_cut_connection_heals_by_itself() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let tunnel = CuttableProxy::scripted(server.address(), |_| Script::harmless()).await?;
    let setup = Setup::new(&server.backend, &anna, &server.folder().join("phone"))?;
    let phone = CoreDevice::start(setup.at(tunnel.address())).await?;
    phone.online().await?;

    tunnel.sever();
    let is_away = |snapshot: &Snapshot| !snapshot.is_online();
    phone.is("the cut noticed", is_away).await?;
    let id = publish(&server, &anna, "in the tunnel").await?;
    phone.has_shown(&[id]).await?;

    phone.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn a_topic_reaches_those_who_joined_it_once_each() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let topic = "news".parse()?;
    server.backend.topic(&topic).await?;
    let anna = device(&server, &user("anna"), "anna").await?;
    let boris = device(&server, &user("boris"), "boris").await?;
    let clara = device(&server, &user("clara"), "clara").await?;
    for device in [&anna, &boris, &clara] {
        device.online().await?;
    }
    anna.client.subscribe(topic.clone()).await?;
    boris.client.subscribe(topic.clone()).await?;

    let mut request = to_topic(&topic, "to all, and to Anna twice");
    request.to.users.push(user("anna"));
    let first = server.backend.publish(&request).await?.id;
    anna.has_shown(&[first]).await?;
    boris.has_shown(&[first]).await?;
    let last = publish(&server, &user("clara"), "to Clara").await?;
    clara.has_shown(&[last]).await?;
    assert_eq!(clara.seen().order, [last]);
    let total = approached("two deliveries", async || {
        let total = server.backend.notification(first).await?.counts.total();
        Ok((total, total == 2))
    });
    total.await?;

    for device in [anna, boris, clara] {
        device.stop().await?;
    }
    server.stop().await
}

#[tokio::test]
async fn a_repeated_publish_is_one_notification() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    phone.online().await?;

    let request = PublishRequest {
        idempotency_key: Some("order-8812".to_owned()),
        ..to_user(&anna, "once")
    };
    let all = try_join_all((0..8).map(|_| server.backend.publish(&request))).await?;
    let id = all[0].id;
    assert!(all.iter().all(|accepted| accepted.id == id));
    assert_eq!(all.iter().filter(|accepted| !accepted.replayed).count(), 1);

    let other = PublishRequest {
        idempotency_key: request.idempotency_key,
        ..to_user(&anna, "another body")
    };
    let refused = server.backend.publish(&other).await.unwrap_err();
    let problem: Problem = refused.downcast()?;
    assert_eq!(problem.code, ProblemCode::IdempotencyMismatch);

    let last = publish(&server, &anna, "last").await?;
    phone.has_shown(&[id, last]).await?;
    assert_eq!(phone.stop().await?.order, [id, last]);
    server.stop().await
}

#[tokio::test]
async fn after_a_logout_nothing_comes_any_more() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    phone.online().await?;
    let before = publish(&server, &anna, "before").await?;
    phone.has_shown(&[before]).await?;

    phone.client.logout().await?;
    let is_out = |snapshot: &Snapshot| snapshot.standing == Standing::Nobody;
    phone.is("signed out", is_out).await?;
    let path = route::with(
        route::INSTALLATION,
        &phone.client.installation().to_string(),
    );
    asked("the server's knowing it", async || {
        let answer = server.backend.request(Method::GET, &path)?.send().await?;
        Ok((answer.status() == StatusCode::NOT_FOUND).then_some(()))
    })
    .await?;
    let after = publish(&server, &anna, "after").await?;
    let view = server.backend.notification(after).await?;
    assert_eq!(
        view.counts,
        Counts {
            undelivered: 1,
            ..Counts::default()
        }
    );
    assert_eq!(view.status, NotificationStatus::Error);
    assert_eq!(phone.stop().await?.order, [before]);
    server.stop().await
}

/// The app is removed and installed again on a system that keeps its secrets, as a Keychain does.
#[tokio::test]
async fn an_app_that_is_installed_again_ends_the_session_it_had() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let secrets = Arc::new(MemorySecrets::default());
    let open = async |name: &str| {
        let setup = Setup::new(&server.backend, &anna, &server.folder().join(name))?;
        let built = Vestnik::builder(setup.config()).secrets(secrets.clone());
        anyhow::Ok((built.open().await?, Secret::new(setup.identity)))
    };
    let (client, identity) = open("former").await?;
    let former = client.installation();
    let phone = CoreDevice::over(client);
    phone.client.login(anna.clone(), identity.clone()).await?;
    phone.online().await?;
    phone.stop().await?;

    let (client, _) = open("anew").await?;
    assert_eq!(client.snapshot().borrow().standing, Standing::Nobody);
    assert_ne!(client.installation(), former);
    let phone = CoreDevice::over(client);
    let path = route::with(route::INSTALLATION, &former.to_string());
    asked("the server's forgetting the former one", async || {
        let answer = server.backend.request(Method::GET, &path)?.send().await?;
        Ok((answer.status() == StatusCode::NOT_FOUND).then_some(()))
    })
    .await?;
    phone.client.login(anna.clone(), identity).await?;
    phone.online().await?;
    let id = publish(&server, &anna, "hello").await?;
    phone.has_shown(&[id]).await?;
    phone.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn a_recalled_notification_is_withdrawn_and_not_shown_later() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    phone.online().await?;
    let shown = publish(&server, &anna, "a mistake").await?;
    phone.has_shown(&[shown]).await?;
    server.backend.recall(shown).await?;
    phone
        .has("the toast withdrawn", |screen| screen.withdrawn == [shown])
        .await?;
    phone.stop().await?;

    let missed = publish(&server, &anna, "another mistake").await?;
    server.backend.recall(missed).await?;
    let last = publish(&server, &anna, "no mistake").await?;
    let phone = device(&server, &anna, "phone").await?;
    phone.has_shown(&[last]).await?;
    assert_eq!(phone.stop().await?.order, [last]);
    server.stop().await
}

#[tokio::test]
async fn a_user_without_a_device_gets_it_later_all_the_same() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let id = publish(&server, &anna, "nobody home").await?;
    let view = server.backend.notification(id).await?;
    assert_eq!(
        view.counts,
        Counts {
            undelivered: 1,
            ..Counts::default()
        }
    );

    let phone = device(&server, &anna, "phone").await?;
    phone.online().await?;
    // It is from before the login, so that it is there and nothing pops up.
    assert!(phone.client.get(id).await?.is_some());
    assert_eq!(phone.client.snapshot().borrow().unread, 1);
    phone.flush().await?;
    assert_eq!(phone.seen().order, []);
    let view = server.backend.notification(id).await?;
    assert_eq!(
        view.counts,
        Counts {
            delivered: 1,
            late: 1,
            ..Counts::default()
        }
    );
    assert!(only_delivery(&server, id).await?.late);

    phone.stop().await?;
    server.stop().await
}

#[tokio::test]
async fn history_is_read_in_pages_newest_first() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = user("anna");
    let phone = device(&server, &anna, "phone").await?;
    phone.online().await?;
    let mut published = publish_many(&server, &anna, 7).await?;
    phone.has_shown(&published).await?;

    let mut read = Vec::new();
    let mut query = HistoryQuery {
        limit: 3,
        ..HistoryQuery::default()
    };
    loop {
        let page = phone.client.history(query.clone()).await?;
        read.extend(page.items.iter().map(|item| item.notification.id));
        let Some(end) = page.end.filter(|_| page.has_more) else {
            break;
        };
        query.start = Start::Before(end);
    }
    published.reverse();
    assert_eq!(read, published);

    phone.stop().await?;
    server.stop().await
}
