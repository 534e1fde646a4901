//! Jobs that fail, alone and by a full disk, which a limit on the file's pages plays.

use jiff::Timestamp;
use vestnik_model::AppId;
use vestnik_store::StoreError;

use super::{
    super::{open, writer::Writer},
    Folder,
};

const MANY: usize = 100;

/// Everybody is told the truth, and what fits later is stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_to_everybody_and_recovered_from() {
    let folder = Folder::new();
    let opened = open::writer(&folder.database()).unwrap();
    let pages: u32 = opened
        .connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    let limit = move |connection: &rusqlite::Connection, pages: u32| {
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
    };
    limit(&opened.connection, pages + 4).unwrap();
    let (writer, thread) = Writer::start(opened.connection, opened.lock).unwrap();
    let fill = |n: usize| {
        writer.call(move |db| {
            let app = AppId::parse(format!("app-{n:050}")).unwrap();
            super::super::table::meta::create_app(db, &app, Timestamp::UNIX_EPOCH)?;
            db.execute(
                "INSERT INTO meta (name, value) VALUES (?1, zeroblob(1000))",
                [format!("filler-{n}")],
            )
        })
    };
    let answers = futures_util::future::join_all((0..MANY).map(fill)).await;
    let stored = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!((0..MANY).contains(&stored));
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Ok(1) | Err(StoreError::Full))),
        "{answers:?}"
    );
    writer.call(move |db| limit(db, 100_000)).await.unwrap();
    let count = |db: &rusqlite::Connection| -> Result<usize, rusqlite::Error> {
        db.query_row("SELECT count(*) FROM app", [], |row| row.get(0))
    };
    assert_eq!(writer.call(count).await, Ok(stored));
    assert_eq!(fill(MANY).await, Ok(1));
    writer.close();
    thread.join().unwrap();
}

/// What a job did before it failed is undone, and the jobs of the same commit are not harmed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_job_leaves_nothing() {
    let folder = Folder::new();
    let opened = open::writer(&folder.database()).unwrap();
    let (writer, thread) = Writer::start(opened.connection, opened.lock).unwrap();
    let job = |name: &'static str, fails: bool| {
        writer.call(move |db| {
            let app = AppId::parse(name).unwrap();
            super::super::table::meta::create_app(db, &app, Timestamp::UNIX_EPOCH)?;
            if fails {
                return Err(rusqlite::Error::QueryReturnedNoRows);
            }
            Ok(())
        })
    };
    let answers = tokio::join!(job("one", false), job("two", true), job("three", false));
    assert!(matches!(
        answers,
        (Ok(()), Err(StoreError::Failed(_)), Ok(()))
    ));
    let names = |db: &rusqlite::Connection| -> Result<String, rusqlite::Error> {
        let sql = "SELECT group_concat(id, ' ') FROM (SELECT id FROM app ORDER BY id)";
        db.query_row(sql, [], |row| row.get(0))
    };
    assert_eq!(writer.call(names).await.as_deref(), Ok("one three"));
    writer.close();
    thread.join().unwrap();
}
