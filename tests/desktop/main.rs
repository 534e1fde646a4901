//! The desktop app as a person meets it: the real window under a virtual display, a real server, a
//! real D-Bus with a notification daemon on it.
//!
//! It needs `Xvfb`, `dbus-daemon`, `WebKitWebDriver` and the built app, so it runs only when asked
//! for: `cargo xtask test` builds the app and asks. `VESTNIK_DESKTOP` names the app's file;
//! `VESTNIK_SCREENSHOTS` a folder for the pictures.

#![cfg(target_os = "linux")]

mod bus;
mod process;
mod retry;
mod stage;
mod tray;
mod webdriver;
mod world;

use bus::Daemon;
use serde_json::json;
use stage::Stage;
use tray::Tray;
use world::World;

/// Asks axe-core, which runs in the page, for what it finds.
const FINDINGS: &str = "axe.run(document).then(({ violations }) => done(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)));";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn a_notification_goes_all_the_way_to_a_person_and_back() -> anyhow::Result<()> {
    let world = World::start().await?;
    let stage = Stage::set(world.environment()).await?;
    let mut daemon = Daemon::start(&stage.bus).await?;
    let app = stage.drive().await?;
    let page = &app.page;
    page.has("[role=status]", "Online").await?;
    page.has("main", "Nothing here yet").await?;

    // It comes live, into the list and as a toast.
    let order = world.publish(&order()).await?;
    page.has("[data-row]", "Your order is on its way").await?;
    page.has("[data-row]", "Unread").await?;
    page.has("title", "(1) Vestnik").await?;
    let toast = daemon.toast("Your order is on its way").await?;
    assert_eq!(toast.body, "It costs < 5 & comes <b>today</b>.");
    world.engagement_has(&order, "displayed").await?;

    // A person opens it: text is text, the link says where it leads, the server knows it was read.
    page.click("[data-row]").await?;
    page.has("article", "It costs < 5 & comes <b>today</b>.")
        .await?;
    page.has("article button", "Open shop.example").await?;
    page.has("header", "All read").await?;
    world.is_read(&order).await?;
    page.screenshot("open").await?;
    daemon.closed(toast.number).await?;

    // A click on the next one's toast opens it in the window.
    let build = world.publish(&build()).await?;
    let toast = daemon.toast("Сборка 1482 упала").await?;
    daemon.click(toast.number).await?;
    page.has("article h2", "Сборка 1482 упала").await?;
    world.is_read(&build).await?;
    world.engagement_has(&build, "clicked").await?;

    // Everything is kept, in order, and nobody is shut out.
    page.has_count("[data-row]", 2).await?;
    page.screenshot("inbox").await?;
    page.load_axe().await?;
    assert_eq!(
        page.ask(FINDINGS).await?,
        json!([]),
        "axe-core finds nothing in the real window"
    );
    app.end().await?;
    stage.end().await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn the_tray_counts_and_leads_in_and_out() -> anyhow::Result<()> {
    let world = World::start().await?;
    let stage = Stage::set(world.environment()).await?;
    let mut daemon = Daemon::start(&stage.bus).await?;
    let mut tray = Tray::start(&stage.bus).await?;
    let app = stage.run()?;
    let icon = tray.icon().await?;
    icon.entry("All read").await?;
    let order = world.publish(&order()).await?;
    world.publish(&build()).await?;
    icon.entry("2 unread notifications").await?;

    // A second start finds the first and ends; so does the person who asks for the window again.
    let second = stage.run()?.ended().await?;
    assert!(second.success(), "{second}");
    icon.click(icon.entry("Open").await?).await?;

    let toast = daemon.toast("Your order is on its way").await?;
    daemon.click(toast.number).await?;
    world.is_read(&order).await?;
    icon.entry("1 unread notification").await?;

    icon.click(icon.entry("Quit").await?).await?;
    let status = app.ended().await?;
    assert!(status.success(), "{status}");
    stage.end().await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn an_app_without_configuration_says_what_it_needs() -> anyhow::Result<()> {
    let stage = Stage::set(Vec::new()).await?;
    let app = stage.drive().await?;
    let needs = "Not set yet: server, app, identity_file.";
    app.page.has("[role=status]", needs).await?;
    app.page.has("code", "desktop.toml").await?;
    app.page.screenshot("setup").await?;
    app.end().await?;
    stage.end().await
}

fn order() -> serde_json::Value {
    json!({
        "title": "Your order is on its way",
        "body": "It costs < 5 & comes <b>today</b>.",
        "category": "orders",
        "click": { "type": "link", "url": "https://shop.example/orders/8812" },
    })
}

fn build() -> serde_json::Value {
    json!({
        "title": "Сборка 1482 упала",
        "body": "Ветка main, шаг «тесты»: 3 теста не прошли.",
        "category": "builds",
        "priority": "critical",
    })
}
