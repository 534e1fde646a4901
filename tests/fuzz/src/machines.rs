//! Each end of a connection, whose peer says anything at all.

use std::time::Duration;

use vestnik_signalr::{
    client::{
        self as hub, ClientMachine, MachineConfig,
        machine::{Event, Output as ClientOutput},
    },
    message::{Arguments, CompletionOutcome},
    payload::Payload,
    protocol::Protocol,
    server::machine::{Ask, Call, Input, Output, ResultKey, ServerConfig, ServerMachine},
};

use crate::{chunks, start::start};

const HANDSHAKE: &[u8] = b"{\"protocol\":\"json\",\"version\":1}\x1e";
/// The largest message; small, so that the limit is met.
const LIMIT: usize = 1_024;

/// The server's machine writes whole messages only, and says nothing once it has closed.
pub(crate) fn server(data: &[u8]) {
    let config = ServerConfig {
        max_message: LIMIT,
        ..ServerConfig::default()
    };
    let mut now = start();
    let mut machine = ServerMachine::new(config, now);
    let mut is_closed = false;
    // One half of the inputs gets past the handshake at once.
    if data.first().is_some_and(|byte| byte % 2 == 0) {
        machine.handle(now, Input::Received(HANDSHAKE));
        is_closed = serve(&mut machine, now, is_closed);
    }
    for chunk in chunks(data) {
        machine.handle(now, Input::Received(chunk));
        is_closed = serve(&mut machine, now, is_closed);
        now += Duration::from_millis(u64::from(chunk[0]) * 100);
        if machine.deadline().is_some_and(|deadline| deadline <= now) {
            machine.handle(now, Input::Tick);
            is_closed = serve(&mut machine, now, is_closed);
        }
    }
}

/// Does what the machine asks, every call answered at once.
fn serve(machine: &mut ServerMachine, now: std::time::Instant, mut is_closed: bool) -> bool {
    while let Some(output) = machine.poll() {
        assert!(!is_closed, "nothing follows the end: {output:?}");
        match output {
            Output::Send(frame) => assert!(frame.ends_with(b"\x1e")),
            Output::Dispatch(call) => answer(machine, now, &call),
            Output::Close => is_closed = true,
            Output::Opened(_) => {
                machine.handle(now, Input::Welcomed);
                ask(machine, now);
            }
            Output::Result(..) => ask(machine, now),
            Output::UploadItem(key, _) => machine.handle(now, Input::UploadTaken(key)),
            Output::Cancel(_)
            | Output::CancelCall(_)
            | Output::UploadEnded(..)
            | Output::DropUpload(_) => {}
        }
    }
    is_closed
}

fn answer(machine: &mut ServerMachine, now: std::time::Instant, call: &Call) {
    let void = CompletionOutcome::Void;
    if call.streaming {
        machine.handle(now, Input::Item(call.key, Payload::null(Protocol::Json)));
        machine.handle(now, Input::StreamEnded(call.key, void));
    } else {
        machine.handle(now, Input::Completed(call.key, void));
    }
}

/// Awaits an answer, so that the client's completions find somebody.
fn ask(machine: &mut ServerMachine, now: std::time::Instant) {
    machine.handle(
        now,
        Input::Ask(Ask {
            key: ResultKey(1),
            target: "Ask".to_owned(),
            arguments: Arguments::default(),
            until: Some(now + Duration::from_secs(5)),
        }),
    );
}

/// The client's machine ends each of its calls once at the most, and itself once.
pub(crate) fn client(data: &[u8]) {
    let config = MachineConfig {
        max_message_bytes: LIMIT,
        ..MachineConfig::default()
    };
    let mut now = start();
    let mut machine = ClientMachine::new(config, now);
    if data.first().is_some_and(|byte| byte % 2 == 0) {
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
        while let Some(output) = machine.poll() {
            assert!(!is_closed, "nothing follows the end: {output:?}");
            match output {
                ClientOutput::Send(frame) => assert!(frame.ends_with(b"\x1e")),
                ClientOutput::Event(Event::Completed { id, .. }) => {
                    assert!(!completed.contains(&id), "{id} ended twice");
                    completed.push(id);
                }
                ClientOutput::Event(Event::Closed(_)) => is_closed = true,
                ClientOutput::Probe
                | ClientOutput::Event(
                    Event::Opened
                    | Event::Invocation(_)
                    | Event::Item { .. }
                    | Event::UploadOver(_),
                ) => {}
            }
        }
    }
}
