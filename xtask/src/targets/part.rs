//! What `cargo xtask targets` consists of.

use clap::ValueEnum;

use super::system::System;

/// One part of `cargo xtask targets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The core and the bindings.
    Android,
    /// The core and the bindings.
    Ios,
    /// The core, the bindings, the desktop app and the command line.
    Macos,
    /// The core, the bindings, the desktop app and the command line.
    Windows,
    /// Unit tests, linked for Windows.
    Wine,
}

impl Part {
    pub(crate) const ALL: [Self; 5] = [
        Self::Android,
        Self::Ios,
        Self::Macos,
        Self::Windows,
        Self::Wine,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Ios => "ios",
            Self::Macos => "macos",
            Self::Windows => "windows",
            Self::Wine => "wine",
        }
    }

    /// The system to type-check for, if that is what the part does.
    pub(crate) fn system(self) -> Option<System> {
        match self {
            Self::Android => Some(System::Android),
            Self::Ios => Some(System::Ios),
            Self::Macos => Some(System::Macos),
            Self::Windows => Some(System::Windows),
            Self::Wine => None,
        }
    }
}
