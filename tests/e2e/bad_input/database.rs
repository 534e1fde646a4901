//! Files that are no database of Vestnik's, or damaged: the server does not start, its error says what to
//! do, and the file is left as it is.

use std::{fs, path::Path};

use rusqlite::Connection;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vestnik_server::Config;
use vestnik_testkit::{
    TestServer,
    backend::to_user,
    name::{free_port, user},
    wait::{SILENCE, within},
};

struct Case {
    name: &'static str,
    /// Makes a bad file of a good one.
    spoil: fn(&Path) -> anyhow::Result<()>,
    /// The error's words, with `FILE` for the file's path.
    want: &'static str,
}

/// Tries to serve from a file.
async fn serve(path: &Path) -> anyhow::Result<String> {
    let listener = TcpListener::bind(free_port()).await?;
    let config = Config {
        database: path.to_owned(),
        ..Config::default()
    };
    let serving = vestnik_server::serve(listener, config, CancellationToken::new());
    let served = within("the refusal", SILENCE, serving).await?;
    let said = served.map_or_else(|error| error.to_string(), |()| "served".to_owned());
    Ok(said.replace(&path.display().to_string(), "FILE"))
}

async fn check(good: &Path, case: &Case) -> anyhow::Result<Option<String>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("vestnik.sqlite");
    fs::copy(good, &path)?;
    (case.spoil)(&path)?;
    let before = fs::read(&path).unwrap_or_default();
    let got = serve(&path).await?;
    if fs::read(&path).unwrap_or_default() != before {
        return Ok(Some(format!("{}: changed the file: {got}", case.name)));
    }
    let differs = got != case.want;
    Ok(differs.then(|| format!("{}:\n    got  {got}\n    want {}", case.name, case.want)))
}

#[tokio::test]
async fn files() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let good = folder.path().join("good.sqlite");
    in_use(&good).await?;
    let cases = cases();
    let mut wrong = Vec::new();
    for case in &cases {
        wrong.extend(check(&good, case).await?);
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

#[tokio::test]
async fn a_file_in_use_is_not_shared() -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    assert_eq!(
        serve(server.database()).await?,
        "FILE is open in another process"
    );
    server
        .backend
        .publish(&to_user(&user("anna"), "still here"))
        .await?;
    server.stop().await
}

/// A file with something in it, closed well.
async fn in_use(copy: &Path) -> anyhow::Result<()> {
    let server = TestServer::start().await?;
    for n in 0..50 {
        server
            .backend
            .publish(&to_user(&user("anna"), &format!("number {n}")))
            .await?;
    }
    let folder = server.keep().await?;
    fs::copy(folder.path().join("vestnik.sqlite"), copy)?;
    Ok(())
}

fn cases() -> Vec<Case> {
    let case = |name, spoil, want| Case { name, spoil, want };
    vec![
        case(
            "garbage",
            |path| write(path, &b"garbage ".repeat(2_000)),
            "FILE is damaged (file is not a database): restore a backup, or move the file away to begin anew",
        ),
        case(
            "a picture",
            |path| write(path, b"\x89PNG\r\n\x1a\n0123456789"),
            "FILE is damaged (file is not a database): restore a backup, or move the file away to begin anew",
        ),
        case(
            "only a header",
            |path| truncate(path, 100),
            "FILE is damaged (database disk image is malformed): restore a backup, or move the file away to begin anew",
        ),
        case(
            "half a file",
            truncate_to_half,
            "FILE is damaged (database disk image is malformed): restore a backup, or move the file away to begin anew",
        ),
        case(
            "a spoilt header",
            |path| overwrite(path, 0, b"SQLite format 4\0"),
            "FILE is damaged (file is not a database): restore a backup, or move the file away to begin anew",
        ),
        case(
            "a spoilt middle",
            |path| overwrite(path, 4_096, &[0xff; 4_096]),
            "FILE is damaged (database disk image is malformed): restore a backup, or move the file away to begin anew",
        ),
        case(
            "a newer schema",
            |path| pragma(path, "user_version", 9_999),
            "FILE has schema 9999, this version knows 1: run the version that wrote it, or a newer one",
        ),
        case(
            "another program's database",
            another_program,
            "FILE cannot be a database: it belongs to another program",
        ),
        case(
            "a folder",
            folder,
            "FILE cannot be a database: it is not a regular file",
        ),
    ]
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    Ok(fs::write(path, bytes)?)
}

fn truncate(path: &Path, length: u64) -> anyhow::Result<()> {
    let file = fs::File::options().write(true).open(path)?;
    Ok(file.set_len(length)?)
}

fn truncate_to_half(path: &Path) -> anyhow::Result<()> {
    truncate(path, fs::metadata(path)?.len() / 2)
}

fn overwrite(path: &Path, at: usize, bytes: &[u8]) -> anyhow::Result<()> {
    let mut content = fs::read(path)?;
    content[at..at + bytes.len()].copy_from_slice(bytes);
    write(path, &content)
}

fn pragma(path: &Path, name: &str, value: u32) -> anyhow::Result<()> {
    Ok(Connection::open(path)?.pragma_update(None, name, value)?)
}

fn another_program(path: &Path) -> anyhow::Result<()> {
    fs::remove_file(path)?;
    let schema = "CREATE TABLE recipe (name TEXT); INSERT INTO recipe VALUES ('soup');";
    Ok(Connection::open(path)?.execute_batch(schema)?)
}

fn folder(path: &Path) -> anyhow::Result<()> {
    fs::remove_file(path)?;
    Ok(fs::create_dir(path)?)
}
