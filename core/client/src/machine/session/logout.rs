//! Logouts that the server has not confirmed.

use std::{collections::VecDeque, time::Duration};

use vestnik_clock::{Monotonic, Now};
use vestnik_model::ProblemCode;

use super::{
    access::Grant,
    call::{LogoutNote, PendingLogout},
};
use crate::machine::{CallFailure, Generation, Secret, pause::Backoff};

/// The most logouts that are kept. Between two logouts there is a login, and a login ends every older
/// session of the installation at the server, so that dropping the oldest loses nothing.
const MAX_PENDING: usize = 32;

/// The first pause is at most this long.
const BASE: Duration = Duration::from_secs(2);
/// Any pause is at most this long.
const CAP: Duration = Duration::from_secs(15 * 60);

/// Logouts that the server has not confirmed, the next one to tell first.
#[derive(Debug)]
pub(super) struct Logouts(VecDeque<Errand>);

#[derive(Debug)]
struct Errand {
    generation: Generation,
    refresh: Secret,
    backoff: Backoff,
    /// When the next try is, if one failed.
    not_before: Option<Monotonic>,
}

impl Logouts {
    pub(super) fn new(pending: Vec<PendingLogout>) -> Self {
        let mut logouts = Self(VecDeque::new());
        for one in pending {
            logouts.add(one.generation, one.refresh);
            if let Some(errand) = logouts.0.back_mut() {
                errand.backoff.at_least(one.tries);
            }
        }
        logouts
    }

    pub(super) fn add(&mut self, generation: Generation, refresh: Secret) {
        if self.0.len() == MAX_PENDING {
            self.0.pop_front();
        }
        self.0.push_back(Errand {
            generation,
            refresh,
            backoff: Backoff::new(BASE, CAP),
            not_before: None,
        });
    }

    /// The first that may be told now: its generation and its token.
    pub(super) fn due(&self, now: Now) -> Option<(Generation, Secret)> {
        let is_due = |errand: &&Errand| {
            errand
                .not_before
                .is_none_or(|not_before| not_before <= now.monotonic)
        };
        let errand = self.0.iter().find(is_due)?;
        Some((errand.generation, errand.refresh.clone()))
    }

    /// When the first may be told: at once, if none was tried yet.
    pub(super) fn next_at(&self) -> Option<Monotonic> {
        let at_once = Monotonic::from_origin(Duration::ZERO);
        let next = |errand: &Errand| errand.not_before.unwrap_or(at_once);
        self.0.iter().map(next).min()
    }

    /// Another try is promising for all.
    pub(super) fn nudge(&mut self) {
        for errand in &mut self.0 {
            errand.not_before = None;
            errand.backoff.reset();
        }
    }

    /// The token of a pending logout was exchanged: the next one is kept.
    pub(super) fn exchanged(&mut self, generation: Generation, grant: &Grant) -> LogoutNote {
        if let Some(errand) = self.find(generation) {
            errand.refresh = grant.refresh.clone();
        }
        LogoutNote::Pending {
            generation,
            user: Some(grant.user.clone()),
            refresh: grant.refresh.clone(),
        }
    }

    /// The server answered one of the two calls of a logout by something else than a success.
    pub(super) fn failed(
        &mut self,
        generation: Generation,
        failure: &CallFailure,
        now: Now,
    ) -> LogoutNote {
        if is_over(failure) {
            return self.done(generation);
        }
        let pause = self.find(generation).map(|errand| {
            let pause = errand.backoff.fail(failure.retry_after(), now.random);
            errand.not_before = Some(now.monotonic + pause);
            pause
        });
        let pause = pause.unwrap_or_default();
        LogoutNote::Tried {
            generation,
            next_at: now.wall.saturating_add(pause).unwrap_or(now.wall),
        }
    }

    /// The server has confirmed it.
    pub(super) fn done(&mut self, generation: Generation) -> LogoutNote {
        self.0.retain(|errand| errand.generation != generation);
        LogoutNote::Done { generation }
    }

    fn find(&mut self, generation: Generation) -> Option<&mut Errand> {
        self.0
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
