//! Answers to HTTP requests.

use std::io;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::{
    answer::{Answer, Kind},
    http::HttpAnswer,
    session::Refused,
    world::{Done, World},
};

/// What follows an HTTP answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The connection ends.
    End,
    /// The connection breaks.
    Cut,
    /// Nothing more is sent, and the connection stands.
    Silence,
    /// What the request asks for may go on: there is no HTTP answer.
    Proceed,
}

/// Answers a request as ordered. A good answer to an upgrade is the caller's to give.
pub(super) async fn answer(
    world: &World,
    (order, done): (Answer, Option<Done>),
    is_upgrade: bool,
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<Next> {
    if let Some(gate) = &order.gate {
        gate.pass().await;
    }
    let http = match order.kind {
        Kind::Good(edit) => match done.unwrap_or(Err(Refused("internal"))) {
            Ok(_) if is_upgrade => return Ok(Next::Proceed),
            Ok(mut body) => {
                if let Some(edit) = edit {
                    edit(&mut body);
                }
                json(&body)
            }
            Err(refused) => refusal(refused),
        },
        Kind::Http(http) => http,
        Kind::Result(body) => json(&body),
        Kind::Error(text) => HttpAnswer {
            body: text.into_bytes(),
            ..HttpAnswer::new(500)
        },
        Kind::Silence => return Ok(Next::Silence),
        Kind::Cut => return Ok(Next::Cut),
    };
    let stays = http.write(to, &world.valve, order.is_trickled).await?;
    if stays {
        return Ok(Next::Silence);
    }
    to.shutdown().await?;
    Ok(Next::End)
}

/// Waits until the device ends a connection.
pub(super) async fn until_hung_up(from: &mut (impl AsyncRead + Unpin)) {
    let mut ignored = [0; 1_024];
    while !matches!(from.read(&mut ignored).await, Ok(0) | Err(_)) {}
}

fn json(body: &Value) -> HttpAnswer {
    if body.is_null() {
        return HttpAnswer::new(204);
    }
    HttpAnswer {
        body: body.to_string().into_bytes(),
        ..HttpAnswer::new(200).header("Content-Type", "application/json")
    }
}

fn refusal(Refused(code): Refused) -> HttpAnswer {
    let status = match code {
        "not_found" => 404,
        "request.invalid" => 422,
        "internal" => 500,
        _ => 401,
    };
    let problem = serde_json::json!({
        "type": format!("/problems/{code}"), "title": code, "status": status, "code": code,
        "detail": "refused by the hostile server",
    });
    HttpAnswer {
        body: problem.to_string().into_bytes(),
        ..HttpAnswer::new(status).header("Content-Type", "application/problem+json")
    }
}
