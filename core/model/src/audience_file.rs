//! Audiences that are uploaded as a file: one recipient a line.
//!
//! An audience is created with a name and the form of its file, filled by an upload that can be cut and
//! resumed at any byte, and named by a publish request once it is [`Ready`](AudienceFileState::Ready). A
//! line that names nobody is a problem of that line only ([`LineProblem`]).

mod shape;

pub use shape::{
    AudienceFileRequest, ColumnRequest, CsvRequest, CsvShape, FileFormat, NewAudienceFile, Shape,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::AudienceId,
    open::{Open, words},
    problem::FieldCode,
};

/// By what a line names its recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecipientField {
    /// A user, by the App's own identifier.
    User,
    /// The users with a telephone number.
    Phone,
    /// The users with an e-mail address.
    Email,
    /// A single installation: its user is notified there only.
    Installation,
}

words!(RecipientField {
    User = "user",
    Phone = "phone",
    Email = "email",
    Installation = "installation",
});

/// How far the file of an audience is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AudienceFileState {
    /// The rest of the file is waited for.
    Uploading,
    /// The file is complete: notifications can be sent to it.
    Ready,
    /// The file cannot be used; its `failure` says why. Upload it anew, as another audience.
    Failed,
}

words!(AudienceFileState {
    Uploading = "uploading",
    Ready = "ready",
    Failed = "failed",
});

/// Why a whole file cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileFault {
    /// The first line of a CSV file has not every column that names recipients.
    ColumnsMissing,
    /// The first line of a CSV file has a column twice that is to name recipients.
    ColumnsRepeated,
    /// The first line of a CSV file cannot be read.
    HeaderMalformed,
    /// It has more lines than the server takes.
    TooManyLines,
    /// It has more bytes than the server takes.
    TooManyBytes,
    /// It has too many quotes that are not closed to be CSV.
    QuotesUnclosed,
}

words!(FileFault {
    ColumnsMissing = "columns_missing",
    ColumnsRepeated = "columns_repeated",
    HeaderMalformed = "header_malformed",
    TooManyLines = "too_many_lines",
    TooManyBytes = "too_many_bytes",
    QuotesUnclosed = "quotes_unclosed",
});

/// An audience that is uploaded as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AudienceFile {
    /// Its id, by which a publish request names it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: AudienceId,
    /// The name that its sender gave it.
    pub name: String,
    /// The form of the file.
    pub format: FileFormat,
    /// How far it is.
    #[cfg_attr(feature = "openapi", schema(value_type = AudienceFileState))]
    pub state: Open<AudienceFileState>,
    /// Why it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<FileFault>))]
    pub failure: Option<Open<FileFault>>,
    /// How many bytes of the file are stored: an upload goes on at this offset.
    pub bytes: u64,
    /// How many lines were read that are not empty and not the header: the sum of the next three.
    pub lines: u64,
    /// How many of them name a recipient whom no line before names.
    pub good: u64,
    /// How many of them name nobody.
    pub bad: u64,
    /// How many of them repeat a recipient.
    pub duplicates: u64,
    /// When it was created.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When its file was complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub ready_at: Option<Timestamp>,
    /// When it is deleted: later if a notification is still being sent to it then.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
}

/// What is wrong with one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineProblem {
    /// The number of the line in the file, from 1; of the first one if a quoted field has several.
    pub line: u64,
    /// The field at fault, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<RecipientField>))]
    pub field: Option<Open<RecipientField>>,
    /// What a program switches on.
    #[cfg_attr(feature = "openapi", schema(value_type = FieldCode))]
    pub code: Open<FieldCode>,
    /// What is wrong, for a person. Never repeats the value.
    pub detail: String,
}

/// A page of the lines of a file that name nobody, in the order of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineProblemPage {
    /// The lines.
    pub data: Vec<LineProblem>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// How many such lines the file has so far. It can be more than are listed: the server keeps a
    /// bounded number of them.
    pub total: u64,
}
