//! What `delivery` is asked to measure.

use std::fmt;

use super::size::Size;
use crate::setting::Cores;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// How often each figure is made; the mailing of a million is made once.
    #[arg(long)]
    runs: Option<usize>,
    /// Tiny sizes: that each figure comes out, and that no push is lost or comes twice.
    #[arg(long)]
    brief: bool,
    /// Leave every process on all cores.
    #[arg(long)]
    unbound: bool,
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// What a push costs, beside `h2load`.
    Cpu,
    /// How fast mailings are, and what memory they take.
    Mailing,
    /// What sealing an envelope costs.
    Sealing,
    /// What other senders cost.
    Peers,
}

const ALL: [Part; 4] = [Part::Cpu, Part::Mailing, Part::Sealing, Part::Peers];

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Mailing => "mailing",
            Self::Sealing => "sealing",
            Self::Peers => "peers",
        })
    }
}

impl Options {
    pub(super) fn size(&self) -> Size {
        let size = if self.brief {
            Size::brief()
        } else {
            Size::full()
        };
        Size {
            runs: self.runs.unwrap_or(size.runs).max(1),
            ..size
        }
    }

    /// Which cores the processes have.
    pub(super) fn cores(&self) -> Cores {
        if self.unbound {
            return Cores {
                server: None,
                load: None,
            };
        }
        Cores::of_machine()
    }

    /// The parts to measure, in their usual order.
    pub(super) fn parts(&self) -> Vec<Part> {
        let wanted = |part: &Part| self.only.is_empty() || self.only.contains(part);
        ALL.into_iter().filter(wanted).collect()
    }
}
