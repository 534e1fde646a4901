use std::{borrow::Cow, convert::Infallible, error::Error as StdError, fmt};

use crate::server::{queue::SendError, written::NotWritten};

/// A handler's failure, as the client may be told.
///
/// SignalR errors are texts without codes (`HubProtocol.md`, Errors). [`HubError::new`] is the one whose
/// text is written for the client and always reaches it; everything else is
/// [`HubError::internal`] and stays in the server's log.
#[derive(Debug)]
pub struct HubError(Repr);

#[derive(Debug)]
enum Repr {
    Told(String),
    Internal {
        /// Of the error's type, as a client is told that may be told details.
        name: Cow<'static, str>,
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl HubError {
    /// Creates an error whose text the client sees, the counterpart of .NET's `HubException`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Repr::Told(text.into()))
    }

    /// Creates an error whose text the client sees only when the hub gives detailed errors.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::named("Exception", source)
    }

    /// Creates an internal error of a named kind.
    ///
    /// A hub that gives detailed errors puts the name before the text, as the official server puts
    /// the name of the exception's type (`InvalidOperationException: An error occurred.`); an error
    /// made by [`internal`](Self::internal) has the name `Exception`.
    pub fn named(
        name: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Repr::Internal {
            name: name.into(),
            source: source.into(),
        })
    }

    /// Says whether the error is the server's own business, worth its log.
    pub(crate) fn is_internal(&self) -> bool {
        match self.0 {
            Repr::Told(_) => false,
            Repr::Internal { .. } => true,
        }
    }

    /// Returns the detail that completions append to their base text, if the client may see it.
    pub(crate) fn detail(&self, detailed: bool) -> Option<String> {
        match &self.0 {
            Repr::Told(text) => Some(format!("HubException: {text}")),
            Repr::Internal { name, source } if detailed => Some(format!("{name}: {source}")),
            Repr::Internal { .. } => None,
        }
    }
}

/// Handlers that cannot fail say so with [`Infallible`].
impl From<Infallible> for HubError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// A client that is behind or gone is the server's matter.
impl From<SendError> for HubError {
    fn from(error: SendError) -> Self {
        Self::internal(error)
    }
}

/// As for [`SendError`].
impl From<NotWritten> for HubError {
    fn from(error: NotWritten) -> Self {
        Self::internal(error)
    }
}

impl fmt::Display for HubError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Told(text) => f.write_str(text),
            Repr::Internal { source, .. } => source.fmt(f),
        }
    }
}

impl StdError for HubError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Repr::Told(_) => None,
            Repr::Internal { source, .. } => source.source(),
        }
    }
}
