//! The decision where the secrets lie.

use crate::view::SetupProblem;

/// The system's keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyring {
    /// It can be used.
    Ready,
    /// It runs, and the person has not unlocked it.
    Locked,
    /// There is none.
    Absent,
}

/// Where the secrets of this installation lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the system's keyring.
    Keyring,
    /// In files, because the keyring is like this.
    Files(Keyring),
}

/// What is found at a start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// The keyring.
    pub(super) keyring: Keyring,
    /// Whether the secrets of this installation are in files.
    pub(super) has_files: bool,
    /// Whether the app was started before.
    pub(super) was_started: bool,
    /// Whether the person wants to begin anew without the keyring.
    pub(super) without_keyring: bool,
}

/// Where the secrets lie from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// In the keyring; those in files move there first.
    Keyring { moves_files: bool },
    /// In files.
    Files(Place),
}

/// Decides where the secrets lie.
pub(super) fn choose(found: Found) -> Result<Choice, SetupProblem> {
    let files = Ok(Choice::Files(Place::Files(found.keyring)));
    match found.keyring {
        Keyring::Ready => Ok(Choice::Keyring {
            moves_files: found.has_files,
        }),
        _ if found.has_files || !found.was_started || found.without_keyring => files,
        Keyring::Locked => Err(SetupProblem::KeyringLocked),
        Keyring::Absent => Err(SetupProblem::KeyringAbsent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Found = Found {
        keyring: Keyring::Ready,
        has_files: false,
        was_started: false,
        without_keyring: false,
    };

    const USED: Found = Found {
        was_started: true,
        ..NEW
    };

    #[test]
    fn a_keyring_is_used_where_there_is_one() {
        for found in [NEW, USED] {
            let choice = Choice::Keyring { moves_files: false };
            assert_eq!(choose(found), Ok(choice));
        }
        let has_files = Found {
            has_files: true,
            ..USED
        };
        let moves = Choice::Keyring { moves_files: true };
        assert_eq!(choose(has_files), Ok(moves));
    }

    #[test]
    fn without_a_keyring_a_first_start_and_what_is_in_files_go_on_in_files() {
        for keyring in [Keyring::Locked, Keyring::Absent] {
            let files = Ok(Choice::Files(Place::Files(keyring)));
            assert_eq!(choose(Found { keyring, ..NEW }), files);
            let has_files = Found {
                keyring,
                has_files: true,
                ..USED
            };
            assert_eq!(choose(has_files), files);
        }
    }

    #[test]
    fn what_is_in_a_keyring_that_cannot_be_had_is_not_replaced_unasked() {
        for (keyring, problem) in [
            (Keyring::Locked, SetupProblem::KeyringLocked),
            (Keyring::Absent, SetupProblem::KeyringAbsent),
        ] {
            let found = Found { keyring, ..USED };
            assert_eq!(choose(found), Err(problem));
            let asked = Found {
                without_keyring: true,
                ..found
            };
            let files = Choice::Files(Place::Files(keyring));
            assert_eq!(choose(asked), Ok(files));
        }
    }
}
