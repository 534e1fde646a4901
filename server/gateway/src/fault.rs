//! What is wrong with a descriptor or an account, and where.

use std::fmt;

/// A descriptor or an account that cannot be used: where, and what was expected there.
///
/// It has no value of the document: what stands in the wrong place may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Invalid {
    /// The place as a JSON pointer (RFC 6901), in a TOML document too; empty for the whole document.
    pub pointer: String,
    /// What is wrong there.
    pub fault: Fault,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            write!(f, "{}", self.fault)
        } else {
            write!(f, "{}: {}", self.pointer, self.fault)
        }
    }
}

impl Invalid {
    pub(crate) fn new(pointer: impl Into<String>, fault: Fault) -> Self {
        Self {
            pointer: pointer.into(),
            fault,
        }
    }
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The document is longer than any.
    #[error("must have at most {max} bytes")]
    TooLong {
        /// The most bytes allowed.
        max: usize,
    },
    /// The document is neither JSON nor TOML.
    #[error("is no {format}: wrong at line {line}, column {column}")]
    Syntax {
        /// What it was read as.
        format: &'static str,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A field that is required is not there.
    #[error("is required")]
    Missing,
    /// A field that is not known.
    #[error("is unknown here; there are {known}")]
    Unknown {
        /// The fields that there are, with commas between them.
        known: String,
    },
    /// A field that is not known and whose name may be a secret.
    #[error("has a field that is unknown; it may have {known}")]
    Unnamed {
        /// The fields that there are, with commas between them.
        known: String,
    },
    /// A value of another type.
    #[error("must be {0}")]
    Type(&'static str),
    /// A word that is not one of those that are known.
    #[error("must be one of {known}")]
    Word {
        /// The words that there are, with commas between them.
        known: String,
    },
    /// A number out of bounds.
    #[error("must be a number from {min} to {max}")]
    Range {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// Too many entries.
    #[error("must have at most {max} entries")]
    TooMany {
        /// The most entries allowed.
        max: usize,
    },
    /// A text whose length is out of bounds.
    #[error("must have 1 to {max} characters")]
    Length {
        /// The most characters allowed.
        max: usize,
    },
    /// A rule that the value breaks, as a sentence that goes on behind the pointer.
    #[error("{0}")]
    Rule(&'static str),
    /// A setting of a message centre.
    #[error(transparent)]
    Smpp(vestnik_smpp::Fault),
    /// The settings of a message centre as a whole.
    #[error(transparent)]
    Settings(vestnik_smpp::AccountError),
    /// A template.
    #[error(transparent)]
    Template(#[from] TemplateFault),
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateFault {
    /// A brace that is not closed, or not opened.
    #[error("has a brace without its partner; a brace itself is written twice, as {{{{ or }}}}")]
    Brace,
    /// A placeholder whose name is unknown here.
    #[error("has a placeholder that is unknown here; there are {known}")]
    Unknown {
        /// The placeholders that may stand there, with commas between them.
        known: String,
    },
    /// A form that the placeholder does not have.
    #[error("has the placeholder {name} in a form that it does not have; it has {known}")]
    Form {
        /// The placeholder.
        name: String,
        /// The forms that it has, with commas between them.
        known: String,
    },
    /// A placeholder that may be absent, and does not say so.
    #[error(
        "has the placeholder {name}, which can be absent: {name}? leaves the whole field out then"
    )]
    MayBeAbsent {
        /// The placeholder.
        name: String,
    },
    /// A placeholder that is never absent, and says so.
    #[error("has the placeholder {name}?, which is never absent: write it without ?")]
    NeverAbsent {
        /// The placeholder.
        name: String,
    },
    /// An optional placeholder where nothing can be left out.
    #[error("has the optional placeholder {name}? where nothing can be left out")]
    NotHere {
        /// The placeholder.
        name: String,
    },
}
