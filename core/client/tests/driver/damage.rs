//! Files that are damaged, in use or left behind.

use std::{fs, path::Path, sync::Arc};

use futures_util::future::join_all;
use vestnik_clock::SystemClock;
use vestnik_core::{
    Config, Error, Event, FormerHistory, HistoryQuery, MemorySecrets, SearchQuery, Secret,
    StoreError, Vestnik,
};

use crate::memory::{Memory, config, draw, in_time, login, next, online, open, quick, start};

const PAGE: usize = 4_096;
const COUNT: usize = 12;

/// A folder with a history of which some notifications were shown, closed cleanly.
async fn lived(server: &Memory, folder: &Path) {
    let client = start(server, folder, quick()).await;
    online(&client).await;
    server.notify(COUNT).await;
    draw(&client, COUNT - 2).await;
    next(&client).await.failed("no_daemon").await.unwrap();
    while !in_time(client.flush()).await.unwrap() {}
    in_time(client.stop()).await;
}

fn history_of(folder: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let is_history = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("history-") && name.ends_with(".sqlite")
    };
    files.into_iter().find(is_history).unwrap()
}

/// Whatever page is damaged, also one that no check of the structure reads: the device opens, every call
/// works, the history is whole again, and nothing that was shown is shown again.
#[tokio::test]
async fn a_page_that_is_damaged_costs_nothing_wherever_it_lies() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    lived(&server, folder.path()).await;
    let pages = fs::metadata(history_of(folder.path())).unwrap().len() as usize / PAGE;
    assert!(pages > 10, "{pages}");
    for page in 0..pages {
        survive(page).await;
    }
}

async fn survive(page: usize) {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    lived(&server, folder.path()).await;
    let path = history_of(folder.path());
    let mut bytes = fs::read(&path).unwrap();
    // All but the first page's header: a file without it is no database.
    let begin = page * PAGE + if page == 0 { 100 } else { 0 };
    let Some(damaged) = bytes.get_mut(begin..(page + 1) * PAGE) else {
        return;
    };
    damaged.fill(0xA5);
    fs::write(&path, bytes).unwrap();

    let client = open(&server, folder.path(), quick()).await;
    client.go_online();
    online(&client).await;
    let query = || HistoryQuery {
        limit: 200,
        ..HistoryQuery::default()
    };
    in_time(async {
        while client.history(query()).await.unwrap().items.len() < COUNT {
            online(&client).await;
        }
    })
    .await;
    client.mark_all_read(None).await.unwrap();
    assert_eq!(client.unread_count().await.unwrap(), 0, "page {page}");
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [COUNT as u128 + 1], "page {page}");
    while !in_time(client.flush()).await.unwrap() {}
    in_time(client.stop()).await;
}

#[tokio::test]
async fn a_folder_is_one_devices_at_a_time() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let client = open(&server, folder.path(), quick()).await;
    let second = Vestnik::builder(config(folder.path(), quick()))
        .transport(Arc::new(server.clone()))
        .open();
    let second = in_time(second).await;
    assert!(
        matches!(second, Err(Error::Storage(StoreError::Busy))),
        "{second:?}"
    );
    in_time(client.stop()).await;
    open(&server, folder.path(), quick()).await;
}

/// Whatever the system or a person removes under a device that runs, calls end, and the next start
/// works.
#[tokio::test]
async fn a_folder_that_vanishes_hangs_nothing() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let path = folder.path().join("data");
    let client = start(&server, &path, quick()).await;
    online(&client).await;
    server.notify(2).await;
    assert_eq!(draw(&client, 1).await, [1]);
    fs::remove_dir_all(&path).unwrap();
    in_time(client.history(HistoryQuery::default())).await.ok();
    in_time(client.mark_all_read(None)).await.ok();
    in_time(client.logout()).await.ok();
    let (user, token) = ("boris".parse().unwrap(), Secret::new("boris"));
    in_time(client.login(user, token)).await.ok();
    assert_eq!(client.unread_count().await.unwrap_or_default(), 0);
    in_time(client.stop()).await;
    let client = start(&server, &path, quick()).await;
    online(&client).await;
    server.notify(1).await;
    // Nothing is known of what was shown; the server of these tests says that all of it is new.
    assert_eq!(draw(&client, 3).await, [1, 2, 3]);
}

/// A ticket on offer keeps nothing alive.
#[test]
fn a_runtime_that_ends_leaves_the_folder_to_the_next() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime.block_on(async {
        let client = start(&server, folder.path(), quick()).await;
        online(&client).await;
        server.notify(2).await;
        let ticket = next(&client).await;
        // Whoever waits for the next one stops waiting, so that it stays on offer.
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { drop(client.next_show().await) }
        });
        waiting.abort();
        drop(ticket);
        client
    });
    drop(runtime);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let closed = in_time(client.history(HistoryQuery::default())).await;
        assert!(matches!(closed, Err(Error::Closed)), "{closed:?}");
        assert!(in_time(client.next_show()).await.is_none());
        let again = in_time(async {
            loop {
                let opening = Vestnik::builder(config(folder.path(), quick()))
                    .transport(Arc::new(server.clone()))
                    .open();
                match opening.await {
                    Err(Error::Storage(StoreError::Busy)) => tokio::task::yield_now().await,
                    opened => return opened.unwrap(),
                }
            }
        })
        .await;
        again.go_online();
        online(&again).await;
        assert_eq!(draw(&again, 2).await, [1, 2]);
    });
}

#[tokio::test]
async fn a_user_who_comes_back_to_a_sealed_history_gets_the_tickets_that_were_out() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let config = Config {
        former_history: FormerHistory::Seal,
        ..config(folder.path(), quick())
    };
    let opening = Vestnik::builder(config)
        .transport(Arc::new(server.clone()))
        .clock(Arc::new(SystemClock))
        .secrets(Arc::new(MemorySecrets::default()))
        .open();
    let client = in_time(opening).await.unwrap();
    client.go_online();
    login(&client, "anna").await;
    online(&client).await;
    server.notify(2).await;
    let ticket = next(&client).await;
    login(&client, "boris").await;
    assert!(ticket.is_void());
    login(&client, "anna").await;
    for _ in 0..2 {
        let one = next(&client).await;
        let was_out = one.item().notification.id == ticket.item().notification.id;
        assert_eq!((one.again(), one.is_void()), (was_out, false));
        one.shown().await.unwrap();
    }
}

#[tokio::test]
async fn callers_who_give_up_do_not_fill_the_memory() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    let clock = crate::faulty::FaultyClock::default();
    let client =
        crate::memory::open_by(&server, folder.path(), quick(), Arc::new(clock.clone())).await;
    client.go_online();
    login(&client, "anna").await;
    let before = clock.transactions();
    clock.hold();
    let held = tokio::spawn({
        let client = client.clone();
        async move { client.mark_read(Vec::new()).await }
    });
    while clock.transactions() == before {
        tokio::task::yield_now().await;
    }
    // Each asks and gives up at once, far more often than calls may wait.
    let calls = (0..5_000).map(|_| async {
        tokio::select! {
            biased;
            marked = client.mark_all_read(None) => drop(marked),
            () = std::future::ready(()) => {}
        }
    });
    join_all(calls).await;
    clock.release();
    in_time(held).await.unwrap().unwrap();
    let before = clock.transactions();
    in_time(client.mark_all_read(None)).await.unwrap();
    let waited = clock.transactions() - before;
    // A job reads the clock a few times; 256 calls may wait.
    assert!(waited <= 1_200, "{waited} readings of the clock");
}

/// The same while the device runs: whichever call finds the damage mends it, the engine learns where the
/// history stands, and tickets that are out are settled or void.
#[tokio::test]
async fn a_history_that_is_damaged_while_it_is_open_is_whole_again() {
    let (folder, server) = (tempfile::tempdir().unwrap(), Memory::default());
    lived(&server, folder.path()).await;
    let client = open(&server, folder.path(), quick()).await;
    client.go_online();
    online(&client).await;
    let mut events = client.events();
    let ticket = next(&client).await;
    let path = history_of(folder.path());
    for name in [path.clone(), path.with_extension("sqlite-wal")] {
        // In its place, as a failing disk does: the length stays.
        let length = fs::metadata(&name).unwrap().len() as usize;
        let mut file = fs::OpenOptions::new().write(true).open(&name).unwrap();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(PAGE as u64)).unwrap();
        std::io::Write::write_all(&mut file, &vec![0xA5; length.saturating_sub(PAGE)]).unwrap();
    }
    let search = SearchQuery {
        text: "Order".to_owned(),
        before: None,
        limit: 50,
    };
    // It reads pages that nothing has read before.
    client.search(search).await.unwrap();
    ticket.shown().await.unwrap();
    server.notify(1).await;
    let query = || HistoryQuery {
        limit: 200,
        ..HistoryQuery::default()
    };
    in_time(async {
        while client.history(query()).await.unwrap().items.len() < COUNT + 1 {
            online(&client).await;
        }
    })
    .await;
    let rebuilt = async {
        loop {
            if let Some(Event::HistoryRebuilt { aside }) = events.recv().await {
                return aside;
            }
        }
    };
    assert!(in_time(rebuilt).await.exists());
    // Nothing of the file could be read, and the server of these tests says that all of it is new.
    client.mark_all_read(None).await.unwrap();
    assert_eq!(client.unread_count().await.unwrap(), 0);
    server.notify(1).await;
    assert_eq!(draw(&client, 1).await, [COUNT as u128 + 2]);
}
