//! The file of an uploaded audience: from bytes, which arrive in any pieces, to recipients and to lines
//! that name nobody.
//!
//! A [`Reader`] takes the bytes in their order and keeps what it has not understood yet, the beginning of
//! a line. What it is between two pieces is its [`State`], which is stored with what it has read; a reader
//! that is made of a stored state goes on as if nothing had happened, also in the middle of a quoted
//! field. What a file comes to does not depend on how it was cut.
//!
//! A line with a fault is a [`LineProblem`], and the next line is read. A line ends after
//! [`MAX_LINE_BYTES`] at the latest: a quote that is never closed costs its own line and none behind it. A file of many
//! such quotes is no CSV and cannot be used: each costs a look at so many bytes.
//!
//! ```
//! use vestnik_model::audience_file::{AudienceFileRequest, NewAudienceFile};
//! use vestnik_rules::audience_file::{Batch, Reader, Recipient, State};
//!
//! let request = r#"{"name": "march", "format": "csv"}"#;
//! let new = NewAudienceFile::parse(serde_json::from_str(request)?).unwrap();
//! let mut batch = Batch::default();
//! let mut reader = Reader::new(new.shape.clone(), State::default(), 1_000);
//! reader.push(b"name,user\nAnna,an", &mut batch).unwrap();
//! let mut reader = Reader::new(new.shape, reader.into_state(), 1_000);
//! reader.push(b"na\nBert,", &mut batch).unwrap();
//! reader.finish(&mut batch).unwrap();
//! assert_eq!(batch.good[0].recipient, Recipient::User("anna".parse()?));
//! assert_eq!(batch.bad[0].line, 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod csv;
mod line;
mod reader;
#[cfg(test)]
mod tests;

pub use line::Recipient;
pub use reader::{Batch, Line, Reader, State};

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{AudienceFileState, LineProblem};

/// The most bytes of a line, its end included.
pub const MAX_LINE_BYTES: usize = 8 * 1_024;

/// How long audiences are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// One whose file is not complete, behind the last bytes of it.
    pub unfinished: SignedDuration,
    /// One that is ready, behind its completion.
    pub ready: SignedDuration,
}

impl Keeping {
    /// When an audience expires that has become this now. One that failed is kept as long as one that is
    /// ready, so that its problems can be looked at.
    #[must_use]
    pub fn expires_at(&self, state: AudienceFileState, now: Timestamp) -> Timestamp {
        let span = match state {
            AudienceFileState::Uploading => self.unfinished,
            AudienceFileState::Ready | AudienceFileState::Failed => self.ready,
        };
        now.checked_add(span).unwrap_or(Timestamp::MAX)
    }
}

/// Where an upload stands, of one that may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How far the audience is.
    pub state: AudienceFileState,
    /// How many bytes are stored.
    pub bytes: u64,
}

/// Whether bytes from an offset on may be appended: the file is not complete and goes on there.
#[must_use]
pub fn may_append(standing: Standing, from: u64) -> bool {
    standing.state == AudienceFileState::Uploading && standing.bytes == from
}

/// Whether so many lines may be added to those that an App has stored.
#[must_use]
pub const fn has_room(stored: u64, adding: u64, most: u64) -> bool {
    adding == 0 || stored.saturating_add(adding) <= most
}

/// How many of the problems found next are stored, of a file of which `bad` were found before, so that at
/// most `most` are.
#[must_use]
pub fn kept(bad: u64, found: &[LineProblem], most: u64) -> &[LineProblem] {
    let room = usize::try_from(most.saturating_sub(bad)).unwrap_or(usize::MAX);
    found.get(..room.min(found.len())).unwrap_or_default()
}
