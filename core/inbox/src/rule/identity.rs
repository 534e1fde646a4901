//! Whether the file of an installation is still its own.
//!
//! The identity lies in two places: in the device's file and in the secret store, which does not leave
//! the device. At each opening both get a new random mark, the secret store first, which keeps the
//! mark that the file had beside it. So after a crash between the two writes the file has the former
//! mark; a file with any other mark was put back from a backup.

use std::{fmt, num::ParseIntError, str::FromStr};

use vestnik_model::InstallationId;

/// What was drawn at an opening.
pub(crate) type OpeningMark = [u8; 16];

/// What the device's file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InFile {
    pub(crate) installation: InstallationId,
    pub(crate) mark: OpeningMark,
}

/// What the secret store says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InStore {
    pub(crate) installation: InstallationId,
    pub(crate) mark: OpeningMark,
    pub(crate) former: Option<OpeningMark>,
}

/// Names one time that a device's files were found to be set back. It is random, so that no file of any other
/// time knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreMark(u128);

impl RestoreMark {
    /// A mark of random bytes.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(random))
    }
}

impl fmt::Display for RestoreMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for RestoreMark {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

/// How an installation was found when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// This is its first run.
    New,
    /// It is as it was left.
    Same,
    /// The device's file was damaged, and was made anew from the secret store: the installation is the same,
    /// and so is its session.
    Rebuilt,
    /// The device's file is gone and the secret store is not, as when an app is removed and installed
    /// again on a system that keeps its secrets. The installation is a new one and nobody is logged in; the
    /// former one's session is left to be ended.
    Wiped,
    /// The device's file was set back, as by a backup. What was accepted before now is quiet, in each
    /// history of the device.
    Restored,
    /// The files were copied from another device, or the secret store was emptied. The installation is
    /// a new one and nobody is logged in.
    Cloned,
}

/// `was_absent` is whether there was no file at all: one that says nothing of the installation is damaged.
pub(crate) fn standing(file: Option<InFile>, store: Option<InStore>, was_absent: bool) -> Standing {
    match (file, store) {
        (None, None) => Standing::New,
        (None, Some(_)) if was_absent => Standing::Wiped,
        (None, Some(_)) => Standing::Rebuilt,
        (Some(_), None) => Standing::Cloned,
        (Some(file), Some(store)) if file.installation != store.installation => Standing::Cloned,
        (Some(file), Some(store)) if file.mark == store.mark => Standing::Same,
        (Some(file), Some(store)) if Some(file.mark) == store.former => Standing::Same,
        (Some(_), Some(_)) => Standing::Restored,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> InstallationId {
        InstallationId::from_uuid(Uuid::from_u128(number))
    }

    const fn mark(number: u8) -> OpeningMark {
        [number; 16]
    }

    #[test]
    fn the_cases() {
        let file = |installation, number| {
            Some(InFile {
                installation: id(installation),
                mark: mark(number),
            })
        };
        let store = Some(InStore {
            installation: id(1),
            mark: mark(5),
            former: Some(mark(4)),
        });
        let cases = [
            (None, None, Standing::New),
            (None, store, Standing::Rebuilt),
            (file(1, 5), None, Standing::Cloned),
            (file(2, 5), store, Standing::Cloned),
            (file(1, 5), store, Standing::Same),
            (file(1, 4), store, Standing::Same),
            (file(1, 3), store, Standing::Restored),
        ];
        for (file, store, expected) in cases {
            assert_eq!(standing(file, store, false), expected, "{file:?} {store:?}");
        }
        assert_eq!(standing(None, store, true), Standing::Wiped);
        assert_eq!(standing(None, None, true), Standing::New);
    }
}
