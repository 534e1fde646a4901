//! What the server sends by one hub connection, encoded in the connection's protocol.

use anyhow::Context as _;
use serde_json::Value;
use tokio::{io::AsyncWrite, sync::mpsc};
use vestnik_signalr::{
    message::{
        Arguments, Completion, CompletionOutcome, Headers, Invocation, InvocationId, Message,
    },
    payload::Payload,
    protocol::Protocol,
};

use super::{
    answer::Call,
    frame::{self, Opcode},
    valve::Valve,
};

/// How many frames wait for the socket before who sends waits.
const WAITING: usize = 1_024;

/// The way to one hub connection's socket. Clones lead to the same one.
#[derive(Debug, Clone)]
pub(super) struct Outlet {
    protocol: Protocol,
    sender: mpsc::Sender<Out>,
}

/// What goes to the socket.
#[derive(Debug)]
pub(super) enum Out {
    Bytes(Vec<u8>),
    /// The connection breaks.
    Cut,
}

/// How a hub method ends.
#[derive(Debug)]
pub(super) enum Outcome {
    Result(Value),
    Error(String),
}

impl Outlet {
    /// The way to a socket, and what comes out of it there.
    pub(super) fn new(protocol: Protocol) -> (Self, mpsc::Receiver<Out>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { protocol, sender }, receiver)
    }

    pub(super) const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// A call as a message of the protocol.
    pub(super) fn call(&self, call: &Call) -> anyhow::Result<Vec<u8>> {
        Ok(self.encode(&Message::Invocation(Invocation {
            target: call.target.clone(),
            arguments: Arguments::write(self.protocol, &(&call.argument,))?,
            ..Invocation::default()
        })))
    }

    /// The end of a call as a message of the protocol.
    pub(super) fn completion(&self, id: InvocationId, outcome: Outcome) -> anyhow::Result<Vec<u8>> {
        let outcome = match outcome {
            Outcome::Result(value) => {
                CompletionOutcome::Result(Payload::write(self.protocol, &value)?)
            }
            Outcome::Error(text) => CompletionOutcome::Error(text),
        };
        Ok(self.encode(&Message::Completion(Completion {
            invocation_id: id,
            outcome,
            headers: Headers::new(),
        })))
    }

    pub(super) fn encode(&self, message: &Message) -> Vec<u8> {
        self.protocol.encode(message).to_vec()
    }

    /// Sends messages in one frame.
    pub(super) async fn send(&self, messages: &[u8]) -> anyhow::Result<()> {
        let opcode = Opcode::of(self.protocol.transfer_format());
        self.send_bytes(frame::encode(opcode, messages)).await
    }

    /// Sends bytes as they are, below WebSocket.
    pub(super) async fn send_bytes(&self, bytes: Vec<u8>) -> anyhow::Result<()> {
        let sent = self.sender.send(Out::Bytes(bytes)).await;
        sent.ok().context("the connection has ended")
    }

    /// Breaks the connection, behind what was sent before.
    pub(super) async fn cut(&self) -> anyhow::Result<()> {
        let sent = self.sender.send(Out::Cut).await;
        sent.ok().context("the connection has ended")
    }
}

/// Writes what comes out, as the valve lets it pass, until a cut.
pub(super) async fn drain(
    mut from: mpsc::Receiver<Out>,
    to: &mut (impl AsyncWrite + Unpin),
    valve: &Valve,
) -> anyhow::Result<()> {
    while let Some(Out::Bytes(bytes)) = from.recv().await {
        valve.write(to, &bytes).await?;
    }
    Ok(())
}
