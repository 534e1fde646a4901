//! How much of each trial a tier runs.

use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tier {
    /// Every figure in full, in an hour.
    Full,
    /// The promise of kills and cuts in full, in minutes, and a good part of the others, each in less
    /// than a minute.
    Quick,
    /// A few of each fault, in about a minute, with every change.
    Brief,
}

/// One of the trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trial {
    /// The server is killed under load.
    ServerKill,
    /// Devices are killed at random and at named points.
    ClientKill,
    /// A bad network lies between.
    Chaos,
    /// The callers' sockets are cut at random moments of requests; what was committed has to reach
    /// everyone whom it concerns.
    CutAfterCommit,
    /// Backups are restored under load.
    Restore,
    /// Keys, sessions, families and users are revoked with live connections.
    Revoke,
    /// The server is killed while it sends a mailing by push and e-mail.
    Letters,
    /// The server is killed while a file of recipients is uploaded, and while it is sent to.
    Audience,
}

impl Trial {
    /// Every trial.
    pub(crate) const ALL: [Self; 8] = [
        Self::ServerKill,
        Self::ClientKill,
        Self::Chaos,
        Self::CutAfterCommit,
        Self::Restore,
        Self::Revoke,
        Self::Letters,
        Self::Audience,
    ];
}

/// How much of the trial that kills the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerKillPlan {
    pub(crate) kills: u64,
    pub(crate) devices: usize,
    pub(crate) sends_per_second: u32,
    /// What is promised of a machine that does nothing else. The brief tier runs on any machine.
    pub(crate) pace: Option<Pace>,
}

/// How fast the server is on a machine that does nothing else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How soon it must be ready again.
    pub(crate) ready_within: Duration,
    /// The sends per second at least.
    pub(crate) sends_per_second: f64,
}

/// How much of the trial that kills devices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientKillPlan {
    pub(crate) kills: u64,
    /// How many processes of an extension are killed beside.
    pub(crate) extension_kills: u64,
    pub(crate) devices: usize,
    pub(crate) sends_per_second: u32,
}

/// How much of the trial with the bad network.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CutsPlan {
    pub(crate) cuts: u64,
    pub(crate) devices: usize,
    pub(crate) sends_per_second: u32,
    /// How long until a run that has not enough cuts counts as hung.
    pub(crate) at_most: Duration,
}

/// How much of the trial that kills the server while it sends a mailing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LettersPlan {
    pub(crate) people: usize,
    pub(crate) kills: u64,
}

/// How much of the trial that kills the server while it takes and sends to a file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AudiencePlan {
    pub(crate) lines: u64,
    pub(crate) kills: u64,
}

impl Tier {
    pub(crate) const fn server_kill(self) -> ServerKillPlan {
        match self {
            Self::Full | Self::Quick => ServerKillPlan {
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

    pub(crate) const fn client_kill(self) -> ClientKillPlan {
        let (kills, extension_kills, devices) = match self {
            Self::Full => (2_000, 800, 4),
            Self::Quick => (500, 200, 4),
            Self::Brief => (40, 16, 3),
        };
        ClientKillPlan {
            kills,
            extension_kills,
            devices,
            sends_per_second: 40,
        }
    }

    pub(crate) const fn cuts(self) -> CutsPlan {
        let (cuts, devices) = match self {
            Self::Full | Self::Quick => (2_000, 24),
            Self::Brief => (150, 10),
        };
        CutsPlan {
            cuts,
            devices,
            sends_per_second: 60,
            at_most: Duration::from_mins(30),
        }
    }

    /// How many requests are cut.
    pub(crate) const fn cuts_after_commit(self) -> u64 {
        match self {
            Self::Full => 5_000,
            Self::Quick => 2_000,
            Self::Brief => 100,
        }
    }

    /// How many backups are restored.
    pub(crate) const fn restores(self) -> u64 {
        match self {
            Self::Full => 200,
            Self::Quick => 40,
            Self::Brief => 6,
        }
    }

    pub(crate) const fn letters(self) -> LettersPlan {
        let (people, kills) = match self {
            Self::Full => (1_000, 50),
            Self::Quick => (300, 15),
            Self::Brief => (60, 3),
        };
        LettersPlan { people, kills }
    }

    pub(crate) const fn audience(self) -> AudiencePlan {
        let (lines, kills) = match self {
            Self::Full => (1_000_000, 10),
            Self::Quick => (100_000, 6),
            Self::Brief => (20_000, 3),
        };
        AudiencePlan { lines, kills }
    }

    /// How many revocations there are.
    pub(crate) const fn revocations(self) -> u64 {
        match self {
            Self::Full => 2_000,
            Self::Quick => 1_000,
            Self::Brief => 40,
        }
    }
}
