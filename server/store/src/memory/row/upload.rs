//! Uploaded audiences.

use jiff::Timestamp;
use vestnik_model::{
    AppId, AudienceFile, AudienceFileState, AudienceId, FileFault, Open,
    audience_file::NewAudienceFile,
};
use vestnik_rules::audience_file::State;

/// An uploaded audience.
#[derive(Debug, Clone)]
pub(crate) struct UploadRow {
    pub(crate) app: AppId,
    /// Absent while it is being deleted.
    pub(crate) id: Option<AudienceId>,
    pub(crate) file: NewAudienceFile,
    pub(crate) state: AudienceFileState,
    pub(crate) failure: Option<FileFault>,
    pub(crate) reader: State,
    pub(crate) good: u64,
    pub(crate) bad: u64,
    pub(crate) duplicates: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) ready_at: Option<Timestamp>,
    pub(crate) expires_at: Timestamp,
}

impl UploadRow {
    /// The audience as its sender sees it; `None` while it is being deleted.
    pub(crate) fn view(&self) -> Option<AudienceFile> {
        Some(AudienceFile {
            id: self.id?,
            name: self.file.name.clone(),
            format: self.file.shape.format(),
            state: Open::Known(self.state),
            failure: self.failure.map(Open::Known),
            bytes: self.reader.offset,
            lines: self.good + self.bad + self.duplicates,
            good: self.good,
            bad: self.bad,
            duplicates: self.duplicates,
            created_at: self.created_at,
            ready_at: self.ready_at,
            expires_at: self.expires_at,
        })
    }
}
