//! Flags, and what a person does with a notification.

use jiff::Timestamp;
use serde_json::{Value, json};
use vestnik_model::{
    FactKind, Flag, NotificationId,
    fact::{MAX_FACT_WORD_CHARS, MAX_REPLY_CHARS},
    limits::FACT_BODY_BYTES,
    wire_size,
};

use super::{
    inbox::Inbox,
    table::{
        boundary, early, known, meta,
        notification::{self, Standing},
        outbox::NewFact,
        show,
    },
};
use crate::{
    Place, Suppression,
    planted::Plant,
    rule::{
        admission::Have,
        flag::{Mark, version_at},
    },
};

/// What is known of a notification that the person saw before it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Early {
    New,
    /// Its show was settled before the history was wiped, or before it came.
    Settled,
}

impl Inbox<'_> {
    /// Marks notifications as read and gives those of the history that were not. What is due is not shown any
    /// more. The reading of one that has not come yet is reported, and kept until it comes.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn mark_read(
        &mut self,
        ids: &[NotificationId],
    ) -> Result<Vec<NotificationId>, rusqlite::Error> {
        self.change(ids, Flag::Read, true)
    }

    /// Marks notifications as unread again and gives those that were read. The server of contract 1
    /// only ever sets this flag, so the user's other devices do not follow.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn mark_unread(
        &mut self,
        ids: &[NotificationId],
    ) -> Result<Vec<NotificationId>, rusqlite::Error> {
        self.change(ids, Flag::Read, false)
    }

    /// Puts notifications out of sight, or back; gives those that changed.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn archive(
        &mut self,
        ids: &[NotificationId],
        value: bool,
    ) -> Result<Vec<NotificationId>, rusqlite::Error> {
        self.change(ids, Flag::Archived, value)
    }

    /// Deletes notifications, or takes that back while they are kept, which is at least 28 days; gives
    /// those that changed.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn delete(
        &mut self,
        ids: &[NotificationId],
        value: bool,
    ) -> Result<Vec<NotificationId>, rusqlite::Error> {
        self.change(ids, Flag::Deleted, value)
    }

    /// Marks everything that the inbox lists as read, up to a place, and gives how many were not. One
    /// statement, whatever their number, and one fact; if something newer is unread, some more facts.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn mark_all_read(&mut self, up_to: Option<Place>) -> Result<u64, rusqlite::Error> {
        let newest = notification::newest_row(self.db)?;
        let Some(row) = up_to.map(|place| place.0).or(newest) else {
            return Ok(0);
        };
        self.counted(|inbox| {
            // The fact says "up to this cursor", so it must not stand behind what is to stay unread.
            let covered = match notification::is_unread_beyond(inbox.db, row)? {
                true => boundary::up_to(inbox.db, row)?,
                false => meta::cursor(inbox.db)?.map(|cursor| (row, cursor)),
            };
            let alone = inbox.read_alone(row, covered.as_ref().map(|(row, _)| *row))?;
            let now = inbox.stamp.server_now();
            let mark = Mark::new(version_at(now), true);
            let changed = notification::read_up_to(inbox.db, row, mark, now)?;
            if let Some((_, cursor)) = covered.filter(|_| changed > alone.len()) {
                let fact = NewFact {
                    up_to: Some(&cursor),
                    ..NewFact::default()
                };
                inbox.fact(FactKind::ReadUpTo, &fact)?;
            }
            for id in alone {
                inbox.receipt(FactKind::Read, id)?;
            }
            inbox.count_unread(-i64::try_from(changed).unwrap_or(i64::MAX));
            Ok(changed as u64)
        })
    }

    /// What is unread up to a row, and not said to be read by a cursor that covers a row.
    fn read_alone(
        &self,
        up_to: i64,
        covered: Option<i64>,
    ) -> Result<Vec<NotificationId>, rusqlite::Error> {
        let Some(covered) = covered else {
            return notification::unread_between(self.db, 0, up_to);
        };
        let mut alone = notification::unread_ahead(self.db, covered)?;
        alone.extend(notification::unread_between(self.db, covered, up_to)?);
        Ok(alone)
    }

    /// A tap opened a notification; it is read then. Gives whether it is in the history. One that has not come
    /// yet may be on the screen, because a push has announced it: what the person does with it is reported,
    /// and it is not shown when it comes.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn clicked(&mut self, id: NotificationId) -> Result<bool, rusqlite::Error> {
        self.done(id, |inbox| inbox.receipt(FactKind::Clicked, id))
    }

    /// An action's button was pressed; the notification is read then. Gives whether it is in the
    /// history.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn actioned(&mut self, id: NotificationId, action: &str) -> Result<bool, rusqlite::Error> {
        self.done(id, |inbox| {
            let fact = NewFact {
                notification: Some(id),
                body: Some(json!({ "action": cut(action, MAX_FACT_WORD_CHARS) })),
                ..NewFact::default()
            };
            inbox.fact(FactKind::Actioned, &fact)
        })
    }

    /// The person answered with a text; the notification is read then. Many replies are allowed. Gives
    /// whether the notification is in the history. A text of more than 2,000 characters, or of more bytes
    /// than a fact may have, is cut.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn reply(
        &mut self,
        id: NotificationId,
        action: Option<&str>,
        text: &str,
    ) -> Result<bool, rusqlite::Error> {
        self.done(id, |inbox| {
            let fact = NewFact {
                notification: Some(id),
                body: Some(reply_body(action, text)),
                ..NewFact::default()
            };
            inbox.fact(FactKind::Reply, &fact)
        })
    }

    /// The person put a toast away, which proves that it was drawn. Gives whether the notification is
    /// in the history.
    ///
    /// # Errors
    /// If a statement fails.
    pub fn dismissed(&mut self, id: NotificationId) -> Result<bool, rusqlite::Error> {
        if notification::standing(self.db, id)?.is_none() {
            return self.dismissed_early(id);
        }
        self.counted(|inbox| {
            if show::drawn(inbox.db, id)? {
                inbox.receipt(FactKind::Displayed, id)?;
            }
            inbox.receipt(FactKind::Dismissed, id)?;
            Ok(true)
        })
    }

    fn done(
        &mut self,
        id: NotificationId,
        report: impl FnOnce(&mut Self) -> Result<(), rusqlite::Error>,
    ) -> Result<bool, rusqlite::Error> {
        match notification::standing(self.db, id)? {
            Some(standing) if standing.deleted.value => Ok(false),
            Some(standing) => self.counted(|inbox| {
                report(inbox)?;
                inbox.set_by_person(standing, id, (Flag::Read, true))?;
                Ok(true)
            }),
            None if self.early(id)?.is_none() => Ok(false),
            None => self.counted(|inbox| {
                report(inbox)?;
                inbox.read_early(id)?;
                Ok(false)
            }),
        }
    }

    /// What is known of a notification that has no row; `None` if it never comes.
    fn early(&self, id: NotificationId) -> Result<Option<Early>, rusqlite::Error> {
        Ok(match known::find(self.db, id)? {
            Have::Nothing => Some(Early::New),
            Have::Settled => Some(Early::Settled),
            Have::Row { .. } | Have::Recalled | Have::Pruned => None,
        })
    }

    /// The person read what has not come yet.
    fn read_early(&mut self, id: NotificationId) -> Result<(), rusqlite::Error> {
        let own = early::find(self.db, id, Flag::Read)?;
        if own.value {
            return Ok(());
        }
        let now = self.stamp.server_now();
        let mark = own.changed(true, now);
        early::keep(self.db, id, (Flag::Read, mark), now)?;
        self.report_flag(id, (Flag::Read, own), mark)
    }

    /// The person put away what has not come yet: it is not shown when it comes. Gives that it is not in the
    /// history.
    fn dismissed_early(&mut self, id: NotificationId) -> Result<bool, rusqlite::Error> {
        let Some(early) = self.early(id)? else {
            return Ok(false);
        };
        self.counted(|inbox| {
            match early {
                Early::New => {
                    let now = inbox.stamp.latest_now();
                    known::keep(inbox.db, id, known::State::Settled, now)?;
                    inbox.receipt(FactKind::Displayed, id)?;
                }
                Early::Settled => {}
            }
            inbox.receipt(FactKind::Dismissed, id)?;
            Ok(false)
        })
    }

    fn change(
        &mut self,
        ids: &[NotificationId],
        flag: Flag,
        value: bool,
    ) -> Result<Vec<NotificationId>, rusqlite::Error> {
        self.counted(|inbox| {
            let mut changed = Vec::new();
            for id in ids {
                let Some(standing) = notification::standing(inbox.db, *id)? else {
                    if (flag, value) == (Flag::Read, true) && inbox.early(*id)?.is_some() {
                        inbox.read_early(*id)?;
                    }
                    continue;
                };
                let is_meant = flag == Flag::Deleted || !standing.deleted.value;
                if is_meant && inbox.set_by_person(standing, *id, (flag, value))? {
                    changed.push(*id);
                }
            }
            Ok(changed)
        })
    }

    /// Sets a flag as the person wants it, and reports it; gives whether that changed something.
    fn set_by_person(
        &mut self,
        standing: Standing,
        id: NotificationId,
        (flag, value): (Flag, bool),
    ) -> Result<bool, rusqlite::Error> {
        let own = standing.mark(flag);
        if own.value == value {
            return Ok(false);
        }
        let now = self.stamp.server_now();
        let mark = own.changed(value, now);
        if !self.set_mark(standing, (flag, mark), now)? {
            return Ok(false);
        }
        self.report_flag(id, (flag, own), mark)?;
        Ok(true)
    }

    /// Reports that the person changed a flag. The first reading is a receipt of its own, which every server
    /// knows.
    fn report_flag(
        &mut self,
        id: NotificationId,
        (flag, own): (Flag, Mark),
        mark: Mark,
    ) -> Result<(), rusqlite::Error> {
        if flag == Flag::Read && mark.value && own.version.is_none() {
            return self.receipt(FactKind::Read, id);
        }
        let fact = NewFact {
            notification: Some(id),
            version: mark.version,
            body: Some(json!({ "flag": flag.as_str(), "value": mark.value })),
            ..NewFact::default()
        };
        self.fact(FactKind::Flag, &fact)
    }

    /// Merges a mark into a flag; gives whether the value changed. What was read or deleted is not
    /// shown any more.
    pub(super) fn set_mark(
        &mut self,
        standing: Standing,
        (flag, mark): (Flag, Mark),
        at: Timestamp,
    ) -> Result<bool, rusqlite::Error> {
        let own = standing.mark(flag);
        let merged = own.merged(mark);
        if merged == own {
            return Ok(false);
        }
        let reason = match flag {
            Flag::Read => {
                notification::set_read(self.db, standing.row, merged, at)?;
                Some(Suppression::Read)
            }
            Flag::Archived => {
                notification::set_archived(self.db, standing.row, merged)?;
                None
            }
            Flag::Deleted => {
                notification::set_deleted(self.db, standing.row, merged)?;
                Some(Suppression::Deleted)
            }
        };
        let is_unwanted = merged.value && !Plant::ReadIsShown.is_on();
        if let Some(reason) = reason.filter(|_| is_unwanted && standing.is_due) {
            show::suppress(self.db, standing.row, reason.as_str())?;
        }
        let after = standing.with(flag, merged);
        self.count_unread(i64::from(after.counts()) - i64::from(standing.counts()));
        Ok(merged.value != own.value)
    }
}

fn reply_body(action: Option<&str>, text: &str) -> Value {
    let mut body = json!({ "text": "" });
    if let Some(action) = action {
        body["action"] = cut(action, MAX_FACT_WORD_CHARS).into();
    }
    let mut room = FACT_BODY_BYTES.saturating_sub(wire_size::json(&body));
    let text: String = text
        .chars()
        .take(MAX_REPLY_CHARS)
        .take_while(|letter| {
            let bytes = json_bytes(*letter);
            let fits = bytes <= room;
            room = room.saturating_sub(bytes);
            fits
        })
        .collect();
    body["text"] = text.into();
    body
}

/// How many bytes a character takes in a text of JSON.
const fn json_bytes(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => letter.len_utf8(),
    }
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}
