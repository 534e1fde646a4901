//! What the benches tell: figures on standard output, progress on standard error.

use std::{
    fmt::Display,
    io::{self, Write as _},
};

/// Writes a figure, a table or a fact.
pub(crate) fn out(text: impl Display) {
    // Nobody reading is no reason to stop.
    if writeln!(io::stdout().lock(), "{text}").is_err() {}
}

/// Writes how far the run is.
pub(crate) fn progress(text: impl Display) {
    if writeln!(io::stderr().lock(), "{text}").is_err() {}
}
