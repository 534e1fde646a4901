//! Faults that are planted in the core, to see that the model finds them.

use vestnik_inbox::planted::{Plant, plant};

use crate::{Sequence, search::first};

/// Within so many seeds a planted fault has to be found.
pub const SEEDS: u64 = 500;

/// The faults that are planted with every change: they are found within a few seeds.
const BRIEF: [Plant; 5] = [
    Plant::OpaqueBlocks,
    Plant::PortalEndsSession,
    Plant::WipeKeepsCursor,
    Plant::RefusedReportRepeats,
    Plant::TicketsStayTaken,
];

/// A planted fault, and how it was found.
#[derive(Debug)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// At which seed, and what was seen; nothing if it was not found.
    pub at: Option<(u64, String)>,
}

/// The faults of a name; `all` and `brief` name several.
#[must_use]
pub fn named(name: &str) -> Vec<Plant> {
    match name {
        "all" => Plant::ALL.to_vec(),
        "brief" => BRIEF.to_vec(),
        name => {
            let of_name = |one: &Plant| format!("{one:?}") == name;
            Plant::ALL.into_iter().filter(of_name).collect()
        }
    }
}

/// Looks for the first seed at which a planted fault is seen, and nothing without it.
#[must_use]
pub fn find(fault: Plant, threads: usize) -> Found {
    let at = first(1..SEEDS + 1, threads, |seed| {
        let sequence = Sequence::new(seed);
        let seen = seen(&sequence, fault)?;
        let is_sound = sequence.run(false).failures.is_empty();
        is_sound.then_some(seen)
    });
    Found {
        name: format!("{fault:?}"),
        at,
    }
}

/// What is seen of a fault in a sequence.
fn seen(sequence: &Sequence, fault: Plant) -> Option<String> {
    plant(Some(fault));
    let outcome = sequence.run(false);
    plant(None);
    outcome.failures.into_iter().next()
}
