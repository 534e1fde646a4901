//! Audiences that are uploaded as files.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use jiff::Timestamp;
use vestnik_clock::{Clock, new_uuid_v7};
use vestnik_model::{
    AppId, AudienceFile, AudienceFileRequest, AudienceFileState, AudienceId, FileFault, Problem,
    ProblemCode, audience_file::NewAudienceFile,
};
use vestnik_rules::audience_file::{Batch, Reader, Standing, may_append};
use vestnik_store::{
    Store,
    audience_files::{Append, AppendOutcome, CreateOutcome, DeleteOutcome, NewAudience},
};

use crate::{config::AudienceConfig, refusal::Refusal};

/// The most bytes that are read in one transaction. Higher and others wait longer for their turn; lower and
/// an upload takes longer.
const PIECE: usize = 32 * 1_024;

/// What operations on uploaded audiences need.
#[derive(Clone, Copy)]
pub(crate) struct Uploading<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) bounds: AudienceConfig,
}

/// What is to be appended to a file.
#[derive(Debug, Clone)]
pub(crate) struct Writing {
    pub(crate) app: AppId,
    pub(crate) id: AudienceId,
    /// The offset of the first byte.
    pub(crate) from: u64,
    /// Whether the file ends with the last one.
    pub(crate) is_complete: bool,
}

/// The rest of a request's bytes does not come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut;

/// What an upload came to.
#[derive(Debug)]
pub(crate) enum Uploaded {
    /// Every byte is stored.
    Whole(AudienceFile),
    /// Some bytes are stored; the rest did not come.
    Part(AudienceFile),
    /// Nothing more is stored: the file goes on elsewhere, or is complete.
    Elsewhere(AudienceFile),
    /// Nothing more is stored: the App has as many lines as it may have.
    Full(AudienceFile),
}

/// Makes an audience whose file is to be uploaded.
pub(crate) async fn create_audience(
    with: Uploading<'_>,
    app: AppId,
    request: AudienceFileRequest,
) -> Result<AudienceFile, Refusal> {
    let file = NewAudienceFile::parse(request).map_err(Problem::invalid)?;
    let (now, bounds) = (with.clock.now(), with.bounds);
    let state = AudienceFileState::Uploading;
    let new = NewAudience {
        app,
        id: AudienceId::from_uuid(new_uuid_v7(with.clock)),
        file,
        expires_at: bounds.keeping().expires_at(state, now),
        most: bounds.audiences_per_app,
        now,
    };
    match with.store.create_audience(new).await? {
        CreateOutcome::Created(audience) => Ok(audience),
        CreateOutcome::TooMany => {
            let most = bounds.audiences_per_app;
            let detail = format!("the App has {most} audiences, which is the most allowed");
            Err(Refusal::new(ProblemCode::Conflict, &detail))
        }
    }
}

/// Appends bytes to a file, as they come. What is stored is stored whatever becomes of the rest.
pub(crate) async fn upload(
    with: Uploading<'_>,
    writing: Writing,
    mut bytes: impl Stream<Item = Result<Bytes, Cut>> + Unpin,
) -> Result<Uploaded, Refusal> {
    let found = with.store.upload(writing.app.clone(), writing.id).await?;
    let found = found.ok_or_else(|| Refusal::not_found("audience"))?;
    let state = found.audience.state.known();
    let standing = Standing {
        state: state.unwrap_or(AudienceFileState::Failed),
        bytes: found.audience.bytes,
    };
    if !may_append(standing, writing.from) {
        return Ok(Uploaded::Elsewhere(found.audience));
    }
    let mut upload = Upload {
        with,
        reader: Reader::new(found.shape, found.state, with.bounds.file_lines),
        stored: found.audience,
        stopped: None,
        writing,
    };
    let mut pending = BytesMut::with_capacity(PIECE);
    while let Some(next) = bytes.next().await {
        let Ok(next) = next else {
            upload.store(&pending, false).await?;
            return Ok(upload.outcome(Uploaded::Part));
        };
        let mut next = next.as_ref();
        while !next.is_empty() {
            let (piece, rest) = next.split_at(next.len().min(PIECE - pending.len()));
            pending.extend_from_slice(piece);
            next = rest;
            if pending.len() == PIECE {
                upload.store(&pending, false).await?;
                pending.clear();
            }
        }
        if !upload.is_open() {
            return Ok(upload.outcome(Uploaded::Whole));
        }
    }
    let is_complete = upload.writing.is_complete;
    upload.store(&pending, is_complete).await?;
    Ok(upload.outcome(Uploaded::Whole))
}

/// An upload that is on its way.
struct Upload<'a> {
    with: Uploading<'a>,
    writing: Writing,
    reader: Reader,
    stored: AudienceFile,
    /// What the upload comes to if nothing more is stored.
    stopped: Option<fn(AudienceFile) -> Uploaded>,
}

impl Upload<'_> {
    fn is_open(&self) -> bool {
        self.stopped.is_none() && self.stored.state == AudienceFileState::Uploading
    }

    fn outcome(self, done: fn(AudienceFile) -> Uploaded) -> Uploaded {
        self.stopped.unwrap_or(done)(self.stored)
    }

    /// Reads bytes and stores what they come to, unless the file has ended.
    async fn store(&mut self, bytes: &[u8], is_end: bool) -> Result<(), Refusal> {
        if !self.is_open() || (bytes.is_empty() && !is_end) {
            return Ok(());
        }
        let from = self.reader.state().offset;
        let mut read = Batch::default();
        let done = self.read(bytes, is_end, &mut read);
        let now = self.with.clock.now();
        let became = became(done, is_end);
        let part = self.part((from, became, done.err()), read, now);
        match self.with.store.append(part).await? {
            AppendOutcome::Added(audience) => self.stored = audience,
            AppendOutcome::Elsewhere(audience) => {
                // Another upload has got ahead of this one.
                self.stored = audience;
                self.stopped = Some(Uploaded::Elsewhere);
            }
            AppendOutcome::Full(audience) => {
                self.stored = audience;
                self.stopped = Some(Uploaded::Full);
            }
            AppendOutcome::Unknown => return Err(Refusal::not_found("audience")),
        }
        Ok(())
    }

    fn read(&mut self, bytes: &[u8], is_end: bool, batch: &mut Batch) -> Result<(), FileFault> {
        let length = self
            .reader
            .state()
            .offset
            .saturating_add(bytes.len() as u64);
        if length > self.with.bounds.file_bytes {
            return Err(FileFault::TooManyBytes);
        }
        self.reader.push(bytes, batch)?;
        if is_end {
            self.reader.finish(batch)?;
        }
        Ok(())
    }

    fn part(
        &self,
        (from, became, failure): (u64, AudienceFileState, Option<FileFault>),
        read: Batch,
        now: Timestamp,
    ) -> Append {
        let mut state = self.reader.state().clone();
        if became != AudienceFileState::Uploading {
            // It may name somebody, and nobody reads it any more.
            state.rest.clear();
        }
        Append {
            app: self.writing.app.clone(),
            id: self.writing.id,
            from,
            read,
            state,
            became,
            failure,
            most_problems: self.with.bounds.problems,
            most_lines: self.with.bounds.lines_per_app,
            expires_at: self.with.bounds.keeping().expires_at(became, now),
            now,
        }
    }
}

const fn became(done: Result<(), FileFault>, is_end: bool) -> AudienceFileState {
    match done {
        Ok(()) if is_end => AudienceFileState::Ready,
        Ok(()) => AudienceFileState::Uploading,
        Err(_) => AudienceFileState::Failed,
    }
}

/// Why a file cannot be used.
pub(crate) fn unusable_file(fault: FileFault) -> Refusal {
    let detail = match fault {
        FileFault::ColumnsMissing => {
            "its first line has not every column that is to name recipients"
        }
        FileFault::ColumnsRepeated => {
            "its first line has a column twice that is to name recipients"
        }
        FileFault::HeaderMalformed => "its first line cannot be read",
        FileFault::TooManyLines => "it has more lines than the server takes",
        FileFault::TooManyBytes => "it has more bytes than the server takes",
        FileFault::QuotesUnclosed => "it has more than 1000 quotes that are not closed",
    };
    Refusal::new(ProblemCode::AudienceFailed, detail)
}

/// Deletes an audience; its lines go in parts.
pub(crate) async fn delete_audience(
    store: &dyn Store,
    app: AppId,
    id: AudienceId,
    now: Timestamp,
) -> Result<(), Refusal> {
    match store.delete_audience(app, id, now).await? {
        DeleteOutcome::Deleted => Ok(()),
        DeleteOutcome::InUse => {
            let detail = "a notification is still to be sent to it: wait, or cancel that";
            Err(Refusal::new(ProblemCode::AudienceInUse, detail))
        }
        DeleteOutcome::Unknown => Err(Refusal::not_found("audience")),
    }
}
