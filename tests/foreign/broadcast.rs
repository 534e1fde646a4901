//! The guide for broadcast workers: every request of `docs/broadcast.md`, in its order, at the real server
//! with a push service and a foreign SMTP server.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use vestnik_model::{NotificationId, NotificationStatus, UserId};
use vestnik_testkit::{clock, name::user, wait::asked};

use crate::stage::Stage;

const PAGE: &str = include_str!("../../docs/broadcast.md");

/// A request of the page, and the status that the page says it is answered with.
struct Asked {
    method: Method,
    path: String,
    key: Option<String>,
    body: Option<Value>,
    status: u16,
}

/// The requests of the page, in its order.
fn requests() -> anyhow::Result<Vec<Asked>> {
    let blocks = PAGE.split("```http\n").skip(1);
    blocks
        .map(|block| read(block).context(block.to_owned()))
        .collect()
}

fn read(block: &str) -> anyhow::Result<Asked> {
    let (text, behind) = block.split_once("```").context("the block ends")?;
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let (method, path) = line.split_once(' ').context("a method and a path")?;
    let key = headers.trim().strip_prefix("Idempotency-Key: ");
    ensure!(key.is_some() || headers.trim().is_empty(), "another header");
    let status = behind.trim_start().strip_prefix("Answer: `");
    let status = status.and_then(|behind| behind.split_once('`'));
    Ok(Asked {
        method: method.parse()?,
        path: path.to_owned(),
        key: key.map(str::to_owned),
        body: (!body.trim().is_empty())
            .then(|| serde_json::from_str(body))
            .transpose()?,
        status: status.context("its answer is named")?.0.parse()?,
    })
}

/// The page as far as it was read.
struct Reading {
    stage: Stage,
    /// The notification that was made last.
    id: Option<NotificationId>,
}

impl Reading {
    /// Asks what the page asks; gives the answer.
    async fn ask(&mut self, asked: Asked) -> anyhow::Result<Value> {
        let id = self.id.map(|id| id.to_string()).unwrap_or_default();
        let path = asked.path.replace("{id}", &id);
        let mut request = self.stage.server.backend.request(asked.method, &path)?;
        if let Some(key) = asked.key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(mut body) = asked.body {
            if let Some(at) = body.pointer_mut("/schedule/send_at") {
                *at = json!(clock::timestamp() + SignedDuration::from_hours(1));
            }
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let bytes = answer.bytes().await?;
        let text = String::from_utf8_lossy(&bytes);
        ensure!(status == asked.status, "{path}: {status} {text}");
        let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let made = value["notification_id"].as_str();
        let made = made.or_else(|| value["id"].as_str().filter(|_| status == 202));
        if let Some(made) = made {
            self.id = Some(made.parse()?);
        }
        Ok(value)
    }

    /// Waits until the last notification is settled in the worker's words.
    async fn becomes(&self, legacy_status: &str) -> anyhow::Result<()> {
        let id = self.id.context("there is a notification")?;
        asked(legacy_status, async || {
            let view = self.stage.server.backend.notification(id).await?;
            Ok((view.legacy_status == legacy_status).then_some(()))
        })
        .await
    }
}

#[tokio::test]
#[ignore = "needs a Python with aiosmtpd: cargo xtask interop --only foreign"]
async fn every_request_of_the_page_does_what_it_says() -> anyhow::Result<()> {
    let stage = Stage::new(Duration::ZERO).await?;
    let anna: UserId = user("anna");
    let device = "ins_0192f0c1000070008000000000000001".parse()?;
    let phone = stage.phone_of(&anna, device, "granted").await?;
    let mut reading = Reading { stage, id: None };
    let mut made = 0;
    for asked in requests()? {
        let answer = reading.ask(asked).await?;
        if answer["status"] == "scheduled" {
            reading.becomes("SCHEDULED").await?;
            reading.stage.clock.advance(Duration::from_secs(3_601));
            reading.becomes("SENT").await?;
            // Anna by push, Bert by a letter, and neither twice.
            assert_eq!(reading.stage.simulator.received(&phone).len(), 1);
            let letters = reading.stage.letters(1).await?;
            assert_eq!(letters[0].recipients, ["bert@shop.example"]);
            assert_eq!(letters[0].subject, "The office moves");
            made += 1;
        } else if answer["id"].is_string() && answer.get("counts").is_none() {
            reading.becomes("ERROR").await?;
            made += 1;
        } else if let Some(receivers) = answer.get("success_receivers") {
            reading.becomes("SENT").await?;
            let count = |list: &str| receivers[list].as_array().map_or(0, Vec::len);
            assert_eq!(count("device_ids") + count("emails"), 1, "{receivers}");
            made += 1;
        }
    }
    assert_eq!(made, 4, "the page shows all of it");
    assert_eq!(reading.stage.simulator.received(&phone).len(), 2);
    let letters = reading.stage.letters(2).await?;
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[1].recipients, ["bert@shop.example"]);
    let id = reading.id.context("there is a notification")?;
    let view = reading.stage.server.backend.notification(id).await?;
    assert_eq!(view.status, NotificationStatus::Sent);
    reading.stage.stop().await
}
