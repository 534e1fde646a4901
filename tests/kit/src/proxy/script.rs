//! What befalls one proxied connection, drawn from a seed so that a run can be repeated.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

/// The kinds of harm a connection can come to. Each ends in a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection breaks after a drawn number of bytes, wherever that falls.
    CutAtByte,
    /// The connection breaks inside what the server is writing: its last bytes never come.
    MidFrame,
    /// Nothing passes any more, and neither side is closed.
    HalfOpen,
    /// Every byte travels alone, until the connection breaks.
    OneByteWrites,
    /// Nothing passes for a while; then it goes on, and breaks later.
    Stall,
    /// The connection breaks once the whole of its first HTTP request has passed, before any byte of
    /// the answer does.
    AfterRequest,
}

impl Fault {
    /// The kinds that [`Script::draw`] draws from.
    pub const ALL: [Self; 5] = [
        Self::CutAtByte,
        Self::MidFrame,
        Self::HalfOpen,
        Self::OneByteWrites,
        Self::Stall,
    ];

    /// Its name in figures.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CutAtByte => "cut_at_byte",
            Self::MidFrame => "mid_frame",
            Self::HalfOpen => "half_open",
            Self::OneByteWrites => "one_byte_writes",
            Self::Stall => "stall",
            Self::AfterRequest => "after_request",
        }
    }
}

/// What befalls one connection, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// The harm.
    pub fault: Fault,
    /// How many bytes pass, both ways together, before it strikes.
    pub budget: usize,
    /// How many of the last bytes a [`Fault::MidFrame`] keeps back. Fewer than any frame has, so
    /// that the break is always inside one.
    pub kept_back: usize,
    /// How long a [`Fault::Stall`] lasts, and how long after its request a [`Fault::AfterRequest`]
    /// strikes.
    pub stall: Duration,
    /// Whether the break is a reset instead of an orderly end.
    pub reset: bool,
}

impl Script {
    /// A script by which nothing happens.
    #[must_use]
    pub const fn harmless() -> Self {
        Self {
            fault: Fault::CutAtByte,
            budget: usize::MAX,
            kept_back: 0,
            stall: Duration::ZERO,
            reset: true,
        }
    }

    /// A script that breaks the connection in an orderly way, so long after its first HTTP request has
    /// passed.
    #[must_use]
    pub const fn after_request(delay: Duration) -> Self {
        Self {
            fault: Fault::AfterRequest,
            stall: delay,
            reset: false,
            ..Self::harmless()
        }
    }

    /// A script that breaks the connection once so many bytes have passed, both ways together.
    #[must_use]
    pub const fn at_byte(budget: usize) -> Self {
        Self {
            budget,
            ..Self::harmless()
        }
    }

    /// Draws the script of the `index`th connection of a run.
    #[must_use]
    pub fn draw(seed: u64, index: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let fault = Fault::ALL[rng.random_range(0..Fault::ALL.len())];
        // A third strike while the connection is being made: in the negotiation, the upgrade or
        // the handshake.
        let budget = if rng.random_ratio(1, 3) {
            rng.random_range(1..1_500)
        } else {
            rng.random_range(1_500..16_000)
        };
        Self {
            fault,
            budget,
            kept_back: rng.random_range(1..=3),
            stall: Duration::from_millis(rng.random_range(20..400)),
            reset: rng.random_bool(0.5),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_repeats_its_scripts_and_another_does_not() {
        let draw = |seed| {
            (0..50)
                .map(|index| Script::draw(seed, index))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn every_harm_comes_to_somebody() {
        let seen: BTreeSet<_> = (0..100).map(|index| Script::draw(1, index).fault).collect();
        assert_eq!(seen.len(), Fault::ALL.len());
    }
}
