//! Logouts that the server has not confirmed.

use std::{collections::VecDeque, time::Duration};

use vestnik_clock::{Monotonic, Now};
use vestnik_model::ProblemCode;

use super::{
    access::Grant,
    call::{Exchange, LogoutNote, PendingLogout},
};
use crate::machine::{CallFailure, Generation, Pace, Secret, pause::Backoff};

/// The most logouts that are kept. Between two logouts there is a login, and a login ends every older
/// session of the installation at the server, so that dropping the oldest loses nothing.
const MAX_PENDING: usize = 32;

/// The first pause is at most this long.
const BASE: Duration = Duration::from_secs(2);
/// Any pause is at most this long.
const CAP: Duration = Duration::from_secs(15 * 60);

/// Logouts that the server has not confirmed, the next one to tell first.
#[derive(Debug)]
pub(super) struct Logouts {
    errands: VecDeque<Errand>,
    pace: Pace,
}

#[derive(Debug)]
struct Errand {
    generation: Generation,
    refresh: Secret,
    /// Whether the server says that another installation had the session: one that was removed together with the app.
    is_former: bool,
    /// Whether the server was asked before.
    is_tried: bool,
    backoff: Backoff,
    /// When the next try is, if one failed.
    not_before: Option<Monotonic>,
}

impl Logouts {
    /// What the store says, and notes on what is too much of it.
    pub(super) fn new(pending: Vec<PendingLogout>, pace: Pace) -> (Self, Vec<LogoutNote>) {
        let mut logouts = Self {
            errands: VecDeque::new(),
            pace,
        };
        let mut dropped = Vec::new();
        for one in pending {
            dropped.extend(logouts.add(one.generation, one.refresh));
            if let Some(errand) = logouts.errands.back_mut() {
                errand.is_tried = one.tries > 0;
                errand.backoff.at_least(one.tries);
            }
        }
        (logouts, dropped)
    }

    /// Whether the session with this number is to be ended.
    pub(super) fn is_pending(&self, generation: Generation) -> bool {
        self.errands
            .iter()
            .any(|errand| errand.generation == generation)
    }

    /// Adds one, or replaces the token of one. If they are too many, the oldest is dropped: the note on it is returned.
    #[must_use]
    pub(super) fn add(&mut self, generation: Generation, refresh: Secret) -> Option<LogoutNote> {
        if let Some(errand) = self.find(generation) {
            errand.refresh = refresh;
            return None;
        }
        let oldest = (self.errands.len() == MAX_PENDING)
            .then(|| self.errands.pop_front())
            .flatten();
        self.errands.push_back(Errand {
            generation,
            refresh,
            is_former: false,
            is_tried: false,
            backoff: self.pace.background(BASE, CAP),
            not_before: None,
        });
        oldest.map(|errand| LogoutNote::Done {
            generation: errand.generation,
        })
    }

    /// The first that may be told now: its generation, and by what its token is asked for. If something
    /// else is waited for, only one that was not told before.
    pub(super) fn due(&self, now: Now, gives_way: bool) -> Option<(Generation, Exchange)> {
        let is_due = |errand: &&Errand| {
            let not_before = errand.not_before;
            !(gives_way && errand.is_tried) && not_before.is_none_or(|at| at <= now.monotonic)
        };
        let errand = self.errands.iter().find(is_due)?;
        let by = if errand.is_former {
            Exchange::Former
        } else {
            Exchange::Refresh
        };
        Some((errand.generation, by(errand.refresh.clone())))
    }

    /// When the first may be told: at once, if none was tried yet.
    pub(super) fn next_at(&self) -> Option<Monotonic> {
        let at_once = Monotonic::from_origin(Duration::ZERO);
        let next = |errand: &Errand| errand.not_before.unwrap_or(at_once);
        self.errands.iter().map(next).min()
    }

    /// Another try is promising for all.
    pub(super) fn nudge(&mut self) {
        for errand in &mut self.errands {
            errand.not_before = None;
            errand.backoff.reset();
        }
    }

    /// The token of a pending logout was exchanged: the next one is kept, unless the logout was dropped
    /// meanwhile.
    pub(super) fn exchanged(
        &mut self,
        generation: Generation,
        grant: &Grant,
    ) -> Option<LogoutNote> {
        let errand = self.find(generation)?;
        errand.refresh = grant.refresh.clone();
        Some(LogoutNote::Pending {
            generation,
            user: Some(grant.user.clone()),
            refresh: grant.refresh.clone(),
        })
    }

    /// The server answered one of the two calls of a logout by something else than a success.
    pub(super) fn failed(
        &mut self,
        generation: Generation,
        failure: &CallFailure,
        now: Now,
    ) -> Option<LogoutNote> {
        let is_anothers = matches!(
            failure,
            CallFailure::Problem { code, .. } if *code == ProblemCode::AuthSecretMismatch
        );
        let errand = self.find(generation)?;
        if is_anothers && !errand.is_former {
            errand.is_former = true;
            return Some(LogoutNote::Tried {
                generation,
                next_at: now.wall,
            });
        }
        if is_over(failure) {
            return Some(self.done(generation));
        }
        let errand = self.find(generation)?;
        errand.is_tried = true;
        let pause = errand.backoff.fail(failure.retry_after(), now.random);
        errand.not_before = Some(now.monotonic + pause);
        Some(LogoutNote::Tried {
            generation,
            next_at: now.wall.saturating_add(pause).unwrap_or(now.wall),
        })
    }

    /// A note about a pending logout as it is now; none if it is over.
    pub(super) fn brought_up(&self, note: LogoutNote) -> Option<LogoutNote> {
        match note {
            LogoutNote::Pending {
                generation, user, ..
            } => {
                let errand = self
                    .errands
                    .iter()
                    .find(|errand| errand.generation == generation)?;
                Some(LogoutNote::Pending {
                    generation,
                    user,
                    refresh: errand.refresh.clone(),
                })
            }
            LogoutNote::Tried { .. } | LogoutNote::Done { .. } => Some(note),
        }
    }

    /// The server has confirmed it.
    pub(super) fn done(&mut self, generation: Generation) -> LogoutNote {
        self.errands
            .retain(|errand| errand.generation != generation);
        LogoutNote::Done { generation }
    }

    fn find(&mut self, generation: Generation) -> Option<&mut Errand> {
        self.errands
            .iter_mut()
            .find(|errand| errand.generation == generation)
    }
}

/// Whether a failure means that the server has no session to end: its own word, and nobody else's.
fn is_over(failure: &CallFailure) -> bool {
    match failure {
        CallFailure::Problem { code, .. } => {
            failure.ends_session() || *code == ProblemCode::NotFound
        }
        CallFailure::NoAnswer | CallFailure::Foreign { .. } => false,
    }
}
