//! Sources that are generated from Rust, and committed.

mod internal;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    build, place,
    step::{self, command},
};

/// The folders that hold generated files and nothing else.
const BINDINGS: [&str; 3] = ["kotlin", "swift", "python"];
const TYPESCRIPT: &str = "ui/src/generated";

/// Generates everything, or tells whether what is committed is current.
pub(crate) fn run(check: bool) -> Result<()> {
    let out = if check {
        place::target().join("codegen-check")
    } else {
        place::root()
    };
    if check && out.exists() {
        fs::remove_dir_all(&out)?;
    }
    bindings(&out)?;
    typescript(&out)?;
    if check {
        let mut stale = Vec::new();
        for language in BINDINGS {
            compare(&out, &format!("bindings/{language}/generated"), &mut stale)?;
        }
        compare(&out, TYPESCRIPT, &mut stale)?;
        ensure!(
            stale.is_empty(),
            "generated files are stale: {}; run `cargo xtask codegen`",
            stale.join(", ")
        );
        step::say("generated files are current");
    }
    Ok(())
}

fn bindings(out: &Path) -> Result<()> {
    build::libraries_and(&[])?;
    let generator = generator()?;
    let library = place::built("libvestnik_ffi.so");
    for language in BINDINGS {
        let folder = out.join(format!("bindings/{language}/generated"));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let mut generate = command(&generator.to_string_lossy(), &["generate"]);
        generate
            .arg(&library)
            .args(["--language", language, "--no-format", "--out-dir"])
            .arg(&folder);
        step::run(generate)?;
    }
    internal::make(&out.join("bindings/kotlin/generated"))
}

/// Builds uniffi's generator, or waits for who builds it.
fn generator() -> Result<PathBuf> {
    step::run(generator_build())?;
    Ok(generator_target().join("debug/uniffi-bindgen"))
}

/// Begins to build uniffi's generator: many minutes on one core, for which nothing else has to wait. Cargo's
/// lock of the folder makes [`run`] wait for it.
pub(crate) fn begin() -> Result<Child> {
    let spawned = generator_build().stdout(Stdio::null()).spawn();
    spawned.context("cargo could not be started")
}

fn generator_build() -> Command {
    let mut build = command("cargo", &["build", "--locked", "--quiet"]);
    build.args(["--manifest-path", "bindings/bindgen/Cargo.toml"]);
    build.env("CARGO_TARGET_DIR", generator_target());
    build
}

fn generator_target() -> PathBuf {
    place::target().join("bindgen")
}

fn typescript(out: &Path) -> Result<()> {
    let mut export = build::cargo("test");
    export.args(["--quiet", "--bin", "vestnik-desktop", "export_bindings"]);
    export.env("TS_RS_EXPORT_DIR", out.join(TYPESCRIPT));
    step::run(export)
}

/// Files that differ between what is committed and what was generated, both ways.
fn compare(out: &Path, folder: &str, stale: &mut Vec<String>) -> Result<()> {
    let (committed, fresh) = (place::root().join(folder), out.join(folder));
    let mut names = files(&committed)?;
    names.extend(files(&fresh)?);
    names.sort();
    names.dedup();
    for name in names {
        if fs::read(committed.join(&name)).ok() != fs::read(fresh.join(&name)).ok() {
            stale.push(format!("{folder}/{}", name.display()));
        }
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder)?.to_owned());
            }
        }
    }
    found.retain(|name| !name.to_string_lossy().contains("README"));
    Ok(found)
}
