//! `cargo xtask test`: everything that CI runs, in groups.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use anyhow::{Result, bail, ensure};

use crate::{
    bench, build, codegen, interface, packages, pages, place, python,
    step::{self, command, command_in, say},
    targets, tidy,
};

/// One part of the tests.
struct Group {
    name: &'static str,
    what: &'static str,
    run: fn() -> Result<()>,
}

const GROUPS: &[Group] = &[
    Group {
        name: "packages",
        what: "system packages are there",
        run: system_packages,
    },
    Group {
        name: "fmt",
        what: "sources are formatted",
        run: fmt,
    },
    Group {
        name: "ui",
        what: "the interface: build, types, lints, tests",
        run: ui,
    },
    Group {
        name: "tidy",
        what: "the laws a program can check",
        run: tidy::run,
    },
    Group {
        name: "clippy",
        what: "lints of the whole workspace",
        run: clippy,
    },
    Group {
        name: "rust",
        what: "tests of the whole workspace",
        run: rust,
    },
    Group {
        name: "doc",
        what: "documentation without warnings",
        run: doc,
    },
    Group {
        name: "codegen",
        what: "generated files are current",
        run: generated,
    },
    Group {
        name: "demo",
        what: "the terminal's demo holds",
        run: demo,
    },
    Group {
        name: "python",
        what: "the core from Python",
        run: python,
    },
    Group {
        name: "kotlin",
        what: "the core from Kotlin on the JVM, and what Android adds compiled",
        run: kotlin,
    },
    Group {
        name: "targets",
        what: "the bindings type-checked for Android",
        run: targets::brief,
    },
    Group {
        name: "desktop",
        what: "the desktop app in a real window",
        run: desktop,
    },
    Group {
        name: "interop",
        what: "foreign SignalR clients at our hub server, and what they read of pages",
        run: interop,
    },
    Group {
        name: "fuzz",
        what: "the protocol's parsers and machines, fed with anything",
        run: fuzz,
    },
    Group {
        name: "faults",
        what: "kills, cuts, restores and revocations, briefly",
        run: faults,
    },
    Group {
        name: "model",
        what: "devices in virtual time beside a reference model",
        run: model,
    },
    Group {
        name: "sim-matrix",
        what: "every documented answer of every push service, and sends while they fail",
        run: sim_matrix,
    },
    Group {
        name: "bench",
        what: "figures come out and nothing is lost",
        run: figures,
    },
];

/// Names the groups.
pub(crate) fn list() -> Result<()> {
    for Group { name, what, .. } in GROUPS {
        say(&format!("{name:10} {what}"));
    }
    Ok(())
}

/// Runs the groups, all or some, and says how each ended.
pub(crate) fn run(only: &[String]) -> Result<()> {
    if let Some(unknown) = only
        .iter()
        .find(|name| !GROUPS.iter().any(|group| group.name == *name))
    {
        bail!("there is no group '{unknown}'; `cargo xtask test --list` names them");
    }
    let is_chosen = |name: &str| only.is_empty() || only.iter().any(|only| only == name);
    let chosen = GROUPS.iter().filter(|group| is_chosen(group.name));
    let mut generator = is_chosen("codegen").then(codegen::begin).transpose()?;
    let mut ends = Vec::new();
    for group in chosen {
        say(&format!("\n=== {}: {}", group.name, group.what));
        let started = step::now();
        let outcome = (group.run)();
        if let Err(error) = &outcome {
            say(&format!("FAILED {}: {error:#}", group.name));
        }
        ends.push((group.name, started.elapsed(), outcome.is_ok()));
    }
    if let Some(generator) = &mut generator {
        generator.wait()?;
    }
    summary(&ends)
}

fn summary(ends: &[(&str, Duration, bool)]) -> Result<()> {
    say("\n=== summary");
    for (name, took, passed) in ends {
        say(&format!(
            "{name:10} {:>5} s  {}",
            took.as_secs(),
            if *passed { "passed" } else { "FAILED" }
        ));
    }
    let passed = ends.iter().filter(|(_, _, passed)| *passed).count();
    let failed = ends.len() - passed;
    say(&format!("{passed} passed, {failed} failed"));
    ensure!(failed == 0, "{failed} of {} groups failed", ends.len());
    Ok(())
}

fn cargo(arguments: &[&str]) -> Command {
    command("cargo", arguments)
}

fn system_packages() -> Result<()> {
    packages::ensure(
        &[
            packages::DESKTOP_BUILD,
            packages::DESKTOP_RUN,
            packages::BINDINGS,
            packages::ANY_SYSTEM,
            packages::BENCH,
        ]
        .concat(),
    )
}

fn fmt() -> Result<()> {
    step::run(cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    const STRICT: [&str; 3] = ["--", "-D", "warnings"];
    let mut everything = build::cargo("clippy");
    everything.arg("--all-targets").args(STRICT);
    step::run(everything)?;
    let mut alone = cargo(&["clippy", "--quiet"]);
    alone.args(SHIPPED.iter().flat_map(|name| ["--package", name]));
    alone.args(STRICT);
    step::run(alone)?;
    for features in PARTS_OF_SIGNALR {
        let package = ["clippy", "--quiet", "--package", "vestnik-signalr"];
        let mut part = cargo(&[&package[..], &["--features", features]].concat());
        part.args(STRICT);
        step::run(part)?;
    }
    Ok(())
}

/// What is built on its own by its users. With the whole workspace, a feature that one of them
/// forgets to ask for comes from another package.
const SHIPPED: [&str; 2] = ["vestnik", "vestnik-ffi"];

/// What the SignalR crate may be used with, besides everything.
const PARTS_OF_SIGNALR: [&str; 3] = ["", "client", "server"];

fn rust() -> Result<()> {
    step::run(command_in(
        "tests/js",
        "npm",
        &["ci", "--no-audit", "--no-fund"],
    ))?;
    step::run(build::cargo("test"))
}

fn doc() -> Result<()> {
    let part = ["--package", "vestnik-signalr", "--features"];
    for features in PARTS_OF_SIGNALR {
        documented(&[&part[..], &[features]].concat())?;
    }
    // What is left lying there is the documentation of everything.
    documented(&["--workspace", "--all-features"])
}

fn documented(what: &[&str]) -> Result<()> {
    let mut doc = cargo(&[&["doc", "--no-deps", "--quiet"], what].concat());
    doc.env("RUSTDOCFLAGS", "-D warnings");
    step::run(doc)
}

fn generated() -> Result<()> {
    codegen::run(true)
}

fn demo() -> Result<()> {
    let program = build::program("vestnik")?;
    step::run(command(&program.to_string_lossy(), &["demo", "--json"]))
}

/// The desktop crate embeds the built interface, so it comes before anything is compiled.
fn ui() -> Result<()> {
    interface::install()?;
    interface::build()?;
    ["check", "lint", "test"]
        .into_iter()
        .try_for_each(interface::script)
}

fn python() -> Result<()> {
    build::libraries_and(&["vestnik"])?;
    let programs = python::with("python", "bindings/python/requirements.txt")?;
    let modules = python_modules()?;
    let pytest = programs.join("pytest");
    let mut tests = command(
        &pytest.to_string_lossy(),
        &["-p", "no:cacheprovider", "bindings/python/tests"],
    );
    tests
        .env("PYTHONPATH", &modules)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    tests.env("VESTNIK_BIN", place::built("vestnik"));
    step::run(tests)
}

/// A folder that has the package for Python, put together as `bindings/python/vestnik` says.
fn python_modules() -> Result<PathBuf> {
    let modules = place::target().join("python-modules");
    if modules.exists() {
        fs::remove_dir_all(&modules)?;
    }
    let package = modules.join("vestnik");
    fs::create_dir_all(&package)?;
    let sources = place::root().join("bindings/python");
    for (from, name) in [
        (sources.join("vestnik/__init__.py"), "__init__.py"),
        (sources.join("generated/vestnik.py"), "_generated.py"),
        (place::built("libvestnik_ffi.so"), "libvestnik_ffi.so"),
    ] {
        fs::copy(from, package.join(name))?;
    }
    Ok(modules)
}

fn kotlin() -> Result<()> {
    build::libraries_and(&["vestnik"])?;
    let mut tests = maven("bindings/kotlin", "test");
    tests.env("VESTNIK_BIN", place::built("vestnik"));
    tests.env("VESTNIK_LIBRARY_PATH", place::target().join("debug"));
    step::run(tests)?;
    // Android's classes are not run by anything here.
    step::run(maven("bindings/android", "compile"))
}

fn maven(folder: &str, goal: &str) -> Command {
    let options = [
        "--batch-mode",
        "--no-transfer-progress",
        "--strict-checksums",
        goal,
    ];
    command_in(folder, "mvn", &options)
}

fn desktop() -> Result<()> {
    let program = crate::demo::build_desktop()?;
    let pictures = place::target().join("screenshots");
    fs::create_dir_all(&pictures)?;
    let mut tests = build::cargo("test");
    tests.args(["--test", "desktop", "--", "--ignored"]);
    tests.args(["--test-threads", "1"]);
    tests.env("VESTNIK_DESKTOP", program);
    tests.env("VESTNIK_SCREENSHOTS", &pictures);
    step::run(tests)?;
    say(&format!("pictures are in {}", pictures.display()));
    Ok(())
}

fn interop() -> Result<()> {
    crate::interop::run(None)?;
    pages::run(MIXES, SEED)
}

/// How much of the sizes of pages is tried with every change.
const MIXES: u64 = 2;
const SEED: u64 = 1;

fn fuzz() -> Result<()> {
    crate::fuzz::run(15, &[])
}

fn figures() -> Result<()> {
    bench::rehearse(&["signalr", "--brief"].map(str::to_owned))?;
    bench::rehearse(&["client", "--brief"].map(str::to_owned))?;
    bench::rehearse(&["server", "--brief"].map(str::to_owned))?;
    bench::rehearse(&["delivery", "--brief"].map(str::to_owned))
}

fn faults() -> Result<()> {
    crate::faults::run("brief", Some(1), &[])
}

fn sim_matrix() -> Result<()> {
    crate::sim_matrix::run(&["--tier", "brief"].map(str::to_owned))
}

fn model() -> Result<()> {
    let brief = ["--sequences", "300", "--twice", "20", "--plants", "brief"];
    crate::model::run(&brief.map(str::to_owned))
}
