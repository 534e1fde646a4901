use std::any::type_name;

use serde::de::DeserializeOwned;

use super::{call::Call, cancellation::Cancellation, upload::Upload};
use crate::{message::BindError, payload::Payload, server::Connection};

/// Makes a handler's parameter from a call.
///
/// `Via` only tells two kinds of implementation apart, so that any type serde
/// can read is an argument without an implementation of its own; it is always
/// inferred.
pub trait FromCall<S, U, Via>: Sized + Send + 'static {
    /// How many positional arguments this parameter takes.
    const ARGUMENTS: usize;

    /// How many of the client's streams this parameter takes.
    const UPLOADS: usize = 0;

    /// Takes the parameter from the call.
    ///
    /// # Errors
    /// [`BindError`] when an argument does not fit.
    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError>;
}

/// Marks parameters that are positional arguments.
#[derive(Debug)]
pub struct ViaArgument(());

/// Marks parameters that are positional arguments as they came.
#[derive(Debug)]
pub struct ViaPayload(());

/// Marks parameters that come from what the hub knows.
#[derive(Debug)]
pub struct ViaContext(());

/// Extracts a clone of the hub's state.
#[derive(Debug, Clone, Copy)]
pub struct State<S>(pub S);

/// Extracts who calls, as a layer in front of the hub put it into the request.
#[derive(Debug, Clone, Copy)]
pub struct Caller<U>(pub U);

/// Extracts what a layer put into the request that opened the connection: see
/// [`Connection::extensions`].
///
/// A call of a handler that takes one fails when the request had none; `Option<Extension<T>>` is
/// nothing then.
#[derive(Debug, Clone, Copy)]
pub struct Extension<T>(pub T);

impl<S, U, T: DeserializeOwned + Send + 'static> FromCall<S, U, ViaArgument> for T {
    const ARGUMENTS: usize = 1;

    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError> {
        call.next_argument()
    }
}

/// A payload is an argument that the handler reads itself.
impl<S, U> FromCall<S, U, ViaPayload> for Payload {
    const ARGUMENTS: usize = 1;

    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError> {
        call.next_payload()
    }
}

impl<S: Clone + Send + 'static, U> FromCall<S, U, ViaContext> for State<S> {
    const ARGUMENTS: usize = 0;

    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError> {
        Ok(Self(call.state.clone()))
    }
}

impl<S, U: Clone + Send + 'static> FromCall<S, U, ViaContext> for Caller<U> {
    const ARGUMENTS: usize = 0;

    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError> {
        Ok(Self(call.caller.clone()))
    }
}

impl<S, U, T: Clone + Send + Sync + 'static> FromCall<S, U, ViaContext> for Extension<T> {
    const ARGUMENTS: usize = 0;

    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError> {
        let extension = extension(call).ok_or(BindError::Type);
        extension.inspect_err(|_| {
            let wanted = type_name::<T>();
            tracing::error!(
                wanted,
                "the opening request of a connection lacks an extension"
            );
        })
    }
}

impl<S, U, T: Clone + Send + Sync + 'static> FromCall<S, U, ViaContext> for Option<Extension<T>> {
    const ARGUMENTS: usize = 0;

    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError> {
        Ok(extension(call))
    }
}

fn extension<S, U, T: Clone + Send + Sync + 'static>(call: &Call<S, U>) -> Option<Extension<T>> {
    let extensions = call.connection.extensions();
    extensions.get().cloned().map(Extension)
}

impl<S, U> FromCall<S, U, ViaContext> for Connection {
    const ARGUMENTS: usize = 0;

    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError> {
        Ok(call.connection.clone())
    }
}

impl<S, U, T: 'static> FromCall<S, U, ViaContext> for Upload<T> {
    const ARGUMENTS: usize = 0;
    const UPLOADS: usize = 1;

    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError> {
        call.next_upload()
    }
}

impl<S, U> FromCall<S, U, ViaContext> for Cancellation {
    const ARGUMENTS: usize = 0;

    fn from_call(call: &mut Call<S, U>) -> Result<Self, BindError> {
        Ok(call.cancellation())
    }
}
