//! Backups are restored under load, in the three ways that operators have: by the command, by a copied
//! file, and by all files of the database set back together, as a volume's snapshot does.
//!
//! Nothing is lost of what the restored file holds or of what is accepted after it, nothing is shown
//! twice, and every device comes back without being vouched for anew.

mod publisher;
mod snapshot;

use std::{path::Path, time::Duration};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use vestnik_model::NotificationId;
use vestnik_testkit::{
    DeviceStore, TestDevice, TestServer, clock,
    name::user,
    server::{Halt, Setup, integrity},
};

use self::{publisher::Publisher, snapshot::Way};
use crate::{
    tally::Tally,
    tier::{Tier, Trial},
};

/// How many users with a device each.
const USERS: usize = 4;
/// How many notifications each user is sent after a restore at least, beside as many as the restore
/// took away.
const AFTER: usize = 3;

const ZEROS: [&str; 4] = [
    "lost",
    "shown twice",
    "devices signed out",
    "faults of the file",
];

/// How many restores one server sees. Every device reads its whole log again after each, so that the time
/// of a long run on one server would grow with its square.
const ROUNDS: u64 = 25;

pub(crate) async fn run(tier: Tier, seed: u64) -> anyhow::Result<Tally> {
    let started = clock::instant();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut tally = Tally::new(Trial::Restore, &ZEROS);
    let mut left = tier.restores();
    while left > 0 {
        let rounds = left.min(ROUNDS);
        let mut trial = Restoring::begin(&mut rng).await?;
        for round in 0..rounds {
            trial.round(round).await?;
        }
        tally.add(trial.end().await?);
        left -= rounds;
    }
    Ok(tally.took(started.elapsed().as_secs_f64()))
}

async fn devices(server: &TestServer) -> anyhow::Result<Vec<TestDevice>> {
    let mut devices = Vec::new();
    for (number, name) in (1..).zip(names()) {
        let device = TestDevice::log_in(&server.backend, &user(&name), number).await?;
        device.online().await?;
        devices.push(device);
    }
    Ok(devices)
}

/// The names of the users.
fn names() -> impl Iterator<Item = String> {
    (0..USERS).map(|n| format!("user-{n}"))
}

/// A device during a restore.
enum Seat {
    Here(TestDevice),
    Away(DeviceStore),
}

impl Seat {
    fn come_back(self) -> TestDevice {
        match self {
            Self::Here(device) => device,
            Self::Away(store) => TestDevice::resume(store),
        }
    }
}

struct Restoring<'a> {
    server: TestServer,
    devices: Vec<TestDevice>,
    snapshots: tempfile::TempDir,
    rng: &'a mut StdRng,
    tally: Tally,
}

impl<'a> Restoring<'a> {
    async fn begin(rng: &'a mut StdRng) -> anyhow::Result<Self> {
        let server = TestServer::with(Setup::default().unlimited()).await?;
        Ok(Self {
            devices: devices(&server).await?,
            server,
            snapshots: tempfile::tempdir()?,
            rng,
            tally: Tally::new(Trial::Restore, &ZEROS),
        })
    }

    /// Stops everything and looks at the file.
    async fn end(self) -> anyhow::Result<Tally> {
        let Self {
            devices,
            server,
            mut tally,
            ..
        } = self;
        for device in devices {
            device.stop().await;
        }
        let folder = server.keep().await?;
        let file = integrity(&folder.path().join("vestnik.sqlite")).await?;
        if file != "ok" {
            tally.fault("faults of the file", file);
        }
        Ok(tally)
    }

    /// Takes a backup under load, goes on, restores it, and looks at what every device has.
    async fn round(&mut self, round: u64) -> anyhow::Result<()> {
        let way = Way::ALL[self.rng.random_range(0..Way::ALL.len())];
        let folder = self.snapshots.path().join(round.to_string());
        std::fs::create_dir(&folder)?;
        self.tally.count(way.count(), 1);

        let publisher = Publisher::start(&self.server.backend, names().collect());
        self.pause().await;
        publisher.begin_backup();
        way.back_up(&mut self.server, &folder).await?;
        publisher.end_backup();
        self.pause().await;
        let seats = self.let_some_leave();
        let halt = if self.rng.random_bool(0.5) {
            Halt::Kill
        } else {
            Halt::Drain
        };
        self.server.halt(halt).await?;
        way.restore(self.server.database(), &folder).await?;
        self.server.resume().await?;
        publisher.begin_after();
        let held = publisher.finish_after(AFTER).await?;
        self.devices = seats.into_iter().map(Seat::come_back).collect();
        self.look(held).await;
        std::fs::remove_dir_all(&folder)?;
        self.remove_replaced()
    }

    /// About half of the devices are away from before the restore until the restored logs have grown
    /// beyond what those devices had: the numbers of their cursors are numbers of other entries then.
    fn let_some_leave(&mut self) -> Vec<Seat> {
        let leave = |device: TestDevice| {
            if self.rng.random_bool(0.5) {
                Seat::Away(device.kill())
            } else {
                Seat::Here(device)
            }
        };
        std::mem::take(&mut self.devices)
            .into_iter()
            .map(leave)
            .collect()
    }

    /// Lets the load go on for a moment.
    async fn pause(&mut self) {
        let moment = Duration::from_millis(self.rng.random_range(20..200));
        tokio::time::sleep(moment).await;
    }

    /// What each device has to have: what the restored file holds, and what was accepted after it.
    async fn look(&mut self, held: Vec<Vec<NotificationId>>) {
        for (device, ids) in self.devices.iter().zip(held) {
            self.tally.count("notifications", ids.len() as u64);
            let has_all = |stored: &vestnik_testkit::device::Stored| {
                stored.signed_out.is_some() || ids.iter().all(|id| stored.count(*id) > 0)
            };
            // What is missing is counted below.
            device.has("everything", has_all).await.ok();
            let stored = device.store().borrow();
            if let Some(code) = &stored.signed_out {
                self.tally.fault("devices signed out", code.clone());
            }
            for id in &ids {
                if stored.count(*id) == 0 {
                    self.tally.fault("lost", id.to_string());
                }
            }
            let twice = stored
                .received
                .values()
                .filter(|received| received.shown > 1);
            for received in twice {
                self.tally.fault("shown twice", received.title.clone());
            }
        }
    }

    /// Removes the files that restores put aside.
    fn remove_replaced(&self) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(self.server.folder())? {
            let path = entry?.path();
            if name_of(&path).contains(".replaced-") {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
