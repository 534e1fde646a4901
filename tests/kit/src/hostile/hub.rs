//! A hub connection behind its upgrade: the handshake, and the methods.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinSet,
};
use vestnik_signalr::{
    framing::Deframer,
    handshake::HandshakeRequest,
    message::{Invocation, InvocationId, Message},
};

use super::{
    answer::{Answer, Cue, Kind},
    frame::{self, Opcode},
    journal::Received,
    outlet::{self, Outcome, Outlet},
    rest::{Next, until_hung_up},
    route::Route,
    session::Refused,
    world::{Done, World},
};

/// The longest message that is read from a device, in bytes.
const LONGEST: usize = 16 << 20;
const SEPARATOR: &str = "\u{1e}";

/// A hub connection.
#[derive(Debug, Clone)]
pub(super) struct Hub {
    pub(super) world: Arc<World>,
    pub(super) number: usize,
    pub(super) token: Option<String>,
}

impl Hub {
    /// Serves the connection to its end.
    pub(super) async fn run(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> anyhow::Result<Next> {
        let (_, request) = frame::read(from).await?;
        let (order, _) = self.world.take(self.received(Route::Handshake, &request));
        let request = HandshakeRequest::decode(
            request
                .strip_suffix(SEPARATOR.as_bytes())
                .context("a handshake ends with its separator")?,
        )?;
        let (outlet, queue) = Outlet::new(request.protocol);
        match shake_hands(&outlet, order).await? {
            Next::Proceed => {}
            Next::Silence => {
                until_hung_up(from).await;
                return Ok(Next::End);
            }
            next @ (Next::End | Next::Cut) => return Ok(next),
        }
        let valve = &self.world.valve;
        tokio::select! {
            heard = self.listen(&outlet, from) => heard.map(|()| Next::End),
            // The queue ends by a cut: this function has a sender of it.
            written = outlet::drain(queue, to, valve) => written.map(|()| Next::Cut),
        }
    }

    fn received(&self, route: Route, body: &[u8]) -> Received {
        let body = body.strip_suffix(SEPARATOR.as_bytes()).unwrap_or(body);
        self.note(route, "", serde_json::from_slice(body).unwrap_or_default())
    }

    fn note(&self, route: Route, target: &str, body: Value) -> Received {
        Received {
            route,
            connection: Some(self.number),
            token: self.token.clone(),
            user: None,
            target: target.to_owned(),
            headers: BTreeMap::new(),
            body,
        }
    }

    /// Takes what the device sends until it ends the connection. Answers wait beside each other.
    async fn listen(
        &self,
        outlet: &Outlet,
        from: &mut (impl AsyncRead + Unpin),
    ) -> anyhow::Result<()> {
        let protocol = outlet.protocol();
        let mut deframer = Deframer::new(LONGEST);
        deframer.set_framing(protocol.framing());
        let mut answering = JoinSet::new();
        loop {
            match frame::read(from).await? {
                (Opcode::Ping, payload) => {
                    let pong = frame::encode(Opcode::Pong, &payload);
                    outlet.send_bytes(pong).await?;
                }
                (Opcode::Pong, _) => {}
                (Opcode::Close, _) => return Ok(()),
                (Opcode::Text | Opcode::Binary, payload) => deframer.push(&payload),
            }
            for message in deframer.by_ref() {
                match protocol.decode(&message?)? {
                    Some(Message::Invocation(call)) => {
                        answering.spawn(self.on_call(outlet, call));
                    }
                    Some(Message::Ping) => outlet.send(&outlet.encode(&Message::Ping)).await?,
                    Some(Message::Close(_)) => return Ok(()),
                    Some(_) | None => {}
                }
            }
            while answering.try_join_next().is_some() {}
        }
    }

    /// Does what is asked for at once; what is given sends the answer.
    fn on_call(&self, outlet: &Outlet, call: Invocation) -> impl Future<Output = ()> + use<> {
        let route = Route::of_call(&call.target);
        let argument: Value = call.arguments.bind().map_or(Value::Null, |(value,)| value);
        if route == Route::Hello {
            self.world
                .go_live(self.number, self.token.as_deref(), outlet);
        }
        let (order, done) = self.world.take(self.note(route, &call.target, argument));
        let (world, outlet) = (Arc::clone(&self.world), outlet.clone());
        async move {
            // A connection that has ended needs no answer.
            answer(&world, &outlet, (order, done), call.invocation_id)
                .await
                .ok();
        }
    }
}

async fn shake_hands(outlet: &Outlet, order: Answer) -> anyhow::Result<Next> {
    if let Some(gate) = &order.gate {
        gate.pass().await;
    }
    let (answer, next) = match order.kind {
        Kind::Good(_) => (json!({}), Next::Proceed),
        Kind::Result(answer) => (answer, Next::Proceed),
        Kind::Error(error) => (json!({ "error": error }), Next::Proceed),
        Kind::Http(http) => (json!({"error": http.status.to_string()}), Next::Proceed),
        Kind::Silence => return Ok(Next::Silence),
        Kind::Cut => return Ok(Next::Cut),
    };
    outlet
        .send(format!("{answer}{SEPARATOR}").as_bytes())
        .await?;
    Ok(next)
}

/// Sends the calls and the answer of an order.
async fn answer(
    world: &World,
    outlet: &Outlet,
    (order, done): (Answer, Option<Done>),
    id: Option<InvocationId>,
) -> anyhow::Result<()> {
    let Answer {
        kind,
        gate,
        before,
        after,
        is_coalesced,
        ..
    } = order;
    let before = before.into_iter().map(|cue| {
        let call = match cue {
            Cue::Call(call) => call,
            Cue::Publish(user, number) => world.write_notification(&user, number),
        };
        outlet.call(&call)
    });
    let before = before.collect::<anyhow::Result<Vec<_>>>()?;
    let after = after.iter().map(|call| outlet.call(call));
    let after = after.collect::<anyhow::Result<Vec<_>>>()?;
    if !is_coalesced {
        send_each(outlet, &before).await?;
    }
    if let Some(gate) = gate {
        gate.pass().await;
    }
    let own = match (outcome(kind, done), id) {
        (Verdict::Ends(outcome), Some(id)) => vec![outlet.completion(id, outcome)?],
        (Verdict::Ends(_), None) | (Verdict::Silent, _) => Vec::new(),
        (Verdict::Cuts, _) => return outlet.cut().await,
    };
    if is_coalesced {
        return outlet.send(&[before, own, after].concat().concat()).await;
    }
    send_each(outlet, &own).await?;
    send_each(outlet, &after).await
}

async fn send_each(outlet: &Outlet, messages: &[Vec<u8>]) -> anyhow::Result<()> {
    for message in messages {
        outlet.send(message).await?;
    }
    Ok(())
}

/// What becomes of a call.
enum Verdict {
    Ends(Outcome),
    Silent,
    Cuts,
}

fn outcome(kind: Kind, done: Option<Done>) -> Verdict {
    Verdict::Ends(match kind {
        Kind::Good(edit) => match done.unwrap_or(Err(Refused("internal"))) {
            Ok(mut result) => {
                if let Some(edit) = edit {
                    edit(&mut result);
                }
                Outcome::Result(result)
            }
            Err(Refused(code)) => Outcome::Result(json!({"problem": {
                "code": code, "detail": "refused by the hostile server",
            }})),
        },
        Kind::Result(result) => Outcome::Result(result),
        Kind::Error(text) => Outcome::Error(text),
        Kind::Http(http) => Outcome::Error(format!("status {}", http.status)),
        Kind::Silence => return Verdict::Silent,
        Kind::Cut => return Verdict::Cuts,
    })
}
