//! Pages and counts.

use anyhow::{Result, ensure};
use jiff::Timestamp;
use vestnik_inbox::{Filter, History, HistoryQuery, Shelf, Start};

use super::{
    content,
    history::{Bench, Sides, seconds},
    plain,
};
use crate::{
    figure::{Figure, Goal},
    stat::Figures,
};

/// The items of a page.
const LIMIT: u32 = 50;

pub(super) fn figures(bench: &mut Bench) -> Result<Vec<Figure>> {
    let newest = newest_page(bench)?;
    let count = unread_count(bench)?;
    Ok(vec![
        Figure::new("the newest page of 50", "ms", newest.millis()).with(Goal::Below(5.0)),
        Figure::ratio(
            "the newest page of 50, over the statement",
            Goal::None,
            newest.ratio(),
        ),
        Figure::new(
            "the unread count, beyond the statement",
            "ms",
            count.beyond(),
        )
        .with(Goal::Below(0.2)),
        Figure::new("the slowest page of any filter", "ms", slowest_page(bench)?)
            .with(Goal::Below(50.0)),
    ])
}

fn newest_page(bench: &mut Bench) -> Result<Sides> {
    let query = HistoryQuery {
        limit: LIMIT,
        ..HistoryQuery::default()
    };
    let mut sides = Sides::default();
    let repeats = bench.size.repeats;
    for _ in 0..bench.size.runs {
        let database = bench.database()?;
        let plain = seconds(|| {
            for _ in 0..repeats {
                let bytes = database.read(|db| plain::page(db, LIMIT))?;
                ensure!(bytes > 0, "there is no page");
            }
            Ok(())
        })?;
        let inbox = seconds(|| {
            for _ in 0..repeats {
                let page = database.read(|db| History::new(db).page(&query))?;
                ensure!(page.items.len() == LIMIT as usize, "the page is short");
            }
            Ok(())
        })?;
        sides.plain.push(plain / f64::from(repeats));
        sides.inbox.push(inbox / f64::from(repeats));
    }
    Ok(sides)
}

fn unread_count(bench: &mut Bench) -> Result<Sides> {
    let mut sides = Sides::default();
    let repeats = bench.size.repeats;
    for _ in 0..bench.size.runs {
        let database = bench.database()?;
        let plain = seconds(|| {
            (0..repeats).try_for_each(|_| Ok(database.read(plain::unread).map(drop)?))
        })?;
        let inbox = seconds(|| {
            (0..repeats).try_for_each(|_| {
                let count = database.read(|db| History::new(db).unread_count())?;
                ensure!(count > 0, "nothing is unread");
                Ok(())
            })
        })?;
        sides.plain.push(plain / f64::from(repeats));
        sides.inbox.push(inbox / f64::from(repeats));
    }
    Ok(sides)
}

/// The slowest of the pages that apps ask for, in milliseconds.
fn slowest_page(bench: &mut Bench) -> Result<Figures> {
    let mut slowest = Figures::default();
    for _ in 0..bench.size.runs {
        let mut most: f64 = 0.0;
        for query in queries()? {
            let took = seconds(|| {
                bench.database()?.read(|db| History::new(db).page(&query))?;
                Ok(())
            })?;
            most = most.max(took * 1e3);
        }
        slowest.push(most);
    }
    Ok(slowest)
}

fn queries() -> Result<Vec<HistoryQuery>> {
    let mut queries = Vec::new();
    for shelf in [Shelf::Inbox, Shelf::Archive, Shelf::All] {
        for unread_only in [false, true] {
            for category in [None, Some("orders".parse()?), Some("absent".parse()?)] {
                for since in [None, Some(content::begin()), Some(Timestamp::MAX)] {
                    let filter = Filter {
                        shelf,
                        unread_only,
                        category: category.clone(),
                        since,
                    };
                    queries.push(HistoryQuery {
                        start: Start::Newest,
                        filter,
                        limit: LIMIT,
                    });
                }
            }
        }
    }
    Ok(queries)
}
