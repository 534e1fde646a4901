use std::{fmt, vec};

use serde::de::DeserializeOwned;

use tokio_util::sync::CancellationToken;

use super::{
    cancellation::Cancellation,
    function::Misfit,
    upload::{Upload, UploadSource},
};
use crate::{message::BindError, payload::Payload, server::Connection};

/// What a handler's parameters are taken from: the hub's state, the connection,
/// its caller, and the arguments and streams that no parameter has taken yet.
pub struct Call<S, U> {
    pub(crate) state: S,
    pub(crate) connection: Connection,
    pub(crate) caller: U,
    pub(crate) arguments: vec::IntoIter<Payload>,
    pub(crate) uploads: vec::IntoIter<UploadSource>,
    pub(crate) cancellation: CancellationToken,
}

impl<S, U> Call<S, U> {
    /// Returns the hub's state.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// Returns the connection that calls.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Returns who calls, as the layer in front of the hub decided.
    pub fn caller(&self) -> &U {
        &self.caller
    }

    /// Returns what tells that the call is not wanted any more.
    pub fn cancellation(&self) -> Cancellation {
        Cancellation::new(self.cancellation.clone())
    }

    /// Takes the next positional argument as a `T`.
    ///
    /// # Errors
    /// [`BindError::Type`] when the argument is missing or is no `T`.
    pub fn next_argument<T: DeserializeOwned>(&mut self) -> Result<T, BindError> {
        let raw = self.next_payload()?;
        raw.bind().map_err(|_| BindError::Type)
    }

    /// Takes the next positional argument as it came.
    ///
    /// # Errors
    /// [`BindError::Type`] when the argument is missing.
    pub fn next_payload(&mut self) -> Result<Payload, BindError> {
        self.arguments.next().ok_or(BindError::Type)
    }

    /// Takes the next stream that the client sends along.
    ///
    /// # Errors
    /// [`BindError::Type`] when the stream is missing.
    pub fn next_upload<T>(&mut self) -> Result<Upload<T>, BindError> {
        self.uploads.next().map(Upload::new).ok_or(BindError::Type)
    }

    /// Checks that the client sent exactly as many arguments and streams as the handler takes.
    pub(crate) fn expect(&self, arguments: usize, uploads: usize) -> Result<(), Misfit> {
        if self.arguments.len() != arguments {
            return Err(Misfit::Arguments(BindError::Count {
                provided: self.arguments.len(),
                expected: arguments,
            }));
        }
        if self.uploads.len() != uploads {
            return Err(Misfit::Streams {
                sent: self.uploads.len(),
                expected: uploads,
            });
        }
        Ok(())
    }
}

impl<S, U> fmt::Debug for Call<S, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("connection", &self.connection)
            .field("arguments", &self.arguments.len())
            .field("uploads", &self.uploads.len())
            .finish_non_exhaustive()
    }
}
