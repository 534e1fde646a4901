//! Plays the whole table and compares it with what is expected.

use std::fmt;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;
use vestnik_sim::Credentials;

use crate::{
    expected,
    play::play,
    row::{Outcome, Row},
};

/// How many rows are played at a time: they mostly wait.
const AT_ONCE: usize = 6;

/// A row that was played.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Played {
    service: &'static str,
    answer: String,
    source: &'static str,
    expected: Outcome,
    observed: Outcome,
}

/// The table as it was played.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Table(Vec<Played>);

impl Table {
    /// Plays the rows whose service and answer contain a text, if one is given; none, if none does.
    ///
    /// # Errors
    /// When a row could not be played; that it differs is no error.
    pub(crate) async fn play(only: Option<&str>) -> anyhow::Result<Option<Self>> {
        let credentials = Credentials::generate()?;
        let rows = expected::rows().into_iter();
        let rows = rows.filter(|row| only.is_none_or(|text| row.name().contains(text)));
        let played = stream::iter(rows).map(|row| {
            let credentials = &credentials;
            async move { played(row, credentials).await }
        });
        let played: Vec<_> = played.buffered(AT_ONCE).try_collect().await?;
        Ok((!played.is_empty()).then_some(Self(played)))
    }

    /// Whether every row is as expected.
    pub(crate) fn holds(&self) -> bool {
        self.0.iter().all(Played::is_right)
    }
}

async fn played(row: Row, credentials: &Credentials) -> anyhow::Result<Played> {
    let observed = play(&row, credentials).await;
    let observed = observed.map_err(|error| error.context(row.name()))?;
    Ok(Played {
        service: row.service(),
        answer: row.answer,
        source: row.source,
        expected: row.expected,
        observed,
    })
}

impl Row {
    fn name(&self) -> String {
        format!("{} {}", self.service(), self.answer)
    }
}

impl Played {
    fn is_right(&self) -> bool {
        self.expected == self.observed
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<9}{:<44}{:<15}{:<9} {:<26} {:>2} {:>8} {:<5} {:<10} delivery",
            "service", "answer", "reference", "attempt", "reason", "n", "again", "addr.", "step"
        )?;
        for played in &self.0 {
            let Played {
                service,
                answer,
                source,
                expected,
                observed,
            } = played;
            writeln!(f, "{service:<9}{answer:<44}{source:<15}{observed}")?;
            if !played.is_right() {
                writeln!(f, "{:<68}{expected}", "  DIFFERS, expected")?;
            }
        }
        let wrong = self.0.iter().filter(|played| !played.is_right()).count();
        let count = self.0.len();
        write!(
            f,
            "{count} rows, {} as expected, {wrong} differ",
            count - wrong
        )
    }
}
