//! How large the loads are.

use std::time::Duration;

/// How large the loads are, and how often each figure is made.
#[derive(Debug, Clone)]
pub(super) struct Size {
    pub(super) runs: usize,
    /// Runs of what takes longest.
    pub(super) large_runs: usize,
    /// Publishes of one run over 64 connections.
    pub(super) publishes: usize,
    /// Users whom they are for.
    pub(super) users: usize,
    /// Subscribers of the topics, the largest last.
    pub(super) topics: Vec<usize>,
    /// Publishes to one user and to the largest topic whose times to accept are compared.
    pub(super) accepts: usize,
    /// Deliveries of a run to the smaller topics, at least.
    pub(super) expanded: usize,
    /// How long the times of other publishes are taken.
    pub(super) watched: Duration,
    /// Connected devices, each of a user of its own.
    pub(super) devices: usize,
    /// Topic publishes of one visit.
    pub(super) broadcasts: usize,
    /// Users who catch up, and the entries of each one's log.
    pub(super) readers: usize,
    pub(super) entries: usize,
    /// How long a run of catching up takes.
    pub(super) reading: Duration,
    /// The other users, beside the greedy one.
    pub(super) others: usize,
    /// Connections that the greedy user tries beside those that are allowed.
    pub(super) attempts: usize,
    /// How long a run beside the greedy user takes.
    pub(super) greed: Duration,
    /// Users and notifications of the deliveries that are kept.
    pub(super) keepers: usize,
    pub(super) kept: usize,
    /// How long a server is watched that has nothing to do.
    pub(super) idle: Duration,
}

impl Size {
    /// What the published figures are made with.
    pub(super) fn full() -> Self {
        Self {
            runs: 5,
            large_runs: 3,
            publishes: 12_000,
            users: 10_000,
            topics: vec![1_000, 10_000, 100_000, 1_000_000],
            accepts: 20,
            expanded: 50_000,
            watched: Duration::from_secs(5),
            devices: 10_000,
            broadcasts: 3,
            readers: 200,
            entries: 1_000,
            reading: Duration::from_secs(4),
            others: 50,
            attempts: 300,
            greed: Duration::from_secs(6),
            keepers: 2_000,
            kept: 1_000,
            idle: Duration::from_secs(5),
        }
    }

    /// A smoke run, nothing to be trusted as a figure.
    pub(super) fn brief() -> Self {
        Self {
            runs: 1,
            large_runs: 1,
            publishes: 400,
            users: 100,
            topics: vec![100, 2_000],
            accepts: 3,
            expanded: 200,
            watched: Duration::from_millis(500),
            devices: 100,
            broadcasts: 1,
            readers: 8,
            entries: 250,
            reading: Duration::from_millis(300),
            others: 4,
            attempts: 10,
            greed: Duration::from_secs(1),
            keepers: 100,
            kept: 50,
            idle: Duration::from_secs(1),
        }
    }

    /// The subscribers of the largest topic.
    pub(super) fn largest(&self) -> usize {
        self.topics.last().copied().unwrap_or_default()
    }
}
