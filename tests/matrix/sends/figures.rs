//! What came of many sends.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use vestnik_model::DeliveryStatus;
use vestnik_sim::{Fault, RuleView, When};

use super::check::{Ended, Request};

/// How many broken promises are described.
const DESCRIBED: usize = 20;

/// The figures of a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    /// What the faults followed from.
    pub(crate) seed: u64,
    /// How many deliveries there were.
    pub(crate) sends: usize,
    /// How many of them were handed over.
    pub(crate) sent: usize,
    /// How many ended with a dead address.
    pub(crate) dead: usize,
    /// How many requests the push services were asked to take.
    pub(crate) requests: usize,
    /// What went wrong with how many requests.
    pub(crate) faults: BTreeMap<&'static str, u64>,
    /// How many tries nobody knows the outcome of.
    pub(crate) unproven: u64,
    /// How often breakers opened.
    pub(crate) breakers_opened: u64,
    /// How often breakers closed.
    pub(crate) breakers_closed: u64,
    /// How many seconds passed on the clock of the server and the services.
    pub(crate) virtual_seconds: i64,
    /// How many seconds it took.
    pub(crate) seconds: f64,
    /// How many promises were not kept.
    pub(crate) broken: usize,
    /// The first of them.
    pub(crate) examples: Vec<String>,
}

impl Figures {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            seed,
            sends: 0,
            sent: 0,
            dead: 0,
            requests: 0,
            faults: BTreeMap::new(),
            unproven: 0,
            breakers_opened: 0,
            breakers_closed: 0,
            virtual_seconds: 0,
            seconds: 0.0,
            broken: 0,
            examples: Vec::new(),
        }
    }

    /// Whether every promise was kept.
    pub(crate) const fn holds(&self) -> bool {
        self.broken == 0
    }

    pub(super) fn broke(&mut self, what: String) {
        self.broken += 1;
        if self.examples.len() < DESCRIBED {
            self.examples.push(what);
        }
    }

    pub(super) fn round(&mut self, requests: &[Request], ended: &[Ended], wrong: Vec<String>) {
        self.sends += ended.len();
        self.requests += requests.len();
        let with = |status| ended.iter().filter(|one| one.status == status).count();
        self.sent += with(DeliveryStatus::Sent);
        self.dead += with(DeliveryStatus::Undelivered);
        let unproven = ended.iter().map(|one| u64::from(one.unproven));
        self.unproven += unproven.sum::<u64>();
        for what in wrong {
            self.broke(what);
        }
    }

    pub(super) fn beside_probes(&mut self, count: usize) {
        if count > 0 {
            self.broke(format!(
                "{count} requests beside a probe of a service that was down"
            ));
        }
    }

    /// Adds what the rules of a round did.
    pub(super) fn faults(&mut self, rules: &[RuleView]) {
        for RuleView { rule, applied, .. } in rules {
            let name = match &rule.fault {
                Fault::Throttle { .. } => "throttled",
                Fault::Status { code: 503, .. } => "unavailable",
                Fault::Status { .. } => "internal error",
                Fault::Reset {
                    when: When::BeforeAcceptance,
                } => "reset before acceptance",
                Fault::Reset {
                    when: When::AfterAcceptance,
                } => "reset after acceptance",
                Fault::Goaway => "goaway",
                Fault::Slow { .. } => "slow",
                Fault::DeadAt { .. } => "died",
                Fault::Duplicate => "duplicated",
            };
            *self.faults.entry(name).or_default() += applied;
        }
    }

    /// Insists that breakers opened at least so often, and that all of them closed again.
    pub(super) fn breakers(&mut self, opened: u64, closed: u64, at_least: u64) {
        (self.breakers_opened, self.breakers_closed) = (opened, closed);
        if opened < at_least || closed != opened {
            self.broke(format!("breakers opened {opened} times, closed {closed}"));
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            sends,
            sent,
            dead,
            requests,
            faults,
            unproven,
            breakers_opened,
            breakers_closed,
            virtual_seconds,
            seconds,
            broken,
            examples,
        } = self;
        writeln!(
            f,
            "{sends} sends, {requests} requests: {sent} handed over, {dead} addresses dead, \
             {unproven} tries unproven"
        )?;
        write!(f, "faults:")?;
        for (name, count) in faults {
            write!(f, " {name} {count},")?;
        }
        writeln!(
            f,
            "\nbreakers: opened {breakers_opened}, closed {breakers_closed}; \
             {virtual_seconds} s on the clock in {seconds:.0} s"
        )?;
        for example in examples {
            writeln!(f, "  BROKEN: {example}")?;
        }
        let verdict = if self.holds() { "holds" } else { "BROKEN" };
        write!(f, "seed {seed}: {verdict}, {broken} promises broken")
    }
}
