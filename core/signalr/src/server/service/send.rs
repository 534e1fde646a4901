//! `POST {hub}` and `DELETE {hub}`: clients of the transports without a socket send and leave.

use http::{Request, Response};
use hyper::body::Body;

use super::{
    Shared,
    answer::{self, Rejection},
    body::HubBody,
};
use crate::server::{driver::Value, ticket::Found, transport::Link};

pub(super) async fn send<S, U, B>(
    shared: &Shared<S, U>,
    request: Request<B>,
    caller: U,
) -> Result<Response<HubBody>, Rejection>
where
    S: Value,
    U: Value + PartialEq,
    B: Body,
{
    let (_, found) = shared.find(request.uri().query(), &caller)?;
    let sends = match found {
        Found::Waiting { .. } => return Err(Rejection::NotConnected),
        Found::Live(Link::WebSocket | Link::Resumable(_)) => {
            return Err(Rejection::SentBesideWebSocket);
        }
        Found::Live(Link::Events(sends)) => sends,
        Found::Live(Link::Polling(link)) => link.into_sends(),
    };
    Ok(answer::sent(sends.send(request.into_body()).await))
}

pub(super) async fn leave<S, U>(
    shared: &Shared<S, U>,
    query: Option<&str>,
    caller: U,
) -> Result<Response<HubBody>, Rejection>
where
    S: Value,
    U: Value + PartialEq,
{
    let (token, found) = shared.find(query, &caller)?;
    match found {
        Found::Live(Link::Polling(link)) => {
            shared.tickets.release(&token);
            link.leave().await;
            Ok(answer::left())
        }
        Found::Waiting { .. }
        | Found::Live(Link::WebSocket | Link::Resumable(_) | Link::Events(_)) => {
            Err(Rejection::NotPolling)
        }
    }
}
