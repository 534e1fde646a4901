//! Debian packages that builds and tests need.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

use crate::step::{self, command};

/// What the desktop app is built with.
pub(crate) const DESKTOP_BUILD: &[&str] = &[
    "build-essential",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "libgtk-3-dev",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
    "libsoup-3.0-dev",
    "libjavascriptcoregtk-4.1-dev",
    "libdbus-1-dev",
];

/// What shows the desktop app without a display, and drives it.
pub(crate) const DESKTOP_RUN: &[&str] = &[
    "xvfb",
    "xauth",
    "dbus",
    "dbus-x11",
    "dunst",
    "gnome-keyring",
    "openbox",
    "imagemagick",
    "webkit2gtk-driver",
    "fonts-dejavu-core",
    "fonts-noto-core",
    "fonts-noto-color-emoji",
    "at-spi2-core",
];

/// What the bindings are tested with beside Rust.
pub(crate) const BINDINGS: &[&str] = &["python3-venv", "default-jdk-headless", "maven"];

/// What the benches send HTTP/2 by, to compare with.
pub(crate) const BENCH: &[&str] = &["nghttp2-client"];

/// A compiler with the source of the standard library, which can thus be built for any system.
pub(crate) const ANY_SYSTEM: &[&str] =
    &["build-essential", "rustc-web", "cargo-web", "rust-web-src"];

/// What compiles and links C for Windows.
pub(crate) const WINDOWS: &[&str] = &["gcc-mingw-w64-x86-64-posix", "binutils-mingw-w64-x86-64"];

/// What runs programs of Windows.
pub(crate) const WINE: &[&str] = &["wine64"];

/// Installs what is missing; says the exact command where it may not.
pub(crate) fn ensure(packages: &[&str]) -> Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|name| !is_installed(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let install = format!(
        "apt-get install -y --no-install-recommends {}",
        missing.join(" ")
    );
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        bail!("system packages are missing; install them with: sudo {install}");
    }
    // Another apt beside ours may empty the cache under it.
    apt(&missing).or_else(|error| {
        step::say(&format!("{error:#}; trying once more"));
        apt(&missing)
    })
}

fn apt(packages: &[&str]) -> Result<()> {
    const LOCK: &str = "DPkg::Lock::Timeout=300";
    step::run(command("apt-get", &["update", "-qq"]))?;
    let mut apt = command("apt-get", &["-o", LOCK, "install", "-y", "-qq"]);
    apt.arg("--no-install-recommends")
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(Stdio::null());
    step::run(apt)
}

fn is_installed(package: &str) -> bool {
    // Another packaging of the same program does as well.
    let program = match package {
        "maven" => Some("/usr/bin/mvn"),
        "default-jdk-headless" => Some("/usr/bin/javac"),
        _ => None,
    };
    program.is_some_and(|program| Path::new(program).exists()) || dpkg_knows(package)
}

fn dpkg_knows(package: &str) -> bool {
    let query = Command::new("dpkg-query")
        .args(["-W", "-f", "${Status}", package])
        .output();
    query.is_ok_and(|output| output.stdout.ends_with(b"ok installed"))
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}
