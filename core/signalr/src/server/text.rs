//! The official server's error texts of calls that fail before, in, or after their handler.

use super::hub::{HubError, Misfit};

/// Why a connection ends whose caller's token expired. The official server gives no text.
pub(super) const EXPIRED: &str = "The authentication of the connection has expired.";

/// Who calls what, and how much a client may be told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    /// The target as the client wrote it.
    pub(super) target: &'a str,
    /// Whether internal details are told.
    pub(super) detailed: bool,
}

impl Told<'_> {
    /// The handler failed.
    pub(super) fn failed(&self, error: &HubError) -> String {
        with_detail(self.unexpected(), error.detail(self.detailed))
    }

    /// The handler panicked.
    pub(super) fn panicked(&self) -> String {
        self.unexpected()
    }

    /// The target names no handler.
    pub(super) fn unknown(&self) -> String {
        with_detail(
            self.not_invoked(),
            Some("HubException: Method does not exist.".to_owned()),
        )
    }

    /// The call does not fit the handler.
    pub(super) fn misfit(&self, misfit: Misfit) -> String {
        match misfit {
            Misfit::Arguments(error) => {
                let detail = self
                    .detailed
                    .then(|| format!("InvalidDataException: {error}"));
                with_detail(self.not_invoked(), detail)
            }
            Misfit::Unauthorized => {
                let target = self.target;
                format!("Failed to invoke '{target}' because user is unauthorized")
            }
            Misfit::Streams { .. } => self.failed(&HubError::new(misfit.to_string())),
        }
    }

    pub(super) fn is_streaming(&self) -> String {
        let target = self.target;
        format!(
            "The client attempted to invoke the streaming '{target}' method with a non-streaming invocation."
        )
    }

    pub(super) fn is_not_streaming(&self) -> String {
        let target = self.target;
        format!(
            "The client attempted to invoke the non-streaming '{target}' method with a streaming invocation."
        )
    }

    /// A stream failed after it began.
    pub(super) fn broke_off(&self, error: &HubError) -> String {
        with_detail(self.broken_stream(), error.detail(self.detailed))
    }

    /// A stream panicked after it began.
    pub(super) fn broken_stream(&self) -> String {
        "An error occurred on the server while streaming results.".to_owned()
    }

    fn unexpected(&self) -> String {
        format!(
            "An unexpected error occurred invoking '{}' on the server.",
            self.target
        )
    }

    fn not_invoked(&self) -> String {
        format!(
            "Failed to invoke '{}' due to an error on the server.",
            self.target
        )
    }
}

/// The connection ends because of an error.
pub(super) fn closed(error: &HubError, detailed: bool) -> String {
    with_detail(
        "Connection closed with an error.".to_owned(),
        error.detail(detailed),
    )
}

fn with_detail(base: String, detail: Option<String>) -> String {
    match detail {
        Some(detail) => format!("{base} {detail}"),
        None => base,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::BindError;

    fn check(detailed: bool, text: impl Fn(Told<'_>) -> String, expected: &str) {
        assert_eq!(
            text(Told {
                target: "M",
                detailed
            }),
            expected
        );
    }

    #[test]
    fn hub_errors_are_always_told_and_others_only_in_detail() {
        let told = HubError::new("out of stock");
        let hidden = HubError::internal("database is on fire");
        let base = "An unexpected error occurred invoking 'M' on the server.";
        check(
            false,
            |m| m.failed(&told),
            &format!("{base} HubException: out of stock"),
        );
        check(false, |m| m.failed(&hidden), base);
        check(
            true,
            |m| m.failed(&hidden),
            &format!("{base} Exception: database is on fire"),
        );
        let named = HubError::named("InvalidOperationException", "An error occurred.");
        check(false, |m| m.failed(&named), base);
        check(
            true,
            |m| m.failed(&named),
            &format!("{base} InvalidOperationException: An error occurred."),
        );
        let base = "An error occurred on the server while streaming results.";
        check(
            false,
            |m| m.broke_off(&told),
            &format!("{base} HubException: out of stock"),
        );
        check(false, |m| m.broke_off(&hidden), base);
    }

    #[test]
    fn misfits_are_told_in_detail_only() {
        let count = Misfit::Arguments(BindError::Count {
            provided: 2,
            expected: 1,
        });
        let base = "Failed to invoke 'M' due to an error on the server.";
        check(false, |m| m.misfit(count), base);
        check(
            true,
            |m| m.misfit(count),
            &format!(
                "{base} InvalidDataException: Invocation provides 2 argument(s) but target expects 1."
            ),
        );
        check(
            false,
            |m| m.unknown(),
            &format!("{base} HubException: Method does not exist."),
        );
    }
}
