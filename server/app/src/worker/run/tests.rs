//! The loop against a table of work in memory whose rows fail, panic or have several parts.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use futures_util::future::ready;
use tokio_util::sync::CancellationToken;
use vestnik_clock::ManualClock;
use vestnik_store::{Answer, work::Backlog};

use super::*;

/// What a row of the table does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    /// So many parts succeed.
    Parts(u32),
    Fail,
    Panic,
}

#[derive(Debug)]
struct Row {
    app: AppId,
    due: Timestamp,
    does: Does,
    tries: u32,
}

#[derive(Debug, Default)]
struct Table {
    rows: Mutex<BTreeMap<u64, Row>>,
    done: Mutex<Vec<u64>>,
}

impl Table {
    fn add(&self, id: u64, app: &str, does: Does) {
        let (app, due) = (AppId::parse(app).unwrap(), Timestamp::UNIX_EPOCH);
        let row = Row {
            app,
            due,
            does,
            tries: 0,
        };
        self.rows().insert(id, row);
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<u64, Row>> {
        self.rows.lock().unwrap()
    }

    fn done(&self) -> Vec<u64> {
        self.done.lock().unwrap().clone()
    }
}

impl Work for Table {
    fn claim(&self, asked: ClaimQuery) -> Answer<'_, Claimed> {
        let mut rows = self.rows();
        let mut claims: BTreeMap<AppId, Claim> = BTreeMap::new();
        for (id, row) in rows.iter_mut().filter(|(_, row)| row.due <= asked.now) {
            if claims.len() < asked.limit as usize && !claims.contains_key(&row.app) {
                row.due = asked.lease_until;
                let claim = Claim {
                    id: *id,
                    kind: asked.kind,
                    app: row.app.clone(),
                    fence: 1,
                    tries: row.tries,
                };
                claims.insert(row.app.clone(), claim);
            }
        }
        let claims: Vec<_> = claims.into_values().collect();
        Box::pin(ready(Ok(Claimed {
            behind: claims.last().map(|claim| claim.app.clone()),
            has_gone_round: true,
            claims,
        })))
    }

    fn perform(&self, part: Part) -> Answer<'_, Progress> {
        let mut rows = self.rows();
        let row = rows.get_mut(&part.claim.id).unwrap();
        let answer = match row.does {
            Does::Panic => {
                drop(rows);
                panic!("planted");
            }
            Does::Fail => Err(StoreError::Busy),
            Does::Parts(left) => {
                self.done.lock().unwrap().push(part.claim.id);
                if left <= 1 {
                    rows.remove(&part.claim.id);
                    Ok(Progress::Finished)
                } else {
                    (row.does, row.due) = (Does::Parts(left - 1), part.now);
                    Ok(Progress::More)
                }
            }
        };
        Box::pin(ready(answer))
    }

    fn put_back(&self, failure: FailedWork) -> Answer<'_, bool> {
        let mut rows = self.rows();
        let row = rows.get_mut(&failure.claim.id).unwrap();
        (row.due, row.tries) = (failure.due, row.tries + 1);
        Box::pin(ready(Ok(true)))
    }

    fn next_due(&self, kind: WorkKind) -> Answer<'_, Option<Timestamp>> {
        let rows = self.rows();
        let due = rows.values().map(|row| row.due).min();
        Box::pin(ready(Ok(due.filter(|_| kind == WorkKind::Expand))))
    }

    fn backlog(&self, _: Timestamp) -> Answer<'_, Vec<Backlog>> {
        Box::pin(ready(Ok(Vec::new())))
    }
}

/// Runs the loop until nothing happens any more.
async fn settle(table: &Arc<Table>, clock: &ManualClock, loops: &Arc<Loops>) {
    let worker = Worker {
        work: Arc::clone(table) as _,
        clock: Arc::new(clock.clone()),
        loops: Arc::clone(loops),
    };
    let end = CancellationToken::new();
    let run = tokio::spawn(
        end.clone()
            .run_until_cancelled_owned(worker.run(WorkKind::Expand)),
    );
    // Paused time moves on only when every task waits.
    tokio::time::sleep(Duration::from_millis(1)).await;
    end.cancel();
    run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_row_that_fails_or_panics_delays_no_other() {
    let clock = ManualClock::new(Timestamp::UNIX_EPOCH, 1);
    let (table, loops) = (Arc::new(Table::default()), Arc::new(Loops::new(&clock)));
    table.add(1, "a", Does::Panic);
    table.add(2, "a", Does::Fail);
    table.add(3, "a", Does::Parts(3));
    table.add(4, "b", Does::Parts(1));
    settle(&table, &clock, &loops).await;
    let mut done = table.done();
    done.sort_unstable();
    assert_eq!(done, [3, 3, 3, 4]);
    let health = loops.health(&clock);
    let expand = health
        .iter()
        .find(|one| one.kind == WorkKind::Expand)
        .unwrap();
    assert_eq!((expand.parts, expand.failures, expand.panics), (4, 2, 1));
    // Each failing row waits for a time of its own and is tried again then.
    let tries = |id: u64| table.rows().get(&id).map(|row| row.tries);
    assert_eq!((tries(1), tries(2)), (Some(1), Some(1)));
    clock.advance(Duration::from_secs(2));
    settle(&table, &clock, &loops).await;
    assert_eq!((tries(1), tries(2)), (Some(2), Some(2)));
}

#[tokio::test(start_paused = true)]
async fn one_apps_backlog_delays_no_other_app() {
    let clock = ManualClock::new(Timestamp::UNIX_EPOCH, 1);
    let (table, loops) = (Arc::new(Table::default()), Arc::new(Loops::new(&clock)));
    table.add(1, "big", Does::Parts(1_000));
    table.add(2, "small", Does::Parts(1));
    settle(&table, &clock, &loops).await;
    let done = table.done();
    assert_eq!(done.len(), 1_001);
    assert!(done.iter().position(|id| *id == 2).unwrap() < 2);
}

#[test]
fn a_loop_that_does_not_come_round_is_stuck() {
    let clock = ManualClock::new(Timestamp::UNIX_EPOCH, 1);
    let loops = Loops::new(&clock);
    assert!(loops.health(&clock).iter().all(|one| !one.is_stuck()));
    clock.advance(Duration::from_secs(61));
    assert!(loops.health(&clock).iter().all(|one| one.is_stuck()));
}

#[test]
fn a_round_goes_on_while_apps_are_left_and_ends_when_none_can_be_claimed() {
    let claimed = |behind: &str, has_gone_round| Claimed {
        claims: Vec::new(),
        behind: Some(AppId::parse(behind).unwrap()),
        has_gone_round,
    };
    let mut round = Round::default();
    assert!(round.goes_on(&claimed("b", false)));
    assert_eq!(round.behind, Some(AppId::parse("b").unwrap()));
    assert!(!round.goes_on(&claimed("c", true)));
    // A row that is due and that no call can claim does not keep the loop busy.
    let calls = (1..).find(|_| !round.goes_on(&claimed("d", false)));
    assert_eq!(calls, Some(FRUITLESS));
}
