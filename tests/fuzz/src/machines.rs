//! Each end of a connection, whose peer says anything at all.

use std::time::{Duration, Instant};

use vestnik_signalr::{
    client::{
        self as hub, ClientMachine, MachineConfig,
        machine::{Event, Output as ClientOutput},
    },
    framing::Deframer,
    handshake::HandshakeRequest,
    message::{Arguments, CompletionOutcome},
    payload::Payload,
    protocol::Protocol,
    server::machine::{
        Ask, Call, Input, Output, ResultKey, ServerConfig, ServerMachine, StatefulReconnect,
    },
};

use crate::{chunks, start::start};

/// The largest message; small, so that the limit is met.
const LIMIT: usize = 1_024;

/// The server's machine writes whole messages only, and says nothing once it has closed, whether or
/// not it outlives its socket.
pub(crate) fn server(data: &[u8]) {
    for is_stateful in [false, true] {
        one_server(data, is_stateful);
    }
}

fn one_server(data: &[u8], is_stateful: bool) {
    let config = ServerConfig {
        max_message: LIMIT,
        ..ServerConfig::default()
    };
    let now = start();
    let mut machine = ServerMachine::new(config, now);
    if is_stateful {
        machine = machine.granting(StatefulReconnect {
            buffer: LIMIT,
            ..StatefulReconnect::default()
        });
    }
    let mut hub = Hub {
        machine,
        now,
        protocol: Protocol::Json,
        is_closed: false,
    };
    // One half of the inputs gets past the handshake at once.
    if let (true, protocol) = choice(data) {
        let handshake = if is_stateful {
            HandshakeRequest::stateful(protocol)
        } else {
            HandshakeRequest::new(protocol)
        };
        let handshake = handshake.encode();
        hub.handle(Input::Received(&handshake));
    }
    for chunk in chunks(data) {
        hub.handle(Input::Received(chunk));
        hub.now += Duration::from_millis(u64::from(chunk[0]) * 100);
        let deadline = hub.machine.deadline();
        if deadline.is_some_and(|deadline| deadline <= hub.now) {
            hub.handle(Input::Tick);
        }
        if is_stateful && chunk[0].is_multiple_of(8) {
            hub.handle(Input::Detached);
        }
        if is_stateful && chunk[0].is_multiple_of(4) {
            hub.handle(Input::Attached);
        }
    }
}

/// Whether to get past the handshake, and in which protocol: the first byte's lowest bits.
fn choice(data: &[u8]) -> (bool, Protocol) {
    let byte = data.first().copied().unwrap_or(1);
    let protocol = if byte & 2 == 0 {
        Protocol::Json
    } else {
        Protocol::MessagePack
    };
    (byte & 1 == 0, protocol)
}

/// Whether a frame is one or more whole messages, or a handshake.
fn is_whole(protocol: Protocol, frame: &[u8]) -> bool {
    let mut deframer = Deframer::new(frame.len());
    deframer.set_framing(protocol.framing());
    deframer.push(frame);
    frame.ends_with(b"\x1e") || deframer.by_ref().all(|frame| frame.is_ok()) && deframer.is_empty()
}

struct Hub {
    machine: ServerMachine,
    now: Instant,
    protocol: Protocol,
    is_closed: bool,
}

impl Hub {
    /// Takes an input and does what the machine asks, every call answered at once.
    fn handle(&mut self, input: Input<'_>) {
        self.machine.handle(self.now, input);
        while let Some(output) = self.machine.poll() {
            assert!(!self.is_closed, "nothing follows the end: {output:?}");
            match output {
                Output::Send(frame) => assert!(is_whole(self.protocol, &frame)),
                Output::Dispatch(call) => self.answer(&call),
                Output::Close => self.is_closed = true,
                Output::Opened(protocol) => {
                    self.protocol = protocol;
                    self.machine.handle(self.now, Input::Welcomed);
                    self.ask();
                }
                Output::Result(..) => self.ask(),
                Output::UploadItem(key, _) => {
                    self.machine.handle(self.now, Input::UploadTaken(key));
                }
                Output::Cancel(_)
                | Output::CancelCall(_)
                | Output::UploadEnded(..)
                | Output::DropUpload(_) => {}
            }
        }
    }

    fn answer(&mut self, call: &Call) {
        let void = CompletionOutcome::Void;
        if call.streaming {
            let item = Input::Item(call.key, Payload::null(self.protocol));
            self.machine.handle(self.now, item);
            let end = Input::StreamEnded(call.key, void);
            self.machine.handle(self.now, end);
        } else {
            let end = Input::Completed(call.key, void);
            self.machine.handle(self.now, end);
        }
    }

    /// Awaits an answer, so that the client's completions find somebody.
    fn ask(&mut self) {
        let ask = Ask {
            key: ResultKey(1),
            target: "Ask".to_owned(),
            arguments: Arguments::default(),
            until: Some(self.now + Duration::from_secs(5)),
            from_welcome: false,
        };
        self.machine.handle(self.now, Input::Ask(ask));
    }
}

/// The client's machine ends each of its calls once at the most, and itself once, whether or not it
/// outlives its transport.
pub(crate) fn client(data: &[u8]) {
    for is_stateful in [false, true] {
        one_client(data, is_stateful);
    }
}

fn one_client(data: &[u8], is_stateful: bool) {
    let (is_open, protocol) = choice(data);
    let config = MachineConfig {
        max_message_bytes: LIMIT,
        protocol,
        ..MachineConfig::default()
    };
    let mut now = start();
    let mut machine = ClientMachine::new(config, now);
    if is_stateful {
        machine = machine.stateful(LIMIT);
    }
    if is_open {
        machine.handle_bytes(now, b"{}\x1e");
    }
    for _ in 0..2 {
        machine.invoke(now, hub::Call::new("Echo", Arguments::default()));
        let count = hub::Call::new("Count", Arguments::default());
        machine.stream(now, count.with_uploads(1));
    }
    let (mut completed, mut is_closed) = (Vec::new(), false);
    for chunk in chunks(data) {
        machine.handle_bytes(now, chunk);
        now += Duration::from_millis(u64::from(chunk[0]) * 100);
        machine.handle_tick(now);
        if is_stateful && chunk[0].is_multiple_of(8) {
            machine.handle_lost();
        }
        while let Some(output) = machine.poll() {
            assert!(!is_closed, "nothing follows the end: {output:?}");
            match output {
                ClientOutput::Send(frame) => assert!(is_whole(protocol, &frame)),
                ClientOutput::Event(Event::Completed { id, .. }) => {
                    assert!(!completed.contains(&id), "{id} ended twice");
                    completed.push(id);
                }
                ClientOutput::Event(Event::Closed(_)) => is_closed = true,
                ClientOutput::Reopen(_) => machine.handle_reopened(now),
                ClientOutput::Probe
                | ClientOutput::Event(
                    Event::Opened
                    | Event::Invocation(_)
                    | Event::Item { .. }
                    | Event::UploadOver(_)
                    | Event::Resuming
                    | Event::Resumed,
                ) => {}
            }
        }
    }
}
