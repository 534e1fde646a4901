//! What may be said to whom it is for, and nowhere else.

/// What must not be in the log, and what to call it when it is.
#[derive(Debug, Default)]
pub(crate) struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    pub(crate) fn keep(&mut self, name: &'static str, secret: impl Into<String>) -> String {
        let secret = secret.into();
        self.0.push((name, secret.clone()));
        secret
    }

    /// Insists that a line of the log, or an answer to a request, hands none of them on.
    #[track_caller]
    pub(crate) fn check(&self, text: &str) {
        for (name, secret) in &self.0 {
            assert!(!text.contains(secret.as_str()), "{name} in {text}");
        }
    }
}
