//! One mix, read by every reader.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, future::try_join_all, stream};
use rand::rngs::StdRng;
use serde_json::Value;
use vestnik_model::{PublishRequest, UserId};
use vestnik_testkit::{TestServer, name::user};

use crate::{
    mix,
    reader::{Kind, Owner, Reader},
    reading::Reading,
};

/// How many publishes are under way at once in the second half, so that live calls have many entries.
const AT_ONCE: usize = 16;
/// How many notifications the second half has.
const LIVE: usize = 100;

/// The largest that was seen.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    notifications: usize,
    pages: usize,
    live: usize,
    /// The bytes of the largest page, as JSON.
    pub(crate) page_bytes: usize,
    live_bytes: usize,
}

impl Seen {
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            notifications: self.notifications.max(other.notifications),
            pages: self.pages.max(other.pages),
            live: self.live.max(other.live),
            page_bytes: self.page_bytes.max(other.page_bytes),
            live_bytes: self.live_bytes.max(other.live_bytes),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} notifications, up to {} pages and {} live calls a reader, the largest page {} bytes, the \
             largest live call {} bytes",
            self.notifications, self.pages, self.live, self.page_bytes, self.live_bytes
        )
    }
}

/// A user, and what the user's devices have to read.
pub(crate) struct Round<'a> {
    server: &'a TestServer,
    user: UserId,
    number: u64,
    rng: StdRng,
    /// What was published, by id.
    expected: BTreeMap<String, Value>,
}

impl<'a> Round<'a> {
    /// Publishes the first half of a mix: more than one page of this many bytes.
    pub(crate) async fn begin(
        server: &'a TestServer,
        number: u64,
        rng: StdRng,
        page_bytes: usize,
    ) -> anyhow::Result<Self> {
        let mut round = Self {
            server,
            user: user(&format!("mix-{number}")),
            number,
            rng,
            expected: BTreeMap::new(),
        };
        let mut bytes = 0;
        while bytes < page_bytes * 5 / 4 {
            let request = mix::draw(&mut round.rng, &round.user);
            bytes += serde_json::to_vec(&request)?.len();
            round.publish(vec![request]).await?;
        }
        Ok(round)
    }

    async fn publish(&mut self, requests: Vec<PublishRequest>) -> anyhow::Result<()> {
        let backend = &self.server.backend;
        let publish = async |request: PublishRequest| {
            let accepted = backend.publish(&request).await?;
            let expected = mix::expected(request, accepted.id)?;
            anyhow::Ok((accepted.id.to_string(), expected))
        };
        let mut publishing = stream::iter(requests)
            .map(publish)
            .buffer_unordered(AT_ONCE);
        while let Some(published) = publishing.next().await {
            self.expected.extend([published?]);
        }
        Ok(())
    }

    /// Lets every reader read the first half as pages and the second live.
    pub(crate) async fn run(mut self, python: &Path) -> anyhow::Result<Seen> {
        let mut readers = self.start(python).await?;
        let mut seen = Seen::default();
        seen.note(&self.read(&mut readers).await?);
        let live = (0..LIVE).map(|_| mix::draw(&mut self.rng, &self.user));
        let live = live.collect();
        self.publish(live).await?;
        seen.note(&self.read(&mut readers).await?);
        for (reader, kind) in readers.into_iter().zip(Kind::ALL) {
            reader.stop().await.with_context(|| kind.name())?;
        }
        seen.notifications = self.expected.len();
        Ok(seen)
    }

    async fn start(&self, python: &Path) -> anyhow::Result<Vec<Reader>> {
        let start = async |(index, kind): (u128, Kind)| {
            let owner = Owner {
                server: self.server,
                user: &self.user,
                number: u128::from(self.number) * 100 + index,
                python,
            };
            let reader = Reader::start(kind, owner).await;
            reader.with_context(|| kind.name())
        };
        try_join_all((0..).zip(Kind::ALL).map(start)).await
    }

    /// What is new is read by everyone, whole, once, and in the same order.
    async fn read(&self, readers: &mut [Reader]) -> anyhow::Result<Vec<Reading>> {
        let total = self.expected.len();
        let readings = readers
            .iter_mut()
            .zip(Kind::ALL)
            .map(async |(reader, kind)| {
                let reading = reader.read(total).await;
                reading.with_context(|| kind.name())
            });
        let readings = try_join_all(readings).await?;
        let order = ids(&readings[0]);
        for (reading, kind) in readings.iter().zip(Kind::ALL) {
            self.compare(&order, reading).with_context(|| kind.name())?;
        }
        Ok(readings)
    }

    fn compare(&self, order: &[String], reading: &Reading) -> anyhow::Result<()> {
        let ids = ids(reading);
        let is_same = if reading.is_ordered {
            ids == order
        } else {
            let distinct: BTreeSet<_> = ids.iter().collect();
            distinct.len() == ids.len() && distinct == order.iter().collect()
        };
        ensure!(is_same, "read {ids:?} where another reader read {order:?}");
        for (id, read) in ids.iter().zip(&reading.notifications) {
            let read = mix::comparable(read.clone());
            let expected = self.expected.get(id);
            ensure!(
                expected == Some(&read),
                "{expected:?} was published, {read} was read"
            );
        }
        Ok(())
    }
}

fn ids(reading: &Reading) -> Vec<String> {
    let id = |notification: &Value| notification["id"].as_str().map(str::to_owned);
    reading.notifications.iter().filter_map(id).collect()
}

impl Seen {
    fn note(&mut self, readings: &[Reading]) {
        for reading in readings {
            self.pages = self.pages.max(reading.pages);
            self.live = self.live.max(reading.live);
            let largest = match reading.live {
                0 => &mut self.page_bytes,
                _ => &mut self.live_bytes,
            };
            *largest = reading.largest.max(*largest);
        }
    }
}
