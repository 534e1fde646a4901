//! A server below a path of a shared host.

use vestnik_model::{TopicName, route};
use vestnik_testkit::{backend::to_topic, name::user};

use super::Stage;

/// Report 9.
#[tokio::test]
async fn a_device_keeps_to_the_servers_path_all_its_life() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let news = TopicName::parse("news")?;
    stage.server.backend.topic(&news).await?;
    let phone = stage.start(&anna).await?;
    phone.online().await?;
    phone.client.subscribe(news.clone()).await?;
    phone.stop().await?;
    let missed = stage.publish(&anna, "missed").await?;
    // By its refresh token this time.
    let phone = stage.start(&anna).await?;
    phone.has_shown(&[missed]).await?;
    let request = to_topic(&news, "live");
    let live = stage.server.backend.publish(&request).await?.id;
    phone.has_shown(&[live]).await?;
    phone.flush().await?;
    assert_eq!(
        stage
            .server
            .backend
            .notification(live)
            .await?
            .counts
            .delivered,
        1
    );

    let installation = phone.client.installation().to_string();
    let resource = route::with(route::INSTALLATION, &installation);
    phone.client.logout().await?;
    let logout = format!("DELETE {resource}");
    stage
        .host
        .request("the end of the logout", |request| {
            request.is_over && request.line == logout
        })
        .await?;
    phone.stop().await?;
    let lines: Vec<_> = stage
        .host
        .requests()
        .into_iter()
        .map(|request| request.line)
        .collect();
    for expected in [
        format!("POST {}", route::TOKEN),
        format!("GET {}", route::HUB),
        format!("PUT {resource}"),
    ] {
        assert!(lines.contains(&expected), "{expected} is not in {lines:?}");
    }
    assert_eq!(stage.host.strays(), [] as [&str; 0]);
    assert_eq!(stage.vouched(), 1);
    stage.server.stop().await
}
