//! A server in a process of its own, and a client that uploads in parts.

use std::{
    ffi::OsString,
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{Method, StatusCode};
use serde_json::json;
use vestnik_model::{
    AudienceFile, AudienceFileState, AudienceId, AudienceRequest, NotificationId, PublishRequest,
    publish::ContentRequest, route,
};
use vestnik_testkit::{server::integrity, wait::approached};

use super::file::Recipients;
use crate::{fixture::Fixture, process::Process, tally::Tally};

/// The most bytes of a part.
const PART: u64 = 512 * 1_024;
/// Longer than a row of work is claimed.
const LEASE: Duration = Duration::from_secs(31);
const AT_ONCE: usize = 8;

pub(super) struct Stage {
    pub(super) fixture: Fixture,
    file: PathBuf,
    server: Option<Process>,
    ahead: Duration,
    /// The most memory that a server process had, in kilobytes.
    peak: u64,
}

impl Stage {
    pub(super) async fn prepare() -> anyhow::Result<Self> {
        let fixture = Fixture::prepare(0).await?;
        let mut stage = Self {
            file: fixture.acknowledged().with_file_name("recipients.csv"),
            fixture,
            server: None,
            ahead: Duration::ZERO,
            peak: 0,
        };
        stage.start().await?;
        Ok(stage)
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        let more = [
            OsString::from("--unlimited"),
            "--ahead-millis".into(),
            self.ahead.as_millis().to_string().into(),
        ];
        self.server = Some(self.fixture.server_with(&more).await?);
        Ok(())
    }

    async fn kill(&mut self) -> anyhow::Result<()> {
        self.measure();
        let server = self.server.take().context("the server runs")?;
        server.kill().await?;
        self.ahead += LEASE;
        self.start().await
    }

    /// Notes how much memory the server had at most. Only Linux tells it.
    fn measure(&mut self) {
        let id = self.server.as_ref().and_then(Process::id);
        let status = id.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/status")).ok());
        let peak = status.as_deref().and_then(|status| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        });
        self.peak = self.peak.max(peak.unwrap_or(0));
    }

    /// Sets the mailboxes of those who are named by them.
    pub(super) async fn give_addresses(&self, recipients: &Recipients) -> anyhow::Result<()> {
        let backend = &self.fixture.backend;
        let given = recipients.mailboxes.iter().map(async |(person, mailbox)| {
            let path = route::with(route::USER_EMAIL, person);
            let request = backend.request(Method::PUT, &path)?;
            let answer = request.json(&json!({"address": mailbox})).send().await?;
            ensure!(answer.status().is_success(), "a mailbox is not set");
            Ok(())
        });
        let given = stream::iter(given).buffer_unordered(AT_ONCE);
        given.try_collect::<Vec<()>>().await.map(drop)
    }

    pub(super) async fn create(&self) -> anyhow::Result<AudienceId> {
        let request = json!({"name": "recipients", "format": "csv"});
        let answer = self
            .fixture
            .backend
            .post(route::AUDIENCES, &request)
            .await?;
        let audience: AudienceFile = answer.error_for_status()?.json().await?;
        Ok(audience.id)
    }

    /// Uploads the file. The server is killed in the middle of the parts in which these places lie.
    pub(super) async fn upload(
        &mut self,
        id: AudienceId,
        kills: &[u64],
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let (mut kills, mut answered) = (kills.iter().peekable(), 0);
        loop {
            let stands = self.audience(id).await?;
            if stands.bytes < answered {
                let what = format!("{} of {answered}", stands.bytes);
                tally.fault("bytes lost that were answered", what);
            }
            if stands.state == AudienceFileState::Ready {
                return Ok(());
            }
            let (bytes, is_last) = self.part(stands.bytes)?;
            let place = kills.peek().copied();
            let is_struck = place.is_some_and(|place| *place < stands.bytes + bytes.len() as u64);
            let request = self
                .fixture
                .backend
                .request(
                    Method::PATCH,
                    &route::with(route::AUDIENCE, &id.to_string()),
                )?
                .header("content-type", "application/partial-upload")
                .header("upload-offset", stands.bytes)
                .header("upload-complete", if is_last { "?1" } else { "?0" })
                .body(bytes);
            if is_struck && let Some(place) = kills.next() {
                let sending = tokio::spawn(request.send());
                answered = self.stored_beyond(id, *place).await?;
                self.kill().await?;
                // It may have been answered before.
                drop(sending.await);
                continue;
            }
            let answer = request.send().await?;
            ensure!(
                answer.status() == StatusCode::OK,
                "refused: {}",
                answer.text().await?
            );
            let audience: AudienceFile = answer.json().await?;
            answered = audience.bytes;
        }
    }

    /// Waits until the server has stored more than so many bytes; tells how many.
    async fn stored_beyond(&self, id: AudienceId, place: u64) -> anyhow::Result<u64> {
        let stored = approached("the bytes before a kill", async || {
            let bytes = self.audience(id).await?.bytes;
            Ok((bytes, bytes > place))
        });
        stored.await
    }

    async fn audience(&self, id: AudienceId) -> anyhow::Result<AudienceFile> {
        let path = route::with(route::AUDIENCE, &id.to_string());
        self.fixture.backend.get(&path).await
    }

    fn part(&self, from: u64) -> anyhow::Result<(Vec<u8>, bool)> {
        let mut file = File::open(&self.file)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(PART).read_to_end(&mut bytes)?;
        let is_last = from + bytes.len() as u64 == length;
        Ok((bytes, is_last))
    }

    pub(super) async fn publish(&self, id: AudienceId) -> anyhow::Result<NotificationId> {
        let request = PublishRequest {
            to: AudienceRequest {
                audiences: vec![id],
                ..AudienceRequest::default()
            },
            notification: ContentRequest {
                title: "Spring sale".to_owned(),
                ..ContentRequest::default()
            },
            ..PublishRequest::default()
        };
        let accepted = self.fixture.backend.publish(&request).await?;
        Ok(accepted.id)
    }

    /// Waits until everybody has a delivery. The server is killed when so many have one.
    pub(super) async fn expand(
        &mut self,
        id: NotificationId,
        kills: &[u64],
        people: u64,
    ) -> anyhow::Result<()> {
        for place in kills {
            self.expanded_beyond(id, *place).await?;
            self.kill().await?;
        }
        self.expanded_beyond(id, people.saturating_sub(1)).await
    }

    async fn expanded_beyond(&self, id: NotificationId, place: u64) -> anyhow::Result<()> {
        let backend = &self.fixture.backend;
        let expanded = approached("the deliveries", async || {
            let total = backend.notification(id).await?.counts.total();
            Ok((total, total > place))
        });
        expanded.await.map(drop)
    }

    pub(super) async fn stop(&mut self, tally: &mut Tally) -> anyhow::Result<()> {
        self.measure();
        tally.count("MB of memory at most", self.peak / 1_024);
        if let Some(server) = self.server.take() {
            server.stop().await?;
        }
        let found = integrity(self.fixture.database().as_path()).await?;
        if found != "ok" {
            tally.fault("files damaged", found);
        }
        Ok(())
    }
}
