use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use crate::server::transport::EventBody;

/// The body of a hub's answer: whole at once, or a stream of events.
#[derive(Debug)]
pub struct HubBody(Kind);

#[derive(Debug)]
enum Kind {
    Whole(Full<Bytes>),
    Events(EventBody),
}

impl HubBody {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self(Kind::Whole(Full::new(bytes)))
    }

    pub(super) fn events(events: EventBody) -> Self {
        Self(Kind::Events(events))
    }
}

impl Body for HubBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Kind::Whole(body) => Pin::new(body).poll_frame(context),
            Kind::Events(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(body) => body.is_end_stream(),
            Kind::Events(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(body) => body.size_hint(),
            Kind::Events(_) => SizeHint::default(),
        }
    }
}

/// Answers one request. Most are answered at once; polls and sends may have to wait.
pub struct HubFuture(Pin<Box<dyn Future<Output = Response<HubBody>> + Send>>);

impl HubFuture {
    pub(super) fn new(answer: impl Future<Output = Response<HubBody>> + Send + 'static) -> Self {
        Self(Box::pin(answer))
    }
}

impl Future for HubFuture {
    type Output = Result<Response<HubBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map(Ok)
    }
}

impl fmt::Debug for HubFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubFuture").finish_non_exhaustive()
    }
}
