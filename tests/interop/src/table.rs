//! The table peer × feature.

use std::collections::BTreeMap;

use crate::feature::Outcome;

/// A peer and how its features went.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) outcomes: Vec<(&'static str, Outcome)>,
}

/// The table, then what did not pass and why. All rows have the same features.
pub(crate) fn render(rows: &[Row]) -> String {
    let mut text = format!("{:40}", "");
    for (feature, _) in rows.iter().take(1).flat_map(|row| &row.outcomes) {
        text.push_str(&format!(" {feature}"));
    }
    for row in rows {
        text.push_str(&format!("\n{:40}", row.name));
        for (feature, outcome) in &row.outcomes {
            text.push_str(&format!(" {:^1$}", outcome.word(), feature.len()));
        }
    }
    text.push_str("\n\npass: did as it should; -: not in that peer\n");
    for row in rows {
        for ((word, detail), features) in reasons(&row.outcomes) {
            let features = features.join(", ");
            text.push_str(&format!("{word:4} {} {features}: {detail}\n", row.name));
        }
    }
    text
}

/// What did not pass and why, features of one reason together.
fn reasons<'a>(
    outcomes: &'a [(&'static str, Outcome)],
) -> BTreeMap<(&'static str, &'a str), Vec<&'static str>> {
    let mut reasons = BTreeMap::<_, Vec<_>>::new();
    for (feature, outcome) in outcomes {
        match outcome {
            Outcome::Pass => {}
            Outcome::Fail { detail } | Outcome::Absent { detail } => {
                let reason = (outcome.word(), detail.as_str());
                reasons.entry(reason).or_default().push(*feature);
            }
        }
    }
    reasons
}

/// How many features failed.
pub(crate) fn failures(rows: &[Row]) -> usize {
    let outcomes = rows.iter().flat_map(|row| &row.outcomes);
    outcomes
        .filter(|(_, outcome)| matches!(outcome, Outcome::Fail { .. }))
        .count()
}
