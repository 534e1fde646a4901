//! Pushes that come beside the live connection: to the extension of a device that does not run.

use std::time::Duration;

use rand::{RngExt as _, rngs::StdRng};
use serde_json::json;
use vestnik_model::NotificationId;
use vestnik_testkit::{
    backend::to_user,
    ledger::{Acknowledged, Ledger},
    name::user,
};

use crate::{fixture::Fixture, process::Process, role::PushPoint};

/// How an extension's life ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PushDeath {
    ByClock(Duration),
    At(PushPoint),
}

impl PushDeath {
    pub(crate) fn draw(rng: &mut StdRng) -> Self {
        if rng.random_bool(0.5) {
            return Self::ByClock(Duration::from_millis(rng.random_range(0..40)));
        }
        Self::At(PushPoint::ALL[rng.random_range(0..PushPoint::ALL.len())])
    }

    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::ByClock(_) => "extension-by-clock",
            Self::At(PushPoint::BeforeDrawing) => "extension-before-drawing",
            Self::At(PushPoint::AfterDrawing) => "extension-after-drawing",
            Self::At(PushPoint::AfterTelling) => "extension-after-telling",
        }
    }

    const fn point(self) -> Option<PushPoint> {
        match self {
            Self::ByClock(_) => None,
            Self::At(point) => Some(point),
        }
    }
}

/// Publishes to a device that does not run, gives the push to its extension, and kills the extension. The
/// device may be started when this returns: the extension has written, or is gone.
pub(crate) async fn strike(
    fixture: &Fixture,
    device: &str,
    number: u64,
    (death, slow): (PushDeath, Duration),
) -> anyhow::Result<Process> {
    let request = to_user(&user(device), &format!("push {number}"));
    let accepted = fixture.backend.publish(&request).await?;
    let promise = Acknowledged {
        notification: accepted.id,
        devices: vec![device.to_owned()],
    };
    Ledger::open(&fixture.promised(device))?.append(std::slice::from_ref(&promise))?;
    fixture
        .progress
        .send_modify(|progress| progress.acknowledge(&promise));
    let push = payload(fixture, device, accepted.id).await?;
    let mut process = fixture
        .extension(device, &push, (slow, death.point()))
        .await?;
    if let PushDeath::ByClock(after) = death {
        tokio::time::sleep(after).await;
        process.strike()?;
    }
    process.written_or_gone().await?;
    Ok(process)
}

/// What the server would send by a push service.
async fn payload(fixture: &Fixture, device: &str, id: NotificationId) -> anyhow::Result<Vec<u8>> {
    let view = fixture.backend.notification(id).await?;
    let push = json!({
        "user": device,
        "notification": {
            "id": id,
            "title": view.notification.title,
            "acceptedAt": view.accepted_at,
            "expiresAt": view.expires_at,
        },
    });
    Ok(serde_json::to_vec(&push)?)
}
