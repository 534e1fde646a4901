//! A running sink, and what it counted.

use std::{fs, net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use vestnik_sim::{Sample, SinkCounts};

use super::part::Bench;
use crate::{clock, process::Server, server::Rest};

/// The file in which a sink says where it is.
pub(super) const PLACE: &str = "sink.json";

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(10);

/// A sink in a process of its own, on the core of the load.
#[derive(Debug)]
pub(super) struct RunningSink {
    /// What senders need: as `GET /admin/credentials` of the simulator says it.
    pub(super) place: Value,
    admin: SocketAddr,
    pub(super) folder: TempDir,
    _process: Server,
}

impl RunningSink {
    pub(super) fn start(bench: &Bench) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("vestnik-bench-sink-")
            .tempdir()?;
        let own = folder.path().display().to_string();
        let words = [bench.program.as_str(), "take-pushes", "--folder", &own];
        let words = words.map(str::to_owned);
        let mut process = Server::start(&words, bench.cores.load)?;
        let file = folder.path().join(PLACE);
        let deadline = clock::now() + PATIENCE;
        while !file.exists() {
            ensure!(!process.has_ended()?, "the sink ended at once");
            ensure!(clock::now() < deadline, "the sink does not start");
            clock::settle(LOOK);
        }
        let place: Value = serde_json::from_slice(&fs::read(file)?)?;
        let admin = place["admin"].as_str().context("a sink has an address")?;
        Ok(Self {
            admin: admin.parse()?,
            place,
            folder,
            _process: process,
        })
    }

    /// Where it takes pushes.
    pub(super) fn url(&self) -> Result<&str> {
        let url = self.place["fcm"]["base_url"].as_str();
        url.context("a sink has an address")
    }

    /// The port of that.
    pub(super) fn port(&self) -> Result<u16> {
        let (_, port) = self
            .url()?
            .rsplit_once(':')
            .context("an address has a port")?;
        Ok(port.parse()?)
    }

    /// What an operator gives a server as its account at FCM.
    pub(super) fn fcm_account(&self) -> Value {
        let fcm = &self.place["fcm"];
        let mut account = fcm["service_account"].clone();
        account["base_url"] = fcm["base_url"].clone();
        account["root_certificates"] = json!(self.place["ca_certificate"]);
        account
    }

    pub(super) fn counts(&self) -> Result<SinkCounts> {
        self.get("/admin/counters")
    }

    /// The first push since the counts were begun.
    pub(super) fn sample(&self) -> Result<Sample> {
        self.get("/admin/sample")
    }

    pub(super) fn reset(&self) -> Result<()> {
        self.rest()?
            .request("POST", "/admin/reset", "")?
            .expect(204)
            .map(drop)
    }

    fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T> {
        let answer = self.rest()?.request("GET", path, "")?.expect(200)?;
        Ok(serde_json::from_value(answer)?)
    }

    fn rest(&self) -> Result<Rest> {
        Rest::connect(self.admin, "")
    }
}
