//! Makes a connection: negotiate, transport, handshake.

use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::AbortOnDropHandle;

use super::{
    error::ConnectError,
    handle::HubClient,
    negotiate::is_web,
    open::{Opened, open},
    options::ConnectOptions,
    stream::IncomingStream,
    task::Task,
};
use crate::client::clock;

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
    let Opened {
        transport,
        connection_id,
        refresher,
    } = open(&options).await?;
    let (commands, queue) = mpsc::channel(options.outgoing_queue);
    let (incoming, stream) = mpsc::channel(options.incoming_queue);
    let protocol = options.machine.protocol;
    let mut task = Task::new(transport, options.machine, clock::now(), queue, incoming);
    task.shake_hands().await?;
    let refreshing =
        refresher.map(|refresher| AbortOnDropHandle::new(tokio::spawn(refresher.run())));
    tokio::spawn(async move {
        task.run().await;
        drop(refreshing);
    });
    Ok((
        HubClient::new(commands, protocol, connection_id),
        IncomingStream::new(stream),
    ))
}
