//! Outcomes of the storage, on their way to the engine.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::machine::engine::{Done, Input};

/// Outcomes of the storage, on their way to the engine, oldest first. What the engine asked for has one
/// outcome each. What the app changes is told as it stands then, of which only the newest is kept: however much
/// the app changes while there is no engine, little waits.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    waiting: Mutex<VecDeque<Input>>,
    news: Notify,
}

impl Outcomes {
    pub(super) fn push(&self, input: Input) {
        let mut waiting = self.lock();
        let rest = waiting
            .iter_mut()
            .try_fold(input, replace_changes)
            .and_then(|input| match waiting.back_mut() {
                Some(last) => merge(last, input),
                None => Some(input),
            });
        waiting.extend(rest);
        drop(waiting);
        self.news.notify_one();
    }

    /// Waits for the next. Only one may wait at a time.
    pub(super) async fn next(&self) -> Input {
        loop {
            let news = self.news.notified();
            if let Some(input) = self.lock().pop_front() {
                return input;
            }
            news.await;
        }
    }

    /// They are of no use to another engine.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Input>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts what the user changed in the place of what waits of that; gives the outcome back if it is not about the
/// same.
fn replace_changes(new: Input, waiting: &mut Input) -> Option<Input> {
    let changes = |input: &Input| match input {
        Input::Session {
            generation,
            result: Done::OptOutChanges(_),
        } => Some(*generation),
        Input::Session { .. }
        | Input::App(_)
        | Input::Call { .. }
        | Input::Connection { .. }
        | Input::Tick => None,
    };
    if changes(&new).is_none() || changes(&new) != changes(waiting) {
        return Some(new);
    }
    *waiting = new;
    None
}

/// Puts the counts of an outcome in the place of those that the last one has; gives the outcome back if
/// it is about something else.
fn merge(last: &mut Input, new: Input) -> Option<Input> {
    let (
        Input::Session { generation, result },
        Input::Session {
            generation: newer,
            result: next,
        },
    ) = (&mut *last, &new)
    else {
        return Some(new);
    };
    if *generation != *newer {
        return Some(new);
    }
    match (result, next) {
        (Done::Outbox(counts) | Done::Rebuilt { outbox: counts, .. }, Done::Outbox(newest)) => {
            *counts = *newest;
            None
        }
        (Done::Outbox(_) | Done::Rebuilt { .. }, Done::Rebuilt { .. }) => {
            *last = new;
            None
        }
        _ => Some(new),
    }
}

#[cfg(test)]
mod tests {
    use vestnik_model::preference::OptOutChange;

    use super::*;
    use crate::machine::{Generation, report::Outbox};

    fn session(generation: u64, result: Done) -> Input {
        let generation = Generation::new(generation);
        Input::Session { generation, result }
    }

    fn counts(waiting: u64) -> Outbox {
        Outbox {
            waiting,
            ready_at: None,
        }
    }

    fn rebuilt(waiting: u64) -> Done {
        Done::Rebuilt {
            cursor: None,
            outbox: counts(waiting),
        }
    }

    fn changes(is_out: bool) -> Done {
        Done::OptOutChanges(OptOutChange {
            all: Some(is_out),
            ..OptOutChange::default()
        })
    }

    #[tokio::test]
    async fn only_the_newest_counts_wait_and_nothing_else_is_lost() {
        let outcomes = Outcomes::default();
        outcomes.push(session(1, Done::NotApplied));
        for waiting in 0..1_000 {
            outcomes.push(session(1, Done::Outbox(counts(waiting))));
        }
        for is_out in [true, false] {
            outcomes.push(session(1, Done::Outbox(counts(999))));
            outcomes.push(session(1, changes(is_out)));
        }
        outcomes.push(session(1, rebuilt(5)));
        outcomes.push(session(1, Done::Outbox(counts(6))));
        outcomes.push(session(2, Done::Outbox(counts(7))));
        outcomes.push(session(2, Done::NotApplied));
        outcomes.push(session(2, Done::NotApplied));
        let mut found = Vec::new();
        for _ in 0..7 {
            found.push(outcomes.next().await);
        }
        assert!(outcomes.lock().is_empty());
        let expected = [
            session(1, Done::NotApplied),
            session(1, Done::Outbox(counts(999))),
            session(1, changes(false)),
            session(1, rebuilt(6)),
            session(2, Done::Outbox(counts(7))),
            session(2, Done::NotApplied),
            session(2, Done::NotApplied),
        ];
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }
}
