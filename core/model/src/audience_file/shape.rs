//! The form of an audience's file, as its sender describes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::RecipientField;
use crate::{
    open::{null_is_default, words},
    problem::{FieldCode, FieldProblem},
};

/// The most characters of an audience's name.
const MAX_NAME_CHARS: usize = 128;
/// The most characters of a column's name.
const MAX_COLUMN_CHARS: usize = 128;
/// The largest number of a column.
const MAX_COLUMN: u32 = 1_000;

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileFormat {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// One JSON object a line.
    Ndjson,
}

words!(FileFormat {
    Csv = "csv",
    Ndjson = "ndjson",
});

/// Asks for an audience whose file is to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AudienceFileRequest {
    /// A name for people, at most 128 characters.
    pub name: String,
    /// The form of the file.
    pub format: FileFormat,
    /// How a CSV file is to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<CsvRequest>,
}

/// How a CSV file is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CsvRequest {
    /// What separates fields: `,`, `;`, `|` or a tab.
    pub delimiter: String,
    /// Whether the first line has the names of the columns.
    #[serde(alias = "hasHeader")]
    pub has_header: bool,
    /// Which columns name recipients: the name of the column in the first line, or its number from 1.
    /// Absent: the columns that are named `user`, `phone`, `email` and `installation`. Each line has to
    /// fill one of them.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, ColumnRequest>))]
    pub columns: BTreeMap<RecipientField, ColumnRequest>,
}

impl Default for CsvRequest {
    fn default() -> Self {
        Self {
            delimiter: ",".to_owned(),
            has_header: true,
            columns: BTreeMap::new(),
        }
    }
}

/// A column of a CSV file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum ColumnRequest {
    /// By its number, from 1.
    Number(u32),
    /// By its name in the first line. Letters of ASCII count alike in both cases.
    Name(String),
}

/// An audience to create, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAudienceFile {
    /// Its name.
    pub name: String,
    /// The form of its file.
    pub shape: Shape,
}

/// The form of a file, checked. It is stored in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Comma-separated values.
    Csv(CsvShape),
    /// One JSON object a line.
    Ndjson,
}

/// How a CSV file is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvShape {
    /// What separates fields.
    pub delimiter: u8,
    /// Whether the first line has the names of the columns.
    pub has_header: bool,
    /// Which columns name recipients; those with the fields' own names if it is empty.
    pub columns: BTreeMap<RecipientField, ColumnRequest>,
}

impl Shape {
    /// The word for it.
    #[must_use]
    pub const fn format(&self) -> FileFormat {
        match self {
            Self::Csv(_) => FileFormat::Csv,
            Self::Ndjson => FileFormat::Ndjson,
        }
    }
}

impl NewAudienceFile {
    /// Checks a request.
    ///
    /// # Errors
    /// Every problem found.
    pub fn parse(request: AudienceFileRequest) -> Result<Self, Vec<FieldProblem>> {
        let AudienceFileRequest { name, format, csv } = request;
        let mut problems = Vec::new();
        let length = name.chars().count();
        if name.trim().is_empty() {
            let detail = "must not be empty";
            problems.push(FieldProblem::new("/name", FieldCode::Missing, detail));
        } else if length > MAX_NAME_CHARS || name.chars().any(char::is_control) {
            let detail =
                format!("must have at most {MAX_NAME_CHARS} characters, none of them control");
            problems.push(FieldProblem::new("/name", FieldCode::Malformed, detail));
        }
        let shape = match (format, csv) {
            (FileFormat::Csv, csv) => csv_shape(csv.unwrap_or_default(), &mut problems),
            (FileFormat::Ndjson, None) => Shape::Ndjson,
            (FileFormat::Ndjson, Some(_)) => {
                let detail = "is only for a file of the format csv";
                problems.push(FieldProblem::new("/csv", FieldCode::NotAllowed, detail));
                Shape::Ndjson
            }
        };
        if problems.is_empty() {
            Ok(Self { name, shape })
        } else {
            Err(problems)
        }
    }
}

fn csv_shape(request: CsvRequest, problems: &mut Vec<FieldProblem>) -> Shape {
    let CsvRequest {
        delimiter,
        has_header,
        columns,
    } = request;
    let delimiter = match delimiter.as_bytes() {
        [byte @ (b',' | b';' | b'|' | b'\t')] => *byte,
        _ => {
            let detail = "must be a comma, a semicolon, a vertical bar or a tab";
            let problem = FieldProblem::new("/csv/delimiter", FieldCode::NotAllowed, detail);
            problems.push(problem);
            b','
        }
    };
    for (field, column) in &columns {
        if let Err((code, detail)) = check_column(column, has_header) {
            let pointer = format!("/csv/columns/{field}");
            problems.push(FieldProblem::new(pointer, code, detail));
        }
    }
    if columns.is_empty() && !has_header {
        let detail = "must say which columns name recipients if no line does";
        problems.push(FieldProblem::new(
            "/csv/columns",
            FieldCode::Missing,
            detail,
        ));
    }
    Shape::Csv(CsvShape {
        delimiter,
        has_header,
        columns,
    })
}

fn check_column(column: &ColumnRequest, has_header: bool) -> Result<(), (FieldCode, &'static str)> {
    match column {
        ColumnRequest::Number(1..=MAX_COLUMN) => Ok(()),
        ColumnRequest::Number(_) => Err((FieldCode::OutOfRange, "must be 1 to 1000")),
        ColumnRequest::Name(_) if !has_header => Err((
            FieldCode::NotAllowed,
            "must be a number if no line names the columns",
        )),
        ColumnRequest::Name(name) if name.trim().is_empty() => {
            Err((FieldCode::Missing, "must not be empty"))
        }
        ColumnRequest::Name(name) if name.chars().count() > MAX_COLUMN_CHARS => {
            Err((FieldCode::TooLong, "must have at most 128 characters"))
        }
        ColumnRequest::Name(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(value: Value) -> AudienceFileRequest {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_form_is_checked_and_stored() {
        let csv = json!({"name": "march", "format": "csv", "csv": {
            "delimiter": ";", "columns": {"phone": "Telephone", "user": 3}}});
        let new = NewAudienceFile::parse(request(csv)).unwrap();
        let stored = serde_json::to_value(&new.shape).unwrap();
        assert_eq!(
            stored,
            json!({"csv": {"delimiter": 59, "has_header": true,
                "columns": {"phone": "Telephone", "user": 3}}})
        );
        assert_eq!(serde_json::from_value::<Shape>(stored).unwrap(), new.shape);
        let lines = request(json!({"name": "march", "format": "ndjson"}));
        let lines = NewAudienceFile::parse(lines).unwrap();
        assert_eq!(lines.shape, Shape::Ndjson);
    }

    #[test]
    fn each_problem_has_its_pointer() {
        #[track_caller]
        fn check(value: Value, pointers: &[&str]) {
            let problems = NewAudienceFile::parse(request(value)).unwrap_err();
            let found: Vec<_> = problems.iter().map(|one| one.pointer.as_str()).collect();
            assert_eq!(found, pointers);
        }
        check(json!({"name": " ", "format": "csv"}), &["/name"]);
        check(json!({"name": "a\nb", "format": "csv"}), &["/name"]);
        let csv = |csv: Value| json!({"name": "a", "format": "csv", "csv": csv});
        check(csv(json!({"delimiter": "\""})), &["/csv/delimiter"]);
        check(csv(json!({"has_header": false})), &["/csv/columns"]);
        let columns = json!({"has_header": false, "columns": {"user": "Id", "phone": 0}});
        check(csv(columns), &["/csv/columns/user", "/csv/columns/phone"]);
        let lines = json!({"name": "a", "format": "ndjson", "csv": {}});
        check(lines, &["/csv"]);
    }
}
