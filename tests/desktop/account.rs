//! Sign-in, sign-out and switch of user, in both languages, with a picture of each state.

use vestnik_testkit::{TestServer, server::Halt};

use crate::{
    bus::Daemon,
    person::{Person, build, order, without_code},
    stage::Stage,
    webdriver::Page,
    words::{self, Words},
};

/// The button that leads to the settings.
pub(crate) const SETTINGS: &str = "header > button";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn one_user_signs_in_and_out_and_another_takes_the_device() -> anyhow::Result<()> {
    for words in words::ALL {
        let server = TestServer::start().await?;
        walk(&server, words).await?;
        server.stop().await?;
    }
    Ok(())
}

/// What is no code is refused here, and what is no good code by the server, each in words. Gives a good
/// code.
async fn is_refused(page: &Page, words: &Words, anna: &Person<'_>) -> anyhow::Result<String> {
    page.has("h1", words.sign_in).await?;
    page.look(&words.picture("signed-out")).await?;
    sign_in(page, words, "not a code").await?;
    page.has("[role=alert]", words.unreadable).await?;
    page.look(&words.picture("code-unreadable")).await?;
    let code = anna.code()?;
    let (signed, _) = code.rsplit_once('.').unwrap_or_default();
    sign_in(page, words, &format!("{signed}.AAAA")).await?;
    page.has("[role=alert]", words.refused).await?;
    sign_in(page, words, &anna.expired_code()?).await?;
    page.has("[role=alert]", words.expired).await?;
    page.look(&words.picture("code-expired")).await?;
    Ok(code)
}

async fn walk(server: &TestServer, words: &Words) -> anyhow::Result<()> {
    let anna = Person::at(server, "anna")?;
    let boris = Person::at(server, "boris")?;
    let stage = Stage::set(words.environment(without_code(server))).await?;
    let mut daemon = Daemon::start(&stage.bus).await?;
    let app = stage.drive().await?;
    let page = &app.page;

    let code = is_refused(page, words, &anna).await?;
    sign_in(page, words, &code).await?;
    page.has("[role=status]", words.online).await?;
    page.has("main", words.empty).await?;
    page.look(&words.picture("empty")).await?;
    anna.notify(order()).await?;
    page.has("[data-row]", "Your order is on its way").await?;
    let toast = daemon.toast("Your order is on its way").await?;

    // Sign-out asks first; then nothing of anna is on the screen, the toast included.
    page.click(SETTINGS).await?;
    page.has("section", words.signed_in_anna).await?;
    page.has("section", words.delivery_ready).await?;
    page.look(&words.picture("settings")).await?;
    page.press(words.sign_out).await?;
    page.has("h3", words.sign_out_question).await?;
    page.look(&words.picture("sign-out-question")).await?;
    page.press(words.sign_out).await?;
    page.has("h1", words.sign_in).await?;
    page.has_count("[data-row]", 0).await?;
    daemon.closed(toast.number).await?;

    // Boris gets what is theirs, and nothing of anna's.
    anna.notify(order()).await?;
    sign_in(page, words, &boris.code()?).await?;
    page.has("[role=status]", words.online).await?;
    boris.notify(build()).await?;
    page.has("[data-row]", "Сборка 1482 упала").await?;
    let toast = daemon.toast("Сборка 1482 упала").await?;
    page.has_count("[data-row]", 1).await?;

    // Anna takes the device back: it is asked first, and boris' toast leaves.
    page.click(SETTINGS).await?;
    page.has("section", words.signed_in_boris).await?;
    page.press(words.sign_in_other).await?;
    sign_in(page, words, &anna.code()?).await?;
    page.has("h1", words.replace_question).await?;
    page.look(&words.picture("switch-question")).await?;
    page.press(words.replace_agree).await?;
    page.has("[data-row]", "Your order is on its way").await?;
    page.has_not("[data-row]", "Сборка 1482 упала").await?;
    daemon.closed(toast.number).await?;
    // What anna was shown before, and what came while boris was there, is listed without a toast.
    page.has("[role=status]", words.online).await?;
    page.has_count("[data-row]", 2).await?;
    assert!(daemon.has_no_toast("Your order is on its way"));

    // The App's backend ends the session: the history stays readable, and a new code goes on.
    anna.is_logged_out().await?;
    page.has("[role=status]", words.session_refused).await?;
    page.look(&words.picture("session-ended")).await?;
    page.click("[data-row]").await?;
    page.has("article h2", "Your order is on its way").await?;
    page.press(words.sign_in_again).await?;
    sign_in(page, words, &anna.code()?).await?;
    page.has("[role=status]", words.online).await?;
    page.has_count("[data-row]", 2).await?;
    app.end().await?;
    stage.end().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn a_sign_out_without_the_server_is_told_and_made_up_for() -> anyhow::Result<()> {
    for words in words::ALL {
        let mut server = TestServer::start().await?;
        let code = Person::at(&server, "anna")?.code()?;
        let stage = Stage::set(words.environment(without_code(&server))).await?;
        let app = stage.drive().await?;
        let page = &app.page;
        sign_in(page, words, &code).await?;
        page.has("[role=status]", words.online).await?;
        server.halt(Halt::Drain).await?;
        page.has("[role=status]", words.offline).await?;
        page.click(SETTINGS).await?;
        page.press(words.sign_out).await?;
        page.has("h3", words.sign_out_question).await?;
        page.press(words.sign_out).await?;
        page.has("main", words.sign_out_pending).await?;
        page.look(&words.picture("sign-out-pending")).await?;
        server.resume().await?;
        page.has_not("main", words.sign_out_pending).await?;
        app.end().await?;
        stage.end().await?;
        server.stop().await?;
    }
    Ok(())
}

/// Pastes a code into the sign-in page and sends it.
pub(crate) async fn sign_in(page: &Page, words: &Words, code: &str) -> anyhow::Result<()> {
    page.has("label", "").await?;
    page.write("textarea", code).await?;
    page.press(words.sign_in_action).await
}
