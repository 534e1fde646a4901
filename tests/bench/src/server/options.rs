//! What `server` is asked to measure.

use std::fmt;

use super::size::Size;
use crate::setting::Cores;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// How often each figure is made; the part of a million subscribers is made at most three times.
    #[arg(long)]
    runs: Option<usize>,
    /// Tiny sizes: that each figure comes out and nothing is lost.
    #[arg(long)]
    brief: bool,
    /// Leave every process on all cores.
    #[arg(long)]
    unbound: bool,
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// Publishing over REST beside calls of the store.
    Publish,
    /// A topic of a million subscribers.
    Topic,
    /// One publish to 10,000 connected devices.
    Live,
    /// Devices that read their logs on.
    Catchup,
    /// One user who takes all that is allowed.
    Greedy,
    /// Two million deliveries and nothing to forget.
    Retention,
}

const ALL: [Part; 6] = [
    Part::Publish,
    Part::Topic,
    Part::Live,
    Part::Catchup,
    Part::Greedy,
    Part::Retention,
];

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publish => "publish",
            Self::Topic => "topic",
            Self::Live => "live",
            Self::Catchup => "catchup",
            Self::Greedy => "greedy",
            Self::Retention => "retention",
        })
    }
}

impl Options {
    pub(super) fn size(&self) -> Size {
        let mut size = if self.brief {
            Size::brief()
        } else {
            Size::full()
        };
        if let Some(runs) = self.runs {
            size.runs = runs.max(1);
            size.large_runs = size.runs.min(3);
        }
        size
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

#[cfg(test)]
mod tests {
    use super::*;

    fn options(only: &[Part], runs: Option<usize>, brief: bool) -> Options {
        Options {
            only: only.to_vec(),
            runs,
            brief,
            unbound: false,
        }
    }

    #[test]
    fn parts_keep_their_order_and_none_means_all() {
        assert_eq!(options(&[], None, false).parts(), ALL);
        let some = options(&[Part::Live, Part::Publish], None, false);
        assert_eq!(some.parts(), [Part::Publish, Part::Live]);
    }

    #[test]
    fn the_million_is_made_at_most_three_times() {
        let size = |runs| options(&[], runs, false).size();
        assert_eq!((size(None).runs, size(None).large_runs), (5, 3));
        assert_eq!((size(Some(9)).runs, size(Some(9)).large_runs), (9, 3));
        assert_eq!((size(Some(0)).runs, size(Some(2)).large_runs), (1, 2));
    }
}
