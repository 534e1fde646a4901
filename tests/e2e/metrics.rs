//! What operators see of deliveries.

use reqwest::Method;
use vestnik_model::{TopicName, route};
use vestnik_testkit::{
    TestServer,
    backend::{to_topic, to_user},
    name::{installation, user},
    wait::asked,
};

/// The value of a counter.
async fn counter(kit: &TestServer, name: &str) -> anyhow::Result<u64> {
    let request = kit.backend.request(Method::GET, route::METRICS)?;
    let text = request.send().await?.error_for_status()?.text().await?;
    let line = format!("vestnik_{name}_total ");
    let mut values = text.lines().filter_map(|text| text.strip_prefix(&line));
    Ok(values.next().unwrap_or("0").parse()?)
}

/// Deliveries that nobody can receive, of an audience that is expanded at once and of one that is
/// expanded in parts.
#[tokio::test]
async fn what_reaches_nobody_is_counted() -> anyhow::Result<()> {
    let kit = TestServer::start().await?;
    let (anna, news) = (user("anna"), TopicName::parse("news")?);
    kit.backend.log_in(&anna, installation(1)).await?;
    kit.backend.publish(&to_user(&anna, "somebody")).await?;
    kit.backend
        .publish(&to_user(&user("nobody"), "nobody"))
        .await?;
    assert_eq!(counter(&kit, "deliveries_undelivered").await?, 1);
    kit.backend.topic(&news).await?;
    for name in ["anna", "nobody", "none"] {
        kit.backend.subscribe(&news, &user(name)).await?;
    }
    kit.backend
        .publish(&to_topic(&news, "two of three"))
        .await?;
    asked("the end of the expansion", async || {
        let count = counter(&kit, "deliveries_undelivered").await?;
        anyhow::ensure!(count <= 3, "{count} of 3");
        Ok((count == 3).then_some(()))
    })
    .await?;
    assert_eq!(counter(&kit, "notifications_accepted").await?, 3);
    kit.stop().await
}
