//! Show tickets: taken one at a time, settled by the one who draws.

use vestnik_model::{FactKind, NotificationId, fact::MAX_FACT_WORD_CHARS};

use super::{
    inbox::Inbox,
    table::{
        known,
        show::{self, Again, Due, Ticket},
    },
};
use crate::{
    Settled, ShowState, Suppression, Taken,
    planted::Plant,
    rule::{
        clock::shifted,
        show::{Attempted, MAX_PAUSE, Next, after_failure, after_release},
    },
};

/// How many rows one call looks at; what has expired is passed over.
const LOOKED_AT: u32 = 256;

/// Why a show waits that has expired by a clock that may be wrong.
const DOUBTED: &str = "clock";

/// The mark of a process that takes tickets. A process draws one at its start, so that it can tell its
/// own tickets from those of a process that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessMark(i64);

impl ProcessMark {
    /// A mark of random bytes.
    #[must_use]
    pub const fn new(random: [u8; 8]) -> Self {
        // Zero and what is negative are not marks of processes.
        Self((i64::from_le_bytes(random) & i64::MAX) | 1)
    }
}

impl Inbox<'_> {
    /// Takes the ticket of the next show that is due. It is marked before it is handed out, so that a
    /// process that ends before it has drawn is noticed. What was read or has expired is passed over; what
    /// has expired by an [`Offset::Kept`](crate::Offset::Kept) waits until
    /// [`hear_time`](Self::hear_time).
    ///
    /// `None` means that nothing is due now, or that the 256 shows that were looked at had all expired;
    /// [`History::next_show`](crate::History::next_show) says when to call again.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn take_show(&mut self, process: ProcessMark) -> Result<Option<Taken>, rusqlite::Error> {
        let now = self.stamp.server_now();
        self.counted(|inbox| {
            for _ in 0..LOOKED_AT {
                let Some(due) = show::next_due(inbox.db, now)? else {
                    if show::unpause(inbox.db, shifted(now, MAX_PAUSE))? == 0 {
                        return Ok(None);
                    }
                    continue;
                };
                if let Some(taken) = inbox.take(due, process)? {
                    return Ok(Some(taken));
                }
            }
            Ok(None)
        })
    }

    /// The server has said in this process what time it is: what waited for that is due, or has expired, and
    /// a moment that was taken from the device's clock is corrected. A history that is opened later learns it
    /// when it is opened.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn hear_time(&mut self) -> Result<(), rusqlite::Error> {
        self.quiet()?;
        known::settle_times(self.db, self.stamp.server_now())?;
        show::resume(self.db, DOUBTED)
    }

    fn take(&mut self, due: Due, process: ProcessMark) -> Result<Option<Taken>, rusqlite::Error> {
        let time = self.stamp.server_time();
        let reason = if time.is_past(due.expires_at) && !Plant::ExpiredIsShown.is_on() {
            Suppression::Expired
        } else if time.is_perhaps_past(due.expires_at) {
            let later = Again {
                at: shifted(time.now, MAX_PAUSE),
                failed: Some(DOUBTED),
                perhaps_drawn: false,
            };
            show::due(self.db, due.row, later)?;
            return Ok(None);
        } else if let Some(item) = due.item {
            show::take(self.db, due.row, process.0)?;
            let mut taken = Taken {
                item,
                again: due.again,
                attempt: due.attempts + 1,
            };
            taken.item.show = ShowState::Taken;
            return Ok(Some(taken));
        } else {
            Suppression::Unreadable
        };
        self.suppress(due.row, due.id, reason)?;
        Ok(None)
    }

    /// Settles a ticket; gives whether it was out. A ticket that is not out was settled before, or its
    /// notification was recalled.
    ///
    /// If the content was replaced while the ticket was out, so that another `revision` was drawn than
    /// the history has, the show is due again: drawing the new content replaces the old. If it was read,
    /// deleted or recalled meanwhile, [`History::is_unwanted`](crate::History::is_unwanted) says that
    /// it ought not stay on the screen.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn settle_show(
        &mut self,
        id: NotificationId,
        revision: u32,
        settled: &Settled,
    ) -> Result<bool, rusqlite::Error> {
        let Some(ticket) = show::ticket(self.db, id)? else {
            return Ok(false);
        };
        self.counted(|inbox| {
            match settled {
                Settled::Shown => inbox.settle_shown(id, revision, ticket)?,
                Settled::Failed(reason) => inbox.settle_failed(id, ticket, reason)?,
                Settled::Suppressed(reason) => inbox.suppress(ticket.row, id, *reason)?,
            }
            Ok(true)
        })
    }

    fn settle_shown(
        &mut self,
        id: NotificationId,
        revision: u32,
        ticket: Ticket,
    ) -> Result<(), rusqlite::Error> {
        self.receipt(FactKind::Displayed, id)?;
        let Attempted {
            is_read,
            is_deleted,
            ..
        } = ticket.attempted;
        if ticket.revision == revision || is_read || is_deleted {
            return show::shown(self.db, ticket.row);
        }
        show::redraw(self.db, ticket.row, self.stamp.server_now())
    }

    fn settle_failed(
        &mut self,
        id: NotificationId,
        ticket: Ticket,
        reason: &str,
    ) -> Result<(), rusqlite::Error> {
        let reason: String = reason.chars().take(MAX_FACT_WORD_CHARS).collect();
        match after_failure(&ticket.attempted, self.stamp.server_time()) {
            Next::Due(at) => {
                let again = Again {
                    at,
                    failed: Some(&reason),
                    perhaps_drawn: false,
                };
                show::due(self.db, ticket.row, again)
            }
            Next::Suppressed(Suppression::Failed) if !reason.is_empty() => {
                show::suppress(self.db, ticket.row, Suppression::Failed.as_str())?;
                self.tell_not_shown(FactKind::NotShown, id, &reason)
            }
            Next::Suppressed(suppression) => self.suppress(ticket.row, id, suppression),
        }
    }

    /// Takes a ticket back that was not used: nothing was drawn, and it does not count as an attempt.
    /// Gives whether it was out.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn return_show(&mut self, id: NotificationId) -> Result<bool, rusqlite::Error> {
        let Some(ticket) = show::ticket(self.db, id)? else {
            return Ok(false);
        };
        self.counted(|inbox| {
            match after_release(&ticket.attempted, inbox.stamp.server_now()) {
                Next::Suppressed(reason) if reason != Suppression::Failed => {
                    inbox.suppress(ticket.row, id, reason)?;
                }
                Next::Due(_) | Next::Suppressed(_) => show::give_back(inbox.db, ticket.row)?,
            }
            Ok(true)
        })
    }

    /// Takes back the tickets of processes that have ended; gives how many. It is not known whether
    /// they were drawn: they are due again and say so ([`Taken::again`]), unless they were read
    /// meanwhile. Call it when a process begins.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn release_taken(&mut self, process: ProcessMark) -> Result<u64, rusqlite::Error> {
        if Plant::TicketsStayTaken.is_on() {
            return Ok(0);
        }
        self.counted(|inbox| {
            let taken = show::taken_by_others(inbox.db, process.0)?;
            let count = taken.len() as u64;
            for (id, ticket) in taken {
                inbox.release(id, ticket)?;
            }
            Ok(count)
        })
    }

    pub(super) fn release(
        &mut self,
        id: NotificationId,
        ticket: Ticket,
    ) -> Result<(), rusqlite::Error> {
        match after_release(&ticket.attempted, self.stamp.server_now()) {
            Next::Due(at) => {
                let again = Again {
                    at,
                    failed: None,
                    perhaps_drawn: !Plant::AgainIsForgotten.is_on(),
                };
                show::due(self.db, ticket.row, again)
            }
            Next::Suppressed(reason) => self.suppress(ticket.row, id, reason),
        }
    }

    fn suppress(
        &mut self,
        row: i64,
        id: NotificationId,
        reason: Suppression,
    ) -> Result<(), rusqlite::Error> {
        show::suppress(self.db, row, reason.as_str())?;
        self.tell_suppressed(id, reason)
    }
}
