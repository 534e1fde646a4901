//! A notification service that is absent, comes, and goes.

use vestnik_model::Engagement;
use vestnik_testkit::TestServer;

use crate::{
    account::sign_in,
    bus::Daemon,
    person::{Person, build, order, without_code},
    stage::Stage,
    words,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn what_comes_without_a_notification_service_is_shown_when_there_is_one() -> anyhow::Result<()>
{
    for words in words::ALL {
        let server = TestServer::start().await?;
        let anna = Person::at(&server, "anna")?;
        let stage = Stage::set(words.environment(without_code(&server))).await?;
        let app = stage.drive().await?;
        let page = &app.page;
        sign_in(page, words, &anna.code()?).await?;
        page.has("[role=status]", words.no_service).await?;
        let order = anna.notify(order()).await?;
        page.has("[data-row]", "Your order is on its way").await?;
        page.look(&words.picture("no-service")).await?;

        let mut daemon = Daemon::start(&stage.bus).await?;
        daemon.toast("Your order is on its way").await?;
        anna.has(Engagement::Displayed, order).await?;
        page.has_not("[role=status]", words.no_service).await?;

        // The service ends; the next one goes on.
        daemon.end().await?;
        page.has("[role=status]", words.no_service).await?;
        anna.notify(build()).await?;
        page.has("[data-row]", "Сборка 1482 упала").await?;
        let mut daemon = Daemon::start(&stage.bus).await?;
        daemon.toast("Сборка 1482 упала").await?;
        assert!(
            daemon.has_no_toast("Your order is on its way"),
            "shown once, whatever becomes of the service"
        );
        app.end().await?;
        stage.end().await?;
        server.stop().await?;
    }
    Ok(())
}
