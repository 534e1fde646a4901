//! Unit tests for Windows, linked by mingw and run by wine.
//!
//! wine is not Windows: what needs a window, toasts or the keyring is not tried here.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use super::{
    compiler,
    programs::{self, Program},
    system::System,
    workspace::Package,
};
use crate::{
    packages, place,
    step::{self, command, say, words},
};

/// Whose unit tests are run, as far as the package exists.
const TESTED: [&str; 3] = ["vestnik-core", "vestnik-inbox", "vestnik"];

const WINE: &str = "/usr/lib/wine/wine64";
const MINGW: &str = "x86_64-w64-mingw32-gcc";
/// How a test program begins the line with its figures.
const RESULT: &str = "test result: ";

/// Links the tests, runs them, and says how each program ended.
pub(crate) fn run(workspace: &[Package]) -> Result<Vec<String>> {
    packages::ensure(&[packages::ANY_SYSTEM, packages::WINDOWS, packages::WINE].concat())?;
    let mut tests = compiler::cargo("test", System::Windows)?;
    tests.args(["--lib", "--bins"]);
    let is_here = |name: &&str| workspace.iter().any(|package| package.name == **name);
    let tested = TESTED.iter().filter(|name| is_here(name));
    tests.args(tested.flat_map(|name| ["--package", name]));
    let programs = programs::link(tests)?;
    ensure!(!programs.is_empty(), "cargo linked no tests");
    programs.iter().map(run_one).collect()
}

fn run_one(program: &Program) -> Result<String> {
    let folder = program.file.parent().context("a program is in a folder")?;
    add_random_bytes(folder)?;
    let mut tests = Command::new(WINE);
    tests.arg(&program.file).current_dir(&program.folder);
    tests.env("WINEPREFIX", prefix()?).env("WINEDEBUG", "-all");
    // Neither .NET nor a browser is asked for.
    tests.env("WINEDLLOVERRIDES", "mscoree,mshtml=");
    // Snapshots are looked for from here; otherwise cargo is asked, which is no program of Windows.
    tests.env("INSTA_WORKSPACE_ROOT", place::root());
    tests.env("INSTA_UPDATE", "no");
    tests.stderr(Stdio::inherit());
    say(&format!("$ {}", words(&tests)));
    let output = tests.output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    say(printed.trim_end());
    ensure!(
        output.status.success(),
        "{} ended with {}",
        program.name,
        output.status
    );
    let figures = figures(&printed).context("the tests print a result")?;
    Ok(format!("linked, run by wine: {}: {figures}", program.name))
}

/// Where wine keeps what it takes for a disk.
fn prefix() -> Result<PathBuf> {
    let prefix = compiler::built().join("wine");
    fs::create_dir_all(&prefix)?;
    Ok(prefix)
}

/// Puts a library beside the programs that wine 8 lacks.
fn add_random_bytes(folder: &Path) -> Result<()> {
    let library = folder.join("bcryptprimitives.dll");
    if library.exists() {
        return Ok(());
    }
    let mut compile = command(MINGW, &["-shared", "xtask/src/targets/process_prng.c"]);
    compile.arg("-o").arg(library).arg("-ladvapi32");
    step::run(compile)
}

/// The figures that test programs print at the end.
fn figures(printed: &str) -> Option<&str> {
    let mut lines = printed.lines().rev();
    let line = lines.find_map(|line| line.trim().strip_prefix(RESULT))?;
    Some(line.split("; 0 measured").next().unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_test_program_are_found() {
        let printed = "running 2 tests\r\ntest a ... ok\r\n\r\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\r\n\r\n";
        let expected = "ok. 2 passed; 0 failed; 0 ignored";
        assert_eq!(figures(printed), Some(expected));
        assert_eq!(figures("error: cannot start"), None);
    }
}
