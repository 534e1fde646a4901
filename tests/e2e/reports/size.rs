//! What a device has to read at once.

use serde_json::json;
use vestnik_core::HistoryQuery;
use vestnik_model::{contract::server, publish::ContentRequest};
use vestnik_testkit::{
    backend::to_user,
    name::{installation, user},
};

use super::{Stage, greeted};

/// The smallest limit that a client has by default for what it receives: 1 MiB.
const SMALLEST_LIMIT: usize = 1 << 20;
/// More of the longest notifications than that holds.
const COUNT: usize = 80;

/// Report 1: a device was off while a few dozen long notifications came.
#[tokio::test]
async fn a_device_that_was_off_catches_up_with_long_notifications() -> anyhow::Result<()> {
    let stage = Stage::new().await?;
    let anna = user("anna");
    let phone = stage.start(&anna).await?;
    phone.online().await?;
    phone.stop().await?;
    let mut request = to_user(&anna, "long");
    request.notification = ContentRequest {
        body: "😀".repeat(4_000),
        ..request.notification
    };
    let mut published = Vec::new();
    for _ in 0..COUNT {
        published.push(stage.server.backend.publish(&request).await?.id);
    }

    let phone = stage.start(&anna).await?;
    phone.has_shown(&published).await?;
    let query = HistoryQuery {
        limit: 200,
        ..HistoryQuery::default()
    };
    assert_eq!(phone.client.history(query).await?.items.len(), COUNT);
    phone.stop().await?;

    // Any client can read such pages, which our core alone does not show: it asks for less in the end.
    let tokens = stage.server.backend.log_in(&anna, installation(7)).await?;
    let token = &tokens.access_token;
    let mut hub = greeted(stage.server.address(), token, installation(7)).await?;
    let mut read = 0;
    let mut after = json!({});
    while read < COUNT {
        let page = hub.call(server::SYNC, &after).await?;
        assert!(
            page.to_string().len() < SMALLEST_LIMIT,
            "{} bytes",
            page.to_string().len()
        );
        let entries = page["result"]["entries"].as_array().map_or(0, Vec::len);
        assert!(entries > 0, "an empty page with {read} of {COUNT} read");
        read += entries;
        after = json!({ "cursor": page["result"]["cursor"] });
    }
    stage.server.stop().await
}
