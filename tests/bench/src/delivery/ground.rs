//! A server with an account at a sink, and mailings from the one to the other.

use std::time::Duration;

use anyhow::{Result, ensure};
use vestnik_model::{Channel, route};

use super::{part::Bench, seed as devices, sink::RunningSink};
use crate::{
    clock, say,
    server::{Kind, Running, Site, seed},
};

/// How often the sink, which is asked while pushes come, and the server are asked how far they are.
const LOOK: Duration = Duration::from_millis(20);
/// How long nothing more may happen until a mailing is over.
const QUIET: Duration = Duration::from_millis(1_500);
/// Far longer than a mailing takes.
const PATIENCE: Duration = Duration::from_mins(40);

/// Where mailings are made.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    pub(super) sink: &'a RunningSink,
    pub(super) running: Running<'a>,
}

/// What a mailing came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mailing {
    pub(super) pushes: usize,
    /// Seconds from the publish until every delivery was written, was tried, had its result stored.
    pub(super) expanded: f64,
    pub(super) attempted: f64,
    pub(super) settled: f64,
    /// Processor time of the server, in seconds.
    pub(super) cpu: f64,
}

/// Fills a database with devices.
pub(super) fn site(users: usize, topics: &[usize]) -> Result<Site> {
    say::progress(format!("  seeding {users} devices"));
    let site = Site::make()?;
    devices::devices(&site, users, topics)?;
    Ok(site)
}

impl<'a> Ground<'a> {
    /// Starts the server, and sends one push so that there are connections and an access token.
    pub(super) fn start(bench: &Bench, site: &'a Site, sink: &'a RunningSink) -> Result<Self> {
        let kind = Kind {
            listed: Some(sink.port()?),
            ..Kind::default()
        };
        let running = Running::launch(&bench.program, bench.cores.server, site, kind)?;
        let ground = Self { sink, running };
        let mut rest = ground.running.rest()?;
        let path = route::with(route::PROVIDER, Channel::Fcm.as_str());
        rest.request("PUT", &path, &sink.fcm_account().to_string())?
            .expect(204)?;
        sink.reset()?;
        let body = seed::body(&seed::to_user(1, "Order".to_owned()))?;
        let id = rest.publish(&body)?;
        until(|| Ok(sink.counts()?.fcm >= 1))?;
        until(|| Ok(ground.settled(&id)? == 1))?;
        Ok(ground)
    }

    /// Sends a mailing to the topic of the first so many users, and checks that each got it once.
    pub(super) fn mail(&self, pushes: usize) -> Result<Mailing> {
        let mut rest = self.running.rest()?;
        let body = seed::body(&seed::to_topic(pushes, "Sale".to_owned()))?;
        self.sink.reset()?;
        let (before, begun) = (self.running.cpu_nanos(), clock::now());
        let seconds = || (clock::now() - begun).as_secs_f64();
        let id = rest.publish(&body)?;
        let (mut expanded, mut attempted) = (None, None);
        until(|| {
            if expanded.is_none() && rest.count(&id, None)? >= pushes {
                expanded = Some(seconds());
            }
            if attempted.is_none() && self.sink.counts()?.fcm >= pushes as u64 {
                attempted = Some(seconds());
            }
            Ok(attempted.is_some() && self.settled(&id)? >= pushes)
        })?;
        let settled = seconds();
        clock::settle(QUIET);
        let cpu = (self.running.cpu_nanos() - before) as f64 / 1e9;
        self.check(pushes)?;
        let (expanded, attempted) = (expanded.unwrap_or(f64::NAN), attempted.unwrap_or(f64::NAN));
        say::progress(format!(
            "    {pushes} pushes: expanded {expanded:.1} s, attempted {attempted:.1} s, settled {settled:.1} s, processor {cpu:.2} s"
        ));
        Ok(Mailing {
            pushes,
            expanded,
            attempted,
            settled,
            cpu,
        })
    }

    /// Over a connection of its own: the server ends one over which nothing was asked for long.
    fn settled(&self, id: &str) -> Result<usize> {
        self.running.rest()?.count(id, Some("sent"))
    }

    /// Each push came once.
    fn check(&self, pushes: usize) -> Result<()> {
        let counts = self.sink.counts()?;
        let (sent, distinct) = (counts.fcm, counts.distinct.unwrap_or_default());
        ensure!(
            sent == pushes as u64 && distinct == sent && counts.other == 0,
            "{sent} pushes came, {distinct} different ones, of {pushes}"
        );
        Ok(())
    }
}

/// Asks again and again until it is so.
fn until(mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = clock::now() + PATIENCE;
    while !is_so()? {
        ensure!(clock::now() < deadline, "it did not end in {PATIENCE:?}");
        clock::settle(LOOK);
    }
    Ok(())
}
