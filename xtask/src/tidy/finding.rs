//! A place that breaks a law.

use std::fmt;

/// A place that breaks a law, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    what: String,
    mend: String,
}

impl Finding {
    pub(crate) fn new(
        (path, line): (&str, usize),
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            what,
            mend,
        } = self;
        write!(f, "{path}:{line}: {what}\n    mend: {mend}")
    }
}

/// The places of findings, for tests.
#[cfg(test)]
pub(crate) fn places(findings: &[Finding]) -> Vec<String> {
    let place = |finding: &Finding| format!("{}:{}", finding.path, finding.line);
    findings.iter().map(place).collect()
}
