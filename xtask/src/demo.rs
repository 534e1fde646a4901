//! `cargo xtask demo`: the desktop app with live notifications; without a display, in a picture.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::{
    build, interface, packages, place,
    running::{Running, pause},
    step::{self, say},
};

const APP: &str = "shop";
const USER: &str = "anna";
/// Between two notifications, and before the picture: a person follows, a window is drawn.
const PACE: Duration = Duration::from_secs(2);
/// How often the server is asked what was delivered, and how often in all: five minutes.
const LOOK: Duration = Duration::from_millis(250);
const LOOKS: u32 = 1_200;
/// Toasts stay, so that the picture has them.
const TOASTS: &str = "[global]
    origin = top-right
    offset = 24x24
    width = 360
    font = Noto Sans 10
    stack_duplicates = false
[urgency_low]
    timeout = 0
[urgency_normal]
    timeout = 0
[urgency_critical]
    timeout = 0
";
/// What the courier tells, one after the other.
const STORY: [(&str, &str); 4] = [
    ("Order 8812 is accepted", "The kitchen has it 🧾"),
    ("Order 8812 is cooking", "It smells good already 🍲"),
    ("Заказ 8812 в пути", "Курьер будет через 8 минут 🚲"),
    ("Order 8812 is at your door", "Enjoy your meal 🥡"),
];

/// Builds the interface and the app around it, and gives the app's file.
///
/// This is what `tauri build --debug --no-bundle` builds: the feature `custom-protocol` embeds the
/// interface.
pub(crate) fn build_desktop() -> Result<PathBuf> {
    packages::ensure(&[packages::DESKTOP_BUILD, packages::DESKTOP_RUN].concat())?;
    interface::build()?;
    build::program("vestnik-desktop")
}

/// Shows the app.
pub(crate) fn run() -> Result<()> {
    let program = build_desktop()?;
    build::program("vestnik")?;
    let home = place::target().join("demo");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    let (keys, url, _server) = start_server(&home)?;
    let token = vouch(&keys)?;
    let identity_file = home.join("identity");
    fs::write(&identity_file, token)?;
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_display = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    let stage = if has_display {
        None
    } else {
        Some(Stage::set(&home)?)
    };
    let mut app = Command::new(program);
    app.env("VESTNIK_SERVER", &url)
        .env("VESTNIK_APP", APP)
        .env("VESTNIK_IDENTITY_FILE", &identity_file)
        .env("VESTNIK_DATA_DIR", home.join("device"));
    if let Some(stage) = &stage {
        stage.dress(&mut app, &home)?;
    }
    let log = fs::File::create(home.join("app.log"))?;
    let mut app = Running::start(app.stdout(Stdio::null()).stderr(log))?;
    for (title, body) in STORY {
        let id = publish(&url, &keys, title, body)?;
        await_delivery(&url, &keys, &id, &mut app)?;
        say(&format!("delivered: {title}"));
        pause(PACE);
    }
    match &stage {
        None => {
            say("The app is open. Close it by its tray icon, or press Ctrl-C.");
            app.ended()?;
        }
        Some(stage) => {
            pause(PACE);
            say(&format!("screenshot: {}", stage.picture(&home)?.display()));
        }
    }
    Ok(())
}

fn start_server(home: &Path) -> Result<(Value, String, Running)> {
    let database = home.join("vestnik.sqlite");
    let database = database.to_string_lossy();
    let keys = vestnik(&[
        "--json",
        "keys",
        "bootstrap",
        "--app",
        APP,
        "--database",
        &database,
    ])?;
    let mut serve = Command::new(place::built("vestnik"));
    serve.args([
        "--json",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database",
        &database,
    ]);
    let log = fs::File::create(home.join("server.log"))?;
    let (server, line) = Running::start_telling(serve.stderr(log))?;
    let told: Value = serde_json::from_str(&line).context("the server did not start")?;
    Ok((keys, text(&told, "listening")?, server))
}

fn vouch(keys: &Value) -> Result<String> {
    let secret = text(keys, "identity_secret")?;
    let told = vestnik(&[
        "--json", "keys", "vouch", "--app", APP, "--user", USER, "--secret", &secret,
    ])?;
    text(&told, "identity_token")
}

fn publish(url: &str, keys: &Value, title: &str, body: &str) -> Result<String> {
    let key = text(keys, "key")?;
    let accepted = vestnik(&[
        "--json", "send", "--server", url, "--key", &key, "--user", USER, title, body,
    ])?;
    text(&accepted, "id")
}

/// Waits until the app has stored a notification.
fn await_delivery(url: &str, keys: &Value, id: &str, app: &mut Running) -> Result<()> {
    let key = text(keys, "key")?;
    for _ in 0..LOOKS {
        let status = vestnik(&["--json", "status", "--server", url, "--key", &key, id])?;
        let counts = &status["counts"];
        if counts["delivered"] == 1 || counts["read"] == 1 {
            return Ok(());
        }
        if let Some(status) = app.has_ended()? {
            bail!("the app ended with {status}; its log is app.log in the target's demo folder");
        }
        pause(LOOK);
    }
    bail!("the app did not receive {id} in time; its log is app.log in the target's demo folder")
}

fn vestnik(arguments: &[&str]) -> Result<Value> {
    let output = Command::new(place::built("vestnik"))
        .args(arguments)
        .output()?;
    ensure!(
        output.status.success(),
        "vestnik ended with {}",
        output.status
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn text(value: &Value, field: &str) -> Result<String> {
    Ok(value[field]
        .as_str()
        .with_context(|| format!("no {field}"))?
        .to_owned())
}

/// A display that nobody sees, with a session bus, a window manager and a notification daemon.
struct Stage {
    display: String,
    bus: String,
    /// In the order in which they were started; they end the other way round.
    running: Vec<Running>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        while let Some(last) = self.running.pop() {
            drop(last);
        }
    }
}

impl Stage {
    fn set(home: &Path) -> Result<Self> {
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
        let (xvfb, number) = Running::start_telling(xvfb.stderr(Stdio::null()))?;
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"]);
        let (daemon, address) = Running::start_telling(bus.stderr(Stdio::null()))?;
        let mut stage = Self {
            display: format!(":{number}"),
            bus: address,
            running: vec![xvfb, daemon],
        };
        let toasts = home.join("dunstrc");
        fs::write(&toasts, TOASTS)?;
        let mut dunst = Command::new("dunst");
        dunst.arg("-conf").arg(toasts);
        for mut beside in [Command::new("openbox"), dunst] {
            stage.dress(&mut beside, home)?;
            let quiet = beside.stdout(Stdio::null()).stderr(Stdio::null());
            let running = Running::start(quiet)?;
            stage.running.push(running);
        }
        Ok(stage)
    }

    fn dress(&self, program: &mut Command, home: &Path) -> Result<()> {
        program
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("NO_AT_BRIDGE", "1")
            .env("LC_ALL", "C.UTF-8");
        for (name, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            let folder = home.join(folder);
            fs::create_dir_all(&folder)?;
            program.env(name, folder);
        }
        Ok(())
    }

    fn picture(&self, home: &Path) -> Result<PathBuf> {
        let picture = home.join("screenshot.png");
        let mut import = Command::new("import-im6");
        import
            .args(["-window", "root"])
            .arg(&picture)
            .env("DISPLAY", &self.display);
        step::run(import)?;
        Ok(picture)
    }
}
