//! The client.

use std::{error::Error as _, sync::Arc};

use bytes::BytesMut;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, client::conn::TrySendError};
use tokio::time::timeout;

use crate::{
    answer::{Answer, Ending, Source},
    body::Watched,
    dial::Dialer,
    error::{ConnectError, SendError},
    lane::Choice,
    limits::Limits,
    link::{self, Protocol},
    place::Place,
    pool::{Cell, Key, Lease, Opening, Pool},
    reach::Reach,
    resolve::{Resolve, SystemResolver},
    trust::{Trust, TrustError},
    writing::{Writing, Written},
};

/// An HTTP client with its connections. Clones share them.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    dialer: Arc<Dialer>,
    pool: Pool,
    limits: Limits,
}

impl Client {
    /// A client that asks the operating system for names.
    ///
    /// # Errors
    /// [`TrustError`] if the certificates cannot be used.
    pub fn new(reach: Reach, trust: &Trust, limits: Limits) -> Result<Self, TrustError> {
        Self::with_resolver(reach, trust, limits, SystemResolver::default())
    }

    /// A client that asks `resolver` for names.
    ///
    /// # Errors
    /// [`TrustError`] if the certificates cannot be used.
    pub fn with_resolver(
        reach: Reach,
        trust: &Trust,
        limits: Limits,
        resolver: impl Resolve,
    ) -> Result<Self, TrustError> {
        let inner = Inner {
            dialer: Arc::new(Dialer::new(reach, trust, Box::new(resolver))?),
            pool: Pool::new(limits),
            limits,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The same client with connections of its own, none of which clones of this one use: whoever sends by it waits for
    /// nobody else's requests to the same origin.
    #[must_use]
    pub fn apart(&self) -> Self {
        let Inner { dialer, limits, .. } = &*self.inner;
        Self {
            inner: Arc::new(Inner {
                dialer: Arc::clone(dialer),
                pool: Pool::new(*limits),
                limits: *limits,
            }),
        }
    }

    /// Sends a request and reads the answer, whatever its status. The request needs a whole address;
    /// host and version are set here. Nothing is sent twice.
    ///
    /// # Errors
    /// [`SendError`], which says whether the request may have been processed.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        protocol: Protocol,
    ) -> Result<Answer, SendError> {
        self.send_noted(request, protocol, &Writing::default())
            .await
    }

    /// Does the same as [`send`](Self::send) for somebody who may drop the future: `writing` says then
    /// whether the request may have been processed.
    ///
    /// # Errors
    /// [`SendError`], which says whether the request may have been processed.
    pub async fn send_noted(
        &self,
        request: Request<Vec<u8>>,
        protocol: Protocol,
        writing: &Writing,
    ) -> Result<Answer, SendError> {
        let inner = &self.inner;
        let place = Place::of(request.uri())?;
        inner.dialer.check(&place)?;
        let key = Key { place, protocol };
        let mut lease = inner.lease(&key).await?;
        let (parts, body) = request.into_parts();
        let written = writing.begin();
        let body = Watched::new(body, written.clone());
        let response = inner
            .head(&mut lease, Request::from_parts(parts, body), &written)
            .await?;
        Ok(inner.read(lease, response).await)
    }

    /// Sends nothing more over the connection that an answer came over. It ends after the requests that
    /// it has.
    pub fn retire(&self, answer: &Answer) {
        if let Some(cell) = answer.source.cell.upgrade() {
            cell.retire(answer.source.id);
        }
    }
}

impl Inner {
    /// A place on a connection, within the time for that.
    async fn lease(&self, key: &Key) -> Result<Lease, SendError> {
        let (wait, mut is_opening) = (self.limits.connect, false);
        let Some(cell) = self.pool.cell(key) else {
            return Err(SendError::Busy(std::time::Duration::ZERO));
        };
        let leased = timeout(wait, self.find(&cell, key, &mut is_opening)).await;
        leased.unwrap_or(Err(if is_opening {
            ConnectError::Time.into()
        } else {
            SendError::Busy(wait)
        }))
    }

    async fn find(
        &self,
        cell: &Arc<Cell>,
        key: &Key,
        is_opening: &mut bool,
    ) -> Result<Lease, SendError> {
        loop {
            let changed = cell.changed.notified();
            let mut changed = std::pin::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            match cell.choose() {
                Choice::Wait => changed.await,
                Choice::Use(id) => {
                    let Some(mut lease) = Lease::take(cell, id) else {
                        continue;
                    };
                    if let Some(sender) = lease.sender()
                        && sender.is_ready().await
                    {
                        return Ok(lease);
                    }
                    lease.is_good = false;
                }
                Choice::Open(id) => {
                    *is_opening = true;
                    let cell = Arc::clone(cell);
                    let opening = Opening {
                        cell,
                        id,
                        is_open: false,
                    };
                    return self.open(opening, key).await;
                }
            }
        }
    }

    async fn open(&self, mut opening: Opening, key: &Key) -> Result<Lease, SendError> {
        let line = self.dialer.open(&key.place, key.protocol).await?;
        let link = link::handshake(line, &self.limits).await?;
        let (cell, id) = (&opening.cell, opening.id);
        let lease = Lease::first(cell, id, link.sender, link.capacity);
        let weak = Arc::downgrade(cell);
        tokio::spawn(link::run(link.connection, weak, id, self.limits.idle));
        opening.is_open = true;
        Ok(lease)
    }

    async fn head(
        &self,
        lease: &mut Lease,
        request: Request<Watched>,
        written: &Written,
    ) -> Result<Response<Incoming>, SendError> {
        let Some(sender) = lease.sender() else {
            return Err(SendError::Unwritten);
        };
        match timeout(self.limits.answer, sender.send(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => {
                lease.is_good = is_reset(error.error());
                Err(unanswered(error, written))
            }
            Err(_) => {
                // The connection may be dead without a sign.
                lease.is_good = false;
                Err(if written.is() {
                    SendError::Unanswered
                } else {
                    SendError::Unwritten
                })
            }
        }
    }

    async fn read(&self, mut lease: Lease, response: Response<Incoming>) -> Answer {
        let (parts, mut body) = response.into_parts();
        let mut bytes = BytesMut::new();
        let filled = fill(&mut body, &mut bytes, self.limits.answer_bytes);
        let ending = timeout(self.limits.body, filled)
            .await
            .unwrap_or(Ending::Broken);
        let source = Source {
            cell: Arc::downgrade(lease.cell()),
            id: lease.id,
        };
        lease.is_good |= ending == Ending::Whole;
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: bytes.freeze(),
            ending,
            source,
        }
    }
}

#[cfg(test)]
impl Client {
    /// How many connections there are or are being opened.
    pub(crate) fn links(&self) -> usize {
        self.inner.pool.count(crate::lane::Lane::links)
    }

    /// How many of them take another request, now or later.
    pub(crate) fn usable_links(&self) -> usize {
        self.inner.pool.count(crate::lane::Lane::usable)
    }

    /// How many requests have a connection.
    pub(crate) fn streams(&self) -> usize {
        self.inner.pool.count(crate::lane::Lane::streams)
    }

    /// How many origins are remembered.
    pub(crate) fn origins(&self) -> usize {
        self.inner.pool.origins()
    }
}

async fn fill(body: &mut Incoming, bytes: &mut BytesMut, cap: usize) -> Ending {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Ending::Broken;
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let room = cap - bytes.len();
        if data.len() > room {
            bytes.extend_from_slice(&data[..room]);
            return Ending::Cut;
        }
        bytes.extend_from_slice(&data);
    }
    Ending::Whole
}

/// What a request without an answer came to.
fn unanswered(mut error: TrySendError<Request<Watched>>, written: &Written) -> SendError {
    let is_unsent = error.take_message().is_some() || !written.is();
    let error = error.into_error();
    if is_unsent || is_refused(&error) {
        SendError::Unprocessed(error)
    } else {
        SendError::Lost(error)
    }
}

/// Whether the peer said that it did not process the request: by GOAWAY, after which a stream ends only
/// if its number is above the last that was processed, or by `REFUSED_STREAM` (RFC 9113, 8.7).
fn is_refused(error: &hyper::Error) -> bool {
    http2(error).is_some_and(|error| {
        let is_refused_stream = error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (error.is_go_away() || error.is_reset() && is_refused_stream)
    })
}

/// Whether one stream ended, and not the connection.
fn is_reset(error: &hyper::Error) -> bool {
    http2(error).is_some_and(h2::Error::is_reset)
}

fn http2(error: &hyper::Error) -> Option<&h2::Error> {
    error.source()?.downcast_ref()
}
