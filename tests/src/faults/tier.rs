//! How much of each trial a tier runs.

use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// The full promise, in minutes.
    Quick,
    /// A few of each fault, in about a minute, with every change.
    Brief,
}

/// One of the trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Trial {
    /// The server is killed under load.
    ServerKill,
    /// Devices are killed at random and at named points.
    ClientKill,
    /// A bad network lies between.
    Chaos,
}

impl Trial {
    /// Every trial.
    pub const ALL: [Self; 3] = [Self::ServerKill, Self::ClientKill, Self::Chaos];
}

/// How much of the trial that kills the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerKillPlan {
    pub(super) kills: u64,
    pub(super) devices: usize,
    pub(super) sends_per_second: u32,
    /// What is promised of a machine that does nothing else. The brief tier runs on any machine.
    pub(super) pace: Option<Pace>,
}

/// How fast the server is on a machine that does nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How soon it must be ready again.
    pub(super) ready_within: Duration,
    /// The sends per second at least.
    pub(super) sends_per_second: f64,
}

/// How much of the trial that kills devices.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientKillPlan {
    pub(super) kills: u64,
    pub(super) devices: usize,
    pub(super) sends_per_second: u32,
}

/// How much of the trial with the bad network.
#[derive(Debug, Clone, Copy)]
pub(super) struct CutsPlan {
    pub(super) cuts: u64,
    pub(super) devices: usize,
    pub(super) sends_per_second: u32,
    /// How long until a run that has not enough cuts counts as hung.
    pub(super) at_most: Duration,
}

impl Tier {
    pub(super) const fn server_kill(self) -> ServerKillPlan {
        match self {
            Self::Quick => ServerKillPlan {
                kills: 50,
                devices: 50,
                sends_per_second: 200,
                pace: Some(Pace {
                    ready_within: Duration::from_secs(2),
                    sends_per_second: 190.0,
                }),
            },
            Self::Brief => ServerKillPlan {
                kills: 10,
                devices: 20,
                sends_per_second: 100,
                pace: None,
            },
        }
    }

    pub(super) const fn client_kill(self) -> ClientKillPlan {
        let (kills, devices) = match self {
            Self::Quick => (200, 4),
            Self::Brief => (40, 3),
        };
        ClientKillPlan {
            kills,
            devices,
            sends_per_second: 40,
        }
    }

    pub(super) const fn cuts(self) -> CutsPlan {
        let (cuts, devices) = match self {
            Self::Quick => (2_000, 24),
            Self::Brief => (150, 10),
        };
        CutsPlan {
            cuts,
            devices,
            sends_per_second: 60,
            at_most: Duration::from_mins(30),
        }
    }
}
