//! The load: publishes all the time to every user, and notes which of them the restored file holds.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::task::JoinHandle;
use vestnik_model::NotificationId;
use vestnik_testkit::{Backend, backend::to_user, name::user, wait::approached};

/// How long a publisher waits after a refusal or a failure: the server is halted now and then.
const PAUSE: Duration = Duration::from_millis(10);

/// Where the round is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Before,
    Backup,
    Lost,
    After,
    End,
}

/// A running load, one task for each user.
pub(super) struct Publisher {
    notes: Notes,
    tasks: Vec<JoinHandle<()>>,
}

#[derive(Clone)]
struct Notes(Arc<Mutex<State>>);

struct State {
    phase: Phase,
    /// For each user, what the restored file holds: acknowledged before the backup began.
    kept: Vec<Vec<NotificationId>>,
    /// For each user, how many were accepted that the restored file may not hold.
    lost: Vec<usize>,
    /// For each user, what was accepted after the restore.
    after: Vec<Vec<NotificationId>>,
}

impl Publisher {
    pub(super) fn start(backend: &Backend, names: Vec<String>) -> Self {
        let notes = Notes(Arc::new(Mutex::new(State {
            phase: Phase::Before,
            kept: vec![Vec::new(); names.len()],
            lost: vec![0; names.len()],
            after: vec![Vec::new(); names.len()],
        })));
        let tasks = names
            .into_iter()
            .enumerate()
            .map(|(index, name)| tokio::spawn(publish(backend.clone(), notes.clone(), index, name)))
            .collect();
        Self { notes, tasks }
    }

    pub(super) fn begin_backup(&self) {
        self.notes.lock().phase = Phase::Backup;
    }

    pub(super) fn end_backup(&self) {
        self.notes.lock().phase = Phase::Lost;
    }

    pub(super) fn begin_after(&self) {
        self.notes.lock().phase = Phase::After;
    }

    /// Goes on until each user was sent as many after the restore as it took away, and so many more.
    /// Returns what each has to have.
    pub(super) async fn finish_after(
        self,
        count: usize,
    ) -> anyhow::Result<Vec<Vec<NotificationId>>> {
        let progress = approached("publishes after a restore", async || {
            let state = self.notes.lock();
            let sent: Vec<usize> = state.after.iter().map(Vec::len).collect();
            let wanted = state.lost.iter().map(|lost| lost + count);
            let are_enough = sent
                .iter()
                .zip(wanted)
                .all(|(sent, wanted)| *sent >= wanted);
            Ok((sent, are_enough))
        });
        progress.await?;
        self.notes.lock().phase = Phase::End;
        for task in self.tasks {
            task.await?;
        }
        let state = self.notes.lock();
        let held = state.kept.iter().zip(&state.after);
        Ok(held
            .map(|(kept, after)| [kept.as_slice(), after].concat())
            .collect())
    }
}

impl Notes {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn publish(backend: Backend, notes: Notes, index: usize, name: String) {
    let user = user(&name);
    for number in 0_u64.. {
        let began = notes.lock().phase;
        if began == Phase::End {
            return;
        }
        let request = to_user(&user, &format!("number {number}"));
        let Ok(accepted) = backend.publish(&request).await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let mut state = notes.lock();
        if state.phase == Phase::Before {
            state.kept[index].push(accepted.id);
        } else if began >= Phase::After {
            state.after[index].push(accepted.id);
        } else {
            state.lost[index] += 1;
        }
    }
}
