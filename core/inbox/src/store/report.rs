//! The outbox, as the one who reports uses it.

use std::collections::BTreeMap;

use vestnik_model::Reported;

use super::{
    inbox::Inbox,
    table::{
        meta::{self, Counter},
        outbox,
    },
};
use crate::{
    FactRow, OutboxBatch, ReportLimits, Reporting,
    planted::Plant,
    rule::{
        clock::shifted,
        outbox::{
            Answered, FULL_BATCH, Filling, MAX_PAUSE, Refused, after_pause, answered, refused_whole,
        },
    },
};

impl Inbox<'_> {
    /// The facts of the next report: those that may go out now, as many as fit, and none if there are
    /// none. [`History::next_report`](crate::History::next_report) says when there will be.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn outbox(&mut self, limits: ReportLimits) -> Result<OutboxBatch, rusqlite::Error> {
        let now = self.stamp.server_now();
        let mut ready = outbox::ready(self.db, now, FULL_BATCH)?;
        // A pause that is longer than any comes from a clock that was put back.
        if ready.is_empty() && outbox::unpause(self.db, shifted(now, MAX_PAUSE))? > 0 {
            ready = outbox::ready(self.db, now, FULL_BATCH)?;
        }
        let mut filling = Filling::new(limits);
        let facts: Vec<_> = ready
            .into_iter()
            .take_while(|(waiting, batch)| filling.takes(&waiting.fact, *batch))
            .map(|(waiting, _)| waiting)
            .collect();
        if Plant::FactsGoUnanswered.is_on() {
            self.reporting(|inbox, reporting| {
                for waiting in &facts {
                    reporting.done += u32::from(outbox::delete(inbox.db, waiting.row)?);
                }
                Ok(())
            })?;
        }
        Ok(OutboxBatch {
            facts,
            cursor: meta::cursor(self.db)?,
        })
    }

    /// The server answered a report, a result for each fact. What it has leaves the outbox; what it
    /// refused is set aside with its code and blocks nothing. A fact without a result goes out again
    /// after a pause.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn answered(
        &mut self,
        batch: &OutboxBatch,
        answer: &Reported,
    ) -> Result<Reporting, rusqlite::Error> {
        let results: BTreeMap<_, _> = answer
            .results
            .iter()
            .map(|result| (result.id.as_str(), result))
            .collect();
        self.reporting(|inbox, reporting| {
            for waiting in &batch.facts {
                match results.get(waiting.fact.id.as_str()).copied().map(answered) {
                    Some(Answered::Done) => {
                        let was_there = outbox::delete(inbox.db, waiting.row)?;
                        reporting.done += u32::from(was_there);
                    }
                    Some(Answered::Parked(code)) => inbox.park(waiting.row, &code, reporting)?,
                    None => inbox.postpone(waiting.row)?,
                }
            }
            Ok(())
        })
    }

    /// The server refused a report as a whole. One of its facts is at fault: they go out again in
    /// reports of half the size, until the one at fault is alone and is set aside with `code`.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn refused_whole(
        &mut self,
        rows: &[FactRow],
        code: &str,
    ) -> Result<Reporting, rusqlite::Error> {
        let now = self.stamp.server_now();
        self.reporting(|inbox, reporting| {
            for row in rows {
                let Some(attempts) = outbox::attempts(inbox.db, *row)? else {
                    continue;
                };
                match refused_whole(rows.len(), attempts, now) {
                    Refused::Parked => inbox.park(*row, code, reporting)?,
                    Refused::Smaller { batch, next_at } => {
                        outbox::postpone(inbox.db, *row, batch, next_at)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn park(
        &self,
        row: FactRow,
        code: &str,
        reporting: &mut Reporting,
    ) -> Result<(), rusqlite::Error> {
        let was_there = outbox::park(self.db, row, code)?;
        reporting.parked += u32::from(was_there);
        Ok(())
    }

    fn postpone(&self, row: FactRow) -> Result<(), rusqlite::Error> {
        match outbox::attempts(self.db, row)? {
            Some(attempts) => {
                let next_at = after_pause(attempts.saturating_add(1), self.stamp.server_now());
                outbox::postpone(self.db, row, FULL_BATCH, next_at)
            }
            None => Ok(()),
        }
    }

    fn reporting(
        &mut self,
        step: impl FnOnce(&mut Self, &mut Reporting) -> Result<(), rusqlite::Error>,
    ) -> Result<Reporting, rusqlite::Error> {
        let mut reporting = self.counted(|inbox| {
            let mut reporting = Reporting::default();
            step(inbox, &mut reporting)?;
            inbox.count_settled(reporting.done + reporting.parked);
            Ok(reporting)
        })?;
        reporting.waiting = meta::count(self.db, Counter::FactsWaiting)?;
        Ok(reporting)
    }
}
