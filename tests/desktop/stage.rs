//! What the app runs on: a display, a session bus, a home of its own.

use std::{
    fs::File,
    net::TcpListener,
    path::PathBuf,
    process::{ExitStatus, Stdio},
};

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{
    bus::{self, Bus},
    process, retry,
    webdriver::Page,
};

/// The name on the bus that the running app has: another start would only hand over to it.
const INSTANCE: &str = "org.vestnik.desktop.SingleInstance";

/// The variables by which the app is told something.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// What the app runs on.
pub(crate) struct Stage {
    pub(crate) bus: Bus,
    environment: Environment,
    display: Child,
    display_number: String,
    home: TempDir,
}

/// The app in the hands of a driver.
pub(crate) struct Driven {
    pub(crate) page: Page,
    driver: Child,
    bus: String,
}

/// The app by itself, as a person starts it.
pub(crate) struct Running(Child);

impl Stage {
    /// Prepares everything for an app that is told this.
    pub(crate) async fn set(environment: Environment) -> anyhow::Result<Self> {
        let home = tempfile::tempdir()?;
        let mut xvfb = Command::new("Xvfb");
        xvfb.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
        ]);
        let (display, display_number) = process::start_telling(xvfb).await?;
        let bus = Bus::start(home.path()).await?;
        Ok(Self {
            bus,
            environment,
            display,
            display_number,
            home,
        })
    }

    /// Starts the app under a driver.
    pub(crate) async fn drive(&self) -> anyhow::Result<Driven> {
        let port = free_port()?;
        let mut driver = self.command("WebKitWebDriver")?;
        driver.args([format!("--port={port}"), "--host=127.0.0.1".to_owned()]);
        let driver = driver
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .spawn()
            .context("WebKitWebDriver is not installed (Debian: webkit2gtk-driver)")?;
        let page = Page::open(&format!("http://127.0.0.1:{port}"), &app()?).await;
        Ok(Driven {
            page: page.with_context(|| self.log())?,
            driver,
            bus: self.bus.address.clone(),
        })
    }

    /// Starts the app by itself.
    pub(crate) fn run(&self) -> anyhow::Result<Running> {
        self.run_with(&[])
    }

    /// Starts the app by itself, with arguments.
    pub(crate) fn run_with(&self, arguments: &[&str]) -> anyhow::Result<Running> {
        Ok(Running(self.command(&app()?)?.args(arguments).spawn()?))
    }

    /// The app's own folder for a kind of files, by the variable that names it.
    pub(crate) fn folder(&self, kind: &str) -> PathBuf {
        self.home.path().join(kind)
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.bus.end().await?;
        process::end(self.display).await
    }

    /// A program that sees this stage and none of the person's own files.
    pub(crate) fn command(&self, program: &str) -> anyhow::Result<Command> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_file())?;
        let mut command = Command::new(program);
        command
            .env("HOME", self.home.path())
            .env("DISPLAY", format!(":{}", self.display_number))
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus.address)
            // The machine's own system bus is no part of a test.
            .env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus.address)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("NO_AT_BRIDGE", "1")
            .env("LC_ALL", "en_GB.UTF-8")
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        for (name, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            let folder = self.home.path().join(folder);
            std::fs::create_dir_all(&folder)?;
            command.env(name, folder);
        }
        Ok(command)
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        format!("the app's log: {log}")
    }

    fn log_file(&self) -> PathBuf {
        self.home.path().join("app.log")
    }
}

impl Driven {
    /// Waits until the app has ended by itself, then ends the driver.
    pub(crate) async fn ended(self) -> anyhow::Result<()> {
        self.page.is_gone().await?;
        bus::is_free(&self.bus, INSTANCE).await?;
        process::end(self.driver).await
    }

    /// Ends the app and its driver.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.page.close().await?;
        bus::is_free(&self.bus, INSTANCE).await?;
        process::end(self.driver).await
    }
}

impl Running {
    /// Waits until the app has ended by itself.
    pub(crate) async fn ended(mut self) -> anyhow::Result<ExitStatus> {
        Ok(retry::within("the app to end", self.0.wait()).await??)
    }
}

/// The app's file: where it is said to be, or where cargo builds it.
fn app() -> anyhow::Result<String> {
    let file = match std::env::var_os("VESTNIK_DESKTOP") {
        Some(file) => PathBuf::from(file),
        None => {
            let test = std::env::current_exe()?;
            let built = test
                .ancestors()
                .nth(2)
                .context("the test is in target/debug/deps")?;
            built.join("vestnik-desktop")
        }
    };
    anyhow::ensure!(
        file.is_file(),
        "{} is not there: build the page with `npm run build` in ui, then the app with \
         `cargo build -p vestnik-desktop --features custom-protocol`",
        file.display()
    );
    Ok(file.display().to_string())
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
