//! Audiences that are uploaded as files.

use std::fmt;

use jiff::Timestamp;
use vestnik_model::{
    AppId, AudienceFile, AudienceFileState, AudienceId, FileFault,
    audience_file::{LineProblemPage, NewAudienceFile, Shape},
};
use vestnik_rules::audience_file::{Batch, State};

use crate::{Answer, PageQuery};

/// Audiences with a line for each recipient, filled by uploads.
pub trait AudienceFiles {
    /// Makes an audience whose file is empty.
    fn create_audience(&self, new: NewAudience) -> Answer<'_, CreateOutcome>;
    /// One audience.
    fn audience(&self, app: AppId, id: AudienceId) -> Answer<'_, Option<AudienceFile>>;
    /// The audiences of an App, the newest first. An App has a bounded number of them.
    fn audiences(&self, app: AppId) -> Answer<'_, Vec<AudienceFile>>;
    /// What an upload goes on with.
    fn upload(&self, app: AppId, id: AudienceId) -> Answer<'_, Option<Upload>>;
    /// Adds what was read of the next bytes of a file, if the file goes on where they begin.
    fn append(&self, part: Append) -> Answer<'_, AppendOutcome>;
    /// The lines of a file that name nobody, by their numbers.
    fn line_problems(
        &self,
        app: AppId,
        id: AudienceId,
        page: PageQuery<u64>,
    ) -> Answer<'_, Option<LineProblemPage>>;
    /// Deletes an audience: it is gone at once, its lines go in parts. Effect: `WorkDue`.
    fn delete_audience(
        &self,
        app: AppId,
        id: AudienceId,
        now: Timestamp,
    ) -> Answer<'_, DeleteOutcome>;
}

/// An audience to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAudience {
    /// The tenant.
    pub app: AppId,
    /// Its id.
    pub id: AudienceId,
    /// Its name and the form of its file.
    pub file: NewAudienceFile,
    /// When it is deleted if nothing is uploaded.
    pub expires_at: Timestamp,
    /// The most audiences of an App.
    pub most: u32,
    /// The time.
    pub now: Timestamp,
}

/// What making an audience comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It is made.
    Created(AudienceFile),
    /// The App has as many as are allowed.
    TooMany,
}

/// What an upload goes on with.
#[derive(Clone, PartialEq, Eq)]
pub struct Upload {
    /// The audience.
    pub audience: AudienceFile,
    /// The form of its file.
    pub shape: Shape,
    /// Where its reader is.
    pub state: State,
}

/// The beginning of a line may name somebody.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("audience", &self.audience)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

/// What was read of the next bytes of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Append {
    /// The tenant.
    pub app: AppId,
    /// The audience.
    pub id: AudienceId,
    /// The offset of the first byte.
    pub from: u64,
    /// What was read.
    pub read: Batch,
    /// Where the reader is behind the last byte.
    pub state: State,
    /// How far the audience is with it.
    pub became: AudienceFileState,
    /// Why the file cannot be used, if it cannot.
    pub failure: Option<FileFault>,
    /// The most problems of a file that are stored.
    pub most_problems: u64,
    /// The most lines that name somebody in all audiences of the App.
    pub most_lines: u64,
    /// When the audience is deleted.
    pub expires_at: Timestamp,
    /// The time.
    pub now: Timestamp,
}

/// Names nobody of those who were read.
impl fmt::Debug for Append {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Append")
            .field("id", &self.id)
            .field("from", &self.from)
            .field("became", &self.became)
            .finish_non_exhaustive()
    }
}

/// What adding to a file comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendOutcome {
    /// It is added.
    Added(AudienceFile),
    /// The file goes on elsewhere, or is complete: nothing was added.
    Elsewhere(AudienceFile),
    /// The App has no room for so many lines: nothing was added.
    Full(AudienceFile),
    /// There is no such audience.
    Unknown,
}

/// What deleting an audience comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// It is gone.
    Deleted,
    /// A notification is still to be sent to some of it.
    InUse,
    /// There is no such audience.
    Unknown,
}

/// An uploaded audience to which nothing can be sent, and whether there is such an audience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unusable {
    /// The audience.
    pub id: AudienceId,
    /// Whether the App has it: it is not ready then.
    pub is_known: bool,
}
