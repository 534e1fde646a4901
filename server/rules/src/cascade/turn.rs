//! Tries that waited for their turn: whether they are still to be made.
//!
//! What is handed over outside the user's devices goes over a few connections. A try that a look began waits for one,
//! for up to a minute, and much can happen meanwhile. So [`start`] looks again when it has its turn, as if its next try
//! were due at that moment, and before anything of it is written.

use jiff::Timestamp;
use vestnik_model::ProviderName;

use super::{Address, Target, View, look};
use crate::{
    attempt::{Attempt, State},
    gateway::{Choice, may_start},
    patience::lease,
};

/// A try that has its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Where it goes.
    pub target: Target,
    /// The end of its lease, which names it.
    pub lease_until: Timestamp,
    /// Whether the target is still reached at the address that it was begun for.
    pub has_address: bool,
    /// The provider of a gateway that it is to go to; absent of what has none.
    pub choice: Option<Choice>,
    /// The provider that was noted with the last start of its attempt.
    pub noted: Option<ProviderName>,
}

/// What becomes of a try that has its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// It is made. Its attempt is this from now on: its service may have it.
    Made(Attempt),
    /// It is not made, and was no try. Its attempt is this from now on, and its delivery is to be looked at now.
    PutBack(Attempt),
    /// It does not wait any more: another one began, it was settled, or it has started before.
    Gone,
}

/// Decides whether a try that has its turn is made: if a look that finds its next try due at this moment begins it.
#[must_use]
pub fn start(view: &View<'_>, turn: Turn) -> Start {
    let mut attempts = view.attempts.iter();
    let begun = attempts.find(|(target, _)| *target == turn.target);
    let begun = begun.filter(|(_, attempt)| is_it(attempt, turn));
    let Some((_, begun)) = begun else {
        return Start::Gone;
    };
    let due = Attempt {
        state: State::Retrying,
        until: Some(view.now),
        ..Attempt::clone(begun)
    };
    // Once its lease is over, another one may begin at any moment.
    let is_leased = begun.waits_until(lease(turn.target), view.now).is_some();
    if is_leased && turn.has_address && is_begun(view, turn.target, &due) {
        Start::Made(Attempt {
            state: State::Sending,
            ..Attempt::clone(begun)
        })
    } else {
        Start::PutBack(due)
    }
}

fn is_it(attempt: &Attempt, turn: Turn) -> bool {
    let moves = turn
        .choice
        .is_some_and(|choice| choice.instead_of.is_some());
    let waits = if moves { State::Sending } else { State::Begun };
    let may_start = |choice| may_start(attempt, turn.noted, choice);
    attempt.state == waits
        && attempt.is_try_of(turn.lease_until)
        && turn.choice.is_none_or(may_start)
}

/// Whether a look begins a try at a target outside the devices of which this is known.
fn is_begun(view: &View<'_>, target: Target, due: &Attempt) -> bool {
    let attempts = view.attempts.iter().map(|(to, attempt)| {
        let attempt = if *to == target { due } else { *attempt };
        (*to, attempt)
    });
    let attempts: Vec<_> = attempts.collect();
    let known = |to: Target, address: Option<&Address>| {
        let mut address = address.cloned()?;
        if to == target {
            address.attempt = Some(due.clone());
        }
        Some(address)
    };
    let mailbox = known(Target::Mailbox, view.mailbox);
    let backend = known(Target::Backend, view.backend);
    let gateways = view.gateways.iter();
    let gateways: Vec<_> = gateways
        .filter_map(|(name, address)| Some((*name, known(Target::Gateway(*name), Some(address))?)))
        .collect();
    let looked = look(&View {
        attempts: &attempts,
        mailbox: mailbox.as_ref(),
        backend: backend.as_ref(),
        gateways: &gateways,
        ..*view
    });
    looked.tries.contains(&target)
}
