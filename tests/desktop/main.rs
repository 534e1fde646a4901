//! The desktop app as a person meets it: the real window under a virtual display, a real server, a
//! real D-Bus with a notification daemon on it.
//!
//! It needs `Xvfb`, `dbus-daemon`, `WebKitWebDriver` and the built app, so it runs only when asked
//! for: `cargo xtask test` builds the app and asks. `VESTNIK_DESKTOP` names the app's file;
//! `VESTNIK_SCREENSHOTS` a folder for the pictures.

#![cfg(target_os = "linux")]

mod account;
mod answering;
mod bus;
mod buttons;
mod choosing;
mod delivery;
mod keyring;
mod life;
mod person;
mod process;
mod retry;
mod stage;
mod tray;
mod trouble;
mod webdriver;
mod words;

use bus::Daemon;
use person::{Person, build, code, order};
use stage::Stage;
use tray::Tray;
use vestnik_model::Engagement;
use vestnik_testkit::TestServer;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn a_notification_goes_all_the_way_to_a_person_and_back() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = Person::at(&server, "anna")?;
    let stage = Stage::set(anna.environment()?).await?;
    let mut daemon = Daemon::start(&stage.bus).await?;
    let app = stage.drive().await?;
    let page = &app.page;
    page.has("[role=status]", "Online").await?;
    page.has("main", "Nothing here yet").await?;

    // It comes live, into the list and as a toast.
    let order = anna.notify(order()).await?;
    page.has("[data-row]", "Your order is on its way").await?;
    page.has("[data-row]", "Unread").await?;
    page.has("title", "(1) Vestnik").await?;
    let toast = daemon.toast("Your order is on its way").await?;
    assert_eq!(toast.body, "It costs < 5 & comes <b>today</b>.");
    anna.has(Engagement::Displayed, order).await?;

    // A person opens it: text is text, the link says where it leads, the server knows it was read.
    page.click("[data-row]").await?;
    page.has("article", "It costs < 5 & comes <b>today</b>.")
        .await?;
    page.has("article button", "Open shop.example").await?;
    page.has("header", "All read").await?;
    anna.has_read(order).await?;
    page.look("open").await?;
    daemon.closed(toast.number).await?;

    // A click on the next one's toast opens it in the window.
    let build = anna.notify(build()).await?;
    let toast = daemon.toast("Сборка 1482 упала").await?;
    daemon.click(toast.number).await?;
    page.has("article h2", "Сборка 1482 упала").await?;
    anna.has_read(build).await?;
    anna.has(Engagement::Clicked, build).await?;

    // What is read on another device leaves the screen and is read here.
    let code = anna.notify(code()).await?;
    let toast = daemon.toast("Your sign-in code is 493 120").await?;
    page.has("[data-row]", "Unread").await?;
    anna.reads_elsewhere(code).await?;
    daemon.closed(toast.number).await?;
    page.has("header", "All read").await?;

    // Everything is kept, in order, and accessible.
    page.has_count("[data-row]", 3).await?;
    page.look("inbox").await?;
    app.end().await?;
    stage.end().await?;
    server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn the_tray_counts_and_leads_in_and_out() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    let anna = Person::at(&server, "anna")?;
    let stage = Stage::set(anna.environment()?).await?;
    let mut daemon = Daemon::start(&stage.bus).await?;
    let mut tray = Tray::start(&stage.bus).await?;
    let app = stage.run()?;
    let icon = tray.icon().await?;
    icon.entry("All read").await?;
    // What comes before the sign-in is done is quiet: wait until something is there.
    anna.notify(code()).await?;
    icon.entry("1 unread notification").await?;
    let order = anna.notify(order()).await?;
    anna.notify(build()).await?;
    icon.entry("3 unread notifications").await?;

    // A second start finds the first and ends; so does the person who asks for the window again.
    let second = stage.run()?.ended().await?;
    assert!(second.success(), "{second}");
    icon.click(icon.entry("Open").await?).await?;

    let toast = daemon.toast("Your order is on its way").await?;
    daemon.click(toast.number).await?;
    anna.has_read(order).await?;
    icon.entry("2 unread notifications").await?;

    icon.click(icon.entry("Quit").await?).await?;
    let status = app.ended().await?;
    assert!(status.success(), "{status}");
    stage.end().await?;
    server.stop().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn an_app_without_configuration_says_what_it_needs() -> anyhow::Result<()> {
    for words in words::ALL {
        let stage = Stage::set(words.environment(Vec::new())).await?;
        let app = stage.drive().await?;
        app.page.has("[role=status]", words.missing).await?;
        app.page.has("code", "desktop.toml").await?;
        app.page.look(&words.picture("setup")).await?;
        app.end().await?;
        stage.end().await?;
    }
    Ok(())
}
