//! Makes a connection: negotiate, socket, handshake.

use tokio::{sync::mpsc, time::timeout};

use super::{
    error::ConnectError,
    handle::HubClient,
    negotiate::{Negotiated, is_web, negotiate},
    options::ConnectOptions,
    socket::{self, Target},
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
    let (url, token, connection_id) = if options.skip_negotiation {
        (options.url.clone(), options.token.clone(), None)
    } else {
        let Negotiated {
            url,
            token,
            connection_id,
        } = negotiate(&options).await?;
        (url, token, Some(connection_id))
    };
    let bearer = match token {
        Some(source) => Some(source.token().await?),
        None => None,
    };
    let target = Target {
        url: &url,
        bearer: bearer.as_ref(),
        headers: &options.headers,
        proxy: options.proxy.as_ref(),
        max_message_bytes: options.machine.max_message_bytes,
    };
    let socket = socket::open(target).await?;
    let (commands, queue) = mpsc::channel(options.outgoing_queue);
    let (incoming, stream) = mpsc::channel(options.incoming_queue);
    let protocol = options.machine.protocol;
    let mut task = Task::new(socket, options.machine, clock::now(), queue, incoming);
    task.shake_hands().await?;
    tokio::spawn(task.run());
    Ok((
        HubClient::new(commands, protocol, connection_id),
        IncomingStream::new(stream),
    ))
}
