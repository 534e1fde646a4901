//! The fuzz targets under libFuzzer, each for a while.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    place,
    step::{self, command, say, words},
};

/// How libFuzzer learns which input led where. What nightly's sanitizers would add is memory that
/// unsafe code breaks, and the fuzzed crate forbids unsafe code.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Ccodegen-units=1";

/// The longest input, in bytes.
const MAX_INPUT: u32 = 4_096;

/// Runs the targets, all or some, for so many seconds each.
pub(crate) fn run(seconds: u32, only: &[String]) -> Result<()> {
    let program = build()?;
    let targets = targets(only)?;
    let mut failed = Vec::new();
    for together in targets.chunks(abreast()) {
        for (target, outcome) in search_together(&program, together, seconds) {
            match outcome {
                Ok(figures) => say(&format!("{target}: {figures}")),
                Err(error) => {
                    say(&format!("FAILED {target}: {error:#}"));
                    failed.push(target);
                }
            }
        }
    }
    ensure!(failed.is_empty(), "found something: {}", failed.join(", "));
    say(&format!(
        "\n{} targets, {seconds} s each, nothing found",
        targets.len()
    ));
    Ok(())
}

/// How many searches run side by side.
fn abreast() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn search_together<'a>(
    program: &Path,
    targets: &'a [String],
    seconds: u32,
) -> Vec<(&'a str, Result<String>)> {
    say(&format!("\nfuzzing {}, {seconds} s", targets.join(" and ")));
    thread::scope(|scope| {
        let searches: Vec<_> = targets
            .iter()
            .map(|target| {
                let searching = scope.spawn(|| search(program, target, seconds));
                (target.as_str(), searching)
            })
            .collect();
        let ends = searches.into_iter().map(|(target, searching)| {
            let outcome = searching
                .join()
                .unwrap_or_else(|_| bail!("the search itself failed"));
            (target, outcome)
        });
        ends.collect()
    })
}

/// The targets are the folders of the corpus; a test holds the two together.
fn targets(only: &[String]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(corpus())? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    if let Some(unknown) = only.iter().find(|name| !names.contains(name)) {
        bail!(
            "there is no target '{unknown}'; there are {}",
            names.join(", ")
        );
    }
    names.retain(|name| only.is_empty() || only.contains(name));
    Ok(names)
}

fn corpus() -> PathBuf {
    place::root().join("tests/fuzz/corpus")
}

/// Builds the driver apart from everything else, because its flags would rebuild all of it.
fn build() -> Result<PathBuf> {
    let (target, host) = (place::target().join("fuzz"), host()?);
    let mut build = command(
        "cargo",
        &["build", "--release", "--locked", "--target", &host],
    );
    build.args(["--manifest-path", "tests/fuzz/driver/Cargo.toml"]);
    build
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTFLAGS", INSTRUMENTATION);
    step::run(build)?;
    Ok(target.join(host).join("release/vestnik-fuzz-driver"))
}

/// The machine's own triple. Naming it keeps the flags away from build scripts and macros.
fn host() -> Result<String> {
    let told = command("rustc", &["-vV"]).output()?;
    let told = String::from_utf8(told.stdout)?;
    let line = told.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).context("rustc names no host")
}

/// Searches from the committed corpus on; what is found on the way stays outside the repository.
fn search(program: &Path, target: &str, seconds: u32) -> Result<String> {
    let found = place::target().join("fuzz/corpus").join(target);
    let findings = place::target().join("fuzz/findings").join(target);
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&findings)?;
    let mut search = Command::new(program);
    search
        .env("VESTNIK_FUZZ_TARGET", target)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MAX_INPUT}"))
        .arg(format!("-artifact_prefix={}/", findings.display()))
        .args(["-print_final_stats=1", "-verbosity=0", "-timeout=10"])
        .args([found, corpus().join(target)])
        .stdout(Stdio::inherit());
    let ended = search
        .output()
        .with_context(|| format!("cannot run {}", words(&search)))?;
    let told = String::from_utf8_lossy(&ended.stderr);
    if !ended.status.success() {
        say(&told);
        bail!("the input is kept in {}", findings.display());
    }
    Ok(figures(&told))
}

/// The lines of libFuzzer that are figures.
fn figures(told: &str) -> String {
    let lines = told
        .lines()
        .filter_map(|line| line.strip_prefix("stat::"))
        .filter(|line| {
            [
                "number_of_executed_units",
                "average_exec_per_sec",
                "new_units",
                "peak_rss",
            ]
            .iter()
            .any(|name| line.starts_with(name))
        });
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join(", ")
}
