//! Settings that cannot be used: named with where they came from, never with their value.

use std::path::{Path, PathBuf};

use vestnik_server::{Config, ConfigOverlay};

/// Where the wrong setting stands.
#[derive(Clone, Copy)]
enum In {
    /// The file.
    File(&'static [u8]),
    /// The environment.
    Environment(&'static str, &'static str),
    /// A flag.
    Listen(&'static str),
}

struct Case {
    name: &'static str,
    given: In,
    /// The error's words, with `FILE` for the file's path.
    want: &'static str,
}

fn check(folder: &Path, case: &Case) -> anyhow::Result<Option<String>> {
    let path = folder.join("vestnik.toml");
    let mut environment = Vec::new();
    let mut flags = ConfigOverlay::default();
    let mut file: &[u8] = b"";
    match case.given {
        In::File(bytes) => file = bytes,
        In::Environment(name, value) => environment.push((name.to_owned(), value.to_owned())),
        In::Listen(listen) => flags.listen = Some(listen.to_owned()),
    }
    std::fs::write(&path, file)?;
    let loaded = Config::load(Some(&path), environment, flags);
    let got = loaded.map_or_else(|error| error.to_string(), |_| "was taken".to_owned());
    let got = got.replace(&path.display().to_string(), "FILE");
    let differs = got != case.want;
    Ok(differs.then(|| format!("{}:\n    got  {got}\n    want {}", case.name, case.want)))
}

#[test]
fn settings() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let cases = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        wrong.extend(check(folder.path(), case)?);
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n  {}",
        wrong.len(),
        cases.len(),
        wrong.join("\n  ")
    );
    Ok(())
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = PathBuf::from("/nowhere/vestnik.toml");
    let error = Config::load(Some(&path), [], ConfigOverlay::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/nowhere/vestnik.toml: No such file or directory (os error 2)"
    );
}

fn cases() -> Vec<Case> {
    let case = |name, given, want| Case { name, given, want };
    vec![
        case(
            "no TOML",
            In::File(b"[["),
            "FILE: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`",
        ),
        case(
            "no text",
            In::File(b"listen = '\xff'"),
            "FILE: stream did not contain valid UTF-8",
        ),
        case(
            "an unknown setting",
            In::File(b"lisen = '127.0.0.1:1'"),
            "FILE: lisen: must be one of `listen`, `database`, `public_url`, `node`, `proxy`, `secrets`, `log`, `tokens`, `limits`, `rates`, `feed`, `delivery`, `audiences`, `outbound`",
        ),
        case(
            "an unknown section",
            In::File(b"[database]\nfile = 'x'"),
            "FILE: database: must be a path",
        ),
        case(
            "a name for an address",
            In::File(b"listen = 'hunter2'"),
            "FILE: listen: must be an IP address and a port, as 127.0.0.1:4000 or [::1]:4000, or localhost and a port",
        ),
        case(
            "a port too high",
            In::File(b"listen = '127.0.0.1:70000'"),
            "FILE: listen: must be an IP address and a port, as 127.0.0.1:4000 or [::1]:4000, or localhost and a port",
        ),
        case(
            "a word for a number",
            In::File(b"[limits]\nbody_bytes = 'hunter2'"),
            "FILE: limits.body_bytes: must be a whole number that is not negative",
        ),
        case(
            "a number too low",
            In::File(b"[limits]\nbody_bytes = 1"),
            "FILE: limits.body_bytes: must be at least 73728",
        ),
        case(
            "a negative number",
            In::File(b"[limits]\nbody_bytes = -1"),
            "FILE: limits.body_bytes: must be a whole number that is not negative",
        ),
        case(
            "an unknown format",
            In::File(b"[log]\nformat = 'hunter2'"),
            "FILE: log.format: must be `text` or `json`",
        ),
        case(
            "a setting twice",
            In::File(b"listen = '127.0.0.1:1'\nlisten = '127.0.0.1:2'"),
            "FILE: duplicate key",
        ),
        case(
            "a refresh before the access ends",
            In::File(b"[tokens]\nrefresh_seconds = 60"),
            "FILE: tokens.refresh_seconds: must be more than tokens.access_seconds",
        ),
        case(
            "a word in the environment",
            In::Environment("VESTNIK_LIMITS_BODY_BYTES", "hunter2"),
            "VESTNIK_LIMITS_BODY_BYTES: limits.body_bytes: must be a whole number that is not negative",
        ),
        case(
            "a variable too low",
            In::Environment("VESTNIK_TOKENS_ACCESS_SECONDS", "1"),
            "VESTNIK_TOKENS_ACCESS_SECONDS: tokens.access_seconds: must be at least 30",
        ),
        case(
            "a name for the address to listen on",
            In::Listen("hunter2"),
            "--listen: listen: must be an IP address and a port, as 127.0.0.1:4000 or [::1]:4000, or localhost and a port",
        ),
    ]
}
