//! Makes a connection: negotiate, transport, handshake.

use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::AbortOnDropHandle;

use super::{
    command::Queues, error::ConnectError, handle::HubClient, negotiate::is_web, open::open,
    options::ConnectOptions, reopen::Reopening, stream::IncomingStream, task::Task,
};
use crate::client::{clock, machine::ClientMachine};

/// How many orders wait that need no room; there are few.
const CONTROLS: usize = 4;

/// Connects to a hub and shakes hands.
///
/// # Errors
/// [`ConnectError`] that says whose fault it is and whether to try again.
pub async fn connect(options: ConnectOptions) -> Result<(HubClient, IncomingStream), ConnectError> {
    let limit = options.connect_timeout;
    timeout(limit, connect_in_time(options))
        .await
        .unwrap_or(Err(ConnectError::Timeout))
}

async fn connect_in_time(
    options: ConnectOptions,
) -> Result<(HubClient, IncomingStream), ConnectError> {
    if !is_web(&options.url) {
        let text = "the scheme must be http or https";
        return Err(ConnectError::Address(text.to_owned()));
    }
    let opened = open(&options).await?;
    let (command, commands) = mpsc::channel(options.outgoing_queue);
    let (control, controls) = mpsc::channel(CONTROLS);
    let (incoming, stream) = mpsc::channel(options.incoming_queue);
    let machine = ClientMachine::new(options.machine, clock::now());
    let mut machine = machine.over(opened.transport.carrier());
    let mut reopening = None;
    if let (Some(way), Some(settings)) = (opened.way, options.stateful) {
        machine = machine.stateful(settings.buffer);
        reopening = Some(Box::new(Reopening::new(way, settings)));
    }
    let queues = Queues {
        commands,
        controls,
        incoming,
    };
    let mut task = Task::new(
        machine,
        options.machine,
        queues,
        opened.transport,
        reopening,
    );
    task.shake_hands().await?;
    let refreshing = opened
        .refresher
        .map(|refresher| AbortOnDropHandle::new(tokio::spawn(refresher.run())));
    tokio::spawn(async move {
        task.run().await;
        drop(refreshing);
    });
    let protocol = options.machine.protocol;
    Ok((
        HubClient::new(command, control, protocol, opened.connection_id),
        IncomingStream::new(stream),
    ))
}
