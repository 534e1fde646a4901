//! Who may depend on whom, as the manifests say it.

use toml::{Table, Value};

use super::{
    finding::Finding,
    tree::{File, Tree},
};

/// Our packages, and which of ours each may depend on, tests included. Nothing else is allowed.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("vestnik-clock", &[]),
    ("vestnik-sqlite", &["vestnik-clock"]),
    ("vestnik-signalr", &[]),
    ("vestnik-model", &[]),
    ("vestnik-envelope", &["vestnik-model"]),
    // The clock is for its tests: times are arguments.
    (
        "vestnik-inbox",
        &[
            "vestnik-clock",
            "vestnik-envelope",
            "vestnik-model",
            "vestnik-sqlite",
        ],
    ),
    (
        "vestnik-core",
        &[
            "vestnik-clock",
            "vestnik-envelope",
            "vestnik-inbox",
            "vestnik-model",
            "vestnik-signalr",
            "vestnik-sqlite",
        ],
    ),
    ("vestnik-rules", &["vestnik-model", "vestnik-webhook"]),
    ("vestnik-outbound", &[]),
    (
        "vestnik-push",
        &["vestnik-clock", "vestnik-model", "vestnik-outbound"],
    ),
    // Its tests run its own conformance suite, which is a feature.
    (
        "vestnik-store",
        &["vestnik-model", "vestnik-rules", "vestnik-store"],
    ),
    (
        "vestnik-store-sqlite",
        &[
            "vestnik-clock",
            "vestnik-model",
            "vestnik-rules",
            "vestnik-sqlite",
            "vestnik-store",
        ],
    ),
    (
        "vestnik-mail",
        &["vestnik-model", "vestnik-outbound", "vestnik-rules"],
    ),
    (
        "vestnik-smpp",
        &["vestnik-clock", "vestnik-model", "vestnik-outbound"],
    ),
    ("vestnik-webhook", &[]),
    (
        "vestnik-gateway",
        &["vestnik-model", "vestnik-outbound", "vestnik-smpp"],
    ),
    // Never the sender: each is a test of the other.
    ("vestnik-sim", &["vestnik-clock"]),
    (
        "vestnik-server",
        &[
            "vestnik-clock",
            "vestnik-envelope",
            "vestnik-gateway",
            "vestnik-mail",
            "vestnik-model",
            "vestnik-outbound",
            "vestnik-push",
            "vestnik-rules",
            "vestnik-signalr",
            "vestnik-smpp",
            "vestnik-store",
            "vestnik-store-sqlite",
            "vestnik-webhook",
        ],
    ),
    (
        "vestnik",
        &[
            "vestnik-core",
            "vestnik-gateway",
            "vestnik-model",
            "vestnik-server",
            "vestnik-sim",
        ],
    ),
    (
        "vestnik-desktop",
        &["vestnik-clock", "vestnik-core", "vestnik-model"],
    ),
    // The inbox for its spool: an extension has nothing else of the core.
    (
        "vestnik-ffi",
        &[
            "vestnik-clock",
            "vestnik-core",
            "vestnik-inbox",
            "vestnik-model",
        ],
    ),
    (
        "vestnik-testkit",
        &[
            "vestnik-clock",
            "vestnik-core",
            "vestnik-envelope",
            "vestnik-model",
            "vestnik-server",
            "vestnik-signalr",
            "vestnik-sim",
            "vestnik-sqlite",
            "vestnik-store",
            "vestnik-store-sqlite",
        ],
    ),
    (
        "vestnik-tests",
        &[
            "vestnik-clock",
            "vestnik-core",
            "vestnik-gateway",
            "vestnik-model",
            "vestnik-outbound",
            "vestnik-server",
            "vestnik-signalr",
            "vestnik-sim",
            "vestnik-store-sqlite",
            "vestnik-testkit",
        ],
    ),
    (
        "vestnik-device-model",
        &[
            "vestnik-clock",
            "vestnik-core",
            "vestnik-envelope",
            "vestnik-inbox",
            "vestnik-model",
        ],
    ),
    (
        "vestnik-fuzz",
        &[
            "vestnik-clock",
            "vestnik-model",
            "vestnik-signalr",
            "vestnik-smpp",
        ],
    ),
    ("vestnik-fuzz-driver", &["vestnik-fuzz"]),
    ("vestnik-bindgen", &[]),
    (
        "vestnik-bench",
        &[
            "vestnik-clock",
            "vestnik-core",
            "vestnik-envelope",
            "vestnik-inbox",
            "vestnik-model",
            "vestnik-rules",
            "vestnik-server",
            "vestnik-signalr",
            "vestnik-sim",
            "vestnik-sqlite",
            "vestnik-store",
            "vestnik-store-sqlite",
        ],
    ),
    ("vestnik-interop", &["vestnik-signalr", "vestnik-sim"]),
    ("xtask", &[]),
];

/// Foreign packages that belong to some of our packages only, by the beginning of their names.
const BELONGS: [(&str, &[&str]); 10] = [
    ("tauri", &["vestnik-desktop"]),
    ("notify-rust", &["vestnik-desktop"]),
    ("zbus", &["vestnik-desktop", "vestnik-tests"]),
    ("ts-rs", &["vestnik-desktop"]),
    ("uniffi", &["vestnik-bindgen", "vestnik-ffi"]),
    (
        "axum",
        &[
            "vestnik-server",
            "vestnik-sim",
            "vestnik-testkit",
            "vestnik-tests",
            "vestnik-interop",
        ],
    ),
    ("utoipa", &["vestnik-server", "vestnik-model"]),
    (
        "rusqlite",
        &[
            "vestnik-sqlite",
            "vestnik-inbox",
            "vestnik-core",
            "vestnik-store-sqlite",
            "vestnik-testkit",
            "vestnik-tests",
            "vestnik-bench",
            "vestnik-device-model",
        ],
    ),
    (
        "clap",
        &[
            "vestnik",
            "vestnik-tests",
            "vestnik-bench",
            "vestnik-device-model",
            "vestnik-interop",
            "xtask",
        ],
    ),
    (
        "anyhow",
        &[
            "vestnik",
            "vestnik-desktop",
            "vestnik-testkit",
            "vestnik-tests",
            "vestnik-bench",
            "vestnik-interop",
            "xtask",
        ],
    ),
];

/// Packages without I/O and without a clock of their own.
const PURE: [&str; 2] = ["vestnik-model", "vestnik-rules"];
/// What pure packages must do without.
const NOT_IN_PURE: [&str; 7] = [
    "tokio", "axum", "reqwest", "hyper", "rusqlite", "rand", "tracing",
];

/// Packages that fit into a notification extension.
const SYNCHRONOUS: [&str; 2] = ["vestnik-envelope", "vestnik-inbox"];
/// What such packages must do without, in tests too.
const NOT_IN_SYNCHRONOUS: [&str; 6] = ["tokio", "axum", "reqwest", "hyper", "rustls", "aws-lc-rs"];

/// Packages that need what a plain `cargo build` must not need.
const NOT_BY_DEFAULT: [&str; 3] = ["app-tauri", "bindings", "tests"];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = tree
        .files()
        .filter(|file| file.path.ends_with("Cargo.toml"));
    manifests.flat_map(check_manifest).collect()
}

fn check_manifest(file: File<'_>) -> Vec<Finding> {
    let manifest: Table = match file.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => {
            let mend = "cargo must be able to read it";
            return vec![Finding::new((file.path, 1), error.to_string(), mend)];
        }
    };
    let mut findings = default_members(file, &manifest);
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name"));
    if let Some(name) = name.and_then(Value::as_str) {
        findings.extend(package(file, &manifest, name));
    }
    findings
}

fn default_members(file: File<'_>, manifest: &Table) -> Vec<Finding> {
    let members = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("default-members"))
        .and_then(Value::as_array);
    let wrong = members.into_iter().flatten().filter_map(|member| {
        let member = member.as_str()?;
        NOT_BY_DEFAULT.contains(&member).then(|| {
            let place = (file.path, file.line_of("default-members"));
            let what = format!("{member} is a default member");
            Finding::new(
                place,
                what,
                "leave it out: a plain cargo build needs no GTK",
            )
        })
    });
    wrong.collect()
}

fn package(file: File<'_>, manifest: &Table, name: &str) -> Vec<Finding> {
    let Some((_, allowed)) = DIRECTIONS.iter().find(|(own, _)| *own == name) else {
        let mend = "say in xtask/src/tidy/dependencies.rs what it may depend on";
        return vec![Finding::new(
            (file.path, file.line_of(name)),
            format!("{name} has no place in the dependency directions"),
            mend,
        )];
    };
    let wrong = dependencies(manifest).into_iter().filter_map(|dependency| {
        let mend = refusal(name, allowed, &dependency)?;
        let place = (file.path, file.line_of(&dependency.name));
        let what = format!("{name} depends on {}", dependency.name);
        Some(Finding::new(place, what, mend))
    });
    wrong.collect()
}

/// Why a package may not have a dependency, as what to do instead.
fn refusal(package: &str, allowed: &[&str], dependency: &Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if DIRECTIONS.iter().any(|(own, _)| *own == name) && !allowed.contains(&name) {
        return Some(format!("{package} may depend on: {}", list(allowed)));
    }
    if PURE.contains(&package) && NOT_IN_PURE.contains(&name) {
        return Some(format!(
            "{package} does no I/O: move what needs {name} to a driver"
        ));
    }
    if SYNCHRONOUS.contains(&package) && NOT_IN_SYNCHRONOUS.contains(&name) {
        return Some(format!(
            "{package} fits into an extension: move what needs {name} to vestnik-core"
        ));
    }
    if package == "vestnik-signalr" && name == "tokio" && !dependency.spare {
        return Some(
            "the protocol's heart has no tokio: make it optional, for the drivers".to_owned(),
        );
    }
    let belongs = BELONGS.iter().find(|(beginning, _)| {
        let rest = name.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    });
    let (beginning, owners) = belongs?;
    let may = owners.contains(&package) || (package == "vestnik-signalr" && dependency.for_tests);
    (!may).then(|| format!("{beginning} belongs to: {}", list(owners)))
}

/// A line of a manifest.
struct Dependency {
    name: String,
    for_tests: bool,
    /// Optional, or only for tests.
    spare: bool,
}

fn dependencies(manifest: &Table) -> Vec<Dependency> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets
        .into_iter()
        .flatten()
        .filter_map(|(_, table)| table.as_table());
    let mut found = Vec::new();
    for table in [manifest].into_iter().chain(tables) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let lines = table.get(kind).and_then(Value::as_table);
            for (name, line) in lines.into_iter().flatten() {
                let optional = line.get("optional").and_then(Value::as_bool) == Some(true);
                let for_tests = kind == "dev-dependencies";
                found.push(Dependency {
                    name: name.clone(),
                    for_tests,
                    spare: optional || for_tests,
                });
            }
        }
    }
    found
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "none of ours".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::places;

    fn found(manifest: &str) -> Vec<String> {
        places(&check(&Tree::of(&[("x/Cargo.toml", manifest)])))
    }

    #[test]
    fn the_server_never_depends_on_the_core_even_in_tests() {
        let manifest =
            "[package]\nname = \"vestnik-server\"\n[dev-dependencies]\nvestnik-core = \"1\"\n";
        assert_eq!(found(manifest), ["x/Cargo.toml:4"]);
    }

    #[test]
    fn the_simulator_and_the_sender_share_nothing() {
        let manifest = "[package]\nname = \"vestnik-sim\"\n[dev-dependencies]\nvestnik-push = \"1\"\nvestnik-model = \"1\"\n";
        assert!(found(manifest).contains(&"x/Cargo.toml:5".to_owned()));
    }

    #[test]
    fn tauri_stays_in_the_desktop_app() {
        let manifest = "[package]\nname = \"vestnik-core\"\n[target.'cfg(unix)'.dependencies]\ntauri-build = \"1\"\n";
        assert_eq!(found(manifest), ["x/Cargo.toml:4"]);
        assert!(found(&manifest.replace("-core", "-desktop")).is_empty());
    }

    #[test]
    fn pure_packages_and_the_protocol_have_no_tokio() {
        for name in ["vestnik-model", "vestnik-rules", "vestnik-signalr"] {
            let manifest = format!("[package]\nname = \"{name}\"\n[dependencies]\ntokio = \"1\"\n");
            assert_eq!(found(&manifest), ["x/Cargo.toml:4"]);
        }
        let optional = "[package]\nname = \"vestnik-signalr\"\n[dependencies]\ntokio = { version = \"1\", optional = true }\n";
        assert!(found(optional).is_empty());
    }

    #[test]
    fn the_inbox_fits_into_an_extension() {
        for name in ["tokio", "rustls"] {
            let manifest =
                format!("[package]\nname = \"vestnik-inbox\"\n[dependencies]\n{name} = \"1\"\n");
            assert_eq!(found(&manifest), ["x/Cargo.toml:4"]);
        }
    }

    #[test]
    fn sqlite_stays_in_its_store() {
        for name in ["vestnik-server", "vestnik-store", "vestnik-rules"] {
            let manifest =
                format!("[package]\nname = \"{name}\"\n[dependencies]\nrusqlite = \"1\"\n");
            assert_eq!(found(&manifest), ["x/Cargo.toml:4"]);
        }
    }

    #[test]
    fn a_plain_build_needs_no_gtk() {
        let manifest = "[workspace]\ndefault-members = [\"server/app\", \"app-tauri\"]\n";
        assert_eq!(found(manifest), ["x/Cargo.toml:2"]);
    }

    #[test]
    fn a_new_package_must_be_given_a_place() {
        assert_eq!(
            found("[package]\nname = \"vestnik-new\"\n"),
            ["x/Cargo.toml:2"]
        );
    }
}
