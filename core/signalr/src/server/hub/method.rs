use futures_util::{
    FutureExt, Stream, StreamExt, TryStreamExt, future::BoxFuture, stream::BoxStream,
};
use serde::Serialize;

use super::{
    call::Call,
    error::HubError,
    function::{HubFn, Misfit},
};
use crate::{payload::Payload, protocol::Protocol, server::written::Receipt};

/// What a plain handler may give: a result that serde can write, or an error.
pub trait Reply: 'static {
    /// Serialises the result.
    ///
    /// # Errors
    /// The handler's own error, or an internal one when the result cannot be written.
    fn into_reply(self, protocol: Protocol) -> Result<Replied, HubError>;
}

/// A serialised result.
#[derive(Debug)]
pub struct Replied {
    pub(crate) result: Payload,
    /// Reports that the result was written, if its handler wants to know.
    pub(crate) receipt: Option<Receipt>,
}

impl From<Payload> for Replied {
    fn from(result: Payload) -> Self {
        Self {
            result,
            receipt: None,
        }
    }
}

/// What a streaming handler may give: a stream of results, or an error before it begins.
pub trait Items: 'static {
    /// Serialises each item.
    ///
    /// # Errors
    /// The handler's own error.
    fn into_items(self, protocol: Protocol) -> Result<ItemStream, HubError>;
}

/// A stream of serialised items.
pub type ItemStream = BoxStream<'static, Result<Payload, HubError>>;

impl<T: Serialize + 'static, E: Into<HubError> + 'static> Reply for Result<T, E> {
    fn into_reply(self, protocol: Protocol) -> Result<Replied, HubError> {
        write(protocol, &self.map_err(Into::into)?).map(Replied::from)
    }
}

impl<St, T, E, F> Items for Result<St, F>
where
    St: Stream<Item = Result<T, E>> + Send + 'static,
    T: Serialize,
    E: Into<HubError> + 'static,
    F: Into<HubError> + 'static,
{
    fn into_items(self, protocol: Protocol) -> Result<ItemStream, HubError> {
        let items = self.map_err(Into::into)?;
        let written = items
            .map_err(Into::into)
            .map(move |item| write(protocol, &item?));
        Ok(written.boxed())
    }
}

pub(super) fn write<T: Serialize>(protocol: Protocol, value: &T) -> Result<Payload, HubError> {
    Payload::write(protocol, value).map_err(HubError::internal)
}

type Started<T> = Result<BoxFuture<'static, Result<T, HubError>>, Misfit>;
/// A handler with its types erased.
type Erased<S, U, T> = Box<dyn Fn(&mut Call<S, U>) -> Started<T> + Send + Sync>;

/// A plain handler with its types erased.
pub(crate) type Plain<S, U> = Erased<S, U, Replied>;

/// What a target names.
pub(crate) enum Method<S, U> {
    Plain(Plain<S, U>),
    Streaming(Erased<S, U, ItemStream>),
}

pub(crate) fn plain<M, S: 'static, U: 'static, F>(function: F) -> Plain<S, U>
where
    F: HubFn<M, S, U>,
    F::Output: Reply,
{
    Box::new(move |call| {
        let protocol = call.connection.protocol();
        let reply = function.start(call)?;
        Ok(reply.map(move |reply| reply.into_reply(protocol)).boxed())
    })
}

pub(crate) fn streaming<M, S: 'static, U: 'static, F>(function: F) -> Erased<S, U, ItemStream>
where
    F: HubFn<M, S, U>,
    F::Output: Items,
{
    Box::new(move |call| {
        let protocol = call.connection.protocol();
        let items = function.start(call)?;
        Ok(items.map(move |items| items.into_items(protocol)).boxed())
    })
}
