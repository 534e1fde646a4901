//! The buttons of a notification, in both languages, with a picture of each state.

use vestnik_model::Engagement;
use vestnik_testkit::TestServer;

use crate::{
    account::sign_in,
    person::{Person, courier, without_code},
    stage::Stage,
    words,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn a_person_presses_a_button_and_answers() -> anyhow::Result<()> {
    for words in words::ALL {
        let server = TestServer::start().await?;
        let anna = Person::at(&server, "anna")?;
        let stage = Stage::set(words.environment(without_code(&server))).await?;
        let app = stage.drive().await?;
        let page = &app.page;
        sign_in(page, words, &anna.code()?).await?;
        let asked = anna.notify(courier()).await?;
        page.has("[data-row]", "The courier is near").await?;
        page.click("[data-row]").await?;
        // A link says where it leads before it is pressed.
        page.has("article li", "shop.example").await?;
        page.look(&words.picture("buttons")).await?;

        page.press("I am at home").await?;
        page.has("[role=status]", words.told).await?;
        anna.has(Engagement::Actioned, asked).await?;

        page.press("Ответить").await?;
        page.write("article textarea", "Да, 12К — <b>звоните</b>")
            .await?;
        page.look(&words.picture("answer")).await?;
        page.press(words.send).await?;
        page.has("[role=status]", words.sent).await?;
        anna.answered(asked, "Да, 12К — <b>звоните</b>").await?;
        app.end().await?;
        stage.end().await?;
        server.stop().await?;
    }
    Ok(())
}
