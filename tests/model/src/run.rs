//! Sequences: run, replayed, shrunk.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    check,
    plan::{Step, steps},
    random::Random,
    world::{DEVICES, Ending, World},
};

/// What came of a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What was wrong; nothing if all held.
    pub failures: Vec<String>,
    /// A digest of everything that happened, and how many lines that is.
    pub digest: (u64, u64),
    /// What happened, if it was to be kept.
    pub lines: Vec<String>,
}

/// A sequence: its seed, and what of its steps is left.
#[derive(Debug, Clone)]
pub struct Sequence {
    seed: u64,
    steps: Vec<Step>,
    ending: Ending,
}

impl Sequence {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0xF1A1);
        Self {
            seed,
            steps: steps(seed),
            ending: Ending {
                users: (0..DEVICES).map(|_| random.index(2)).collect(),
                is_nudged: random.percent(50),
                is_surprised: random.percent(30),
            },
        }
    }

    /// How many steps it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it has no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Its steps, a line for each.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        let line = |step: &Step| format!("{:?}, then {} ms", step.what, step.then);
        let ending = format!("healed: {:?}", self.ending);
        self.steps.iter().map(line).chain([ending]).collect()
    }

    /// Runs it. A panic of the core is a failure like any other.
    #[must_use]
    pub fn run(&self, is_traced: bool) -> Outcome {
        match catch_unwind(AssertUnwindSafe(|| self.try_run(is_traced))) {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => failed(format!("the model's disk: {error}")),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                failed(format!("panic: {}", text.unwrap_or("without a text")))
            }
        }
    }

    fn try_run(&self, is_traced: bool) -> std::io::Result<Outcome> {
        let mut world = World::new(self.seed, is_traced)?;
        for step in &self.steps {
            world.step(step);
            if !world.failures.is_empty() {
                break;
            }
        }
        if world.failures.is_empty() {
            world.heal(&self.ending);
        }
        let mut failures = std::mem::take(&mut world.failures);
        if failures.is_empty() {
            failures = check::check(&mut world);
        }
        let digest = world.trace.digest();
        Ok(Outcome {
            failures,
            digest,
            lines: world.into_lines(),
        })
    }

    /// Leaves out whatever is not needed for a failure of the same kind; gives the rest, and what it comes
    /// to.
    #[must_use]
    pub fn shrunk(&self, kind: &str) -> (Self, Outcome) {
        let mut least = self.clone();
        let fails = |sequence: &Self| {
            let outcome = sequence.run(false);
            outcome
                .failures
                .first()
                .is_some_and(|first| kind_of(first) == kind)
        };
        let mut size = (least.len() / 2).max(1);
        loop {
            let mut at = 0;
            while at < least.len() {
                let mut fewer = least.clone();
                let end = (at + size).min(fewer.steps.len());
                fewer.steps.drain(at..end);
                if fails(&fewer) {
                    least = fewer;
                } else {
                    at += size;
                }
            }
            if size == 1 {
                break;
            }
            size /= 2;
        }
        let outcome = least.run(true);
        (least, outcome)
    }
}

/// What kind of failure it is: its text without numbers and names.
#[must_use]
pub fn kind_of(failure: &str) -> String {
    let words = failure
        .split_whitespace()
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit()));
    words.take(9).collect::<Vec<_>>().join(" ")
}

fn failed(failure: String) -> Outcome {
    Outcome {
        failures: vec![failure],
        digest: (0, 0),
        lines: Vec::new(),
    }
}
