//! Start, end and window.

use vestnik_testkit::TestServer;

use crate::{
    person::{Person, without_code},
    stage::Stage,
    tray::Tray,
    words,
};

/// The box of the start at login, behind the account, the pop-ups and what a person wants to receive.
const STARTS: &str = "section:nth-of-type(4) input";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn without_a_tray_the_app_can_be_ended_and_says_how_it_is_found_again() -> anyhow::Result<()>
{
    let words = words::ENGLISH;
    let server = TestServer::start().await?;
    let stage = Stage::set(without_code(&server)).await?;
    let app = stage.drive().await?;
    app.page.has("h1", words.sign_in).await?;
    app.page.click("header > button").await?;
    app.page
        .has("section", "There is no tray here: start Vestnik again")
        .await?;
    // The app may end before the driver has its answer.
    drop(app.page.press("Quit Vestnik").await);
    app.ended().await?;

    let app = stage.drive().await?;
    app.page.has("h1", words.sign_in).await?;
    app.page.control('q').await?;
    app.ended().await?;
    stage.end().await?;
    server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn the_start_at_login_is_the_systems_and_starts_without_a_window() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = Person::at(&server, "anna")?;
    let stage = Stage::set(anna.environment()?).await?;
    let app = stage.drive().await?;
    app.page.has("[role=status]", "Online").await?;
    app.page.click("header > button").await?;
    let item = stage.folder(".config/autostart/Vestnik.desktop");
    assert!(!item.exists());
    app.page.click(STARTS).await?;
    app.page.has_count(&format!("{STARTS}:checked"), 1).await?;
    crate::retry::until("the system knows of it", || async {
        let item = std::fs::read_to_string(&item)?;
        anyhow::ensure!(item.contains("--background"), "{item}");
        Ok(())
    })
    .await?;
    app.end().await?;

    // Started like that, it works and has no window; a second start brings the window up.
    let mut tray = Tray::start(&stage.bus).await?;
    let app = stage.run_with(&["--background"])?;
    let icon = tray.icon().await?;
    anna.notify(crate::person::order()).await?;
    icon.entry("1 unread notification").await?;
    icon.click(icon.entry("Quit").await?).await?;
    assert!(app.ended().await?.success());
    stage.end().await?;
    server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn the_window_has_the_size_that_it_was_left_with() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let stage = Stage::set(without_code(&server)).await?;
    let app = stage.drive().await?;
    app.page.has("h1", "Sign in").await?;
    app.page.resize(777, 555).await?;
    crate::retry::until("the window has another size", || async {
        let size = app.page.size().await?;
        anyhow::ensure!(size[0] == 777, "{size}");
        Ok(())
    })
    .await?;
    let left = app.page.size().await?;
    app.page.control('q').await?;
    app.ended().await?;

    let app = stage.drive().await?;
    app.page.has("h1", "Sign in").await?;
    crate::retry::until("the window has its size again", || async {
        let size = app.page.size().await?;
        anyhow::ensure!(size == left, "{size} is not {left}");
        Ok(())
    })
    .await?;
    app.end().await?;
    stage.end().await?;
    server.stop().await
}
