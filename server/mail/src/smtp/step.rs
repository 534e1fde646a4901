//! What a machine wants written.

use std::fmt;

/// A command to write, with its line end.
pub struct Line(String);

impl Line {
    /// A command; the caller vouches for it having no line end inside.
    pub(crate) fn new(command: impl fmt::Display) -> Self {
        Self(format!("{command}\r\n"))
    }

    /// The bytes to write.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Shows the verb only: what follows may be an address or a password.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = self.0.split(' ').next().unwrap_or_default().trim_end();
        let is_verb = verb.len() <= 8 && verb.bytes().all(|b| b.is_ascii_uppercase());
        write!(f, "Line({})", if is_verb { verb } else { "…" })
    }
}
