//! One connection of a sink: a task that reads requests and answers them.

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use h2::{
    Reason, RecvStream,
    server::{Builder, SendResponse},
};
use http::Request as HttpRequest;
use tokio::io::{AsyncRead, AsyncWrite};

use super::tally::{Request, Tally};

/// The most bytes of a body. The services take less than 5,200.
const LARGEST_BODY: usize = 64 * 1024;
/// What APNs announces.
const STREAMS: u32 = 1_000;
/// How much of one body a sender may send ahead, and of all bodies of a connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// Answers requests until the connection ends.
///
/// # Errors
/// What ended it.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    tally: &Tally,
) -> Result<(), h2::Error> {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(STREAMS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(16 * 1024);
    let mut connection = builder.handshake::<_, Bytes>(stream).await?;
    let mut open = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            // A stream that fails is its request's end, and not the connection's.
            Some(_) = open.next() => {}
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => open.push(answer(request, respond, tally)),
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
        }
    }
}

async fn answer(
    request: HttpRequest<RecvStream>,
    mut respond: SendResponse<Bytes>,
    tally: &Tally,
) -> Result<(), h2::Error> {
    let (head, body) = request.into_parts();
    let Some(body) = read(body).await? else {
        respond.send_reset(Reason::ENHANCE_YOUR_CALM);
        return Ok(());
    };
    let (route, number) = tally.count(Request {
        method: &head.method,
        path: head.uri.path(),
        headers: &head.headers,
        body: &body,
    });
    let (answer, text) = route.answer(number, &head.headers);
    let mut stream = respond.send_response(answer, text.is_empty())?;
    if !text.is_empty() {
        stream.send_data(text, true)?;
    }
    Ok(())
}

/// The body; nothing if it is too long.
async fn read(mut body: RecvStream) -> Result<Option<Bytes>, h2::Error> {
    let mut whole = BytesMut::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        if whole.len() + data.len() > LARGEST_BODY {
            return Ok(None);
        }
        if whole.is_empty() && body.is_end_stream() {
            // Most bodies are one frame.
            return Ok(Some(data));
        }
        whole.extend_from_slice(&data);
    }
    Ok(Some(whole.freeze()))
}
