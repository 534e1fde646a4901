//! `vestnik audience`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vestnik_model::{
    AudienceId, RecipientField,
    audience_file::{ColumnRequest, FileFormat},
};

use super::ServerArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum AudienceCommand {
    /// Upload a file of recipients, as an audience to send to. An upload that is cut off goes on by itself.
    #[command(
        after_help = "A line names a recipient by a user, a phone, an email or an installation. A CSV
file has columns of these names, or others that --column says; a line of NDJSON is an object, as
{\"user\": \"anna\"}. A line that names nobody is reported and left out. The key needs the scope audience.

Examples:
  vestnik audience upload march.csv
  vestnik audience upload march.csv --delimiter ';' --column phone=Telephone --problems wrong.ndjson
  vestnik audience upload march.csv --no-header --column user=1
  vestnik audience upload march.ndjson --resume aud_…"
    )]
    Upload(UploadArgs),
    /// List the App's uploaded audiences, the newest first.
    List {
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show one of them.
    Show(AudienceArgs),
    /// Print the lines of its file that name nobody.
    Problems(AudienceArgs),
    /// Delete one of them.
    Delete(AudienceArgs),
}

/// One uploaded audience.
#[derive(Debug, Args)]
pub(crate) struct AudienceArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Which.
    pub(crate) id: AudienceId,
}

/// Upload a file of recipients.
#[derive(Debug, Args)]
pub(crate) struct UploadArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The file.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) form: FormArgs,
    /// A name for people; that of the file if absent.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Go on with an upload of the same file that was begun before.
    #[arg(long, value_name = "ID", conflicts_with_all = ["name", "format", "delimiter", "no_header", "columns"])]
    pub(crate) resume: Option<AudienceId>,
}

/// The form of a file, and where its problems go.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct FormArgs {
    /// The form of the file: csv or ndjson; by the end of its name if absent.
    #[arg(long, value_parser = format)]
    pub(crate) format: Option<FileFormat>,
    /// What separates the fields of a CSV file: a comma, a semicolon, a bar or a tab.
    #[arg(long)]
    pub(crate) delimiter: Option<String>,
    /// The first line of a CSV file is a recipient, and does not name the columns.
    #[arg(long)]
    pub(crate) no_header: bool,
    /// Which column of a CSV file names recipients, as phone=Telephone or user=1; repeat for several.
    #[arg(long = "column", value_name = "FIELD=COLUMN", value_parser = column)]
    pub(crate) columns: Vec<(RecipientField, ColumnRequest)>,
    /// Write the lines that name nobody to a file, a JSON object each, instead of the first of them to the
    /// terminal.
    #[arg(long, value_name = "FILE")]
    pub(crate) problems: Option<PathBuf>,
}

fn format(text: &str) -> Result<FileFormat, String> {
    FileFormat::from_code(text).ok_or_else(|| "must be csv or ndjson".to_owned())
}

fn column(text: &str) -> Result<(RecipientField, ColumnRequest), String> {
    let (field, column) = text
        .split_once('=')
        .ok_or("must be a field and a column, as phone=Telephone")?;
    let field = RecipientField::from_code(field)
        .ok_or("the field must be user, phone, email or installation")?;
    let column = column.parse().map_or_else(
        |_| ColumnRequest::Name(column.to_owned()),
        ColumnRequest::Number,
    );
    Ok((field, column))
}
