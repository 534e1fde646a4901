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
//! A sender may name the oldest version of the app that a device may have, for each platform. An
//! installation whose app is too old is not meant: a choice is made among the others. While a delivery
//! goes on it is opened to whoever is meant and has updated meanwhile. An installation that does not tell
//! its version, or not its platform, counts as too old.
//!
//! ```
//! use jiff::Timestamp;
//! use vestnik_model::Devices;
//! use vestnik_rules::{app_version::Build, device::{Candidate, Choice, choose}};
//!
//! let candidate = |id: &str, opened_at: Option<i64>| -> Result<_, Box<dyn std::error::Error>> {
//!     Ok(Candidate {
//!         installation: id.parse()?,
//!         opened_at: opened_at.map(Timestamp::from_second).transpose()?,
//!         last_seen_at: Timestamp::UNIX_EPOCH,
//!         build: Build::default(),
//!     })
//! };
//! let laptop = candidate("ins_00000000000000000000000000000001", Some(100))?;
//! let phone = candidate("ins_00000000000000000000000000000002", Some(200))?;
//! let chosen = choose(Devices::Primary, [laptop, phone]);
//! assert_eq!(chosen, Choice::One(phone.installation));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jiff::{SignedDuration, Timestamp};
use vestnik_model::{Audience, DeliveryStatus, Devices, InstallationId, MinVersions};

use crate::app_version::Build;

/// Which devices of each person a sender asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Which of them.
    pub devices: Devices,
    /// The oldest version of the app that one may have.
    pub minimum: MinVersions,
}

impl Wanted {
    /// All of them.
    pub const ALL: Self = Self {
        devices: Devices::All,
        minimum: MinVersions::NONE,
    };

    /// What the sender of an audience asks for.
    #[must_use]
    pub fn of(audience: &Audience) -> Self {
        Self {
            devices: audience.devices(),
            minimum: audience.min_app_version().clone(),
        }
    }

    /// Whether every device is wanted.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.devices == Devices::All && self.minimum.is_empty()
    }

    /// Whether an app is new enough.
    #[must_use]
    pub fn suits(&self, build: Build) -> bool {
        if self.minimum.is_empty() {
            return true;
        }
        let Some(platform) = build.platform else {
            return false;
        };
        let is_new = |oldest| build.version.is_some_and(|told| told.is_at_least(oldest));
        self.minimum.of(platform).is_none_or(is_new)
    }

    /// Which of a user's installations are meant, of those whose app is new enough.
    #[must_use]
    pub fn choose(&self, candidates: impl IntoIterator<Item = Candidate>) -> Choice {
        let candidates = candidates.into_iter();
        choose(
            self.devices,
            candidates.filter(|candidate| self.suits(candidate.build)),
        )
    }

    /// Whether a delivery that has come so far is looked at anew when something changes about its user's
    /// devices: another one may be meant, or one whose app was too old.
    #[must_use]
    pub fn is_asked_anew(&self, status: DeliveryStatus) -> bool {
        match status {
            DeliveryStatus::Pending => !self.is_all(),
            DeliveryStatus::Sent | DeliveryStatus::Delivered => !self.minimum.is_empty(),
            DeliveryStatus::Scheduled
            | DeliveryStatus::Read
            | DeliveryStatus::Suppressed
            | DeliveryStatus::Failed
            | DeliveryStatus::Undelivered
            | DeliveryStatus::Expired
            | DeliveryStatus::Cancelled => false,
        }
    }
}

/// An installation that a user is logged in on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub installation: InstallationId,
    /// When the app was last brought to the front on it, if it told.
    pub opened_at: Option<Timestamp>,
    /// When it was last heard from.
    pub last_seen_at: Timestamp,
    /// What it tells of its app.
    pub build: Build,
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
    /// To those whose app was too old and is not any more.
    Updated,
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
            Self::Updated => former,
        }
    }
}

/// The installations that a delivery is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addressed {
    /// The only ones that it is for so far; all of the user's when absent. Without an oldest version the one
    /// that is meant now comes last.
    pub only: Option<Vec<InstallationId>>,
    /// With an oldest version: among whom it is for those whose app is new enough, the one that is meant now
    /// last; all of the user's when absent.
    pub among: Option<Vec<InstallationId>>,
}

impl Addressed {
    /// All of the user's.
    pub const ALL: Self = Self::only(None);

    /// These, whatever version their app has.
    #[must_use]
    pub const fn only(only: Option<Vec<InstallationId>>) -> Self {
        Self { only, among: None }
    }

    /// Whom the sender named or chose, too old or not, the one that is meant now last; all of the user's
    /// when absent.
    #[must_use]
    pub fn named(&self, wanted: &Wanted) -> Option<&[InstallationId]> {
        if wanted.minimum.is_empty() {
            self.only.as_deref()
        } else {
            self.among.as_deref()
        }
    }

    /// Whether it is for an installation so far.
    #[must_use]
    pub fn has(&self, installation: InstallationId) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| only.contains(&installation))
    }

    /// The same when it is opened to further installations of these.
    #[must_use]
    pub fn open(
        self,
        opens: Opens,
        wanted: &Wanted,
        candidates: impl IntoIterator<Item = Candidate>,
    ) -> Self {
        if wanted.minimum.is_empty() {
            return Self::only(opens.only(self.only));
        }
        let opened = Self::among(opens.only(self.among), wanted, candidates);
        let mut only = self.only.unwrap_or_default();
        let further = opened.only.into_iter().flatten();
        let further: Vec<_> = further.filter(|id| !only.contains(id)).collect();
        only.extend(further);
        Self {
            only: Some(only),
            among: opened.among,
        }
    }

    /// Those of the named ones whose app is new enough.
    fn among(
        named: Option<Vec<InstallationId>>,
        wanted: &Wanted,
        candidates: impl IntoIterator<Item = Candidate>,
    ) -> Self {
        let is_named = |id| named.as_ref().is_none_or(|named| named.contains(&id));
        let suited = candidates
            .into_iter()
            .filter(|candidate| wanted.suits(candidate.build) && is_named(candidate.installation));
        Self {
            only: Some(suited.map(|candidate| candidate.installation).collect()),
            among: named,
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

/// The installations that a delivery is for when it is made or comes into the log, of which some may be
/// `listed`. Of a choice that is the one that is meant now, whoever was when the delivery was made.
///
/// # Errors
/// When the candidates cannot be loaded, which happens only if not every device is wanted.
pub fn address<C: IntoIterator<Item = Candidate>, E>(
    wanted: &Wanted,
    listed: Option<Vec<InstallationId>>,
    candidates: impl FnOnce() -> Result<C, E>,
) -> Result<Addressed, E> {
    if wanted.is_all() {
        return Ok(Addressed::only(listed));
    }
    let candidates: Vec<_> = candidates()?.into_iter().collect();
    let named = match wanted.devices {
        Devices::All => listed,
        Devices::Primary | Devices::PrimaryThenAll | Devices::MostRecent => {
            wanted.choose(candidates.iter().copied()).only()
        }
    };
    if wanted.minimum.is_empty() {
        return Ok(Addressed::only(named));
    }
    Ok(Addressed::among(named, wanted, candidates))
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
