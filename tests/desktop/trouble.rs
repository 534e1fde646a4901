//! What stands between the app and its server is told in words, in both languages, with a picture
//! of each.

use crate::{
    account::sign_in,
    answering::{Answering, portal, problem, stranger},
    stage::{Environment, Stage},
    words::{self, Words},
};

/// A code that nobody here checks.
const CODE: &str = "e30.eyJzdWIiOiJhbm5hIn0.c2ln";

fn environment(words: &Words, address: std::net::SocketAddr) -> Environment {
    words.environment(vec![
        ("VESTNIK_SERVER", format!("http://{address}")),
        ("VESTNIK_APP", "shop".to_owned()),
    ])
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn each_kind_of_trouble_has_words_and_the_sign_in_goes_on() -> anyhow::Result<()> {
    for words in words::ALL {
        let network = Answering::start(portal()).await?;
        let stage = Stage::set(environment(words, network.address)).await?;
        let app = stage.drive().await?;
        let page = &app.page;
        sign_in(page, words, CODE).await?;
        for (answer, told, picture) in [
            (portal(), words.captive_portal, "captive-portal"),
            (stranger(), words.wrong_address, "wrong-address"),
            (
                problem(429, "request.rate_limited"),
                words.throttled,
                "throttled",
            ),
            (
                problem(503, "unavailable"),
                words.server_busy,
                "server-busy",
            ),
        ] {
            network.answer(answer);
            page.has("h1", words.signing_in).await?;
            page.press(words.retry_now).await?;
            page.has("[role=status]", told).await?;
            page.look(&words.picture(picture)).await?;
        }
        drop(network);
        page.press(words.retry_now).await?;
        page.has("[role=status]", words.unreachable).await?;
        page.look(&words.picture("unreachable")).await?;

        // It is given up, and the page is as it was before.
        page.press(words.cancel).await?;
        page.has("h1", words.sign_in).await?;
        app.end().await?;
        stage.end().await?;
    }
    Ok(())
}
