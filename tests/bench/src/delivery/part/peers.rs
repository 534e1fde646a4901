//! What senders of other makers cost for pushes to the same sink.

use anyhow::Result;

use super::{
    super::{peer, sink::RunningSink},
    Bench, per_100_000,
};
use crate::{figure::Figure, say, stat::Figures};

/// What the Go program is asked to send by, and what that is.
const SENDERS: [(&str, &str); 2] = [
    ("fcm", "Google's client of FCM in Go"),
    ("apns", "apns2, which gorush sends by,"),
];

pub(in super::super) fn peers(bench: &Bench) -> Result<Vec<Figure>> {
    let Some(program) = peer::go() else {
        return Ok(Vec::new());
    };
    let pushes = bench.size.mailing;
    let sink = RunningSink::start(bench)?;
    let mut figures = Vec::new();
    for (word, name) in SENDERS {
        let mut costs = Figures::default();
        for _ in 0..bench.size.runs {
            let words = [
                program.display().to_string(),
                word.to_owned(),
                sink.folder.path().display().to_string(),
                pushes.to_string(),
            ];
            let cost = per_100_000(peer::measured(bench, &sink, &words, pushes)?.cpu, pushes);
            say::progress(format!("    {name}: processor {cost:.2} s"));
            costs.push(cost);
        }
        let name = format!("processor time of {name} for 100,000 pushes, nothing durable");
        figures.push(Figure::new(name, "s", costs));
    }
    Ok(figures)
}
