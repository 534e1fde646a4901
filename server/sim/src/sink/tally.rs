//! What a sink counts.

use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, Method};
use serde::{Deserialize, Serialize};

use super::{mark::mark, route::Route};

/// The most marks that are kept: 144 MiB of memory at most.
const MOST_MARKS: usize = 6_000_000;

/// How many requests a sink had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkCounts {
    /// For an access token.
    pub token: u64,
    /// Pushes to FCM.
    pub fcm: u64,
    /// Pushes to APNs.
    pub apns: u64,
    /// Pushes to subscriptions of Web Push.
    pub web_push: u64,
    /// Anything else, which was answered 404.
    pub other: u64,
    /// Bytes of the bodies of pushes.
    pub bytes: u64,
    /// How many pushes differ in their device or in what they collapse with; absent unless they are told
    /// apart, and once there are too many to be.
    pub distinct: Option<u64>,
}

impl SinkCounts {
    /// All pushes.
    #[must_use]
    pub const fn pushes(&self) -> u64 {
        self.fcm + self.apns + self.web_push
    }
}

/// The first push since the counts were begun, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The path.
    pub path: String,
    /// Names and values of the headers, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, in base64.
    pub body: String,
}

/// A request as it is counted.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What a sink counts.
#[derive(Debug)]
pub(super) struct Tally {
    counts: Mutex<Counts>,
    /// The number of the last request, which is in its answer.
    last: AtomicU64,
}

#[derive(Debug, Default)]
struct Counts {
    token: u64,
    fcm: u64,
    apns: u64,
    web_push: u64,
    other: u64,
    bytes: u64,
    marks: Option<Marks>,
    sample: OnceLock<Sample>,
}

#[derive(Debug, Default)]
struct Marks {
    seen: HashSet<u64>,
    is_over: bool,
}

impl Tally {
    pub(super) fn new(tells_apart: bool) -> Self {
        Self {
            counts: Mutex::new(Counts::new(tells_apart)),
            last: AtomicU64::new(0),
        }
    }

    /// Counts a request, and gives what it is and its number.
    pub(super) fn count(&self, request: Request<'_>) -> (Route, u64) {
        let route = Route::of(request.method, request.path, request.headers);
        self.lock().count(route, request);
        (route, self.last.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn view(&self) -> SinkCounts {
        self.lock().view()
    }

    /// The first push.
    pub(super) fn sample(&self) -> Option<Sample> {
        self.lock().sample.get().cloned()
    }

    /// Begins to count anew.
    pub(super) fn reset(&self) {
        let mut counts = self.lock();
        *counts = Counts::new(counts.marks.is_some());
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn new(tells_apart: bool) -> Self {
        Self {
            marks: tells_apart.then(Marks::default),
            ..Self::default()
        }
    }

    fn count(&mut self, route: Route, request: Request<'_>) {
        let count = match route {
            Route::Token => &mut self.token,
            Route::Fcm => &mut self.fcm,
            Route::Apns => &mut self.apns,
            Route::WebPush => &mut self.web_push,
            Route::Other => &mut self.other,
        };
        *count += 1;
        if !route.is_push() {
            return;
        }
        self.bytes += request.body.len() as u64;
        self.sample.get_or_init(|| sample(request));
        if let Some(marks) = &mut self.marks {
            let Request {
                path,
                headers,
                body,
                ..
            } = request;
            marks.note(mark(route, path, headers, body));
        }
    }

    fn view(&self) -> SinkCounts {
        let marks = self.marks.as_ref().filter(|marks| !marks.is_over);
        SinkCounts {
            token: self.token,
            fcm: self.fcm,
            apns: self.apns,
            web_push: self.web_push,
            other: self.other,
            bytes: self.bytes,
            distinct: marks.map(|marks| marks.seen.len() as u64),
        }
    }
}

impl Marks {
    fn note(&mut self, mark: u64) {
        if self.seen.len() < MOST_MARKS {
            self.seen.insert(mark);
        } else {
            self.is_over |= !self.seen.contains(&mark);
        }
    }
}

fn sample(request: Request<'_>) -> Sample {
    let headers = request.headers.iter();
    let headers = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), value.into_owned())
    });
    Sample {
        path: request.path.to_owned(),
        headers: headers.collect(),
        body: BASE64_STANDARD.encode(request.body),
    }
}
