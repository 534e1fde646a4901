//! What a person wants to receive, chosen in the window.

use vestnik_model::Reason;
use vestnik_testkit::TestServer;

use crate::{
    account::{SETTINGS, sign_in},
    bus::Daemon,
    person::{Person, build, code, order, without_code},
    stage::Stage,
    words,
};

/// The box of the first category, in the order of their names: `builds` comes before `orders`.
const BUILDS: &str = "[role=group] input";
/// The box of the pop-ups on this computer, and that of everything.
const POP_UPS: &str = "section input";
const BACK: &str = "main .bar button";
const DARK: &str = "input[value=dark]";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn what_is_switched_off_in_the_window_does_not_come() -> anyhow::Result<()> {
    for words in words::ALL {
        let server = TestServer::start().await?;
        let anna = Person::at(&server, "anna")?;
        let stage = Stage::set(words.environment(without_code(&server))).await?;
        let mut daemon = Daemon::start(&stage.bus).await?;
        let app = stage.drive().await?;
        let page = &app.page;
        sign_in(page, words, &anna.code()?).await?;
        anna.notify(order()).await?;
        anna.notify(build()).await?;
        daemon.toast("Сборка 1482 упала").await?;
        page.has_count("[data-row]", 2).await?;

        // A category, on all devices.
        page.click(SETTINGS).await?;
        page.has("[role=group]", "orders").await?;
        page.look(&words.picture("choosing")).await?;
        page.click(BUILDS).await?;
        anna.opted_out(&["builds"]).await?;
        let unwanted = anna.notify(build()).await?;
        anna.has_reason(Reason::OptoutCategory, unwanted).await?;

        // The pop-ups, on this computer: what comes is listed.
        page.click(POP_UPS).await?;
        page.has("section", words.switched_off).await?;
        page.click(DARK).await?;
        page.has_count("html[data-theme=dark]", 1).await?;
        page.look(&words.picture("choosing-dark")).await?;
        anna.notify(order()).await?;
        page.click(BACK).await?;
        page.has_count("[data-row]", 3).await?;

        // When they are on again, what came meanwhile does not pop up.
        page.click(SETTINGS).await?;
        page.click(POP_UPS).await?;
        page.has_not("section", words.switched_off).await?;
        anna.notify(code()).await?;
        let toast = daemon.next_toast().await?;
        assert_eq!(toast.summary, "Your sign-in code is 493 120");
        app.end().await?;
        stage.end().await?;
        server.stop().await?;
    }
    Ok(())
}
