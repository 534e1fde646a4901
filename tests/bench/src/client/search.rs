//! Searches.

use anyhow::{Result, ensure};
use vestnik_inbox::{History, SearchQuery};

use super::{
    content::{COMMON, LONG, RARE, RARE_EVERY},
    history::{Bench, Sides, seconds},
    plain,
};
use crate::figure::{Figure, Goal};

const LIMIT: u32 = 50;

pub(super) fn figures(bench: &mut Bench) -> Result<Vec<Figure>> {
    let rows = bench.size.rows;
    let many = |one_in: u64| usize::try_from((rows / one_in).min(50)).unwrap_or_default();
    let mut figures = Vec::new();
    for (name, text, least) in [
        ("a common word, the last", COMMON, many(2)),
        ("a common word and another", "заказ курьер", 1),
        ("a longer common word, the last", LONG, many(3)),
        ("a beginning of two letters", "за", many(2)),
        ("a beginning of four letters", "дост", many(3)),
        ("a beginning of six letters", "достав", many(3)),
        ("a rare word, the last", RARE, many(RARE_EVERY)),
        ("a beginning of a rare word", "реклама", many(RARE_EVERY)),
        ("a number", "1777", 1),
        ("no such word", "ктулху", 0),
        ("a common word and no such word", "заказ ктулху", 0),
        (
            "a common word and a rare one",
            "заказ рекламация",
            many(2 * RARE_EVERY),
        ),
    ] {
        let sides = search(bench, text, least)?;
        figures.push(Figure::new(name, "ms", sides.millis()).with(Goal::Below(50.0)));
        if text == COMMON || text == RARE {
            let name = format!("{name}, over one term of the index");
            figures.push(Figure::ratio(name, Goal::None, sides.ratio()));
        }
    }
    Ok(figures)
}

fn search(bench: &mut Bench, text: &str, least: usize) -> Result<Sides> {
    let query = SearchQuery {
        text: text.to_owned(),
        before: None,
        limit: LIMIT,
    };
    let term = text.split(' ').next().unwrap_or_default();
    let mut sides = Sides::default();
    for _ in 0..bench.size.runs {
        let database = bench.database()?;
        sides.plain.push(seconds(|| {
            database.read(|db| plain::search(db, term, LIMIT))?;
            Ok(())
        })?);
        sides.inbox.push(seconds(|| {
            let page = database.read(|db| History::new(db).search(&query))?;
            let found = page.items.len();
            ensure!(found >= least, "{text} is found {found} times only");
            Ok(())
        })?);
    }
    Ok(sides)
}
