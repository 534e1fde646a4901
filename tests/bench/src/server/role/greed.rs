//! One user with as many installations and connections as is allowed, each greeting and reading on again
//! and again, and further attempts.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde_json::json;
use vestnik_model::contract::server;

use super::super::{
    device::{Device, greeting, is_refusal},
    login::Login,
};
use crate::{clock, say};

/// The greedy user.
#[derive(Debug, clap::Args)]
pub(crate) struct Greed {
    #[arg(long)]
    pub(in super::super) address: SocketAddr,
    /// The installations, as JSON.
    #[arg(long)]
    pub(in super::super) logins: PathBuf,
    /// Connections that are allowed at once.
    #[arg(long)]
    pub(in super::super) connections: usize,
    /// Further connections, spread over the time.
    #[arg(long)]
    pub(in super::super) attempts: usize,
    #[arg(long)]
    pub(in super::super) millis: u64,
}

/// What the greedy user was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Greedy {
    pub(in super::super) opened: u64,
    pub(in super::super) refused_connections: u64,
    pub(in super::super) answered: u64,
    pub(in super::super) refused: u64,
}

impl Greedy {
    /// Reads what the role prints.
    pub(in super::super) fn parse(text: &str) -> Result<Self> {
        let mut numbers = text.split_whitespace().map(str::parse);
        let mut next = || -> Result<u64> { Ok(numbers.next().context("too few figures")??) };
        Ok(Self {
            opened: next()?,
            refused_connections: next()?,
            answered: next()?,
            refused: next()?,
        })
    }
}

#[derive(Debug, Default)]
struct Counts {
    opened: AtomicU64,
    refused_connections: AtomicU64,
    answered: AtomicU64,
    refused: AtomicU64,
    stop: AtomicBool,
}

impl Greed {
    pub(super) fn run(self) -> Result<()> {
        let logins: Vec<Login> = serde_json::from_slice(&std::fs::read(&self.logins)?)?;
        let counts = Arc::new(Counts::default());
        let open = |index: usize| {
            let (login, counts) = (logins[index % logins.len()].clone(), Arc::clone(&counts));
            let address = self.address;
            thread::spawn(move || occupy(address, &login, &counts))
        };
        let begun = clock::now();
        let mut threads: Vec<_> = (0..self.connections).map(open).collect();
        let span = Duration::from_millis(self.millis);
        for attempt in 0..self.attempts {
            clock::sleep_until(begun + span.mul_f64(attempt as f64 / self.attempts as f64));
            threads.push(open(self.connections + attempt));
        }
        clock::sleep_until(begun + span);
        counts.stop.store(true, Ordering::Relaxed);
        for thread in threads {
            // A connection that was ended is what the server is free to do.
            thread.join().ok();
        }
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        say::out(format!(
            "{} {} {} {}",
            read(&counts.opened),
            read(&counts.refused_connections),
            read(&counts.answered),
            read(&counts.refused)
        ));
        Ok(())
    }
}

/// Greets and reads on without a pause until the server ends the connection or the time is over.
fn occupy(address: SocketAddr, login: &Login, counts: &Counts) {
    let Ok(mut device) = Device::open(address, login) else {
        counts.refused_connections.fetch_add(1, Ordering::Relaxed);
        return;
    };
    counts.opened.fetch_add(1, Ordering::Relaxed);
    let (hello, sync) = (greeting(login), json!({}));
    while !counts.stop.load(Ordering::Relaxed) {
        for (target, argument) in [(server::HELLO, &hello), (server::SYNC, &sync)] {
            let Ok(answer) = device.call(target, argument) else {
                return;
            };
            let count = if is_refusal(&answer) {
                &counts.refused
            } else {
                &counts.answered
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read() {
        let greedy = Greedy::parse("20 5 100 7\n").unwrap();
        assert_eq!((greedy.opened, greedy.refused_connections), (20, 5));
        assert_eq!((greedy.answered, greedy.refused), (100, 7));
    }
}
