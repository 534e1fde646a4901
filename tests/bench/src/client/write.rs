//! Marks and arrivals.

use anyhow::{Result, ensure};
use vestnik_inbox::Inbox;

use super::{
    content,
    history::{Bench, Sides, place, seconds},
    plain,
};
use crate::{
    clock,
    figure::{Figure, Goal},
};

/// Notifications of one arrival.
const ARRIVALS: u64 = 100;
/// Notifications that are marked one by one in one run of a side.
const MARKS: u64 = 100;

pub(super) fn marks(bench: &mut Bench) -> Result<Vec<Figure>> {
    let one = one_by_one(bench)?;
    let all = all(bench)?;
    Ok(vec![
        Figure::new("one mark, beyond the statements", "ms", one.beyond()).with(Goal::Below(0.2)),
        Figure::ratio("one mark, over the statements", Goal::None, one.ratio()),
        Figure::new(
            format!("{} marks at once", bench.size.unread),
            "ms",
            all.millis(),
        ),
        Figure::ratio(
            "all marks at once, over the statements",
            Goal::AtMost(1.3),
            all.ratio(),
        ),
    ])
}

/// Single marks within one transaction each side, so that no commit is in the figure.
fn one_by_one(bench: &mut Bench) -> Result<Sides> {
    let mut sides = Sides::default();
    let mut number = bench.next;
    let marks = MARKS.min(bench.size.unread / 4);
    for run in 0..bench.size.runs {
        let (first, second) = (
            number - marks + 1..=number,
            number - 2 * marks + 1..=number - marks,
        );
        let mut took = 0.0;
        bench.database()?.write(|db| {
            took = seconds(|| {
                for number in first {
                    plain::read(db, number, &format!("plain.{run}.{number}"))?;
                }
                Ok(())
            })
            .unwrap_or(f64::NAN);
            Ok(())
        })?;
        sides.plain.push(took / marks as f64);
        let stamp = bench.stamp();
        bench.database()?.write(|db| {
            took = seconds(|| {
                let mut inbox = Inbox::new(db, stamp);
                for number in second {
                    let marked = inbox.mark_read(&[content::id(number)])?;
                    ensure!(marked.len() == 1, "{number} was read");
                }
                Ok(())
            })
            .unwrap_or(f64::NAN);
            Ok(())
        })?;
        sides.inbox.push(took / marks as f64);
        unmark(bench)?;
        number = bench.next;
    }
    Ok(sides)
}

/// Everything that is unread, with the commit.
fn all(bench: &mut Bench) -> Result<Sides> {
    let mut sides = Sides::default();
    for run in 0..bench.size.runs {
        let database = bench.database()?;
        sides.plain.push(seconds(|| {
            database.write(|db| plain::read_all(db, &format!("plain.all.{run}")))?;
            Ok(())
        })?);
        unmark(bench)?;
        let stamp = bench.stamp();
        let unread = bench.size.unread;
        let database = bench.database()?;
        sides.inbox.push(seconds(|| {
            let marked = database.write(|db| Inbox::new(db, stamp).mark_all_read(None))?;
            ensure!(marked == unread, "{marked} were marked");
            Ok(())
        })?);
        unmark(bench)?;
    }
    Ok(sides)
}

/// The newest are unread again, nothing is reported, and the log lies in the file.
fn unmark(bench: &mut Bench) -> Result<()> {
    let read = bench.next - bench.size.unread;
    let unread = bench.size.unread;
    bench.database()?.write(|db| {
        db.execute_batch(&format!(
            "UPDATE notification SET is_read = 0, read_at = NULL, read_version = -1
                 WHERE row > {read} AND is_read = 1;
             UPDATE meta SET value = '{unread}' WHERE name = 'unread';
             DELETE FROM outbox; UPDATE meta SET value = '0' WHERE name = 'facts_waiting';"
        ))
    })?;
    bench.move_log()
}

/// Both sides cut the words and write the JSON; the statements decide nothing.
pub(super) fn inserts(bench: &mut Bench) -> Result<Vec<Figure>> {
    let (mut sides, mut processor) = (Sides::default(), Sides::default());
    for _ in 0..bench.size.runs * 4 {
        let first = bench.next + 1;
        bench.next += ARRIVALS;
        let (last, cursor) = (bench.next, place(bench.next)?);
        let notifications: Result<Vec<_>, _> = (first..=last).map(content::notification).collect();
        let notifications = notifications?;
        let database = bench.database()?;
        let begun = clock::thread_nanos();
        sides.plain.push(seconds(|| {
            let rows: Result<Vec<_>> = notifications.iter().map(plain::Row::new).collect();
            let rows = rows?;
            database.write(|db| plain::insert(db, &rows, cursor.as_str()))?;
            Ok(())
        })?);
        let between = clock::thread_nanos();
        bench.move_log()?;
        let stretch = bench.stretch(ARRIVALS)?;
        let resumed = clock::thread_nanos();
        sides.inbox.push(seconds(|| bench.apply(&stretch))?);
        let ended = clock::thread_nanos();
        processor.plain.push((between - begun) as f64 / 1e9);
        processor.inbox.push((ended - resumed) as f64 / 1e9);
        bench.move_log()?;
    }
    Ok(vec![
        Figure::new("100 arrivals with their commit", "ms", sides.millis()),
        Figure::ratio(
            "100 arrivals with their commit, over the statements",
            Goal::AtMost(1.3),
            sides.ratio(),
        ),
        Figure::ratio(
            "100 arrivals, processor time, over the statements",
            Goal::None,
            processor.ratio(),
        ),
    ])
}
