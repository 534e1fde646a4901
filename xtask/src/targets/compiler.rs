//! Debian's compiler. Its packages have the source of the standard library, so that it can be built
//! for any system; rustup's compiler needs a download for each.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::system::System;
use crate::{place, step::command};

const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";
/// Stands in for compilers of C that are not at hand.
const NO_C_COMPILER: &str = include_str!("no_c_compiler.sh");

/// A cargo command for a system. The packages follow.
pub(crate) fn cargo(task: &str, system: System) -> Result<Command> {
    let mut cargo = command(CARGO, &[task, "--quiet", "--locked"]);
    cargo.args(["--target", system.triple()]);
    cargo.arg("-Zbuild-std=std,panic_unwind");
    if system != System::Windows {
        // Nothing will run: no backtraces, and none of what reads debug information for them.
        cargo.arg("-Zbuild-std-features=");
    }
    cargo.env("RUSTC", RUSTC);
    // Allows `-Z`. Nothing that is shipped is built so.
    cargo.env("RUSTC_BOOTSTRAP", "1");
    // The libraries of the compiler that runs this program are not those of that one.
    cargo.env_remove("LD_LIBRARY_PATH");
    cargo.env("CARGO_TARGET_DIR", built());
    cargo.env("CARGO_INCREMENTAL", "0");
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0");
    compile_c(&mut cargo, system)?;
    Ok(cargo)
}

/// Where everything lies that is built here: another compiler, so another folder.
pub(crate) fn built() -> PathBuf {
    place::target().join("targets")
}

fn compile_c(cargo: &mut Command, system: System) -> Result<()> {
    match system {
        System::Windows => {
            // Assembler that aws-lc brings ready-made.
            cargo.env("AWS_LC_SYS_PREBUILT_NASM", "1");
        }
        System::Android => leave_c_out(cargo, system, &built())?,
        System::Ios | System::Macos => {
            let folder = built();
            leave_c_out(cargo, system, &folder)?;
            let sdk = folder.join("no-sdk");
            fs::create_dir_all(&sdk)?;
            cargo.env("SDKROOT", sdk);
        }
    }
    Ok(())
}

fn leave_c_out(cargo: &mut Command, system: System, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let compiler = folder.join("no-c-compiler");
    fs::write(&compiler, NO_C_COMPILER)?;
    fs::set_permissions(&compiler, fs::Permissions::from_mode(0o755))?;
    let suffix = system.triple().replace('-', "_");
    for tool in ["CC", "CXX"] {
        cargo.env(format!("{tool}_{suffix}"), &compiler);
    }
    cargo.env(format!("AR_{suffix}"), "true");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What build scripts ask a compiler of C: which one it is, and to compile.
    #[test]
    fn the_stand_in_preprocesses_and_leaves_empty_objects() {
        let folder = built().join("test-no-c-compiler");
        let mut cargo = Command::new(CARGO);
        leave_c_out(&mut cargo, System::Android, &folder).unwrap();
        let (source, object) = (folder.join("asks.c"), folder.join("asks.o"));
        fs::write(&source, "#ifdef __GNUC__\nknown\n#endif\n").unwrap();
        let compiler = folder.join("no-c-compiler");
        let run = |arguments: &[&str]| {
            let mut command = Command::new(&compiler);
            command.args(arguments).arg(&source).output().unwrap()
        };
        let asked = run(&["--target=aarch64-linux-android", "-E"]);
        assert!(String::from_utf8_lossy(&asked.stdout).contains("known"));
        let compiled = run(&["-O3", "-o", &object.to_string_lossy(), "-c"]);
        assert!(compiled.status.success());
        assert_eq!(fs::metadata(&object).unwrap().len(), 0);
        fs::remove_dir_all(&folder).unwrap();
    }
}
