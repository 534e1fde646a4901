//! Fills a database before a server opens it.
//!
//! Millions of rows are written by statements of their own, without the store: nothing here is
//! measured. The store writes one mailing, and its rows are multiplied.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use vestnik_clock::{Clock as _, SystemClock, new_uuid_v7};
use vestnik_model::{
    AppId, AudienceRequest, NotificationId, Publication, PublishRequest, TopicName, UserId,
    publish::ContentRequest,
};
use vestnik_rules::{identity::user_hash, work::WorkKind};
use vestnik_store::{
    Operations as _, Publishing as _, Work as _,
    publishing::{NewNotification, PublishOutcome},
    work::{ClaimQuery, Part},
};
use vestnik_store_sqlite::{SqliteStore, StoreOptions};

use super::site::{APP, Site};

/// The name of a user, from 1 on; also the row in the database.
pub(super) fn user(number: usize) -> String {
    format!("user-{number:07}")
}

/// The topic of the first so many users.
pub(super) fn topic(subscribers: usize) -> String {
    format!("first-{subscribers}")
}

/// A plain notification.
fn request(to: AudienceRequest, title: String) -> PublishRequest {
    PublishRequest {
        to,
        notification: ContentRequest {
            title,
            body: "Your parcel is on its way and arrives tomorrow between 9 and 12.".to_owned(),
            ..ContentRequest::default()
        },
        ttl_seconds: Some(7 * 24 * 3_600),
        ..PublishRequest::default()
    }
}

/// A notification to one user.
pub(crate) fn to_user(number: usize, title: String) -> PublishRequest {
    let users = UserId::parse(user(number)).into_iter().collect();
    to_users(users, title)
}

/// A notification to a user.
pub(crate) fn to(user: &UserId, title: String) -> PublishRequest {
    to_users(vec![user.clone()], title)
}

fn to_users(users: Vec<UserId>, title: String) -> PublishRequest {
    let to = AudienceRequest {
        users,
        ..AudienceRequest::default()
    };
    request(to, title)
}

/// A notification to the topic of the first so many users.
pub(crate) fn to_topic(subscribers: usize, title: String) -> PublishRequest {
    let topics = TopicName::parse(topic(subscribers)).into_iter().collect();
    let to = AudienceRequest {
        topics,
        ..AudienceRequest::default()
    };
    request(to, title)
}

/// A request's body.
pub(crate) fn body(request: &PublishRequest) -> Result<String> {
    Ok(serde_json::to_string(request)?)
}

/// What the store is given for a request.
pub(super) fn accepted(request: PublishRequest) -> Result<NewNotification> {
    let publication = Publication::parse(request)?;
    let id = NotificationId::from_uuid(new_uuid_v7(&SystemClock));
    Ok(NewNotification {
        app: AppId::parse(APP)?,
        notification: publication.accept(id, SystemClock.now()),
        publication,
        idempotency: None,
        keep: SignedDuration::from_hours(30 * 24),
        seed: SystemClock.random(),
    })
}

/// Adds users 1 to `count`, each with an installation that is logged in.
pub(crate) fn users(site: &Site, count: usize) -> Result<()> {
    let mut db = open(site)?;
    let txn = db.transaction()?;
    {
        let mut user_row =
            txn.prepare("INSERT INTO user (row, app, id, hash) VALUES (?1, ?2, ?3, ?4)")?;
        let mut installation = txn.prepare(
            "INSERT INTO installation (app, id, user, secret_hash, generation, last_seen_at,
                 created_at, updated_at) VALUES (?1, ?2, ?3, zeroblob(32), 1, 0, 0, 0)",
        )?;
        for number in 1..=count {
            let name = user(number);
            let hash = user_hash(&UserId::parse(&name)?);
            user_row.execute((number, APP, &name, hash))?;
            let id = (number as u128).to_be_bytes();
            installation.execute((APP, id, &name))?;
        }
    }
    txn.commit()?;
    close(db)
}

/// Makes the topics of the first so many users.
pub(crate) fn topics(site: &Site, sizes: &[usize]) -> Result<()> {
    let mut db = open(site)?;
    let txn = db.transaction()?;
    for size in sizes {
        txn.execute(
            "INSERT INTO topic (app, name, self_subscribe, subscribers) VALUES (?1, ?2, 1, ?3)",
            (APP, topic(*size), size),
        )?;
        let row = txn.last_insert_rowid();
        txn.execute(
            "INSERT INTO subscription (topic, user) SELECT ?1, row FROM user WHERE row <= ?2",
            (row, size),
        )?;
    }
    txn.commit()?;
    close(db)
}

/// Gives each of the first `users` users the same `count` notifications, oldest first.
pub(super) fn mailings(site: &Site, users: usize, count: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    topics(site, &[users])?;
    runtime.block_on(mail(site, users))?;
    multiply(site, users, count)
}

/// Has the store expand a notification to a topic of so many users.
async fn mail(site: &Site, users: usize) -> Result<()> {
    let store = SqliteStore::open(&site.database(), StoreOptions::new(Arc::new(SystemClock)))?;
    let new = accepted(to_topic(users, "Order".to_owned()))?;
    let outcome = store.publish(new).await?;
    let PublishOutcome::Accepted(_) = outcome else {
        bail!("the first mailing was not accepted");
    };
    expand(&store).await?;
    store.close().await;
    Ok(())
}

async fn expand(store: &SqliteStore) -> Result<()> {
    loop {
        let now = SystemClock.now();
        let asked = ClaimQuery {
            kind: WorkKind::Expand,
            behind: None,
            except: Vec::new(),
            limit: 1,
            lease_until: now + SignedDuration::from_secs(30),
            now,
        };
        let claims = store.claim(asked).await?.claims;
        if claims.is_empty() {
            return Ok(());
        }
        for claim in claims {
            let part = Part {
                claim,
                rows: 500,
                seed: SystemClock.random(),
                now,
            };
            store.perform(part).await?;
        }
    }
}

/// Writes the rows of the first mailing again for each further one.
fn multiply(site: &Site, users: usize, count: usize) -> Result<()> {
    const LIFE: &str = "(SELECT id FROM work WHERE target = i AND kind = 'expire')";
    let copies = [
        Copies {
            table: "notification",
            original: "row = 1",
            changed: &[("row", "i"), ("id", "randomblob(16)")],
        },
        Copies {
            table: "work",
            original: "target = 1",
            changed: &[("id", "NULL"), ("target", "i")],
        },
        Copies {
            table: "notification_state",
            original: "notification = 1",
            changed: &[("notification", "i"), ("work", LIFE)],
        },
        Copies {
            table: "notification_count",
            original: "notification = 1",
            changed: &[("notification", "i")],
        },
        Copies {
            table: "delivery",
            original: "notification = 1",
            changed: &[("notification", "i"), ("seq", "i")],
        },
        Copies {
            table: "log",
            original: "notification = 1",
            changed: &[("notification", "i"), ("seq", "i")],
        },
    ];
    let mut db = open(site)?;
    let txn = db.transaction()?;
    if count > 1 {
        for table in copies {
            txn.execute(&table.statement(&txn)?, [count])?;
        }
        txn.execute(
            "UPDATE user SET last_seq = ?1 WHERE row IN (SELECT user FROM log WHERE seq = ?1)",
            [count],
        )?;
    }
    let rows: usize = txn.query_row("SELECT count(*) FROM delivery", [], |row| row.get(0))?;
    ensure!(rows == users * count, "{rows} deliveries were seeded");
    txn.commit()?;
    close(db)
}

/// The rows of a table that the first mailing has, to be written again as those of the mailings
/// `i` from 2 to `?1`.
struct Copies {
    table: &'static str,
    /// Which rows are the first mailing's.
    original: &'static str,
    /// The columns that differ, and their values. All others are copied, whichever there are.
    changed: &'static [(&'static str, &'static str)],
}

impl Copies {
    fn statement(&self, db: &Connection) -> Result<String> {
        let Self {
            table,
            original,
            changed,
        } = self;
        let mut columns = db.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?;
        let columns: Vec<String> = columns
            .query_map([table], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for (column, _) in *changed {
            ensure!(columns.iter().any(|c| c == column), "no {table}.{column}");
        }
        let value = |column: &String| match changed.iter().find(|(changed, _)| changed == column) {
            Some((_, value)) => (*value).to_owned(),
            None => format!("{table}.{column}"),
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        Ok(format!(
            "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO {table} ({}) SELECT {} FROM n, {table} WHERE {original} ORDER BY i",
            columns.join(", "),
            values.join(", "),
        ))
    }
}

/// How many deliveries a database has. Its server may be running.
pub(super) fn deliveries(site: &Site) -> Result<usize> {
    let db = Connection::open(site.database())?;
    let count = "SELECT count(*) FROM delivery";
    Ok(db.query_row(count, [], |row| row.get(0))?)
}

/// How many deliveries a notification has. Its server may be running.
pub(super) fn deliveries_of(site: &Site, id: &str) -> Result<usize> {
    let id: NotificationId = serde_json::from_value(id.into())?;
    let db = Connection::open(site.database())?;
    let count = "SELECT count(*) FROM delivery
         WHERE notification = (SELECT row FROM notification WHERE id = ?1)";
    Ok(db.query_row(count, [id.uuid().as_bytes()], |row| row.get(0))?)
}

/// Has the sweep of what is kept for a while only done at once. The server may be running.
pub(super) fn sweep_now(site: &Site) -> Result<()> {
    let db = Connection::open(site.database())?;
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    let due = "UPDATE work SET due_at = 0, ready_at = 0 WHERE kind = 'sweep'";
    db.execute(due, [])?;
    Ok(())
}

/// The database, written to without waiting for the disk.
pub(crate) fn open(site: &Site) -> Result<Connection> {
    let db = Connection::open(site.database())?;
    db.execute_batch(
        "PRAGMA synchronous = off; PRAGMA cache_size = -400000; PRAGMA temp_store = memory",
    )?;
    Ok(db)
}

/// Moves everything into the database's own file, so that copies of it are whole.
pub(crate) fn close(db: Connection) -> Result<()> {
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    db.close()
        .map_err(|(_, error)| error)
        .context("cannot close the database")
}

/// The time now in milliseconds, as the database has it.
pub(crate) fn millis() -> i64 {
    let now: Timestamp = SystemClock.now();
    now.as_millisecond()
}
