//! Which of a user's installations a delivery is for.
//!
//! A sender asks for all of a person's devices, for the primary one, for the primary one and then all, or
//! for the one that was heard from last. *Primary* is the installation on which the app was last brought
//! to the front while the user was logged in. Another one takes over by being opened later. When the
//! primary one logs out, the one that was opened last before it is the primary one; an installation that
//! never told that it was opened is none. A primary installation that may show nothing, or whose address is
//! dead, stays the primary one: what asks for it says so and goes on with its next step.
//!
//! Who is meant is settled when a delivery is made, and again at each look while nothing was handed over.
//! A delivery that another installation is meant for now is *opened* to it; what the former one has, it
//! keeps.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::Devices;
//! use vestnik_rules::device::{Candidate, Choice, choose};
//!
//! let candidate = |id: &str, opened_at: Option<i64>| -> Result<_, Box<dyn std::error::Error>> {
//!     Ok(Candidate {
//!         installation: id.parse()?,
//!         opened_at: opened_at.map(Timestamp::from_second).transpose()?,
//!         last_seen_at: Timestamp::UNIX_EPOCH,
//!     })
//! };
//! let laptop = candidate("ins_00000000000000000000000000000001", Some(100))?;
//! let phone = candidate("ins_00000000000000000000000000000002", Some(200))?;
//! let chosen = choose(Devices::Primary, [laptop, phone]);
//! assert_eq!(chosen, Choice::One(phone.installation));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{Devices, InstallationId};

/// An installation that a user is logged in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub installation: InstallationId,
    /// When the app was last brought to the front on it, if it told.
    pub opened_at: Option<Timestamp>,
    /// When it was last heard from.
    pub last_seen_at: Timestamp,
}

/// Which of a user's installations are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// All of them.
    All,
    /// One.
    One(InstallationId),
    /// None: the one that was asked for does not exist.
    Nobody,
}

impl Choice {
    /// The only installations that a new delivery is for; all of the user's when absent.
    #[must_use]
    pub fn only(self) -> Option<Vec<InstallationId>> {
        match self {
            Self::All => None,
            Self::One(installation) => Some(vec![installation]),
            Self::Nobody => Some(Vec::new()),
        }
    }
}

/// To whom a delivery is opened that was not meant for them before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// To all of the user's installations.
    All,
    /// To one more.
    One(InstallationId),
}

impl Opens {
    /// The only installations that the delivery is for from now on: the one that is meant comes last.
    #[must_use]
    pub fn only(self, former: Option<Vec<InstallationId>>) -> Option<Vec<InstallationId>> {
        match self {
            Self::All => None,
            Self::One(installation) => {
                let mut only = former?;
                only.retain(|id| *id != installation);
                only.push(installation);
                Some(only)
            }
        }
    }
}

/// The primary installation of a user, if there is one.
#[must_use]
pub fn primary(candidates: impl IntoIterator<Item = Candidate>) -> Option<InstallationId> {
    last_by(candidates, |candidate| candidate.opened_at)
}

/// Which of a user's installations are meant.
#[must_use]
pub fn choose(devices: Devices, candidates: impl IntoIterator<Item = Candidate>) -> Choice {
    match devices {
        Devices::All => Choice::All,
        Devices::Primary => primary(candidates).map_or(Choice::Nobody, Choice::One),
        Devices::PrimaryThenAll => primary(candidates).map_or(Choice::All, Choice::One),
        Devices::MostRecent => last_by(candidates, |candidate| Some(candidate.last_seen_at))
            .map_or(Choice::Nobody, Choice::One),
    }
}

/// The only installations that a delivery is for when it comes into the log; all of the user's when absent.
/// Of a choice that is the one that is meant now, whoever was when the delivery was made.
///
/// # Errors
/// When the candidates cannot be loaded, which happens only for a choice.
pub fn only<C: IntoIterator<Item = Candidate>, E>(
    devices: Devices,
    listed: Option<Vec<InstallationId>>,
    candidates: impl FnOnce() -> Result<C, E>,
) -> Result<Option<Vec<InstallationId>>, E> {
    match devices {
        Devices::All => Ok(listed),
        Devices::Primary | Devices::PrimaryThenAll | Devices::MostRecent => {
            Ok(choose(devices, candidates()?).only())
        }
    }
}

/// The candidate with the latest of some time; of two at one time the one with the greater id, so that two
/// looks agree.
fn last_by(
    candidates: impl IntoIterator<Item = Candidate>,
    time: impl Fn(&Candidate) -> Option<Timestamp>,
) -> Option<InstallationId> {
    let timed = candidates
        .into_iter()
        .filter_map(|candidate| Some((time(&candidate)?, candidate.installation)));
    timed.max().map(|(_, installation)| installation)
}

/// When an app was opened that says how long ago that is.
#[must_use]
pub fn opened_at(seconds_ago: u32, now: Timestamp) -> Timestamp {
    let ago = SignedDuration::from_secs(i64::from(seconds_ago));
    now.checked_sub(ago).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
