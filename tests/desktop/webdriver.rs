//! As much of the `WebDriver` protocol as the test speaks.

use std::path::PathBuf;

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::retry;

/// Asks axe-core, which runs in the page, for what it finds.
const FINDINGS: &str = "axe.run(document).then(({ violations }) => done(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)));";

/// The page in the app's window.
pub(crate) struct Page {
    http: reqwest::Client,
    /// The address of the session.
    session: String,
    screenshots: PathBuf,
}

impl Page {
    /// Has the driver start the app, and waits until its page is there.
    pub(crate) async fn open(driver: &str, app: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::new();
        let options = json!({ "binary": app, "args": [] });
        let capabilities = json!({ "alwaysMatch": { "webkitgtk:browserOptions": options } });
        let begin = json!({ "capabilities": capabilities });
        let session = retry::until("the driver starts the app", || async {
            let answer = post(&http, &format!("{driver}/session"), &begin).await?;
            Ok(answer["sessionId"]
                .as_str()
                .context("no session")?
                .to_owned())
        })
        .await?;
        let page = Self {
            http,
            session: format!("{driver}/session/{session}"),
            screenshots: screenshots(),
        };
        page.send("timeouts", &json!({ "script": retry::LIMIT.as_millis() }))
            .await?;
        retry::until("the page is there", || page.is_there()).await?;
        Ok(page)
    }

    async fn is_there(&self) -> anyhow::Result<()> {
        let url = self
            .run("return location.protocol + document.readyState")
            .await?;
        anyhow::ensure!(url == "tauri:complete", "the page is {url}");
        Ok(())
    }

    /// Waits until an element with a text is there.
    pub(crate) async fn has(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        let found = format!(
            "[...document.querySelectorAll({selector})].some((e) => e.textContent.includes({text}))",
            selector = json!(selector),
            text = json!(text),
        );
        self.wait(&found)
            .await
            .with_context(|| format!("{selector} does not say '{text}'"))
    }

    /// Waits until there are so many elements.
    pub(crate) async fn has_count(&self, selector: &str, count: usize) -> anyhow::Result<()> {
        let found = format!(
            "document.querySelectorAll({}).length === {count}",
            json!(selector)
        );
        self.wait(&found)
            .await
            .with_context(|| format!("there are not {count} of {selector}"))
    }

    /// Waits until no element with a text is there.
    pub(crate) async fn has_not(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        let gone = format!(
            "![...document.querySelectorAll({selector})].some((e) => e.textContent.includes({text}))",
            selector = json!(selector),
            text = json!(text),
        );
        self.wait(&gone)
            .await
            .with_context(|| format!("{selector} still says '{text}'"))
    }

    /// Clicks the first element, as a person would.
    pub(crate) async fn click(&self, selector: &str) -> anyhow::Result<()> {
        let id = self.element("css selector", selector).await?;
        self.send(&format!("element/{id}/click"), &json!({}))
            .await?;
        Ok(())
    }

    /// Presses the button with these words, as a person would.
    pub(crate) async fn press(&self, words: &str) -> anyhow::Result<()> {
        let is_there = format!(
            "[...document.querySelectorAll('button')].some((e) => !e.disabled
               && e.textContent.trim() === {})",
            json!(words)
        );
        self.wait(&is_there)
            .await
            .with_context(|| format!("there is no button '{words}'"))?;
        let button = format!("//button[normalize-space(.)={}]", json!(words));
        let id = self.element("xpath", &button).await?;
        self.send(&format!("element/{id}/click"), &json!({}))
            .await?;
        Ok(())
    }

    /// Writes into a field, in place of what it holds, as a person would.
    pub(crate) async fn write(&self, selector: &str, text: &str) -> anyhow::Result<()> {
        let id = self.element("css selector", selector).await?;
        self.send(&format!("element/{id}/clear"), &json!({}))
            .await?;
        self.send(&format!("element/{id}/value"), &json!({ "text": text }))
            .await?;
        Ok(())
    }

    /// Gives the window another size.
    pub(crate) async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        let rect = json!({ "width": width, "height": height });
        self.send("window/rect", &rect).await?;
        Ok(())
    }

    /// The size of the page in the window.
    pub(crate) async fn size(&self) -> anyhow::Result<Value> {
        self.run("return [innerWidth, innerHeight]").await
    }

    /// Takes a picture and has axe-core look at the page.
    pub(crate) async fn look(&self, name: &str) -> anyhow::Result<()> {
        self.screenshot(name).await?;
        self.load_axe().await?;
        let findings = self.ask(FINDINGS).await?;
        anyhow::ensure!(
            findings == json!([]),
            "axe-core finds in {name}: {findings}"
        );
        Ok(())
    }

    async fn element(&self, using: &str, value: &str) -> anyhow::Result<String> {
        let query = json!({ "using": using, "value": value });
        let element = self.send("element", &query).await?;
        let id = element
            .as_object()
            .and_then(|ids| ids.values().next())
            .and_then(Value::as_str);
        Ok(id
            .with_context(|| format!("there is no {value}"))?
            .to_owned())
    }

    /// Runs a script that calls `done` with its answer.
    async fn ask(&self, script: &str) -> anyhow::Result<Value> {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.send("execute/async", &json!({ "script": script, "args": [] }))
            .await
    }

    /// Brings axe-core into the page.
    async fn load_axe(&self) -> anyhow::Result<()> {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../ui/node_modules/axe-core/axe.min.js"
        );
        let axe = std::fs::read_to_string(file).context("npm ci was not run in ui")?;
        self.run(&axe).await?;
        Ok(())
    }

    /// Writes a picture of the window.
    async fn screenshot(&self, name: &str) -> anyhow::Result<()> {
        // What was changed last is painted in the next frame.
        self.ask(
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)));",
        )
        .await?;
        let answer = self
            .http
            .get(format!("{}/screenshot", self.session))
            .send()
            .await?;
        let picture = value(answer).await?;
        let picture = BASE64_STANDARD.decode(picture.as_str().context("no picture")?)?;
        std::fs::create_dir_all(&self.screenshots)?;
        let file = self.screenshots.join(format!("desktop-{name}.png"));
        std::fs::write(&file, picture)?;
        Ok(())
    }

    /// Waits until the app has ended: its window cannot be asked any more.
    pub(crate) async fn is_gone(&self) -> anyhow::Result<()> {
        retry::until("the app has ended", || async {
            let asked = self.run("return 1").await;
            anyhow::ensure!(asked.is_err(), "the page still answers");
            Ok(())
        })
        .await
    }

    /// Presses a key together with Control.
    pub(crate) async fn control(&self, key: char) -> anyhow::Result<()> {
        let keys = ["\u{e009}".to_owned(), key.to_string()];
        let down = keys
            .iter()
            .map(|key| json!({ "type": "keyDown", "value": key }));
        let up = keys
            .iter()
            .rev()
            .map(|key| json!({ "type": "keyUp", "value": key }));
        let actions: Vec<_> = down.chain(up).collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": actions });
        // The app may end before the driver has its answer.
        drop(
            self.send("actions", &json!({ "actions": [keyboard] }))
                .await,
        );
        Ok(())
    }

    /// Ends the session, and the app with it.
    pub(crate) async fn close(&self) -> anyhow::Result<()> {
        value(self.http.delete(&self.session).send().await?).await?;
        Ok(())
    }

    /// Waits for a condition; the page looks again whenever it changes.
    async fn wait(&self, condition: &str) -> anyhow::Result<()> {
        let script = format!(
            "const look = () => {{ if ({condition}) {{ observer.disconnect(); done(true); }} }};
             const observer = new MutationObserver(look);
             const all = {{ subtree: true, childList: true, characterData: true, attributes: true }};
             observer.observe(document, all);
             look();"
        );
        match self.ask(&script).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let text = self.run("return document.documentElement.innerText").await;
                let text = text.unwrap_or_default();
                Err(error.context(format!(
                    "the page says: {}",
                    text.as_str().unwrap_or_default()
                )))
            }
        }
    }

    async fn run(&self, script: &str) -> anyhow::Result<Value> {
        self.send("execute/sync", &json!({ "script": script, "args": [] }))
            .await
    }

    async fn send(&self, command: &str, body: &Value) -> anyhow::Result<Value> {
        post(&self.http, &format!("{}/{command}", self.session), body).await
    }
}

async fn post(http: &reqwest::Client, url: &str, body: &Value) -> anyhow::Result<Value> {
    value(http.post(url).json(body).send().await?).await
}

async fn value(answer: reqwest::Response) -> anyhow::Result<Value> {
    let status = answer.status();
    let mut answer: Value = answer.json().await?;
    let value = answer["value"].take();
    anyhow::ensure!(status.is_success(), "the driver refuses: {value}");
    Ok(value)
}

fn screenshots() -> PathBuf {
    std::env::var_os("VESTNIK_SCREENSHOTS")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from)
}
