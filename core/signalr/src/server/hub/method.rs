use futures_util::{
    FutureExt, Stream, StreamExt, TryStreamExt, future::BoxFuture, stream::BoxStream,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    call::Call,
    error::HubError,
    function::{HubFn, Misfit},
};

/// What a plain handler may give: a result that serde can write, or an error.
pub trait Reply: 'static {
    /// Serialises the result.
    ///
    /// # Errors
    /// The handler's own error, or an internal one when the result cannot be written.
    fn into_reply(self) -> Result<Box<RawValue>, HubError>;
}

/// What a streaming handler may give: a stream of results, or an error before it begins.
pub trait Items: 'static {
    /// Serialises each item.
    ///
    /// # Errors
    /// The handler's own error.
    fn into_items(self) -> Result<ItemStream, HubError>;
}

/// A stream of serialised items.
pub type ItemStream = BoxStream<'static, Result<Box<RawValue>, HubError>>;

impl<T: Serialize + 'static, E: Into<HubError> + 'static> Reply for Result<T, E> {
    fn into_reply(self) -> Result<Box<RawValue>, HubError> {
        to_raw_value(&self.map_err(Into::into)?).map_err(HubError::internal)
    }
}

impl<St, T, E, F> Items for Result<St, F>
where
    St: Stream<Item = Result<T, E>> + Send + 'static,
    T: Serialize,
    E: Into<HubError> + 'static,
    F: Into<HubError> + 'static,
{
    fn into_items(self) -> Result<ItemStream, HubError> {
        let items = self.map_err(Into::into)?;
        let written = items
            .map_err(Into::into)
            .map(|item| to_raw_value(&item?).map_err(HubError::internal));
        Ok(written.boxed())
    }
}

type Started<T> = Result<BoxFuture<'static, Result<T, HubError>>, Misfit>;
/// A handler with its types erased.
type Erased<S, U, T> = Box<dyn Fn(&mut Call<S, U>) -> Started<T> + Send + Sync>;

/// A plain handler with its types erased.
pub(crate) type Plain<S, U> = Erased<S, U, Box<RawValue>>;

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
    Box::new(move |call| Ok(function.start(call)?.map(Reply::into_reply).boxed()))
}

pub(crate) fn streaming<M, S: 'static, U: 'static, F>(function: F) -> Erased<S, U, ItemStream>
where
    F: HubFn<M, S, U>,
    F::Output: Items,
{
    Box::new(move |call| Ok(function.start(call)?.map(Items::into_items).boxed()))
}
