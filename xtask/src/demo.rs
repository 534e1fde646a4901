//! `cargo xtask demo`: the desktop app with live notifications; without a display, in a picture.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{
    packages, place,
    step::{self, command, command_in, say},
};

const APP: &str = "shop";
const USER: &str = "anna";
/// How long a picture waits for the window to be drawn.
const PATIENCE: Duration = Duration::from_secs(8);
/// What the courier tells, one after the other.
const STORY: [(&str, &str); 4] = [
    ("Order 8812 is accepted", "The kitchen has it 🧾"),
    ("Order 8812 is cooking", "It smells good already 🍲"),
    ("Заказ 8812 в пути", "Курьер будет через 8 минут 🚲"),
    ("Order 8812 is at your door", "Enjoy your meal 🥡"),
];

/// The desktop app's file.
pub(crate) fn desktop_program() -> PathBuf {
    place::built("vestnik-desktop")
}

/// Builds the interface and the app around it.
pub(crate) fn build_desktop() -> Result<()> {
    packages::ensure(&[packages::DESKTOP_BUILD, packages::DESKTOP_RUN].concat())?;
    if !place::root().join("ui/node_modules").exists() {
        step::run(command_in("ui", "npm", &["ci", "--no-audit", "--no-fund"]))?;
    }
    let tauri = place::root().join("ui/node_modules/.bin/tauri");
    step::run(command_in(
        "app-tauri",
        &tauri.to_string_lossy(),
        &["build", "--debug", "--no-bundle"],
    ))
}

/// A program that is ended with the demo.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended by itself needs no ending.
        if self.0.kill().is_ok() && self.0.wait().is_err() {}
    }
}

/// Shows the app.
pub(crate) fn run() -> Result<()> {
    build_desktop()?;
    step::run(command(
        "cargo",
        &["build", "--quiet", "--package", "vestnik"],
    ))?;
    let home = place::target().join("demo");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    let (keys, url, _server) = start_server(&home)?;
    let token = vouch(&keys)?;
    let identity_file = home.join("identity");
    fs::write(&identity_file, token)?;
    let has_display = env::var_os("DISPLAY").is_some() || env::var_os("WAYLAND_DISPLAY").is_some();
    let stage = if has_display {
        None
    } else {
        Some(Stage::set(&home)?)
    };
    let mut app = Command::new(desktop_program());
    app.env("VESTNIK_SERVER", &url)
        .env("VESTNIK_APP", APP)
        .env("VESTNIK_IDENTITY_FILE", &identity_file)
        .env("VESTNIK_DATA_DIR", home.join("device"));
    if let Some(stage) = &stage {
        stage.dress(&mut app, &home)?;
    }
    let mut app = Running(
        app.stdout(Stdio::null())
            .stderr(fs::File::create(home.join("app.log"))?)
            .spawn()?,
    );
    for (title, body) in STORY {
        publish(&url, &keys, title, body)?;
        pause(Duration::from_secs(2));
    }
    match stage {
        None => {
            say("The app is open. Close it by its tray icon, or press Ctrl-C.");
            app.0.wait()?;
        }
        Some(stage) => {
            pause(PATIENCE);
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
    serve
        .stdout(Stdio::piped())
        .stderr(fs::File::create(home.join("server.log"))?);
    let mut server = Running(serve.spawn()?);
    let output = server.0.stdout.take().context("the server has an output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
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

fn publish(url: &str, keys: &Value, title: &str, body: &str) -> Result<()> {
    let key = text(keys, "key")?;
    vestnik(&[
        "--json", "send", "--server", url, "--key", &key, "--user", USER, title, body,
    ])
    .map(drop)
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
    _running: Vec<Running>,
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
        let (xvfb, number) = telling(xvfb)?;
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"]);
        let (daemon, address) = telling(bus)?;
        let mut stage = Self {
            display: format!(":{number}"),
            bus: address,
            _running: vec![xvfb, daemon],
        };
        for program in ["openbox", "dunst"] {
            let mut beside = Command::new(program);
            stage.dress(&mut beside, home)?;
            beside.stdout(Stdio::null()).stderr(Stdio::null());
            stage._running.push(Running(beside.spawn()?));
        }
        Ok(stage)
    }

    fn dress(&self, program: &mut Command, home: &Path) -> Result<()> {
        program
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("NO_AT_BRIDGE", "1");
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

/// Starts a program and waits for the line by which it tells that it is there.
fn telling(mut program: Command) -> Result<(Running, String)> {
    let mut running = Running(
        program
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let output = running
        .0
        .stdout
        .take()
        .context("the program has an output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    Ok((running, line.trim().to_owned()))
}

#[expect(clippy::disallowed_methods, reason = "a demo has a pace")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}
