//! Everything at once, from several threads: each call ends, and what is true afterwards is true.

use std::{pin::pin, time::Duration};

use futures_util::{future::join_all, poll};
use vestnik_core::{Error, HistoryQuery, Login, LoginError, Phase, Secret, Standing, Vestnik};
use vestnik_model::{Permission, UserId};

use crate::memory::{Memory, in_time, login, online, quick, start};

const ROUNDS: u64 = 6;
const THREADS: u64 = 6;
const CALLS: usize = 12;

/// Numbers that follow from a seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }
}

async fn log_in(client: &Vestnik, user: &str) {
    let id = UserId::parse(user).unwrap();
    match client.login(id, Secret::new(user)).await {
        Ok(Login::Done | Login::Pending(_)) | Err(LoginError::Overtaken) => {}
        Err(error) => panic!("{error:?}"),
    }
}

/// Asks for something and gives up after the first look.
async fn glance<F: Future>(call: F) {
    drop(poll!(pin!(call)));
}

async fn call(client: &Vestnik, server: &Memory, choice: u64) {
    match choice {
        0 => log_in(client, "anna").await,
        1 => log_in(client, "boris").await,
        2 => client.logout().await.unwrap(),
        3 => client.go_online(),
        4 => client.go_offline(),
        5 => {
            client.suspend();
            client.resume();
        }
        6 => client.network_changed(),
        7 => server.cut(),
        8 => drop(server.append(1)),
        9 => drop(client.history(HistoryQuery::default()).await.unwrap()),
        10 => drop(client.mark_all_read(None).await.unwrap()),
        11 => drop(client.flush().await.unwrap()),
        12 => client.set_permission(Permission::Granted).await.unwrap(),
        13 => glance(client.login(UserId::parse("anna").unwrap(), Secret::new("anna"))).await,
        14 => glance(client.logout()).await,
        15 => glance(client.subscribe("news".parse().unwrap())).await,
        16 => {
            tokio::select! {
                ticket = client.next_show() => ticket.unwrap().shown().await.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
        _ => glance(client.next_show()).await,
    }
}

async fn everything_at_once(client: &Vestnik, server: &Memory, round: u64) {
    let threads = (0..THREADS).map(|thread| {
        let (client, server) = (client.clone(), server.clone());
        tokio::spawn(async move {
            let mut dice = Dice(round * THREADS + thread);
            for _ in 0..CALLS {
                let choice = dice.roll(18);
                let called =
                    tokio::time::timeout(Duration::from_secs(60), call(&client, &server, choice));
                assert!(
                    called.await.is_ok(),
                    "call {choice} of round {round} does not end"
                );
            }
        })
    });
    for ended in join_all(threads).await {
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_call_ends_and_the_last_user_is_the_only_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Memory::default();
    let client = start(&server, folder.path(), quick()).await;
    for round in 0..ROUNDS {
        everything_at_once(&client, &server, round).await;
        // Given-up logins may come in between once more.
        while in_time(client.login(UserId::parse("boris").unwrap(), Secret::new("boris"))).await
            != Ok(Login::Done)
        {}
        let page = client.history(HistoryQuery::default()).await.unwrap();
        assert_eq!(page.items, [], "round {round}");
        assert_eq!(client.snapshot().borrow().unread, 0);
        let shows = tokio::time::timeout(Duration::from_millis(5), client.next_show()).await;
        assert!(shows.is_err(), "round {round}");
        client.go_online();
        login(&client, "anna").await;
        online(&client).await;
        let mut snapshot = client.snapshot();
        server.append(1);
        server.cut();
        in_time(snapshot.wait_for(|snapshot| snapshot.unread > 0))
            .await
            .unwrap();
    }
    let standing = client.snapshot().borrow().standing.clone();
    assert!(matches!(standing, Standing::LoggedIn { user } if user.as_str() == "anna"));
    // A stop races everything.
    let racing = (0..THREADS).map(|thread| {
        let (client, server) = (client.clone(), server.clone());
        tokio::spawn(async move {
            let mut dice = Dice(1_000 + thread);
            loop {
                let choice = dice.roll(4);
                let ended = match choice {
                    0 => client.logout().await.err(),
                    1 => client.flush().await.err(),
                    2 => client.history(HistoryQuery::default()).await.err(),
                    _ => {
                        server.cut();
                        client.mark_all_read(None).await.err()
                    }
                };
                if let Some(error) = ended {
                    assert!(matches!(error, Error::Closed), "{error:?}");
                    return;
                }
            }
        })
    });
    let racing: Vec<_> = racing.collect();
    tokio::join!(
        in_time(client.clone().stop()),
        in_time(client.clone().stop())
    );
    for ended in in_time(join_all(racing)).await {
        ended.unwrap();
    }
    assert_eq!(client.snapshot().borrow().connection.phase, Phase::Off);
}
