//! A connection with nothing to do does nothing.

use std::time::Duration;

use vestnik_signalr::{backoff::ReconnectPolicy, client::HubConnection};

use crate::peer::{ANSWER, Peer};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// How often the one thread of the test went to sleep within a virtual hour. Each time it waits for
/// nothing but timers, so no more is counted on a slow machine.
async fn sleeps_of_an_hour() -> u64 {
    let metrics = tokio::runtime::Handle::current().metrics();
    tokio::time::pause();
    // What was begun before comes to its end.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = metrics.worker_park_count(0);
    tokio::time::sleep(HOUR).await;
    metrics.worker_park_count(0) - before
}

/// The hour itself is one timer, and tokio's wheel looks at one so far away up to five times. So does
/// it at those of the connection.
const FEW: u64 = 20;

#[tokio::test]
async fn only_what_is_due_wakes_a_connection() {
    let peer = Peer::bind().await;
    let mut options = peer.options();
    options.machine.keep_alive = DAY;
    options.machine.server_timeout = DAY;
    // It renews its token in some hours.
    let fields = ANSWER.strip_prefix('{').unwrap();
    let answer = format!(r#"{{"tokenLifetimeSeconds":86400,{fields}"#);
    let (_client, _incoming, _line) = peer.open_answering(options, &answer).await;
    let sleeps = sleeps_of_an_hour().await;
    assert!(sleeps <= FEW, "{sleeps}");
}

#[tokio::test]
async fn nothing_wakes_a_connection_that_the_server_has_told_to_wait() {
    let peer = Peer::bind().await;
    let policy = ReconnectPolicy {
        longest_hint: DAY,
        ..ReconnectPolicy::default()
    };
    let hub = HubConnection::builder(peer.url("/hub").parse().unwrap())
        .reconnect(policy)
        .build();
    let starting = tokio::spawn(async move { hub.start().await });
    let request = peer.request().await;
    request.answer(503, &["Retry-After: 43200"], "").await;
    let sleeps = sleeps_of_an_hour().await;
    assert!(sleeps <= FEW, "{sleeps}");
    assert!(peer.is_alone().await && !starting.is_finished());
}
