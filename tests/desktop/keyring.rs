//! Where the keys of a device lie: in files where there is no keyring, in the keyring where there is
//! one, and never in another place unasked.

use std::process::Stdio;

use anyhow::Context as _;
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, Command},
};
use vestnik_testkit::TestServer;

use crate::{
    account::sign_in,
    person::{Person, without_code},
    process, retry,
    stage::Stage,
    words,
};

/// GNOME's keyring, unlocked, on the test's bus.
struct Keyring(Child);

impl Keyring {
    async fn start(stage: &Stage) -> anyhow::Result<Self> {
        let mut command: Command = stage.command("gnome-keyring-daemon")?;
        command
            .args(["--unlock", "--foreground", "--components=secrets"])
            .stdin(Stdio::piped());
        let mut child = command
            .spawn()
            .context("gnome-keyring-daemon is not installed (Debian: gnome-keyring)")?;
        let mut password = child.stdin.take().context("its input is piped")?;
        password.write_all(b"test").await?;
        drop(password);
        let bus = zbus::connection::Builder::address(stage.bus.address.as_str())?
            .build()
            .await?;
        let names = zbus::fdo::DBusProxy::new(&bus).await?;
        retry::until("the keyring is on the bus", || async {
            let has_owner = names
                .name_has_owner("org.freedesktop.secrets".try_into()?)
                .await?;
            anyhow::ensure!(has_owner, "it is not");
            Ok(())
        })
        .await?;
        Ok(Self(child))
    }

    async fn end(self) -> anyhow::Result<()> {
        process::end(self.0).await
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a virtual display and the built app: run by `cargo xtask test`"]
async fn keys_move_into_a_keyring_and_are_missed_when_it_is_gone() -> anyhow::Result<()> {
    for words in words::ALL {
        let server = TestServer::start().await?;
        let anna = Person::at(&server, "anna")?;
        let stage = Stage::set(words.environment(without_code(&server))).await?;
        let secrets = stage
            .folder("data")
            .join("org.vestnik.desktop")
            .join("secrets");

        // Without a keyring the keys are in files, and the settings say so.
        let app = stage.drive().await?;
        sign_in(&app.page, words, &anna.code()?).await?;
        app.page.has("[role=status]", words.online).await?;
        app.page.click("header > button").await?;
        app.page.has("section", words.in_files).await?;
        app.page.look(&words.picture("keys-in-files")).await?;
        assert!(secrets.join("installation").is_file());
        app.end().await?;

        // With one they move into it, and the session goes on.
        let keyring = Keyring::start(&stage).await?;
        let app = stage.drive().await?;
        app.page.has("[role=status]", words.online).await?;
        app.page.click("header > button").await?;
        app.page.has("section", words.in_keyring).await?;
        assert!(!secrets.join("installation").exists());
        app.end().await?;
        keyring.end().await?;

        // Without it again, the app does not become another device unasked.
        let app = stage.drive().await?;
        app.page.has("[role=status]", words.keyring_absent).await?;
        app.page.look(&words.picture("keyring-absent")).await?;
        let keyring = Keyring::start(&stage).await?;
        app.page.press(words.check_again).await?;
        app.page.has("[role=status]", words.online).await?;
        app.end().await?;
        keyring.end().await?;

        // Asked, it begins anew: the keys are in files, and the person has to sign in again.
        let app = stage.drive().await?;
        app.page.press(words.without_keyring).await?;
        app.page.has("textarea, [role=status]", "").await?;
        app.page.click("header > button").await?;
        app.page.has("section", words.in_files).await?;
        app.end().await?;
        stage.end().await?;
        server.stop().await?;
    }
    Ok(())
}
