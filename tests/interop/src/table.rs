//! The table client × feature.

use std::collections::BTreeMap;

use crate::{
    feature::{FEATURES, Outcome},
    peer::Peer,
};

/// A client and how its features went.
pub(crate) type Row<'a> = (&'a Peer, Vec<Outcome>);

/// The table, then what failed and why.
pub(crate) fn render(rows: &[Row<'_>]) -> String {
    let mut text = format!("{:38}", "");
    for feature in FEATURES {
        text.push_str(&format!(" {feature}"));
    }
    for (peer, outcomes) in rows {
        text.push_str(&format!("\n{:38}", peer.name()));
        for (feature, outcome) in FEATURES.iter().zip(outcomes) {
            text.push_str(&format!(" {:^1$}", outcome.word(), feature.len()));
        }
    }
    text.push_str("\n\npass: did as it should; -: not in that client\n");
    for (peer, outcomes) in rows {
        for ((word, detail), features) in reasons(outcomes) {
            let features = features.join(", ");
            text.push_str(&format!("{word:4} {} {features}: {detail}\n", peer.name()));
        }
    }
    text
}

/// What did not pass and why, features of one reason together.
fn reasons(outcomes: &[Outcome]) -> BTreeMap<(&str, &str), Vec<&str>> {
    let mut reasons = BTreeMap::<_, Vec<_>>::new();
    for (feature, outcome) in FEATURES.iter().zip(outcomes) {
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
pub(crate) fn failures(rows: &[Row<'_>]) -> usize {
    let outcomes = rows.iter().flat_map(|(_, outcomes)| outcomes);
    outcomes
        .filter(|outcome| matches!(outcome, Outcome::Fail { .. }))
        .count()
}
